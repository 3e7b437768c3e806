# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A recording holds what the drive was, on every topic and at every stamp."""

from dataclasses import replace
import hashlib
import math

from anyloc_ros.errors import SourceError
from anyloc_ros.io.samples import ImageSample, PoseSample
from anyloc_ros.io.source import open_source
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.drive import Drive
from anyloc_ros.simulate.record import record_run
from anyloc_ros.simulate.run import RunConfig
import numpy as np
import pytest
from rosbags.interfaces import QosReliability
from rosbags.rosbag2 import Reader
from rosbags.typesys import get_typestore, Stores

STORE = get_typestore(Stores.ROS2_JAZZY)
RUN = replace(RunConfig.repeat(Camera(64, 48)), length_m=1.86, odometry_rate_hz=10.0)
# 1.86 m at 0.93 m/s are 2 s: images at 0, 0.25, ... 2.0 s and odometry at 0, 0.1, ... 2.0 s.
IMAGES, ODOMETRY = 9, 21
# Stamps of both: 0, 0.5, 1.0, 1.5 and 2.0 s.
TRUTH = IMAGES + ODOMETRY - 5


def stamp(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def read(path):
    """Return the messages of each topic, and check that the bag time is the stamp, ascending."""
    found, newest = {}, 0
    with Reader(path) as reader:
        for connection, time_ns, raw in reader.messages():
            message = STORE.deserialize_cdr(raw, connection.msgtype)
            assert stamp(message) == time_ns >= newest
            newest = time_ns
            found.setdefault(connection.topic, []).append(message)
    return found


@pytest.fixture(scope='module', params=['sqlite3', 'mcap'])
def bag(request, world, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param) / 'run'
    heard = []
    run = replace(RUN, storage=request.param)
    summary = record_run(world, path, run=run, progress=lambda *news: heard.append(news))
    assert heard == [('run', n + 1, IMAGES) for n in range(IMAGES)]
    assert (summary.path, summary.images, summary.length_m) == (path, IMAGES, 1.86)
    assert summary.duration_s == pytest.approx(2.0)
    return path


def test_every_topic_has_its_messages(bag):
    counts = {topic: len(messages) for topic, messages in read(bag).items()}
    assert counts == {
        '/image': IMAGES,
        '/camera_info': IMAGES,
        '/odom': ODOMETRY,
        '/truth': TRUTH,
    }


def test_images_and_their_truth(bag, world):
    found, drive = read(bag), Drive(world, RUN)
    truth = {stamp(message): message for message in found['/truth']}
    for number, message in enumerate(found['/image']):
        assert stamp(message) == RUN.start_ns + number * 250_000_000
        assert (message.header.frame_id, message.encoding) == ('camera_optical', 'rgb8')
        assert (message.height, message.width, message.step) == (48, 64, 192)
        assert (message.data.reshape(48, 64, 3) == drive.image(number)).all()
        true = truth[stamp(message)]
        assert true.header.frame_id == 'map'
        expected = drive.true_pose(number / 4)
        position, q = true.pose.position, true.pose.orientation
        assert (position.x, position.y, position.z) == expected.position
        assert (q.x, q.y, q.z, q.w) == expected.quaternion


def test_odometry_is_what_the_robot_believes(bag, world):
    samples, drive = read(bag)['/odom'], Drive(world, RUN)
    first, last = samples[0], samples[-1]
    assert (first.header.frame_id, first.child_frame_id) == ('odom', 'base_link')
    start = drive.true_pose(0.0)
    assert (first.pose.pose.position.x, first.pose.pose.position.y) == (start.x, start.y)
    assert stamp(last) == RUN.start_ns + 2 * 10**9
    assert last.twist.twist.linear.x == pytest.approx(0.93 * 1.01, rel=0.1)
    error = math.dist(
        (last.pose.pose.position.x, last.pose.pose.position.y), drive.true_pose(2.0).position[:2]
    )
    assert 0.005 < error < 0.2


def test_camera_info_is_that_of_the_renderer(bag):
    found = read(bag)
    assert [stamp(m) for m in found['/camera_info']] == [stamp(m) for m in found['/image']]
    info = found['/camera_info'][0]
    focal = 32 / math.tan(math.radians(40))
    np.testing.assert_allclose(info.k, [focal, 0, 31.5, 0, focal, 23.5, 0, 0, 1])
    np.testing.assert_allclose(info.p, [focal, 0, 31.5, 0, 0, focal, 23.5, 0, 0, 0, 1, 0])
    np.testing.assert_array_equal(info.r, np.eye(3).ravel())
    assert (info.height, info.width, info.distortion_model) == (48, 64, 'plumb_bob')
    assert not info.d.any()
    assert info.header.frame_id == 'camera_optical'


def test_offered_qos_is_there_for_a_player(bag):
    with Reader(bag) as reader:
        for connection in reader.connections:
            (qos,) = connection.ext.offered_qos_profiles
            assert (qos.reliability, qos.depth) == (QosReliability.RELIABLE, 10)


def test_the_tools_of_the_package_read_it(bag):
    source = open_source(bag, pose_topic='/truth')
    samples = list(source.samples())
    images = [sample for sample in samples if isinstance(sample, ImageSample)]
    assert len(images) == len(source) == IMAGES
    assert images[0].decode().shape == (48, 64, 3)
    assert sum(isinstance(sample, PoseSample) for sample in samples) == TRUTH
    assert not [note for note in source.notes if 'left out' in note or 'stamp' in note]


def test_twice_the_same_bit_for_bit(world, tmp_path):
    digests = []
    for name in ('one', 'two'):
        record_run(world, tmp_path / name / 'run', run=replace(RUN, length_m=0.5))
        with Reader(tmp_path / name / 'run') as reader:
            digest = hashlib.sha256()
            for connection, time_ns, raw in reader.messages():
                digest.update(f'{connection.topic} {time_ns} '.encode() + raw)
        digests.append(digest.hexdigest())
    assert digests[0] == digests[1]


def test_compressed_images(world, tmp_path):
    record_run(world, tmp_path / 'run', run=replace(RUN, compressed=True, length_m=0.5))
    found = read(tmp_path / 'run')
    assert '/image' not in found
    message = found['/image/compressed'][1]
    assert message.format == 'rgb8; jpeg compressed bgr8'
    assert bytes(message.data[:2]) == b'\xff\xd8'
    images = open_source(tmp_path / 'run', pose_topic='/odom').samples()
    image = [sample for sample in images if isinstance(sample, ImageSample)][1].decode()
    exact = Drive(world, RUN).image(1).astype(float)
    assert np.abs(image - exact).mean() < 6


def test_what_exists_is_not_overwritten(world, tmp_path):
    (tmp_path / 'run').mkdir()
    with pytest.raises(SourceError, match='not overwritten'):
        record_run(world, tmp_path / 'run', run=RUN)
    assert list((tmp_path / 'run').iterdir()) == []
