# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Bags written here, sqlite3 and mcap, are read back exactly; bad ones are named."""

import math
from pathlib import Path
import shutil

from anyloc_ros.errors import ImageError, SourceError
from anyloc_ros.io.samples import ImageSample, PoseSample
from anyloc_ros.io.source import open_source
from anyloc_ros.pose import GeoPoint, Pose
import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores

STORE = get_typestore(Stores.ROS2_JAZZY)
TYPES = STORE.types
START_NS = 1_700_000_000_000_000_000
COV = np.zeros(36)


def message(kind: str, *fields):
    return TYPES[kind](*fields)


def header(stamp_ns: int, frame_id: str):
    seconds, nanoseconds = divmod(stamp_ns, 10**9)
    time = message('builtin_interfaces/msg/Time', seconds, nanoseconds)
    return message('std_msgs/msg/Header', time, frame_id)


def image(stamp_ns: int, value: int):
    pixels = np.full((2, 8), value, np.uint8)  # two pixels a row and two bytes of padding
    return message(
        'sensor_msgs/msg/Image', header(stamp_ns, 'camera'), 2, 2, 'rgb8', 0, 8, pixels.ravel()
    )


def compressed(stamp_ns: int, data: bytes):
    return message(
        'sensor_msgs/msg/CompressedImage',
        header(stamp_ns, 'camera'),
        'jpeg',
        np.frombuffer(data, np.uint8),
    )


def geometry(x: float, quaternion=(0.0, 0.0, 0.0, 1.0)):
    return message(
        'geometry_msgs/msg/Pose',
        message('geometry_msgs/msg/Point', x, 2.0, 3.0),
        message('geometry_msgs/msg/Quaternion', *quaternion),
    )


def pose_stamped(stamp_ns: int, x: float, **turn):
    return message('geometry_msgs/msg/PoseStamped', header(stamp_ns, 'map'), geometry(x, **turn))


def pose_with_covariance(stamp_ns: int, x: float):
    pose = message('geometry_msgs/msg/PoseWithCovariance', geometry(x), COV)
    return message('geometry_msgs/msg/PoseWithCovarianceStamped', header(stamp_ns, 'map'), pose)


def odometry(stamp_ns: int, x: float):
    zero = message('geometry_msgs/msg/Vector3', 0.0, 0.0, 0.0)
    twist = message('geometry_msgs/msg/Twist', zero, zero)
    return message(
        'nav_msgs/msg/Odometry',
        header(stamp_ns, 'map'),
        'base_link',
        message('geometry_msgs/msg/PoseWithCovariance', geometry(x), COV),
        message('geometry_msgs/msg/TwistWithCovariance', twist, COV),
    )


def fix(stamp_ns: int, latitude: float, altitude: float, status: int):
    return message(
        'sensor_msgs/msg/NavSatFix',
        header(stamp_ns, 'gps'),
        message('sensor_msgs/msg/NavSatStatus', status, 1),
        latitude,
        13.2,
        altitude,
        np.zeros(9),
        0,
    )


def write(path: Path, messages, plugin=StoragePlugin.SQLITE3, compression=None) -> Path:
    """Write `(topic, received_ns, message or bytes and type)` in the given order."""
    with_writer = Writer(path, version=9, storage_plugin=plugin)
    if compression:
        with_writer.set_compression(compression, CompressionFormat.ZSTD)
    with with_writer as writer:
        connections = {}
        for topic, received_ns, content in messages:
            raw, kind = content if isinstance(content, tuple) else (None, content.__msgtype__)
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=STORE)
            raw = STORE.serialize_cdr(content, kind) if raw is None else raw
            writer.write(connections[topic], received_ns, raw)
    return path


def run_of(*poses):
    """Return two images; poses arrive after the image they belong to."""
    images = [('/image', START_NS + t, image(START_NS + t, t)) for t in (10, 20)]
    return sorted([*images, *poses], key=lambda entry: entry[1])


STORAGES = [
    (StoragePlugin.SQLITE3, None),
    (StoragePlugin.MCAP, None),
    (StoragePlugin.SQLITE3, CompressionMode.FILE),
    (StoragePlugin.SQLITE3, CompressionMode.MESSAGE),
    (StoragePlugin.MCAP, CompressionMode.STORAGE),
]


@pytest.mark.parametrize(('plugin', 'compression'), STORAGES)
def test_images_and_poses_come_back_exactly_and_in_order(tmp_path, plugin, compression):
    poses = [('/odom', START_NS + t + 7, odometry(START_NS + t, t / 4)) for t in (5, 10, 15, 25)]
    source = open_source(write(tmp_path / 'bag', run_of(*poses), plugin, compression))
    assert len(source) == 2
    assert source.has_stamps
    assert source.has_poses
    samples = list(source.samples())
    assert [sample.stamp_ns - START_NS for sample in samples] == [5, 10, 10, 15, 20, 25]
    images = [sample for sample in samples if isinstance(sample, ImageSample)]
    assert samples.index(images[0]) == 2  # after the pose of the same stamp
    assert [picture.decode().tolist() for picture in images] == [
        [[[value] * 3] * 2] * 2 for value in (10, 20)
    ]
    assert (images[0].name, images[0].frame_id, images[0].encoded) == ('/image', 'camera', None)
    assert samples[0] == PoseSample(START_NS + 5, Pose(1.25, 2.0, 3.0, 0, 0, 0, 1), 'map')
    again = [sample for sample in source.samples() if isinstance(sample, PoseSample)]
    assert again == [*samples[:2], samples[3], samples[5]]


@pytest.mark.parametrize('pose', [pose_stamped, pose_with_covariance])
def test_other_pose_types(tmp_path, pose):
    bag = write(tmp_path / 'bag', run_of(('/pose', START_NS, pose(START_NS, 1.0))))
    assert next(open_source(bag).samples()).pose == Pose(1.0, 2.0, 3.0, 0, 0, 0, 1)


def test_an_orientation_of_zeros_is_unknown_and_others_get_unit_length(tmp_path):
    poses = [
        ('/pose', START_NS, pose_stamped(START_NS, 1.0, quaternion=(0.0, 0.0, 0.0, 0.0))),
        ('/pose', START_NS + 1, pose_stamped(START_NS + 1, 1.0, quaternion=(0.0, 0.0, 3.0, 4.0))),
        ('/pose', START_NS + 2, pose_stamped(START_NS + 2, float('nan'))),
    ]
    samples = list(open_source(write(tmp_path / 'bag', run_of(*poses))).samples())
    assert not samples[0].pose.has_orientation
    assert samples[1].pose.quaternion == (0.0, 0.0, 0.6, 0.8)
    assert np.isnan(samples[2].pose.x)


def test_a_fix_without_status_is_left_out_and_counted(tmp_path):
    fixes = [
        ('/fix', START_NS + t, fix(START_NS + t, 55.0 + t, altitude, status))
        for t, altitude, status in [(1, 30.0, 0), (2, 30.0, -1), (3, float('nan'), 2)]
    ]
    source = open_source(write(tmp_path / 'bag', run_of(*fixes)))
    for _ in range(2):  # notes are not repeated
        poses = [s.pose for s in source.samples() if isinstance(s, PoseSample)]
        # By repr, because an unknown altitude is NaN, which equals nothing.
        assert repr(poses) == repr([GeoPoint(56.0, 13.2, 30.0), GeoPoint(58.0, 13.2, math.nan)])
        assert source.notes.count('1 messages of /fix have no fix and are left out') == 1


@pytest.mark.parametrize('plugin', list(StoragePlugin))
def test_compressed_images_keep_their_bytes(tmp_path, plugin):
    jpeg = cv2.imencode('.jpg', np.full((4, 6, 3), 90, np.uint8))[1].tobytes()
    frames = [
        ('/image/compressed', START_NS, compressed(START_NS, jpeg)),
        ('/image/compressed', START_NS + 1, compressed(START_NS + 1, jpeg[:40])),
    ]
    good, bad = open_source(write(tmp_path / 'bag', frames, plugin)).samples()
    assert good.encoded == jpeg
    assert good.decode().shape == (4, 6, 3)
    with pytest.raises(ImageError, match=r'truncated'):
        bad.decode()


def test_a_zero_stamp_becomes_the_time_of_the_bag_and_a_clock_set_back_is_noted(tmp_path):
    frames = [
        ('/image', START_NS + 3, image(0, 1)),
        ('/image', START_NS + 4, image(START_NS + 4, 2)),
        ('/image', START_NS + 5, image(START_NS + 2, 3)),
    ]
    source = open_source(write(tmp_path / 'bag', frames))
    assert [s.stamp_ns - START_NS for s in source.samples()] == [3, 4, 2]
    assert '1 messages of /image have no stamp: the bag time is used' in source.notes
    assert '1 images are stamped earlier than one before them' in source.notes
    assert not source.has_poses
    assert 'no poses' in source.notes


def test_a_message_that_cannot_be_deserialised_is_counted(tmp_path):
    frames = run_of(('/image', START_NS + 15, (b'\0\1\0\0\xff\xff', 'sensor_msgs/msg/Image')))
    source = open_source(write(tmp_path / 'bag', frames))
    assert [s.stamp_ns - START_NS for s in source.samples()] == [10, 20]
    assert '1 messages of /image cannot be deserialised and are left out' in source.notes


def test_messages_that_the_metadata_announces_and_the_file_lacks_are_noted(tmp_path):
    bag = write(tmp_path / 'bag', run_of())
    metadata = bag / 'metadata.yaml'
    metadata.write_text(metadata.read_text().replace('message_count: 2', 'message_count: 5'))
    source = open_source(bag)
    assert len(list(source.samples())) == 2
    assert '3 messages of /image are announced by the bag but not in it' in source.notes


def test_several_topics_are_listed_with_the_option(tmp_path):
    entries = [
        *run_of(('/odom', START_NS, odometry(START_NS, 1.0))),
        ('/right/image', START_NS + 30, image(START_NS + 30, 30)),
        ('/fix', START_NS + 31, fix(START_NS + 31, 55.0, 0.0, 0)),
    ]
    bag = write(tmp_path / 'bag', entries)
    with pytest.raises(SourceError, match=r'--image-topic: /image \(sensor_msgs/msg/Image, 2 m'):
        open_source(bag)
    with pytest.raises(SourceError, match=r'--pose-topic: /fix \(.*NavSatFix, 1 .*, /odom \('):
        open_source(bag, image_topic='/image')
    with pytest.raises(SourceError, match=r'--image-topic /left: no images .* the bag has /fix'):
        open_source(bag, image_topic='/left')
    with pytest.raises(SourceError, match=r'--pose-topic /image: no poses on this topic'):
        open_source(bag, image_topic='/image', pose_topic='/image')
    source = open_source(bag, image_topic='/right/image', pose_topic='/odom')
    assert [sample.stamp_ns - START_NS for sample in source.samples()] == [0, 30]


def test_a_bag_without_images_lists_what_is_there(tmp_path):
    bag = write(tmp_path / 'bag', [('/odom', START_NS, odometry(START_NS, 1.0))])
    with pytest.raises(SourceError, match=r'no topic with images .*/odom \(nav_msgs/msg/Odometry'):
        open_source(bag)


@pytest.mark.parametrize('plugin', list(StoragePlugin))
def test_an_empty_bag(tmp_path, plugin):
    with pytest.raises(SourceError, match='the bag is empty'):
        open_source(write(tmp_path / 'bag', [], plugin))


@pytest.mark.parametrize('plugin', list(StoragePlugin))
def test_a_single_file_without_metadata(tmp_path, plugin):
    bag = write(tmp_path / 'bag', run_of(), plugin)
    (bag / 'metadata.yaml').unlink()
    (file,) = bag.iterdir()
    for source in (open_source(bag), open_source(file)):
        assert len(source) == 2
        assert [s.stamp_ns - START_NS for s in source.samples()] == [10, 20]
    shutil.copy(file, bag / f'second{file.suffix}')
    with pytest.raises(SourceError, match=r'2 bag files without metadata.yaml.*ros2 bag reindex'):
        open_source(bag)


@pytest.mark.parametrize('plugin', list(StoragePlugin))
@pytest.mark.parametrize('keep', [0.0, 0.3, 0.7])
def test_a_damaged_bag_says_so(tmp_path, plugin, keep):
    frames = [('/image', START_NS + t, image(START_NS + t, t % 256)) for t in range(300)]
    bag = write(tmp_path / 'bag', frames, plugin)
    (file,) = (path for path in bag.iterdir() if path.name != 'metadata.yaml')
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(SourceError, match=r'the bag cannot be read .*ros2 bag reindex'):
        list(open_source(bag).samples())


@pytest.mark.parametrize('text', ['', 'a: [', 'rosbag2_bagfile_information: {version: 99}'])
def test_damaged_metadata(tmp_path, text):
    bag = write(tmp_path / 'bag', run_of())
    (bag / 'metadata.yaml').write_text(text)
    with pytest.raises(SourceError, match='the bag cannot be read'):
        open_source(bag)


def test_a_foreign_definition_of_a_standard_type_is_refused(tmp_path):
    bag = write(tmp_path / 'bag', run_of())
    metadata = bag / 'metadata.yaml'
    digest = STORE.hash_rihs01('sensor_msgs/msg/Image')
    metadata.write_text(metadata.read_text().replace(digest, 'RIHS01_' + '0' * 64))
    with pytest.raises(SourceError, match='another definition of sensor_msgs/msg/Image'):
        open_source(bag)
