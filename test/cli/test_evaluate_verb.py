# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc evaluate` as it is used: on references, on a map, and on answers that were recorded."""

from __future__ import annotations

import csv
from dataclasses import replace
import json
from pathlib import Path
import shutil

from anyloc_ros.mapping.cameras import CAMERAS
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.ros.matches import MATCH_POINT
from anyloc_ros.simulate import messages
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.drive import Drive
from anyloc_ros.simulate.record import record_run
from anyloc_ros.simulate.run import RunConfig
from anyloc_ros.simulate.world import World
import numpy as np
import pytest
from rosbags.rosbag2 import Writer

pytest.importorskip('matplotlib', reason='the extra "report" is not installed')
pytest.importorskip('jinja2', reason='the extra "report" is not installed')

METHOD = ('--method', 'RootSIFT-GeM')
CAMERA = Camera(160, 120)
TEACH = replace(RunConfig.teach(CAMERA), length_m=8.0, rate_hz=2.0)
REPEAT = replace(RunConfig.repeat(CAMERA), length_m=6.0, rate_hz=2.0)
OFF = replace(RunConfig.repeat(CAMERA), start_m=25.0, length_m=2.0, rate_hz=2.0)
TOPICS = ('--pose-topic', '/odom', '--truth-topic', '/truth')
BY_RADIUS = ('--truth', 'radius:1', *TOPICS)
FILES = ['metrics.json', 'per_query.csv', 'report.html']
WAITED_NS = 40_000_000
CLOUD, STORE = 'sensor_msgs/msg/PointCloud2', messages.STORE
POINT_FIELDS = {'<f4': 7, '<u4': 6, '<i4': 5, '|u1': 2}


@pytest.fixture(scope='module')
def bags(tmp_path_factory) -> Path:
    """Return a folder of three drives in one world: teach, repeat, and one off the map."""
    root, world = tmp_path_factory.mktemp('bags'), World(1)
    for name, run in (('teach', TEACH), ('repeat', REPEAT), ('off', OFF)):
        record_run(world, root / name, run=run)
    return root


@pytest.fixture
def route(anyloc, bags) -> Path:
    """Return the map of the first drive, taught once."""
    path = bags / 'route.anyloc'
    if not path.exists():
        done = anyloc('teach', bags / 'teach', '--map', path, *METHOD, '--pose-topic', '/truth')
        assert done.code == 0, done.err
    return path


@pytest.fixture
def answers(anyloc, bags, route) -> Path:
    """Return what `anyloc localize` said of the second drive."""
    path = bags / 'answers.csv'
    if not path.exists():
        words = ('--map', route, '--out', path, '--top-k', 20, '--pose-topic', '/odom')
        assert anyloc('localize', bags / 'repeat', *words).code == 0
    return path


@pytest.fixture
def no_pictures(monkeypatch):
    """Leave the report empty: drawing takes longer than all else here."""
    monkeypatch.setattr('anyloc_ros.evaluate.report.run_report.run_report', lambda *parts: '')


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def headline(folder: Path) -> dict[str, float]:
    found = json.loads((folder / 'metrics.json').read_text())['headline']
    return {name: figure['value'] for name, figure in found.items()}


def test_a_drive_in_a_bag_is_judged_the_same_twice(anyloc, bags, route, tmp_path):
    words = (
        'evaluate', '--map', route, '--queries', bags / 'repeat', *BY_RADIUS, '--drive',
        '--off-map', bags / 'off', '--no-times',
    )  # fmt: skip
    for name in ('a', 'b'):
        done = anyloc(*words, '--out', tmp_path / name)
        assert done.code == 0, done.err
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == FILES
    for name in FILES[:2]:
        assert (tmp_path / 'a' / name).read_bytes() == (tmp_path / 'b' / name).read_bytes()
    assert 'seconds' not in done.out and 'latency' not in done.out
    assert 'off the map' in done.out
    assert 'queries_without_pose      0' in ' '.join(done.out.split('\n'))
    rows = rows_of(tmp_path / 'a' / 'per_query.csv')
    drive = Drive(World(1), REPEAT)
    assert len(rows) == drive.num_images + Drive(World(1), OFF).num_images
    for number, row in enumerate(rows[: drive.num_images]):
        true = drive.true_pose(number / REPEAT.rate_hz)
        assert (float(row['true_x_m']), float(row['true_y_m'])) == pytest.approx(
            (true.x, true.y), abs=1e-5
        )
    assert [row['true_x_m'] for row in rows].index('') == drive.num_images
    saved = json.loads((tmp_path / 'a' / 'metrics.json').read_text())
    facts = saved['facts']
    assert (facts['method'], facts['filter']) == ('RootSIFT-GeM', 'bayes')
    assert saved['name'].endswith('/repeat, RootSIFT-GeM, bayes')
    assert 'acceptance' not in facts and 'numbers' not in facts
    assert rows[0]['image'] == '', 'an image in a bag has no name'
    page = (tmp_path / 'a' / 'report.html').read_text()
    assert page.count('data:image/jpeg') >= 2 * 10


@pytest.mark.usefixtures('no_pictures')
def test_recorded_answers_are_judged_as_the_same_answers_given_here(
    anyloc, bags, route, answers, tmp_path
):
    here, table = tmp_path / 'here', tmp_path / 'table'
    words = ('evaluate', '--map', route, '--queries', bags / 'repeat', *BY_RADIUS)
    assert anyloc(*words, '--drive', '--out', here).code == 0
    done = anyloc(*words, '--matches', answers, '--out', table)
    assert done.code == 0, done.err
    found, expected = headline(table), headline(here)
    del expected['latency_p95_ms']
    assert found == pytest.approx(expected, abs=1e-6)
    same = ('stamp_ns', 'state', 'answered', 'accepted', 'reference_id', 'right', 'error_m')
    for row, other in zip(
        rows_of(table / 'per_query.csv'), rows_of(here / 'per_query.csv'), strict=True
    ):
        assert {name: row[name] for name in same} == {name: other[name] for name in same}


def record_answers(path: Path, answers: Path, drive: Drive, dropped: int) -> Path:
    """Write a bag as a robot does, without images: the answers but one, and the truth."""
    types, by_stamp = STORE.types, {}
    for row in rows_of(answers):
        by_stamp.setdefault(int(row['stamp_ns']), []).append(row)
    with Writer(path, version=9) as writer:
        clouds = writer.add_connection('/localizer/matches', CLOUD, typestore=STORE)
        poses = writer.add_connection('/truth', messages.POSE, typestore=STORE)
        for number, (stamp_ns, rows) in enumerate(by_stamp.items()):
            pose = messages.true_pose(stamp_ns, drive.true_pose(number / REPEAT.rate_hz))
            writer.write(poses, stamp_ns, STORE.serialize_cdr(pose, messages.POSE))
            points = np.zeros(len(rows), MATCH_POINT)
            for name in ('reference_id', 'similarity', 'probability', 'accepted'):
                points[name] = [float(row[name]) for row in rows]
            fields = [
                types['sensor_msgs/msg/PointField'](name, offset, POINT_FIELDS[kind.str], 1)
                for name, (kind, offset) in MATCH_POINT.fields.items()
            ]
            size, data = MATCH_POINT.itemsize, points.view(np.uint8)
            cloud = types[CLOUD](
                pose.header, 1, len(rows), fields, False, size, len(data), data, False
            )
            if number != dropped:
                writer.write(clouds, stamp_ns + WAITED_NS, STORE.serialize_cdr(cloud, CLOUD))
    return path


@pytest.mark.usefixtures('no_pictures')
def test_a_bag_of_a_robot_is_judged_by_its_own_truth(anyloc, bags, route, answers, tmp_path):
    drive = Drive(World(1), REPEAT)
    bag = record_answers(tmp_path / 'bag', answers, drive, dropped=4)
    words = ('evaluate', '--map', route, '--matches', bag, '--truth', 'radius:1')
    for name in ('a', 'b'):
        done = anyloc(*words, '--out', tmp_path / name)
        assert done.code == 0, done.err
    for name in FILES[:2]:
        assert (tmp_path / 'a' / name).read_bytes() == (tmp_path / 'b' / name).read_bytes()
    # Only the answers are known: the one that was dropped left no trace.
    table = rows_of(tmp_path / 'a' / 'per_query.csv')
    assert len(table) == drive.num_images - 1
    assert headline(tmp_path / 'a')['latency_p95_ms'] == pytest.approx(WAITED_NS / 1e6)
    # With the images it is known that one was not answered.
    done = anyloc(*words, '--queries', bags / 'repeat', *TOPICS, '--out', tmp_path / 'c')
    assert done.code == 0, done.err
    table = rows_of(tmp_path / 'c' / 'per_query.csv')
    assert [row['answered'] for row in table].index('0') == 4
    assert len(table) == drive.num_images


@pytest.mark.usefixtures('no_pictures')
def test_the_numbers_of_a_truth_are_those_of_the_map(anyloc, bags, route, tmp_path):
    queries = Drive(World(1), REPEAT).num_images
    report = tmp_path / 'e.json'
    words = ('evaluate', '--map', route, '--queries', bags / 'repeat', '--pose-topic', '/odom')
    out = tmp_path / 'run'
    done = anyloc(*words, '--truth', 'frames:0', '--out', out)
    assert done.code == 0, done.err
    with PlaceMap.open_to_read(route) as place_map:
        kept = len(place_map.keyframes())
    asked = f'references in the map, which keeps {kept}; were they one for each image?'
    assert asked in ' '.join(done.err.split())
    facts = json.loads((out / 'metrics.json').read_text())['facts']
    assert asked in facts['numbers']
    assert facts['acceptance'] in done.out and 'needs --drive' in facts['acceptance']
    best = [int(row['reference_id']) for row in rows_of(out / 'per_query.csv')]
    hits = sum(query == reference for query, reference in enumerate(best))
    assert headline(out)['recall_at_1'] == pytest.approx(hits / queries)
    truth = tmp_path / 'truth.csv'
    truth.write_text(''.join(f'{query},{id_}\n' for query, id_ in enumerate(best) if query))
    done = anyloc(*words, '--truth', f'list:{truth}', '--json', report)
    assert done.code == 0, done.err
    result = json.loads(report.read_text())
    assert result['recall_at_1'] == pytest.approx((queries - 1) / queries)
    assert result['queries_without_positive'] == 1


@pytest.mark.usefixtures('no_pictures')
def test_a_folder_of_something_else_is_kept(anyloc, bags, route, run_folder, tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'mine.txt').write_text('kept')
    words = ('evaluate', '--references', run_folder, '--queries', run_folder, *METHOD)
    done = anyloc(*words, '--truth', 'frames:0', '--out', out)
    assert done.code == 1
    assert 'holds something else, which is kept' in done.err
    assert [path.name for path in out.iterdir()] == ['mine.txt']
    (out / 'mine.txt').unlink()
    assert anyloc(*words, '--truth', 'frames:0', '--name', 'first', '--out', out).code == 0
    (out / 'mine.txt').write_text('kept')
    assert anyloc(*words, '--truth', 'frames:0', '--name', 'second', '--out', out).code == 0
    assert json.loads((out / 'metrics.json').read_text())['name'] == 'second'
    assert sorted(path.name for path in out.iterdir()) == sorted([*FILES, 'mine.txt'])
    names = [row['image'] for row in rows_of(out / 'per_query.csv')]
    assert names == [f'{number}.png' for number in range(1, len(names) + 1)]
    (out / 'per_run.csv').write_text('run')
    done = anyloc(*words, '--truth', 'frames:0', '--out', out)
    assert done.code == 1
    assert 'holds simulated runs' in done.err
    assert anyloc(*words, '--truth', 'frames:0', '--out', out / 'mine.txt').code == 1


def test_a_map_of_several_cameras_is_refused(anyloc, bags, route, tmp_path):
    several = Path(shutil.copy(route, tmp_path / 'several.anyloc'))
    with PlaceMap.open_to_write(several) as place_map, place_map.transaction():
        place_map.set_meta(CAMERAS, ['front', 'rear'])
    done = anyloc('evaluate', '--map', several, '--queries', bags / 'repeat', *BY_RADIUS)
    assert done.code == 1
    assert 'front' in done.err


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (('--truth-topic', '/truth'), '--truth-topic /truth: only a bag'),
        (('--matches-topic', '/m'), 'answers.csv is no bag'),
        (('--truth-topic', '/t', '--query-poses', 'p.txt'), 'both name the truth'),
        ((), 'for a CSV of answers by --queries SOURCE'),
    ],
)
def test_a_table_alone_has_no_topics_and_no_poses(anyloc, route, answers, words, said):
    done = anyloc('evaluate', '--map', route, '--matches', answers, '--truth', 'radius:1', *words)
    assert done.code == 1
    assert said in done.err


@pytest.mark.usefixtures('no_pictures')
def test_a_pose_file_is_the_truth_of_a_bag(anyloc, bags, route, answers, tmp_path):
    drive = Drive(World(1), REPEAT)
    stamps_ns = sorted({int(row['stamp_ns']) for row in rows_of(answers)})
    poses = [drive.true_pose(number / REPEAT.rate_hz) for number in range(drive.num_images)]
    truth = tmp_path / 'truth.txt'
    truth.write_text(
        ''.join(
            f'{stamp_ns // 10**9}.{stamp_ns % 10**9:09} {pose.x + 0.25} {pose.y} 0 0 0 0 1\n'
            for stamp_ns, pose in zip(stamps_ns, poses, strict=True)
        )
    )
    words = ('evaluate', '--map', route, '--truth', 'radius:1', '--query-poses', truth)
    for name, more in (
        ('bag', ('--queries', bags / 'repeat', '--pose-topic', '/odom')),
        ('table', ('--matches', answers)),
    ):
        done = anyloc(*words, *more, '--out', tmp_path / name)
        assert done.code == 0, done.err
        rows = rows_of(tmp_path / name / 'per_query.csv')
        found = [float(row['true_x_m']) for row in rows]
        assert found == pytest.approx([pose.x + 0.25 for pose in poses], abs=1e-5)


@pytest.mark.parametrize(
    ('words', 'code', 'said'),
    [
        ((), 2, 'give --references, or --map'),
        (('--references', 'x', '--map', 'y'), 2, 'give --references, or --map'),
        (('--references', 'x'), 2, '--queries is missing'),
        (('--references', 'x', '--matches', 'y'), 2, '--matches needs the --map'),
        (('--map', 'x', '--queries', 'y', *METHOD), 2, 'are for --references'),
        (('--map', 'x', '--matches', 'y', '--drive'), 2, '--drive and --off-map are for queries'),
        (('--map', 'x', '--queries', 'y'), 1, 'x not found; teach it first'),
        (('--map', 'x', '--matches', 'y'), 1, 'x not found; teach it first'),
        (('--references', 'x', '--queries', 'y', '-s', 'far_m=near'), 1, 'far_m'),
        (('--map', 'x', '--matches', 'y', '-s', 'filter=none'), 1, 'unknown parameter'),
        (('--map', 'x', '--queries', 'y', '--reference-poses', 'z'), 2, 'are for --references'),
    ],
)
def test_wrong_usage_is_told_at_once(anyloc, tmp_path, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    done = anyloc('evaluate', '--truth', 'frames:1', *words)
    assert done.code == code
    assert said in ' '.join(done.err.replace('│', ' ').split())
