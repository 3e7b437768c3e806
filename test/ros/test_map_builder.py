# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The map builder over DDS: every topic and service, and what it does when something is wrong."""

from __future__ import annotations

import json
import math

from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.ros.matches import points_of
from nav_msgs.msg import Path
import pytest
from sensor_msgs.msg import CameraInfo, NavSatFix, NavSatStatus, PointCloud2
from std_msgs.msg import String
from std_srvs.srv import SetBool

METHOD = 'RootSIFT-GeM'
SECOND = 10**9


def until_taught(peer, node, references):
    """Wait until so many references are in the map."""
    peer.until(lambda: len(node.report.references) == references)


def finish(peer, infos):
    """Call stop and wait until the map is finished; return the last information."""
    assert peer.call('/map_builder/stop').success
    return peer.until(
        lambda: infos and (info := json.loads(infos[-1].data))['state'] == 'finished' and info
    )


def test_a_route_is_taught_and_told_of(peer, build, tmp_path):
    keyframes = peer.listen(PointCloud2, '/map_builder/keyframe')
    paths = peer.listen(Path, '/map_builder/keyframes', latched=True)
    infos = peer.listen(String, '/map_builder/map_info', latched=True)
    status = peer.status('map_builder')
    node = build()
    start_ns = peer.now_ns
    for place in range(5):
        peer.drive(node, [place], start_ns + place * SECOND)
        # An output is kept to the newest one: it is read before the next is made.
        if place:
            peer.until(lambda n=place: len(keyframes) >= n)
    values = peer.until(lambda: status() if status().get('references') == '5' else None)
    assert (values['state'], values['device']) == ('recording', 'cpu')
    assert (values['received'], values['processed'], values['dropped']) == ('5', '5', '0')
    assert float(values['disk_left_mb']) > 0 and float(values['memory_mb']) > 0
    (point,) = points_of(keyframes[1])
    assert point.tolist() == (1.0, 0.0, 0.0, 0.0, 1, 1, 0)
    assert keyframes[1].header.frame_id == 'map'
    info = finish(peer, infos)
    assert info['file'] == str(tmp_path / 'route.anyloc')
    assert (info['references'], info['length_m'], info['dropped']) == (5, 4.0, 0)
    assert info['method'] == METHOD
    peer.until(lambda: len(paths[-1].poses) == 5)
    assert [pose.pose.position.x for pose in paths[-1].poses] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert node.close()
    with PlaceMap.open_to_read(tmp_path / 'route.anyloc') as place_map:
        place_map.require_finished()
        assert [k.pose.x for k in place_map.keyframes()] == [0.0, 1.0, 2.0, 3.0, 4.0]
        assert place_map.keyframes()[0].stamp_ns == start_ns
        camera = {'frame_id': 'camera', 'encoding': 'rgb8', 'height': 120, 'width': 160}
        assert place_map.meta('camera') == camera


def test_without_poses_a_reference_has_none(peer, build):
    keyframes = peer.listen(PointCloud2, '/map_builder/keyframe')
    build(pose_source='none', keyframe_period_s=0.0)
    start_ns = peer.now_ns
    for step in range(40):
        peer.image(step, start_ns + step * SECOND // 10)
        peer.executor.spin_once(timeout_sec=0.05)
        if keyframes:
            break
    (point,) = points_of(peer.until(lambda: keyframes and keyframes[0]))
    assert all(math.isnan(point[name]) for name in ('x', 'y', 'z', 'yaw'))
    assert point['reference_id'] == 0 and not keyframes[0].is_dense


def test_satellite_fixes_are_local_metres(peer, build):
    peer.publisher('fix', NavSatFix)
    keyframes = peer.listen(PointCloud2, '/map_builder/keyframe')
    node = build(pose_source='fix')
    start_ns = peer.now_ns
    for step, latitude in enumerate((48.0, 48.00001)):
        fix = NavSatFix(latitude=latitude, longitude=11.0)
        fix.status.status = NavSatStatus.STATUS_FIX
        stamp_ns = start_ns + step * SECOND
        fix.header.stamp.sec, fix.header.stamp.nanosec = divmod(stamp_ns, SECOND)
        peer.publish('fix', fix)
        peer.image(step, stamp_ns)
        peer.until(lambda n=step: node.mailbox.counts.received > n)
        peer.until(lambda n=step: len(keyframes) > n)
    # A degree of the meridian at 48 degrees north is 111.2 km long.
    assert points_of(keyframes[1])[0]['y'] == pytest.approx(1.112, abs=0.001)


def test_every_service_in_turn(peer, build, tmp_path):
    node = build(record_on_start=False)
    assert not peer.call('/map_builder/add_keyframe').success
    assert not peer.call('/map_builder/pause', SetBool, data=True).success
    assert peer.call('/map_builder/start').success
    assert not peer.call('/map_builder/start').success
    start_ns = peer.now_ns
    peer.drive(node, [0, 1], start_ns)
    assert peer.call('/map_builder/pause', SetBool, data=True).success
    assert node.state == 'paused'
    assert peer.call('/map_builder/pause', SetBool, data=False).success
    saved = peer.call('/map_builder/save_map')
    assert saved.success, saved.message
    log = tmp_path / 'route.anyloc-wal'
    assert not log.exists() or log.stat().st_size == 0
    # Standing still: only the forced image becomes a reference.
    assert peer.call('/map_builder/add_keyframe').success
    peer.drive(node, [1, 1], start_ns + 2 * SECOND)
    until_taught(peer, node, 3)
    assert peer.call('/map_builder/stop').success
    peer.until(lambda: node.state == 'finished')
    assert len(node.report.references) == 3
    # After that another route of the same map.
    assert peer.call('/map_builder/start').success
    peer.drive(node, [5, 6], start_ns + 60 * SECOND)
    until_taught(peer, node, 5)
    assert {k.route for k in node.report.references} == {0, 1}


def test_paused_it_takes_no_image(peer, build):
    status = peer.status('map_builder')
    node = build()
    peer.drive(node, [0], peer.now_ns)
    assert peer.call('/map_builder/pause', SetBool, data=True).success
    assert peer.until(lambda: status() if status().get('state') == 'paused' else None)
    ticks = node.newest_ns
    peer.image(1, peer.now_ns)
    peer.until(lambda: node.newest_ns != ticks)
    assert node.mailbox.counts.received == 1


def test_live_limits_are_taken_up(peer, build):
    node = build()
    start_ns = peer.now_ns
    peer.drive(node, [0], start_ns)
    assert peer.set_parameter('map_builder', 'keyframe_distance_m', 5).successful
    peer.drive(node, [1, 2, 3, 4, 5], start_ns + SECOND)
    until_taught(peer, node, 2)
    assert node.report.references[1].pose.x == 5.0


def test_the_calibration_is_kept_and_compared(peer, build):
    node = build()
    warned = []
    node.warn = warned.append
    for width in (160, 160, 320):
        peer.publish('camera_info', CameraInfo(height=120, width=width))
        peer.until(lambda w=width: (node._calibration or {}).get('width') == w)
    peer.until(lambda: warned)
    assert node.recorder.map.meta('camera_info')['width'] == 160
    assert 'width 160, now it is 320' in warned[0]


def test_a_gap_is_told_while_teaching(peer, build):
    infos = peer.listen(String, '/map_builder/map_info', latched=True)
    status = peer.status('map_builder')
    node = build()
    # From 3 to 8 the camera was silent.
    peer.drive(node, [0, 1, 2, 3, 8], peer.now_ns)
    text = 'route 0, index 3 to 4: 5.0 m without a reference'
    peer.until(lambda: infos and json.loads(infos[-1].data)['warnings'] == [text])
    peer.until(lambda: status().get('warnings') == '1')
    finish(peer, infos)
    assert node.recorder.map.events()[0].text == text
