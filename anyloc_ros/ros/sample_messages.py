# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Samples of a recorded run become the messages a robot would have sent."""

from __future__ import annotations

from typing import Any

from anyloc_ros.io.samples import ImageSample, PoseSample
from anyloc_ros.io.source import Source
from anyloc_ros.pose import GeoPoint, Pose, UtmPoint
from anyloc_ros.ros.messages import header, image_message
import cv2
from nav_msgs.msg import Odometry
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, NavSatFix, NavSatStatus
from std_msgs.msg import Header

RAW, COMPRESSED = 'raw', 'compressed'
"""Values of the parameter image_transport."""

ODOMETRY, FIX, NONE = 'odom', 'fix', 'none'
"""Values of the parameter pose_source that a recorded run can be played as."""

ODOM_FRAME, BASE_FRAME = 'odom', 'base_link'
"""Frames of poses that were recorded without any."""

_SOURCE_OF = {Pose: ODOMETRY, GeoPoint: FIX, UtmPoint: NONE}


def transport_of(source: Source) -> str:
    """Return how the images travel: as the files they were recorded as, or as pixels."""
    images = (sample for sample in source.samples() if isinstance(sample, ImageSample))
    return RAW if next(images).encoded is None else COMPRESSED


def pose_source_of(source: Source) -> str:
    """Return as what the poses travel; `none` also for UTM positions, which no message holds."""
    if not source.has_poses:
        return NONE
    first = next((sample for sample in source.samples() if isinstance(sample, PoseSample)), None)
    return _SOURCE_OF[type(first.pose)] if first else NONE


def image_of_sample(sample: ImageSample, stamp_ns: int, transport: str) -> Image | CompressedImage:
    """
    Return the image as a message, its pixels unchanged.

    :raises ImageError: its pixels are needed and cannot be had.
    """
    head = header(stamp_ns, sample.frame_id)
    if transport == RAW:
        return image_message(sample.decode(), head)
    data = sample.encoded
    if data is None:  # of another form than the first one: without loss as well
        bgr = cv2.cvtColor(sample.decode(), cv2.COLOR_RGB2BGR)
        data = cv2.imencode('.png', bgr)[1].tobytes()
    message = CompressedImage(header=head, format='png' if data[:1] == b'\x89' else 'jpeg')
    message.data.frombytes(data)
    return message


def pose_of_sample(sample: PoseSample, stamp_ns: int) -> Odometry | NavSatFix:
    """Return an Odometry (without an orientation its quaternion is zero) or a NavSatFix."""
    if isinstance(sample.pose, GeoPoint):
        message = NavSatFix(header=header(stamp_ns, sample.frame_id))
        message.status.status = NavSatStatus.STATUS_FIX  # the default says that there is none
        message.latitude, message.longitude = sample.pose.latitude_deg, sample.pose.longitude_deg
        message.altitude = sample.pose.altitude_m
        return message
    message = Odometry(
        header=header(stamp_ns, sample.frame_id or ODOM_FRAME), child_frame_id=BASE_FRAME
    )
    position, turn = message.pose.pose.position, message.pose.pose.orientation
    position.x, position.y, position.z = sample.pose.position
    known = sample.pose.has_orientation
    turn.x, turn.y, turn.z, turn.w = sample.pose.quaternion if known else (0.0,) * 4
    return message


def camera_info(calibration: Any, head: Header) -> CameraInfo:
    """Return a recorded CameraInfo (any object with its fields) under another header."""
    message = CameraInfo(header=head, height=calibration.height, width=calibration.width)
    message.distortion_model = calibration.distortion_model
    for name in ('d', 'k', 'r', 'p'):
        setattr(message, name, [float(number) for number in getattr(calibration, name)])
    return message
