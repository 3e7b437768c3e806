# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Answers in tables and bags, written here byte by byte, become the arrays of a run."""

from __future__ import annotations

from collections.abc import Sequence
import math
from pathlib import Path
import struct

from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.recorded import read_bag, read_table, Recorded
from anyloc_ros.evaluate.recorded_run import run_from_records
from anyloc_ros.evaluate.records import Said
from anyloc_ros.evaluate.whereabouts import Track
from anyloc_ros.io.bag_file import read_poses
from anyloc_ros.io.bag_matches import BagMatches
from anyloc_ros.io.samples import PoseSample
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
import numpy as np
import pytest
from rosbags.rosbag2 import Writer
from rosbags.typesys import get_typestore, Stores

STORE = get_typestore(Stores.ROS2_JAZZY)
CLOUD = 'sensor_msgs/msg/PointCloud2'
POSE = 'geometry_msgs/msg/PoseStamped'
KNOWN = {0, 1, 2, 7}
HEADER = 'stamp_ns,rank,reference_id,index,route,similarity,probability,accepted,state,x,y,z,yaw'
START_NS = 1_700_000_000_000_000_000
MS = 1_000_000

FIELDS = (
    *((name, 7) for name in ('x', 'y', 'z', 'yaw')),
    *((name, 6) for name in ('reference_id', 'index', 'route')),
    *((name, 7) for name in ('similarity', 'probability')),
    ('inliers', 5),
    *((name, 7) for name in ('shift_px', 'heading_rad', 'heading_sigma')),
    ('accepted', 2),
)
"""Of docs/matches.md, by the numbers of PointField: 7 float32, 6 uint32, 5 int32, 2 uint8."""


def header(stamp_ns: int):
    time = STORE.types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, 10**9))
    return STORE.types['std_msgs/msg/Header'](time, 'map')


def cloud(stamp_ns: int, points: Sequence[tuple], point_step: int = 56):
    """Return a ~/matches of points (reference_id, similarity, probability, accepted)."""
    field = STORE.types['sensor_msgs/msg/PointField']
    fields = [field(name, 4 * n, kind, 1) for n, (name, kind) in enumerate(FIELDS)]
    data = b''.join(
        struct.pack(
            '<4f3I2fi3fB3x', 0, 0, 0, 0, id_, 0, 0, similarity, probability, 40, -3.5, 0.25, 0.125,
            accepted,
        )
        for id_, similarity, probability, accepted in points
    )  # fmt: skip
    count = len(points)
    return STORE.types[CLOUD](
        header(stamp_ns), 1, count, fields, False, point_step, 56 * count,
        np.frombuffer(data, np.uint8), False,
    )  # fmt: skip


def pose(stamp_ns: int, x: float):
    point = STORE.types['geometry_msgs/msg/Point'](x, 0.0, 0.0)
    turn = STORE.types['geometry_msgs/msg/Quaternion'](0.0, 0.0, 0.0, 1.0)
    return STORE.types[POSE](header(stamp_ns), STORE.types['geometry_msgs/msg/Pose'](point, turn))


def bag(path: Path, messages: Sequence[tuple]) -> Path:
    """Write messages (topic, type, time of receipt, message)."""
    with Writer(path, version=9) as writer:
        connections = {}
        for topic, kind, received_ns, message in messages:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=STORE)
            data = STORE.serialize_cdr(message, kind)
            writer.write(connections[topic], received_ns, data)
    return path


def table(path: Path, *rows: str) -> Path:
    path.write_text('\n'.join([HEADER, *rows]) + '\n')
    return path


def test_a_table_of_anyloc_localize(tmp_path):
    path = table(
        tmp_path / 'a.csv',
        '5,1,7,0,0,0.500000,0.900000,1,LOCALIZED,1,2,0,0',
        '5,2,0,0,0,0.250000,0.050000,0,LOCALIZED,,,,',
        '5,1,1,0,0,0.125000,,0,SEARCHING,,,,',
    )
    first, second = read_table(path, KNOWN)
    assert first == Recorded(5, Said([7, 0], [0.5, 0.25], True, 0.9, state='LOCALIZED'))
    assert (second.said.ids, second.said.accepted, second.stamp_ns) == ([1], False, 5)
    assert math.isnan(second.said.probability)


def test_a_cosine_above_1_by_rounding_is_1(tmp_path):
    path = table(
        tmp_path / 'a.csv',
        '5,1,7,0,0,1.000011,,1,LOCALIZED,1,2,0,0',
        '5,2,0,0,0,-1.000050,,0,LOCALIZED,,,,',
    )
    assert read_table(path, KNOWN)[0].said.similarities == [1.0, -1.0]
    stored = bag(
        tmp_path / 'bag', [matches('/matches', START_NS, START_NS, (7, 1.00005, 0.75, 1))]
    )
    assert read_bag(BagMatches(stored), KNOWN)[0].said.similarities == [1.0]


@pytest.mark.parametrize(
    ('row', 'said'),
    [
        ('5,1,8,0,0,0.5,,0,LOST,,,,', 'line 3: reference 8 is not in the map'),
        ('6,2,0,0,0,0.5,,0,LOST,,,,', 'line 3: the first row of an image has rank 1'),
        ('5,3,0,0,0,0.5,,0,LOST,,,,', 'line 3: rank 3 after 1'),
        ('5,1,0,0,0,high,,0,LOST,,,,', 'line 3: could not convert'),
        ('5,1,0,0,0,1.5,,0,LOST,,,,', 'line 3: similarity 1.5 is no cosine'),
        ('5,1,0,0,0,1.0002,,0,LOST,,,,', 'line 3: similarity 1.0002 is no cosine'),
        ('5,1,0,0,0,nan,,0,LOST,,,,', 'line 3: similarity nan is no cosine'),
        ('5,1,0,0,0,0.5,2,0,LOST,,,,', 'line 3: probability 2.0 is outside'),
        ('5,1,0,0,0,0.5,,yes,LOST,,,,', "line 3: accepted: expected 0 or 1, got 'yes'"),
        ('-1,1,0,0,0,0.5,,0,LOST,,,,', 'line 3: stamp_ns -1 is outside'),
        (f'{2**63},1,0,0,0,0.5,,0,LOST,,,,', 'line 3: stamp_ns'),
        ('5,1,0', 'line 3: expected 13 fields as in the header, got 3'),
        ('x' * 200_000, 'line 3: field larger than field limit'),
    ],
)
def test_a_malformed_row_is_named(tmp_path, row, said):
    path = table(tmp_path / 'a.csv', '5,1,0,0,0,0.5,,0,LOST,,,,', row)
    with pytest.raises(SourceError, match=said):
        read_table(path, KNOWN)


def test_what_is_no_table_of_answers(tmp_path, monkeypatch):
    path = tmp_path / 'a.csv'
    with pytest.raises(SourceError, match='cannot be read'):
        read_table(path, KNOWN)
    path.write_bytes(b'')
    with pytest.raises(SourceError, match='expected a table as "anyloc localize --out"'):
        read_table(path, KNOWN)
    with pytest.raises(SourceError, match='no answers in it'):
        read_table(table(path), KNOWN)
    monkeypatch.setattr('anyloc_ros.evaluate.recorded.MAX_BYTES', 10)
    with pytest.raises(SourceError, match='read up to 10'):
        read_table(path, KNOWN)


def matches(topic: str, stamp_ns: int, received_ns: int, *points: tuple) -> tuple:
    return topic, CLOUD, received_ns, cloud(stamp_ns, points)


def test_a_bag_of_a_localizer(tmp_path):
    topic, points = '/localizer/matches', ((7, 0.5, 0.75, 1), (0, 0.25, 0.125, 0))
    path = bag(
        tmp_path / 'bag',
        [
            matches(topic, START_NS, START_NS + 30 * MS, *points),
            ('/lidar', CLOUD, START_NS + 35 * MS, cloud(START_NS, [])),
            matches(topic, START_NS + 100 * MS, START_NS + 140 * MS),
            ('/truth', POSE, START_NS + 150 * MS, pose(START_NS + 100 * MS, 3.0)),
        ],
    )
    source = BagMatches(path)
    first, second = read_bag(source, KNOWN)
    assert (first.stamp_ns, first.received_ns) == (START_NS, START_NS + 30 * MS)
    assert (first.said.ids, first.said.similarities) == ([7, 0], [0.5, 0.25])
    assert (first.said.accepted, first.said.probability, first.said.inliers) == (True, 0.75, 40)
    assert (first.said.shift_px, first.said.heading_rad, first.said.heading_sigma) == (
        -3.5, 0.25, 0.125,
    )  # fmt: skip
    assert (second.said.ids, second.received_ns) == ([], START_NS + 140 * MS)
    assert not source.has_images
    poses, notes = read_poses(path, '', '--pose-topic')
    assert [(each.stamp_ns, each.pose.x) for each in poses] == [(START_NS + 100 * MS, 3.0)]
    assert notes == ['poses from /truth (geometry_msgs/msg/PoseStamped, 1 messages)']
    with pytest.raises(SourceError, match='answer 0: reference 7 is not in the map'):
        read_bag(source, {0, 1})


def test_bags_that_have_no_answers(tmp_path):
    only = bag(tmp_path / 'pose', [('/truth', POSE, START_NS, pose(START_NS, 0.0))])
    with pytest.raises(SourceError, match='name it with --matches-topic'):
        BagMatches(only)
    two = bag(
        tmp_path / 'two',
        [matches('/a/matches', START_NS, START_NS), matches('/b/matches', START_NS, START_NS)],
    )
    with pytest.raises(SourceError, match='choose one with --matches-topic'):
        BagMatches(two)
    assert len(read_bag(BagMatches(two, '/b/matches'), KNOWN)) == 1
    lying = bag(
        tmp_path / 'lying',
        [('/matches', CLOUD, START_NS, cloud(START_NS, [(0, 0.5, 0.5, 1)], point_step=60))],
    )
    with pytest.raises(SourceError, match=r'message 0 of /matches: .*expected 60 bytes, got 56'):
        read_bag(BagMatches(lying), KNOWN)
    small = bag(
        tmp_path / 'small',
        [('/matches', CLOUD, START_NS, cloud(START_NS, [(0, 0.5, 0.5, 1)], point_step=28))],
    )
    with pytest.raises(SourceError, match='message 0 of /matches'):
        read_bag(BagMatches(small), KNOWN)
    nothing = cloud(START_NS, [], point_step=0)
    nothing.fields.clear()
    bare = bag(tmp_path / 'bare', [('/matches', CLOUD, START_NS, nothing)])
    with pytest.raises(SourceError, match=r'message 0 of /matches: .*fields that cannot be'):
        read_bag(BagMatches(bare), KNOWN)


@pytest.fixture(scope='module')
def place_map(tmp_path_factory):
    """Return a map whose references 0, 1, 2 lie at x = 0, 1, 2 m."""
    path = tmp_path_factory.mktemp('map') / 'r.anyloc'
    with PlaceMap.create(path, fingerprint={}, describe_config={'method': 'RootSIFT-GeM'}) as made:
        with made.transaction():
            for number in range(3):
                made.add_keyframe(
                    Keyframe(number, 0, number, number, Pose(float(number), 0.0), None, (4, 4)),
                    None,
                )
            made.set_descriptors(range(3), np.eye(3, dtype=np.float32), 'float16')
            made.set_meta('datum', {'kind': 'local'})
        yield made


def judged(place_map: PlaceMap, answers: Sequence[Recorded], stamps_ns: Sequence[int]):
    poses = [PoseSample(stamp_ns, Pose(n, 0.0)) for n, stamp_ns in enumerate(stamps_ns)]
    track = Track(stamps_ns, poses)
    return run_from_records(
        place_map, answers, 'radius:0.5', track, track, TeachConfig(), name='run',
        facts={'truth': 'radius:0.5'}, real_time=True,
    )  # fmt: skip


def one(stamp_ns: int, id_: int, received_ns: int | None = None) -> Recorded:
    return Recorded(stamp_ns, Said([id_], [0.5], True), received_ns)


def test_answers_meet_images_by_stamp(place_map):
    # Two images of one stamp, one image without an answer, one answer to no image.
    stamps_ns = [10, 20, 20, 30]
    answers = [one(20, 1), one(20, 2), one(25, 0), one(10, 0)]
    record, notes = judged(place_map, answers, stamps_ns)
    assert record.answers.rows.tolist() == [[0], [1], [2], [-1]]
    assert record.answers.answered.tolist() == [True, True, True, False]
    assert record.truth.positives[0] == {0}
    assert notes == ['1 answers are to no image and left out']
    assert record.answers.times_ms == {}
    assert record.raw is None
    assert record.costs['descriptor_bytes'] == 6
    with pytest.raises(SourceError, match='the images begin at 1 ns, the answers at 20 ns'):
        judged(place_map, answers, [1, 2])


def test_the_latency_is_from_stamp_to_receipt(place_map):
    stamps_ns = [START_NS + n * 100 * MS for n in range(4)]
    waited_ms = [330, 45, 20]  # the first is received last
    answers = [
        one(stamp_ns, 0, stamp_ns + wait * MS)
        for stamp_ns, wait in zip(stamps_ns, waited_ms, strict=False)
    ]
    record, notes = judged(place_map, answers[::-1], stamps_ns)
    np.testing.assert_allclose(record.answers.times_ms['total'], [330, 45, 20, math.nan])
    assert notes == []


def test_a_clock_that_stands_still_tells_nothing(place_map):
    # One is dated before its image, and the clock had not moved when the other one came.
    record, notes = judged(place_map, [one(7, 0, 5), one(2, 0, 5)], [7, 2])
    assert np.isnan(record.answers.times_ms['total']).all()
    assert notes == []


@pytest.mark.parametrize('apart_ns', [-(10**18), 3600 * 10**9])
def test_two_clocks_tell_no_latency(place_map, apart_ns):
    stamps_ns = [START_NS + n * 100 * MS for n in range(4)]
    answers = [one(stamp_ns, 0, stamp_ns + apart_ns) for stamp_ns in stamps_ns]
    record, notes = judged(place_map, answers, stamps_ns)
    assert record.answers.times_ms == {}
    assert notes == ['images and answers are dated by two clocks: no latency is known']
