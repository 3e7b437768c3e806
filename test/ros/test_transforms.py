# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Poses from transforms and back, with a stand-in where tf2_ros is not installed."""

from __future__ import annotations

import math
import sys
from types import ModuleType

from anyloc_ros.errors import ConfigError
from anyloc_ros.pose import Pose
from anyloc_ros.ros.localizer import Localizer
from anyloc_ros.ros.transforms import after_inverse, require_tf2
from geometry_msgs.msg import TransformStamped
import pytest


class StandIn(ModuleType):
    """What is used of tf2_ros: one transform that is looked up, and a list of those sent."""

    class TransformException(Exception):
        """Raised while there is no transform."""

    def __init__(self):
        super().__init__('tf2_ros')
        self.sent = []
        self.newest = None
        module = self

        class Buffer:
            def lookup_transform(self, target, source, time):
                assert (target, source) == ('map', 'base_link')
                if module.newest is None:
                    raise module.TransformException('unknown')
                return module.newest

        class TransformListener:
            def __init__(self, buffer, node):
                pass

            def unregister(self):
                pass

        class TransformBroadcaster:
            def __init__(self, node):
                pass

            def sendTransform(self, message):
                module.sent.append(message)

        self.Buffer = Buffer
        self.TransformListener = TransformListener
        self.TransformBroadcaster = TransformBroadcaster


@pytest.fixture
def tf2_ros(monkeypatch):
    """Put the stand-in in the place of tf2_ros."""
    stand_in = StandIn()
    monkeypatch.setitem(sys.modules, 'tf2_ros', stand_in)
    return stand_in


def test_without_tf2_the_way_out_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tf2_ros', None)
    with pytest.raises(ConfigError, match=r'pose_source needs tf2_ros.*install'):
        require_tf2('pose_source')


def test_one_transform_after_the_inverse_of_another():
    # Odometry says 2 m ahead and turned left; on the map the robot is at (10, 5), looking back.
    map_from_base = Pose.from_xy_yaw(10.0, 5.0, math.pi)
    odom_from_base = Pose.from_xy_yaw(2.0, 0.0, math.pi / 2)
    map_from_odom = after_inverse(map_from_base, odom_from_base)
    # The odometry frame is turned by pi/2 on the map: 2 m along its x are 2 m along y of the map.
    assert map_from_odom.yaw == pytest.approx(math.pi / 2)
    assert map_from_odom.position == pytest.approx((10.0, 3.0, 0.0))


def test_poses_of_transforms_are_taught(peer, build, tf2_ros):
    node = build(pose_source='tf')
    start_ns = peer.now_ns
    for step in range(2):
        transform = TransformStamped()
        stamp_ns = start_ns + step * 10**9
        transform.header.stamp.sec, transform.header.stamp.nanosec = divmod(stamp_ns, 10**9)
        transform.transform.translation.x = 2.5 * step
        tf2_ros.newest = transform
        peer.image(step, stamp_ns)
        peer.until(lambda n=step: len(node.report.references) > n)
    assert [k.pose.x for k in node.report.references] == [0.0, 2.5]


def test_a_match_gives_map_to_odom_at_its_stamp(peer, connected, taught, tf2_ros):
    single = {'filter': 'none', 'consecutive_accepts': 1}
    node = connected(Localizer, map_path=str(taught), publish_tf=True, **single)
    stamp_ns = peer.now_ns
    peer.odometry(1.0, stamp_ns)
    peer.until(lambda: node.odometer.at(stamp_ns))
    message = peer.image(4, stamp_ns)
    peer.until(lambda: tf2_ros.sent)
    (sent,) = tf2_ros.sent
    assert sent.header.stamp == message.header.stamp
    assert (sent.header.frame_id, sent.child_frame_id) == ('map', 'odom')
    assert sent.transform.translation.x == pytest.approx(3.0)
    assert sent.transform.rotation.w == pytest.approx(1.0)
