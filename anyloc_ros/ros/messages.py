# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Values become messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import math
import sys
from typing import Any, TYPE_CHECKING

from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.ros.matches import DATATYPES, KEYFRAME_POINT, MATCH_POINT
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Pose as PoseMessage
from geometry_msgs.msg import PoseStamped, PoseWithCovarianceStamped
from nav_msgs.msg import Path
import numpy as np
from sensor_msgs.msg import Image, PointCloud2, PointField
from std_msgs.msg import Header

if TYPE_CHECKING:
    from anyloc_ros.localize.recognizer import Recognition
    from anyloc_ros.pose import Pose

_DATATYPE = {np.dtype(code): number for number, code in DATATYPES.items()}
_OF_CANDIDATE = (
    'similarity',
    'probability',
    'inliers',
    'shift_px',
    'heading_rad',
    'heading_sigma',
)


def header(stamp_ns: int, frame_id: str) -> Header:
    """Return a header with a stamp in ns."""
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    return Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id=frame_id)


def point_cloud(points: np.ndarray, head: Header) -> PointCloud2:
    """Return points (n,) of a structured dtype as a cloud with its names as fields."""
    points = np.ascontiguousarray(points)
    message = PointCloud2(
        header=head,
        height=1,
        width=len(points),
        is_bigendian=sys.byteorder == 'big',
        point_step=points.dtype.itemsize,
        row_step=points.nbytes,
        is_dense=bool(np.isfinite([points[axis] for axis in 'xyz']).all()),
    )
    for name, (kind, offset) in points.dtype.fields.items():
        message.fields.append(
            PointField(name=name, offset=offset, datatype=_DATATYPE[kind], count=1)
        )
    message.data.frombytes(points.tobytes())
    return message


def matches_cloud(recognition: Recognition | None, stamp_ns: int, frame_id: str) -> PointCloud2:
    """Return `~/matches` of an answer; without one (the image was bad) it has no point."""
    candidates = recognition.candidates if recognition else ()
    points = np.zeros(len(candidates), MATCH_POINT)
    for point, candidate in zip(points, candidates, strict=True):
        _place(point, candidate.reference)
        for name in _OF_CANDIDATE:
            point[name] = getattr(candidate, name)
    if recognition and recognition.match:
        points['accepted'][0] = 1
    return point_cloud(points, header(stamp_ns, frame_id))


def keyframe_cloud(keyframe: Keyframe, frame_id: str) -> PointCloud2:
    """Return `~/keyframe`."""
    points = np.zeros(1, KEYFRAME_POINT)
    _place(points[0], keyframe)
    return point_cloud(points, header(keyframe.stamp_ns, frame_id))


def _place(point: np.void, keyframe: Keyframe) -> None:
    pose = keyframe.pose
    numbers = (*pose.position, pose.yaw) if pose else (math.nan,) * 4
    for name, number in zip(('x', 'y', 'z', 'yaw'), numbers, strict=True):
        point[name] = number
    point['reference_id'], point['index'] = keyframe.id, keyframe.index
    point['route'] = keyframe.route


def pose_message(pose: Pose) -> PoseMessage:
    """Return a pose; an unknown orientation is no turn, for NaN is no quaternion."""
    message = PoseMessage()
    message.position.x, message.position.y, message.position.z = pose.position
    if pose.has_orientation:
        turn = message.orientation
        turn.x, turn.y, turn.z, turn.w = pose.quaternion
    return message


def path(keyframes: Iterable[Keyframe], head: Header) -> Path:
    """Return the references that have a pose as a path."""
    message = Path(header=head)
    for keyframe in keyframes:
        if keyframe.pose is not None:
            stamped = PoseStamped(
                header=header(keyframe.stamp_ns, head.frame_id), pose=pose_message(keyframe.pose)
            )
            message.poses.append(stamped)
    return message


def pose_with_covariance(
    pose: Pose, covariance: np.ndarray, head: Header
) -> PoseWithCovarianceStamped:
    """Return a pose with its covariance (6, 6) in x, y, z and about them (m, rad)."""
    message = PoseWithCovarianceStamped(header=head)
    message.pose.pose = pose_message(pose)
    message.pose.covariance = covariance.ravel()
    return message


def image_message(image: np.ndarray, head: Header) -> Image:
    """Return an RGB image (H, W, 3) uint8."""
    height, width = image.shape[:2]
    message = Image(header=head, height=height, width=width, encoding='rgb8', step=3 * width)
    message.data.frombytes(image.tobytes())
    return message


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a node with its reason, the level of a DiagnosticStatus, and figures."""

    level: bytes
    state: str
    reason: str
    values: Mapping[str, Any]


def status_message(name: str, status: Status, head: Header) -> DiagnosticArray:
    """Return a status with its figures as text: three decimals, empty for NaN and None."""
    text = f'{status.state}: {status.reason}' if status.reason else status.state
    values = {'state': status.state, 'reason': status.reason, **status.values}
    entry = DiagnosticStatus(name=name, level=status.level, message=text)
    entry.hardware_id = 'anyloc_ros'
    entry.values = [KeyValue(key=key, value=_text(value)) for key, value in values.items()]
    return DiagnosticArray(header=head, status=[entry])


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ''
    return f'{value:.3f}' if isinstance(value, float) else str(value)
