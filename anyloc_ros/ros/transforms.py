# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Poses from transforms, and the transform a match gives; where tf2_ros is installed."""

from __future__ import annotations

from collections.abc import Callable
import time

from anyloc_ros.errors import ConfigError
from anyloc_ros.io.messages import stamp_ns_of
from anyloc_ros.io.samples import pose_of
from anyloc_ros.pose import Pose
from anyloc_ros.ros.inputs import PoseInput
from anyloc_ros.ros.messages import header
from geometry_msgs.msg import TransformStamped
import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.time import Time

PERIOD_S = 0.05
"""How often the newest transform is looked up; between two of them poses are interpolated."""


def require_tf2(name: str):
    """
    Return the module tf2_ros.

    :param name: the parameter that needs it.
    :raises ConfigError: it is not installed.
    """
    try:
        import tf2_ros
    except ImportError as error:
        raise ConfigError(
            f'{name} needs tf2_ros, which is not installed ({error}); install ros-$ROS_DISTRO-'
            f'tf2-ros, or choose another {name}'
        ) from error
    return tf2_ros


class TransformPoses:
    """Gives the pose of `base_frame` in `map_frame` whenever there is a newer transform."""

    def __init__(
        self,
        node: Node,
        map_frame: str,
        base_frame: str,
        on_pose: Callable[[PoseInput], None],
    ) -> None:
        self._tf2_ros = require_tf2('pose_source')
        self._node = node
        self._frames = map_frame, base_frame
        self._on_pose = on_pose
        self._newest_ns = -1
        self._buffer = self._tf2_ros.Buffer()
        self._listener = self._tf2_ros.TransformListener(self._buffer, node)
        self._timer = node.create_timer(PERIOD_S, self._look_up, clock=_steady())

    def destroy(self) -> None:
        """Stop looking up."""
        self._node.destroy_timer(self._timer)
        self._listener.unregister()

    def _look_up(self) -> None:
        try:
            transform = self._buffer.lookup_transform(*self._frames, Time())
        except self._tf2_ros.TransformException:
            return  # not known yet: the images go without a pose, and that is counted
        stamp_ns = stamp_ns_of(transform)
        if stamp_ns != self._newest_ns:
            self._newest_ns = stamp_ns
            self._on_pose(PoseInput(stamp_ns, pose_of_transform(transform), self._frames[0]))


class TransformOnce:
    """
    Looks for one transform and then stops listening: /tf costs a node much where it is fast.

    :param found: is given `target_from_source`, or None when it is not known in PATIENCE_S.
    :raises ConfigError: tf2_ros is not installed.
    """

    PATIENCE_S = 2.0

    def __init__(
        self,
        node: Node,
        target_frame: str,
        source_frame: str,
        found: Callable[[Pose | None], None],
    ) -> None:
        self._tf2_ros = require_tf2('frame_id')
        self._node = node
        self._frames = target_frame, source_frame
        self._found = found
        self._end_s = time.monotonic() + self.PATIENCE_S
        self._buffer = self._tf2_ros.Buffer()
        self._listener = self._tf2_ros.TransformListener(self._buffer, node)
        self._timer = node.create_timer(PERIOD_S, self._look_up, clock=_steady())

    def destroy(self) -> None:
        """Stop looking."""
        self._node.destroy_timer(self._timer)
        self._listener.unregister()

    def _look_up(self) -> None:
        try:
            found = pose_of_transform(self._buffer.lookup_transform(*self._frames, Time()))
        except self._tf2_ros.TransformException:
            if time.monotonic() < self._end_s:
                return
            found = None
        self._found(found)


class MapToOdom:
    """Sends the transform from map to odom that an accepted match gives."""

    def __init__(self, node: Node) -> None:
        self._broadcaster = require_tf2('publish_tf').TransformBroadcaster(node)

    def send(
        self,
        stamp_ns: int,
        map_frame: str,
        odom_frame: str,
        map_from_base: Pose | None,
        odom_from_base: Pose | None,
    ) -> None:
        """Send it for the stamp of the image; nothing where a pose or its turn is not known."""
        for pose in (map_from_base, odom_from_base):
            if pose is None or not pose.has_orientation:
                return
        message = TransformStamped(header=header(stamp_ns, map_frame), child_frame_id=odom_frame)
        map_from_odom = after_inverse(map_from_base, odom_from_base)
        move, turn = message.transform.translation, message.transform.rotation
        move.x, move.y, move.z = map_from_odom.position
        turn.x, turn.y, turn.z, turn.w = map_from_odom.quaternion
        self._broadcaster.sendTransform(message)


def pose_of_transform(message: TransformStamped) -> Pose:
    """Return a transform as a pose: its frame from the child frame."""
    move, turn = message.transform.translation, message.transform.rotation
    return pose_of(move.x, move.y, move.z, turn.x, turn.y, turn.z, turn.w)


def transformed(a_from_b: Pose, point: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return a point of frame b in frame a."""
    return tuple(np.add(a_from_b.position, _rotated(a_from_b.quaternion, point)).tolist())


def after_inverse(a_from_c: Pose, b_from_c: Pose) -> Pose:
    """Return a_from_b: the first transform after the inverse of the second."""
    x, y, z, w = b_from_c.quaternion
    turn = _product(a_from_c.quaternion, (-x, -y, -z, w))
    moved = np.subtract(a_from_c.position, _rotated(turn, b_from_c.position))
    return Pose(*moved.tolist(), *turn)


def _steady() -> Clock:
    """Return a clock for timers: that of a simulation may stand still or be set back."""
    return Clock(clock_type=ClockType.STEADY_TIME)


def _product(p: tuple[float, ...], q: tuple[float, ...]) -> tuple[float, ...]:
    """Return the quaternion of the turn q followed by the turn p; x, y, z, w."""
    u, v = np.array(p[:3]), np.array(q[:3])
    vector = p[3] * v + q[3] * u + np.cross(u, v)
    return (*vector.tolist(), float(p[3] * q[3] - u @ v))


def _rotated(q: tuple[float, ...], point: tuple[float, ...]) -> np.ndarray:
    u = np.array(q[:3])
    return np.array(point) + 2 * np.cross(u, np.cross(u, point) + q[3] * np.array(point))
