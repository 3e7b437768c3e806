# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What comes in: images, poses and the camera's calibration, as the parameters say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import time
from typing import Any

from anyloc_ros.config import AUTO, InputConfig
from anyloc_ros.io.messages import COMPRESSED_IMAGE, image_of, IMAGES, position_of, stamp_ns_of
from anyloc_ros.io.samples import Position
from anyloc_ros.ros.following import FollowingSubscription
from anyloc_ros.ros.qos import NEWEST_FRAME, POSE_QUEUE
from geometry_msgs.msg import PoseStamped, PoseWithCovarianceStamped
from nav_msgs.msg import Odometry
import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, NavSatFix

_POSE_TYPES = {
    'odom': (Odometry, 'nav_msgs/msg/Odometry'),
    'pose': (PoseStamped, 'geometry_msgs/msg/PoseStamped'),
    'pose_with_covariance': (
        PoseWithCovarianceStamped,
        'geometry_msgs/msg/PoseWithCovarianceStamped',
    ),
    'fix': (NavSatFix, 'sensor_msgs/msg/NavSatFix'),
}


@dataclass(frozen=True, slots=True, eq=False)
class CameraImage:
    """An image as it arrived; decoded by whoever needs its pixels."""

    stamp_ns: int
    frame_id: str
    encoding: str
    """As in the message: of the pixels, or the format of a compressed image."""
    decode: Callable[[], np.ndarray]
    encoded: bytes | None


@dataclass(frozen=True, slots=True)
class PoseInput:
    """A pose as it arrived; `frame_id` is the frame it is given in."""

    stamp_ns: int
    sample: Position
    frame_id: str


class Inputs:
    """
    The subscriptions of an active node.

    :param on_image: is given every image that comes no sooner than `max_rate_hz` allows.
    :param on_skipped: is called for each of the others.
    """

    def __init__(
        self,
        node: Node,
        config: InputConfig,
        *,
        map_frame: str,
        on_image: Callable[[CameraImage], None],
        on_skipped: Callable[[], None],
        on_pose: Callable[[PoseInput], None],
        on_camera_info: Callable[[CameraInfo], None],
        warn: Callable[[str], None],
    ) -> None:
        self._node = node
        self._config = config
        self._on_image = on_image
        self._on_skipped = on_skipped
        self._on_pose = on_pose
        self._warn = warn
        self._next_s = 0.0
        self.set_max_rate(config.max_rate_hz)
        compressed = config.image_transport == 'compressed'
        self._image_type = COMPRESSED_IMAGE if compressed else IMAGES[0]
        # Built on the resolved name: remapping `image` moves the compressed topic with it.
        topic = node.resolve_topic_name('image') + '/compressed' if compressed else 'image'
        self.image = FollowingSubscription(
            node,
            CompressedImage if compressed else Image,
            topic,
            self._take_image,
            depth=NEWEST_FRAME,
            reliability=config.image_reliability,
            warn=warn,
        )
        self.poses: list[FollowingSubscription] = []
        self._camera_info = self._following(CameraInfo, 'camera_info', on_camera_info, 1)
        self._transforms = None
        if config.pose_source in _POSE_TYPES:
            kind, self._pose_type = _POSE_TYPES[config.pose_source]
            self.poses.append(
                self._following(kind, config.pose_source, self._take_pose, POSE_QUEUE)
            )
        elif config.pose_source == 'tf':
            from anyloc_ros.ros.transforms import TransformPoses

            self._transforms = TransformPoses(node, map_frame, config.base_frame, on_pose)

    def set_max_rate(self, max_rate_hz: float) -> None:
        """Take this many images in a second at most; 0 is no limit."""
        self._period_s = 1 / max_rate_hz if max_rate_hz else 0.0

    def follow(self) -> None:
        """Follow the publishers; to be called now and then."""
        for subscription in (self.image, self._camera_info, *self.poses):
            subscription.follow()

    def destroy(self) -> None:
        """End all subscriptions."""
        for subscription in (self.image, self._camera_info, *self.poses):
            subscription.destroy()
        if self._transforms is not None:
            self._transforms.destroy()

    def _following(
        self, kind: type, topic: str, callback: Callable[[Any], None], depth: int
    ) -> FollowingSubscription:
        return FollowingSubscription(
            self._node,
            kind,
            topic,
            callback,
            depth=depth,
            reliability=AUTO,
            warn=self._warn,
        )

    def _take_image(self, message: Any) -> None:
        now_s = time.monotonic()
        if now_s < self._next_s:
            self._on_skipped()
            return
        # From the time it was due, not from now: a 30 Hz camera then gives 20 Hz, not 15.
        in_step = now_s - self._next_s < self._period_s
        self._next_s = (self._next_s if in_step else now_s) + self._period_s
        decode, encoded = image_of(message, self._image_type)
        compressed = self._image_type == COMPRESSED_IMAGE
        image = CameraImage(
            stamp_ns=self._stamp_ns(message, 'images'),
            frame_id=self._config.camera_frame or message.header.frame_id,
            encoding=message.format if compressed else message.encoding,
            decode=decode,
            encoded=encoded,
        )
        self._on_image(image)

    def _take_pose(self, message: Any) -> None:
        sample = position_of(message, self._pose_type)
        if sample is None:
            return  # the receiver has no fix
        stamp_ns = self._stamp_ns(message, 'poses')
        self._on_pose(PoseInput(stamp_ns, sample, message.header.frame_id))

    def _stamp_ns(self, message: Any, what: str) -> int:
        stamp_ns = stamp_ns_of(message)
        if not stamp_ns:
            self._warn(f'the {what} have no stamp: the time of their arrival is used')
            return self._node.get_clock().now().nanoseconds
        return stamp_ns
