# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Fields of ROS messages become the values of samples: for bags and nodes alike, duck-typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from anyloc_ros.io.decode import decode_compressed, decode_image
from anyloc_ros.io.image_header import image_format
from anyloc_ros.io.samples import pose_of, Position
from anyloc_ros.pose import GeoPoint
import numpy as np

COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'
IMAGES = ('sensor_msgs/msg/Image', COMPRESSED_IMAGE)
CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
CLOUD = 'sensor_msgs/msg/PointCloud2'
FIX = 'sensor_msgs/msg/NavSatFix'
POSES = (
    'nav_msgs/msg/Odometry',
    'geometry_msgs/msg/PoseStamped',
    'geometry_msgs/msg/PoseWithCovarianceStamped',
    FIX,
)


def stamp_ns_of(message: Any) -> int:
    """Return the stamp of the header in nanoseconds."""
    stamp = message.header.stamp
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def image_of(message: Any, msgtype: str) -> tuple[Callable[[], np.ndarray], bytes | None]:
    """Return what decodes the image, and the JPEG or PNG file it comes in, if it does."""
    if msgtype == COMPRESSED_IMAGE:
        data = bytes(message.data)
        encoded = data if image_format(data) in ('jpeg', 'png') else None
        return partial(decode_compressed, data), encoded
    decode = partial(
        decode_image,
        message.height,
        message.width,
        message.encoding,
        message.is_bigendian,
        message.step,
        message.data,
    )
    return decode, None


def position_of(message: Any, msgtype: str) -> Position | None:
    """Return the pose or point of a message, None for a satellite fix that is none."""
    if msgtype == FIX:
        if message.status.status < 0:
            return None
        return GeoPoint(message.latitude, message.longitude, message.altitude)
    pose = message.pose if msgtype == 'geometry_msgs/msg/PoseStamped' else message.pose.pose
    position, orientation = pose.position, pose.orientation
    return pose_of(
        position.x,
        position.y,
        position.z,
        orientation.x,
        orientation.y,
        orientation.z,
        orientation.w,
    )
