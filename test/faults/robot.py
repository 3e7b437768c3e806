# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A robot that drives along the wall in real time, and in which one thing after another fails."""

from __future__ import annotations

from collections.abc import Callable
import math
import time
from typing import Any

from anyloc_ros.pose import Pose
from anyloc_ros.ros.matches import Match, read_matches
from anyloc_ros.ros.messages import header, image_message
from anyloc_ros.ros.remote import Remote
from nav_msgs.msg import Odometry
import numpy as np
import panorama
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image, PointCloud2

RATE_HZ = 15.0
BEGIN_M, END_M = 2.0, 28.0


def quality(reliability: str) -> QoSProfile:
    """Return the quality of a publisher."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy[reliability]
    )


class Robot:
    """
    Its attributes say what it does at every tick, and a fault is another value of one of them.

    `view(way_m)` is the picture the camera takes, `message(picture, stamp_ns)` how it is sent,
    `odometry(pose)` what the wheels report (None: nothing), `stamp_ns(now_ns)` the stamp of both.
    """

    def __init__(self, remote: Remote, *, compressed: bool = False, clock: bool = False) -> None:
        self._remote = remote
        self._node = remote.node
        self._kind = CompressedImage if compressed else Image
        self._topic = 'image/compressed' if compressed else 'image'
        self._clock = self._node.create_publisher(Clock, '/clock', 10) if clock else None
        self._odom = self._node.create_publisher(Odometry, 'odom', quality('RELIABLE'))
        self.camera: Any = None
        self.answers: list[PointCloud2] = []
        self._node.create_subscription(
            PointCloud2, f'{remote.name}/matches', self.answers.append, 10
        )
        self.repair()

    def repair(self) -> None:
        """Be as good as new, at the beginning of the route."""
        self.way_m = BEGIN_M
        self.speed_mps = 1.0
        self.view: Callable[[float], np.ndarray] = panorama.view
        self.message: Callable[[np.ndarray, int], Any] = rgb
        self.odometry: Callable[[Pose], Pose | None] = lambda pose: pose
        self.stamp_ns: Callable[[int], int] = lambda now_ns: now_ns
        self.rate_hz = RATE_HZ
        self.frames = 0
        self.clock_offset_ns = 0
        self.clock_runs = True
        self.use_camera()

    def use_camera(self, reliability: str = 'RELIABLE') -> None:
        """Publish images with this reliability from now on."""
        self.lose_camera()
        self.camera = self._node.create_publisher(self._kind, self._topic, quality(reliability))

    def lose_camera(self) -> None:
        """End the driver of the camera."""
        if self.camera is not None:
            self._node.destroy_publisher(self.camera)
            self.camera = None

    def tick(self) -> None:
        """Drive for one period of the camera, and say what is seen and felt."""
        began_s = time.monotonic()
        self.way_m += self.speed_mps / self.rate_hz
        if panorama.LENGTH_M > self.way_m > END_M:  # the route ends: it stands there
            self.way_m = END_M
        now_ns = time.time_ns() + self.clock_offset_ns
        stamp_ns = self.stamp_ns(now_ns)
        if self._clock is not None and self.clock_runs:
            self._clock.publish(Clock(clock=header(now_ns, '').stamp))
        felt = self.odometry(panorama.pose(self.way_m))
        if felt is not None:
            self._odom.publish(odometry_message(felt, stamp_ns))
        if self.camera is not None:
            self.camera.publish(self.message(self.view(self.way_m), stamp_ns))
            self.frames += 1
        self._remote.spin_until(lambda: False, began_s + 1 / self.rate_hz - time.monotonic())

    def drive(self, duration_s: float) -> None:
        """Go on for so long."""
        for _ in range(math.ceil(duration_s * self.rate_hz)):
            self.tick()

    def drive_until(self, ready: Callable[[], Any], timeout_s: float) -> bool:
        """Go on until it is so; return whether it was in time."""
        end_s = time.monotonic() + timeout_s
        while not ready():
            if time.monotonic() > end_s:
                return False
            self.tick()
        return True

    @property
    def matches(self) -> list[Match]:
        """Return the newest answer."""
        return read_matches(self.answers[-1]) if self.answers else []


def rgb(picture: np.ndarray, stamp_ns: int) -> Image:
    """Return the picture as a camera of this package's tests sends it."""
    return image_message(picture, header(stamp_ns, 'camera'))


def odometry_message(pose: Pose, stamp_ns: int) -> Odometry:
    """Return what the wheels report."""
    message = Odometry(header=header(stamp_ns, 'odom'), child_frame_id='base_link')
    at, turn = message.pose.pose.position, message.pose.pose.orientation
    at.x, at.y, at.z = pose.position
    turn.x, turn.y, turn.z, turn.w = pose.quaternion
    return message
