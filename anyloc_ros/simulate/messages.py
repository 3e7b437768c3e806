# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The messages of a drive as rosbags writes them, with the definitions of ROS 2 Humble."""

from __future__ import annotations

from typing import Any

from anyloc_ros.pose import Pose
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.drive import Believed
import cv2
import numpy as np
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.typesys import get_typestore, Stores

# The types written here are the same in every distribution from Humble to Kilted.
STORE = get_typestore(Stores.ROS2_HUMBLE)

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'
CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
ODOMETRY = 'nav_msgs/msg/Odometry'
POSE = 'geometry_msgs/msg/PoseStamped'

MAP_FRAME = 'map'
ODOM_FRAME = 'odom'
BASE_FRAME = 'base_link'
CAMERA_FRAME = 'camera_optical'

_NEVER = QosTime(9223372036, 854775807)
"""The longest duration of rmw: no deadline, no lifespan, no lease."""

RELIABLE = Qos(
    QosHistory.KEEP_LAST,
    10,
    QosReliability.RELIABLE,
    QosDurability.VOLATILE,
    _NEVER,
    _NEVER,
    QosLiveliness.AUTOMATIC,
    _NEVER,
    False,
)
"""What the drivers of the robot offer, so that a player of the bag offers the same."""

JPEG_QUALITY = 92


def image(stamp_ns: int, pixels: np.ndarray) -> Any:
    """Return an rgb8 Image of (H, W, 3) uint8."""
    height, width = pixels.shape[:2]
    header = _header(stamp_ns, CAMERA_FRAME)
    return _message(IMAGE, header, height, width, 'rgb8', 0, 3 * width, pixels.ravel())


def compressed_image(stamp_ns: int, pixels: np.ndarray) -> Any:
    """Return a JPEG CompressedImage of (H, W, 3) uint8, named as image_transport does."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    header = _header(stamp_ns, CAMERA_FRAME)
    return _message(COMPRESSED_IMAGE, header, 'rgb8; jpeg compressed bgr8', data.ravel())


def camera_info(stamp_ns: int, camera: Camera) -> Any:
    """Return the CameraInfo of the renderer: a pinhole without distortion."""
    matrix = camera.matrix()
    projection = np.hstack([matrix, np.zeros((3, 1))])
    return _message(
        CAMERA_INFO,
        _header(stamp_ns, CAMERA_FRAME),
        camera.height_px,
        camera.width_px,
        'plumb_bob',
        np.zeros(5),
        matrix.ravel(),
        np.eye(3).ravel(),
        projection.ravel(),
        0,
        0,
        _message('sensor_msgs/msg/RegionOfInterest', 0, 0, 0, 0, False),
    )


def true_pose(stamp_ns: int, pose: Pose) -> Any:
    """Return the true pose of base_link in the map as PoseStamped."""
    return _message(POSE, _header(stamp_ns, MAP_FRAME), _geometry(pose))


def odometry(stamp_ns: int, believed: Believed) -> Any:
    """Return what the robot believes as Odometry of base_link in odom."""
    covariance = np.diag([0.01, 0.01, 1e-6, 1e-6, 1e-6, 0.01]).ravel()
    linear = _message('geometry_msgs/msg/Vector3', believed.forward_mps, believed.left_mps, 0.0)
    angular = _message('geometry_msgs/msg/Vector3', 0.0, 0.0, believed.turn_rps)
    twist = _message('geometry_msgs/msg/Twist', linear, angular)
    return _message(
        ODOMETRY,
        _header(stamp_ns, ODOM_FRAME),
        BASE_FRAME,
        _message('geometry_msgs/msg/PoseWithCovariance', _geometry(believed.pose), covariance),
        _message('geometry_msgs/msg/TwistWithCovariance', twist, covariance),
    )


def _message(kind: str, *fields: Any) -> Any:
    return STORE.types[kind](*fields)


def _header(stamp_ns: int, frame_id: str) -> Any:
    seconds, nanoseconds = divmod(stamp_ns, 10**9)
    stamp = _message('builtin_interfaces/msg/Time', seconds, nanoseconds)
    return _message('std_msgs/msg/Header', stamp, frame_id)


def _geometry(pose: Pose) -> Any:
    return _message(
        'geometry_msgs/msg/Pose',
        _message('geometry_msgs/msg/Point', *pose.position),
        _message('geometry_msgs/msg/Quaternion', *pose.quaternion),
    )
