# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Two cameras, over DDS: taught, localized with, refused when they are others, and one dies."""

from __future__ import annotations

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.mapping.images import decode_image
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.ros.localizer import Localizer
from anyloc_ros.ros.map_builder import MapBuilder
from anyloc_ros.ros.matches import read_matches
from anyloc_ros.ros.messages import header, image_message
from diagnostic_msgs.msg import DiagnosticStatus
from nav_msgs.msg import Odometry
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image, PointCloud2

METHOD = 'RootSIFT-GeM'
CAMERAS = {'cameras': 'front,rear'}
PLACES = 6
SECOND, MILLISECOND = 10**9, 10**6


def views(peer, place):
    """Return what the cameras see at a place; the one behind has larger images."""
    return {
        'front': peer.scene(place, (120, 160)),
        'rear': peer.scene(100 + place, (240, 320)),
    }


def send(peer, camera, place, stamp_ns):
    """Have one camera send what it sees at a place."""
    picture = views(peer, place)[camera]
    peer.publish(f'{camera}/image', image_message(picture, header(stamp_ns, camera)))


def see(peer, place, stamp_ns):
    """Have both cameras send what they see, the second one a little later."""
    send(peer, 'front', place, stamp_ns)
    send(peer, 'rear', place, stamp_ns + 20 * MILLISECOND)


@pytest.fixture
def run(peer, start):
    """Give what runs a node until it hears both cameras of the peer reliably."""
    for camera in ('front', 'rear'):
        peer.publisher(f'{camera}/image', Image)

    def run_node(kind, **parameters):
        node = start(kind, **(CAMERAS | parameters))
        peer.until(lambda: node.phase == 'active')
        peer.until(lambda: node.inputs.image_reliability == 'reliable,reliable')
        return node

    return run_node


def teach(peer, run, path, **parameters):
    """Teach a route with two cameras, and return the node."""
    node = run(MapBuilder, map_path=str(path), method=METHOD, **parameters)
    begin_ns, before = peer.now_ns, len(node.report.references)
    for place in range(PLACES):
        stamp_ns = begin_ns + place * SECOND
        received = node.mailbox.counts.received
        peer.odometry(float(place), stamp_ns)
        see(peer, place, stamp_ns)
        peer.until(lambda n=received: node.mailbox.counts.received > n)
    peer.until(lambda: len(node.report.references) - before == PLACES)
    return node


@pytest.fixture
def route(peer, run, tmp_path):
    """Return a finished map that was taught with two cameras."""
    path = tmp_path / 'two.anyloc'
    peer.publisher('odom', Odometry)
    node = teach(peer, run, path)
    assert peer.call('/map_builder/stop').success
    peer.until(lambda: node.state == 'finished')
    assert node.close()
    return path


def test_two_cameras_are_taught_and_localized_with(peer, run, route):
    with PlaceMap.open_to_read(route) as place_map:
        assert place_map.meta('cameras') == ['front', 'rear']
        assert place_map.fingerprint['views'] == 2
        assert [k.image_size for k in place_map.keyframes()] == [(120, 320)] * PLACES
        stored = decode_image(place_map.image(3).data).astype(int)
        _, descriptors = place_map.descriptors()
    seen = views(peer, 3)
    assert np.abs(stored[:, :160] - seen['front']).mean() < 3
    halved = seen['rear'].reshape(120, 2, 160, 2, 3).mean(axis=(1, 3))
    assert np.abs(stored[:, 160:] - halved).mean() < 3
    # Each camera by itself; the cosine is the mean of both.
    alone = build_describer(DescribeConfig(method=METHOD))
    front, rear = (
        alone.describe([stored[:, part].astype(np.uint8)])[0]
        for part in (slice(0, 160), slice(160, 320))
    )
    expected = np.concatenate([front, rear]) / np.sqrt(2)
    np.testing.assert_allclose(descriptors[3], expected, atol=1e-3)

    matches = peer.listen(PointCloud2, '/localizer/matches')
    node = run(Localizer, map_path=str(route), filter='none', consecutive_accepts=1)
    stamp_ns = peer.now_ns
    see(peer, 4, stamp_ns)
    peer.until(lambda: matches)
    best = read_matches(matches[0])[0]
    assert (best.reference_id, best.accepted) == (4, True)
    stamp = matches[0].header.stamp
    assert stamp.sec * SECOND + stamp.nanosec == stamp_ns
    # The front of one place and the rear of another.
    send(peer, 'front', 2, stamp_ns + SECOND)
    send(peer, 'rear', 5, stamp_ns + SECOND)
    peer.until(lambda: len(matches) == 2)
    end = len(front)
    mixed = np.concatenate([descriptors[2, :end], descriptors[5, end:]])
    candidates = read_matches(matches[1])
    told = [match.similarity for match in candidates]
    expected = [descriptors[match.reference_id] @ mixed for match in candidates]
    np.testing.assert_allclose(told, expected, atol=0.01)
    counts = node.mailbox.counts
    assert (counts.received, counts.processed, counts.dropped) == (2, 2, 0)


def test_a_camera_that_dies_is_named(peer, run, route):
    status = peer.status('localizer')
    node = run(Localizer, map_path=str(route), max_image_age_s=0.5)

    def until_told(text):
        return peer.until(lambda: status() if text in status().get('reason', '') else None)

    def both():
        see(peer, 1, peer.now_ns)
        return status().get('state') not in ('STALE', None)

    assert until_told('camera front: no image yet on /front/image')
    send(peer, 'front', 1, peer.now_ns)
    assert until_told('camera rear: no image yet on /rear/image')
    peer.until(both)

    def front_alone():
        send(peer, 'front', 1, peer.now_ns)
        return status() if 'camera rear: no image for' in status().get('reason', '') else None

    values = peer.until(front_alone)
    assert (values['state'], values['level']) == ('STALE', DiagnosticStatus.STALE)
    # It comes back, and what was dropped meanwhile was counted.
    peer.until(both)
    assert node.mailbox.counts.dropped >= 1


def test_cameras_that_are_never_together_are_told_of(peer, run, route):
    status = peer.status('localizer')
    run(Localizer, map_path=str(route), max_image_age_s=5.0)

    def apart():
        now_ns = peer.now_ns
        send(peer, 'front', 1, now_ns)
        send(peer, 'rear', 1, now_ns - 300 * MILLISECOND)
        return status() if 'apart' in status().get('reason', '') else None

    values = peer.until(apart)
    assert values['state'] == 'STALE'
    assert 'camera_max_gap_s is 0.100' in values['reason']


@pytest.mark.parametrize(
    ('cameras', 'reason'),
    [
        ('rear,front', 'taught with the cameras front, rear, expected the cameras rear, front'),
        ('front', 'taught with the cameras front, rear, expected the cameras front; set'),
        ('', 'expected one camera without a name; set the parameter cameras to "front,rear"'),
        ('front,rear,front', "names that differ, got 'front,rear,front'"),
    ],
)
def test_a_map_of_other_cameras_is_refused(peer, start, route, cameras, reason):
    localizer, builder = peer.status('localizer'), peer.status('map_builder')
    start(Localizer, map_path=str(route), cameras=cameras)
    start(MapBuilder, map_path=str(route), cameras=cameras, method=METHOD, map_mode='append')
    peer.until(lambda: reason in localizer().get('reason', ''))
    peer.until(lambda: reason in builder().get('reason', ''))


def test_a_map_of_one_camera_is_refused_by_several(peer, start, taught):
    status = peer.status('localizer')
    start(Localizer, map_path=str(taught), **CAMERAS)
    peer.until(lambda: 'leave the parameter cameras empty' in status().get('reason', ''))


def test_a_route_is_appended_with_the_same_cameras(peer, run, route):
    node = teach(peer, run, route, map_mode='append')
    assert [k.route for k in node.report.references] == [0] * PLACES + [1] * PLACES


def test_compressed_images_have_their_topics(peer, start, tmp_path):
    path = tmp_path / 'new.anyloc'
    given = {'map_path': str(path), 'method': METHOD, 'image_transport': 'compressed'}
    node = start(MapBuilder, **(CAMERAS | given))
    peer.until(lambda: node.phase == 'active')
    topics = [images.topic for images in node.inputs.images.values()]
    assert topics == ['/front/image/compressed', '/rear/image/compressed']
    peer.until(lambda: peer.node.count_subscribers(topics[1]))
    kinds = dict(peer.node.get_topic_names_and_types())
    assert kinds[topics[0]] == [f'sensor_msgs/msg/{CompressedImage.__name__}']
    assert '/image' not in kinds and '/camera_info' not in kinds
