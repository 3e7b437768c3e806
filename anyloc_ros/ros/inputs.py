# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What comes in: images, poses and the camera's calibration, as the parameters say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
import time
from typing import Any

from anyloc_ros.config import AUTO, InputConfig
from anyloc_ros.io.messages import COMPRESSED_IMAGE, image_of, IMAGES, position_of, stamp_ns_of
from anyloc_ros.io.rig import Rig, side_by_side
from anyloc_ros.io.samples import Position
from anyloc_ros.mapping.cameras import camera_names
from anyloc_ros.ros.following import FollowingSubscription
from anyloc_ros.ros.qos import NEWEST_FRAME, POSE_QUEUE
from geometry_msgs.msg import PoseStamped, PoseWithCovarianceStamped
from nav_msgs.msg import Odometry
import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, NavSatFix

ONLY = ''
"""The name of a camera that has none, because there is no other."""

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
    """
    An image as it arrived; decoded by whoever needs its pixels.

    That of several cameras has their images side by side, and stamp, frame and encoding of the
    first.
    """

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

    :param on_image: is given every image that comes no sooner than `max_rate_hz` allows; with
        several cameras one for each moment of which all have an image.
    :param on_skipped: is called for each of the others.
    :param on_camera_info: with one camera only.
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
        self._compressed = config.image_transport == 'compressed'
        cameras = camera_names(config.cameras) or (ONLY,)
        self._rig: Rig[CameraImage] = Rig(cameras, config.camera_max_gap_s, on_skipped)
        self.images = {camera: self._images_of(camera) for camera in cameras}
        """The subscription of each camera, by its name."""
        self.poses: list[FollowingSubscription] = []
        self._others: list[FollowingSubscription] = []
        if cameras == (ONLY,):
            self._others.append(self._following(CameraInfo, 'camera_info', on_camera_info, 1))
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

    @property
    def image(self) -> FollowingSubscription:
        """Return the subscription of the first camera."""
        return self.images[self._rig.cameras[0]]

    @property
    def image_reliability(self) -> str:
        """Return the reliability of each camera's subscription, in their order."""
        return ','.join(images.reliability for images in self.images.values())

    def follow(self) -> None:
        """Follow the publishers; to be called now and then."""
        for subscription in self._subscriptions():
            subscription.follow()

    def destroy(self) -> None:
        """End all subscriptions."""
        for subscription in self._subscriptions():
            subscription.destroy()
        if self._transforms is not None:
            self._transforms.destroy()

    def lack(self, now_ns: int, allowed_s: float) -> str:
        """Return why no image came for the time allowed, empty when some did."""
        camera = self._rig.last()
        who = f'camera {camera}: ' if camera != ONLY else ''
        images, stamp_ns = self.images[camera], self._rig.newest_ns.get(camera)
        if stamp_ns is None:
            publishes = 'no image yet on' if images.publishers else 'nobody publishes'
            return f'{who}{publishes} {images.topic}'
        age_s = (now_ns - stamp_ns) / 1e9
        if abs(age_s) > allowed_s:
            return f'{who}no image for {age_s:.1f} s'
        gap_s, max_gap_s = self._rig.gap_s(), self._config.camera_max_gap_s
        if gap_s > max_gap_s:
            return (
                f'the images of the cameras are {gap_s:.3f} s apart, camera_max_gap_s is '
                f'{max_gap_s:.3f}: synchronize the cameras, or allow more'
            )
        return ''

    def _subscriptions(self) -> list[FollowingSubscription]:
        return [*self.images.values(), *self.poses, *self._others]

    def _images_of(self, camera: str) -> FollowingSubscription:
        topic = f'{camera}/image' if camera != ONLY else 'image'
        if self._compressed:
            # Built on the resolved name: remapping `image` moves the compressed topic with it.
            topic = self._node.resolve_topic_name(topic) + '/compressed'
        return FollowingSubscription(
            self._node,
            CompressedImage if self._compressed else Image,
            topic,
            partial(self._take_image, camera),
            depth=NEWEST_FRAME,
            reliability=self._config.image_reliability,
            warn=self._warn,
        )

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

    def _take_image(self, camera: str, message: Any) -> None:
        decode, encoded = image_of(message, COMPRESSED_IMAGE if self._compressed else IMAGES[0])
        image = CameraImage(
            stamp_ns=self._stamp_ns(message, 'images'),
            frame_id=self._config.camera_frame or message.header.frame_id,
            encoding=message.format if self._compressed else message.encoding,
            decode=decode,
            encoded=encoded,
        )
        images = self._rig.add(camera, image.stamp_ns, image)
        if images is None:
            return
        if self._is_due():
            self._on_image(self._together(images))
        else:
            self._on_skipped()

    def _is_due(self) -> bool:
        now_s = time.monotonic()
        if now_s < self._next_s:
            return False
        # From the time it was due, not from now: a 30 Hz camera then gives 20 Hz, not 15.
        in_step = now_s - self._next_s < self._period_s
        self._next_s = (self._next_s if in_step else now_s) + self._period_s
        return True

    def _together(self, images: list[CameraImage]) -> CameraImage:
        if len(images) == 1:
            return images[0]
        decoders = [image.decode for image in images]
        decode = partial(side_by_side, self._rig.cameras, decoders)
        return replace(images[0], decode=decode, encoded=None)

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
