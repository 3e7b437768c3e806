# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Teach, localize, evaluate: the main job, from files to files."""

import csv
import json

import cv2
import numpy as np
import pytest

METHOD = ('--method', 'RootSIFT-GeM')


@pytest.fixture
def route(anyloc, run_folder, tmp_path):
    """Return a finished map of the twelve images."""
    path = tmp_path / 'route.anyloc'
    assert anyloc('teach', run_folder, '--map', path, *METHOD).code == 0
    return path


def _rows(path):
    with path.open(newline='') as file:
        return list(csv.DictReader(file))


def test_every_image_of_a_folder_finds_itself(anyloc, run_folder, route, tmp_path):
    out = tmp_path / 'matches.csv'
    done = anyloc('localize', run_folder, '--map', route, '--out', out, '--top-k', 3)
    assert done.code == 0, done.err
    rows = _rows(out)
    assert list(rows[0]) == [
        'stamp_ns',
        'rank',
        'reference_id',
        'index',
        'route',
        'similarity',
        'probability',
        'accepted',
        'state',
        'x',
        'y',
        'z',
        'yaw',
    ]
    assert [row['rank'] for row in rows[:6]] == ['1', '2', '3', '1', '2', '3']
    best = [row for row in rows if row['rank'] == '1']
    assert [int(row['reference_id']) for row in best] == list(range(12))
    assert [int(row['stamp_ns']) for row in best] == [i * 10**8 for i in range(12)]
    assert all(float(row['similarity']) > 0.999 for row in best)
    for row in rows:
        assert row['x'] == row['y'] == row['z'] == row['yaw'] == ''
        assert 0 <= float(row['probability']) <= 1
        assert row['accepted'] in ('0', '1') if row['rank'] == '1' else row['accepted'] == '0'
    # Three images that agree are a place to begin.
    assert [row['accepted'] for row in best[:4]] == ['0', '0', '1', '1']
    assert [row['state'] for row in best[:3]] == ['SEARCHING', 'SEARCHING', 'LOCALIZED']
    done = anyloc('localize', run_folder, '--map', route, '--out', out, '-s', 'filter=none')
    assert done.code == 0, done.err
    assert all(row['probability'] == '' for row in _rows(out))


def test_localizing_twice_gives_the_same_bytes_and_leaves_the_map_as_it_was(
    anyloc, run_folder, route, tmp_path
):
    before = route.read_bytes()
    for name in ('a.csv', 'b.csv'):
        assert anyloc('localize', run_folder, '--map', route, '--out', tmp_path / name).code == 0
    assert (tmp_path / 'a.csv').read_bytes() == (tmp_path / 'b.csv').read_bytes()
    assert route.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.csv', 'b.csv', 'route.anyloc']


def test_poses_of_a_folder_reach_the_answers(anyloc, run_folder, tmp_path):
    poses = tmp_path / 'poses.csv'
    rows = [f'{i + 1}.png,{2.0 * i},{-1.0},{0.5}' for i in range(12)]
    poses.write_text('\n'.join(['name,x,y,yaw', *rows]) + '\n')
    route, out, report = (tmp_path / name for name in ('r.anyloc', 'm.csv', 'teach.json'))
    done = anyloc(
        'teach', run_folder, '--map', route, *METHOD, '--poses-file', poses,
        '--set', 'keyframe_distance_m=4.0', '--json', report,
    )  # fmt: skip
    assert done.code == 0, done.err
    # 2 m from image to image, a reference every 4 m: images 1, 3, 5, 7, 9, 11
    taught = json.loads(report.read_text())
    assert (taught['images'], taught['references'], taught['length_m']) == (12, 6, 20.0)
    assert taught['pose_jumps'] == 0
    source = f'{run_folder}:5-5'
    assert anyloc('localize', source, '--map', route, '--out', out, '--top-k', 1).code == 0
    (row,) = _rows(out)
    assert (row['reference_id'], row['x'], row['y'], row['yaw']) == (
        '2', '8.000000', '-1.000000', '0.500000',
    )  # fmt: skip


def test_the_truth_counts_by_the_numbers_of_the_images(anyloc, run_folder, tmp_path):
    report = tmp_path / 'e.json'
    words = ('--references', f'{run_folder}:1-8', '--truth', 'frames:0', *METHOD, '--json', report)
    done = anyloc('evaluate', '--queries', f'{run_folder}:3-12', *words)
    assert done.code == 0, done.err
    result = json.loads(report.read_text())
    # Query i is image i + 3, reference j is image j + 1: the right one is never the same number,
    # and the last two queries have no reference at all.
    assert result['recall_at_1'] == 0.0
    assert (result['queries'], result['references']) == (10, 8)
    assert result['queries_without_positive'] == 2
    assert result['seconds'] > 0
    done = anyloc('evaluate', '--queries', f'{run_folder}:1-8', *words)
    assert json.loads(report.read_text())['recall_at_1'] == 1.0
    assert 'recall_at_1 ' in done.out


@pytest.mark.parametrize(
    ('localizing', 'evaluating', 'tolerances'),
    [(('--set', 'filter=none'), (), range(8)), ((), ('--drive',), (1, 4))],
    ids=['single images', 'a drive'],
)
def test_teach_and_localize_find_what_evaluate_finds(
    anyloc, data, tmp_path, localizing, evaluating, tolerances
):
    # Only an answer that differs from image to image can tell: the second lap, some of it wrong.
    references, queries = (f'{data}/office_two_laps:{part}' for part in ('1-20', '40-56'))
    method = ('--method', 'RootSIFT-VLAD')
    route, out, report = (tmp_path / name for name in ('r.anyloc', 'm.csv', 'e.json'))
    seed = ('--set', 'vocabulary_seed=3')
    assert anyloc('teach', references, '--map', route, *method, *seed).code == 0
    words = ('--map', route, '--out', out, '--top-k', 1, *localizing)
    assert anyloc('localize', queries, *words).code == 0
    best = [int(row['reference_id']) for row in _rows(out)]
    assert len(set(best)) > 5
    for tolerance in tolerances:
        done = anyloc(
            'evaluate', '--references', references, '--queries', queries, '--truth',
            f'frames:{tolerance}', *method, '--seed', 3, '--json', report, *evaluating,
        )  # fmt: skip
        assert done.code == 0, done.err
        hits = sum(abs(query - reference) <= tolerance for query, reference in enumerate(best))
        assert json.loads(report.read_text())['recall_at_1'] == pytest.approx(hits / 17)


def test_radius_truth_uses_poses_and_is_inclusive(anyloc, run_folder, tmp_path):
    for number in range(12):
        target = tmp_path / f'@{500000 + 10 * number}@{5000000}@{number}.png'
        target.write_bytes((run_folder / f'{number + 1}.png').read_bytes())
    report = tmp_path / 'e.json'
    for radius, right in ((0, 1.0), (20, 1.0)):
        done = anyloc(
            'evaluate', '--references', tmp_path, '--queries', f'{tmp_path}:2-5', '--truth',
            f'radius:{radius}', *METHOD, '--json', report,
        )  # fmt: skip
        assert done.code == 0, done.err
        assert json.loads(report.read_text())['recall_at_1'] == right


def test_poses_of_queries_are_interpolated_as_asked(anyloc, run_folder, tmp_path):
    names = [f'{i + 1}.png' for i in range(12)]
    references = tmp_path / 'r.csv'
    references.write_text(
        'name,stamp,x,y\n' + ''.join(f'{n},{i},{10 * i},0\n' for i, n in enumerate(names))
    )
    queries = tmp_path / 'stamped'
    queries.mkdir()
    for i, name in enumerate(names):
        target = queries / f'{i}.500000000.png'
        target.write_bytes((run_folder / name).read_bytes())
    # Poses at whole seconds, images half a second later: 5 m from the reference of the same image.
    track = tmp_path / 'track.txt'
    track.write_text(''.join(f'{i} {10 * i} 0 0 0 0 0 1\n' for i in range(13)))
    report = tmp_path / 'e.json'
    words = (
        'evaluate', '--references', run_folder, '--reference-poses', references, '--queries',
        queries, '--query-poses', track, *METHOD, '--json', report,
    )  # fmt: skip
    for settings, truth, right, without in (
        (('--set', 'pose_max_gap_s=1.5'), 'radius:5', 1.0, 0),
        (('--set', 'pose_max_gap_s=1.5'), 'radius:4.9', 0.0, 0),
        ((), 'radius:5', 0.0, 12),
    ):
        done = anyloc(*words, '--truth', truth, *settings)
        assert done.code == 0 or without == 12, done.err
        if without == 12:
            assert 'the queries have no poses' in done.err
            continue
        result = json.loads(report.read_text())
        assert (result['recall_at_1'], result['queries_without_pose']) == (right, without)


def test_a_bad_image_keeps_its_number_in_the_truth(anyloc, run_folder, tmp_path):
    for number in range(12):
        data = (run_folder / f'{number + 1}.png').read_bytes()
        (tmp_path / f'{number + 1}.png').write_bytes(data[:50] if number == 4 else data)
    report = tmp_path / 'e.json'
    done = anyloc(
        'evaluate', '--references', tmp_path, '--queries', tmp_path, '--truth', 'frames:0',
        *METHOD, '--json', report,
    )  # fmt: skip
    assert done.code == 0, done.err
    result = json.loads(report.read_text())
    assert (result['bad_references'], result['bad_queries']) == (1, 1)
    assert result['recall_at_1'] == pytest.approx(11 / 12)


def test_append_adds_a_route_by_the_method_of_the_map(anyloc, run_folder, route):
    done = anyloc('teach', f'{run_folder}:1-3', '--map', route, '--append')
    assert done.code == 0, done.err
    info = anyloc('map', 'info', route).out
    assert 'references        15' in info
    assert 'routes            2' in info
    assert 'state             finished' in info


def test_recording_can_be_finished_later(anyloc, run_folder, tmp_path):
    route = tmp_path / 'r.anyloc'
    done = anyloc(
        'teach', run_folder, '--map', route, '--method', 'RootSIFT-VLAD', '--no-finish',
        '--set', 'num_words=8',
    )  # fmt: skip
    assert done.code == 0
    assert f'anyloc map finish {route}' in done.err
    refused = anyloc('localize', run_folder, '--map', route, '--out', tmp_path / 'm.csv')
    assert refused.code == 1
    assert f'not finished; run: anyloc map finish {route}' in refused.err
    assert not (tmp_path / 'm.csv').exists()
    assert anyloc('map', 'finish', route).code == 0
    assert anyloc('localize', run_folder, '--map', route, '--out', tmp_path / 'm.csv').code == 0


def test_rebuild_merge_export(anyloc, run_folder, route, tmp_path):
    other = tmp_path / 'vlad.anyloc'
    done = anyloc(
        'map', 'rebuild', route, '--out', other, '--method', 'RootSIFT-VLAD', '--set',
        'num_words=8',
    )  # fmt: skip
    assert done.code == 0, done.err
    assert 'RootSIFT-VLAD' in anyloc('map', 'info', other).out
    refused = anyloc('map', 'merge', route, other, '--out', tmp_path / 'both.anyloc')
    assert refused.code == 1
    assert "aggregation 'gem'" in refused.err
    assert anyloc('map', 'merge', route, route, '--out', tmp_path / 'twice.anyloc').code == 0
    assert 'references        24' in anyloc('map', 'info', tmp_path / 'twice.anyloc').out
    assert anyloc('map', 'export', route, '--out', tmp_path / 'r.csv').code == 0
    assert len((tmp_path / 'r.csv').read_text().splitlines()) == 13
    assert anyloc('map', 'export', route, '--out', tmp_path / 'r.kml').code == 2


def test_a_method_can_be_described_with_and_without_features(anyloc, run_folder, tmp_path):
    images = [f'{run_folder}/1.png', f'{run_folder}/2.png']
    assert anyloc('describe', *images, '--out', tmp_path / 'd.npz', *METHOD).code == 0
    with np.load(tmp_path / 'd.npz') as arrays:
        assert list(arrays) == images
        assert arrays[images[0]].shape == (128,)
        assert np.linalg.norm(arrays[images[0]]) == pytest.approx(1.0, abs=1e-6)
    done = anyloc('describe', *images, '--out', tmp_path / 'f.npz', *METHOD, '--features')
    assert done.code == 0
    with np.load(tmp_path / 'f.npz') as arrays:
        assert arrays[images[1]].shape[1] == 128


def test_a_shared_vocabulary(anyloc, run_folder, tmp_path):
    words = tmp_path / 'words.safetensors'
    method = ('--method', 'RootSIFT-VLAD', '--set', 'num_words=8')
    assert anyloc('vocabulary', 'fit', run_folder, '--out', words, *method).code == 0
    info = anyloc('vocabulary', 'info', words).out
    assert 'words' in info
    assert 'rootsift' in info
    route = tmp_path / 'r.anyloc'
    done = anyloc(
        'teach', run_folder, '--map', route, *method, '--set', f'vocabulary={words}', '--set',
        'store_images=false',
    )  # fmt: skip
    assert done.code == 0, done.err
    done = anyloc('localize', run_folder, '--map', route, '--out', tmp_path / 'm.csv')
    assert done.code == 0, done.err
    best = [row for row in _rows(tmp_path / 'm.csv') if row['rank'] == '1']
    assert [int(row['reference_id']) for row in best] == list(range(12))


def test_a_published_vocabulary_is_imported_as_it_is(anyloc, vocabularies, tmp_path):
    published = vocabularies / 'dinov2_vitg14_l31_value_c32_indoor_c_centers.pt'
    ours = tmp_path / 'indoor.safetensors'
    assert anyloc('vocabulary', 'import', published, '--out', ours).code == 0
    a, b = (anyloc('vocabulary', 'info', path).out for path in (published, ours))
    assert a == b
    assert 'dinov2_vitg14' in a
    assert '1536' in a


def test_whitening(anyloc, run_folder, tmp_path):
    route = tmp_path / 'r.anyloc'
    done = anyloc('teach', run_folder, '--map', route, *METHOD, '--set', 'whitening_dim=6')
    assert done.code == 0, done.err
    assert 'whitening_dim     6' in anyloc('map', 'info', route).out
    assert anyloc('localize', run_folder, '--map', route, '--out', tmp_path / 'm.csv').code == 0
    best = [row for row in _rows(tmp_path / 'm.csv') if row['rank'] == '1']
    assert [int(row['reference_id']) for row in best] == list(range(12))


def test_rebuild_keeps_the_method_where_none_is_named(anyloc, route, tmp_path):
    other = tmp_path / 'other.anyloc'
    assert anyloc('map', 'rebuild', route, '--out', other, '--set', 'gem_p=5.0').code == 0
    assert 'RootSIFT-GeM' in anyloc('map', 'info', other).out


def test_a_map_with_a_mask_opens_from_any_folder(anyloc, run_folder, tmp_path, monkeypatch):
    cv2.imwrite(str(tmp_path / 'mask.png'), np.full((120, 160), 255, np.uint8))
    route, elsewhere = tmp_path / 'r.anyloc', tmp_path / 'elsewhere'
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    done = anyloc('teach', run_folder, '--map', route, *METHOD, '--set', 'mask_path=mask.png')
    assert done.code == 0, done.err
    monkeypatch.chdir(elsewhere)
    words = ('localize', run_folder, '--map', route, '--out', tmp_path / 'm.csv')
    assert anyloc(*words).code == 0
    (tmp_path / 'mask.png').rename(elsewhere / 'moved.png')
    assert 'mask.png' in anyloc(*words).err
    assert anyloc(*words, '--set', 'mask_path=moved.png').code == 0


def test_a_mask_leaves_out_what_is_black(anyloc, run_folder, tmp_path):
    mask = np.full((120, 160), 255, np.uint8)
    mask[:, :80] = 0
    cv2.imwrite(str(tmp_path / 'mask.png'), mask)
    changed = cv2.imread(f'{run_folder}/1.png')
    changed[:, :30] = 0
    cv2.imwrite(str(tmp_path / 'changed.png'), changed)
    paths = [f'{run_folder}/1.png', str(tmp_path / 'changed.png')]
    arrays = {}
    for name, more in (('all', ()), ('right', ('--set', f'mask_path={tmp_path}/mask.png'))):
        out = tmp_path / f'{name}.npz'
        done = anyloc('describe', *paths, '--out', out, *METHOD, '--features', *more)
        assert done.code == 0, done.err
        with np.load(out) as read:
            arrays[name] = [read[path] for path in paths]
    assert len(arrays['right'][0]) < len(arrays['all'][0])
    assert not np.array_equal(arrays['all'][0], arrays['all'][1])
    # The left half is masked. A feature reaches 44 px at most: from there none sees the change.
    np.testing.assert_allclose(arrays['right'][0], arrays['right'][1], atol=1e-6)
