# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The points of `~/matches` as values, from rclpy and from bags: any object with the fields.

A bag may come from anywhere: what it announces is checked before it is used.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from anyloc_ros.errors import SourceError
import numpy as np

DATATYPES = {1: 'i1', 2: 'u1', 3: 'i2', 4: 'u2', 5: 'i4', 6: 'u4', 7: 'f4', 8: 'f8'}
"""The numbers sensor_msgs/PointField has for types."""


@dataclass(frozen=True, slots=True)
class Match:
    """
    One candidate for the place of an image; metres and rad in the frame of the map.

    `x y z yaw` are NaN for a reference without a pose, `yaw` also where only a position is known.
    `similarity` is the cosine. NaN stands for what was not computed, `inliers` is then -1.
    """

    x: float
    y: float
    z: float
    yaw: float
    reference_id: int
    index: int
    route: int
    similarity: float
    probability: float
    inliers: int
    shift_px: float
    heading_rad: float
    heading_sigma: float
    accepted: bool


def read_matches(cloud: Any) -> list[Match]:
    """
    Return the candidates of a `~/matches` message, the best first.

    :param cloud: a sensor_msgs/PointCloud2 of rclpy or of a bag; further fields are ignored.
    :raises SourceError: a field is missing, or the data are not as long as announced.
    """
    points = points_of(cloud)
    missing = [field.name for field in fields(Match) if field.name not in points.dtype.names]
    if missing:
        raise SourceError(f'no message of ~/matches: the fields {", ".join(missing)} are missing')
    names = [field.name for field in fields(Match)]
    rows = zip(*(points[name].tolist() for name in names), strict=True)
    return [Match(*row[:-1], accepted=bool(row[-1])) for row in rows]


def points_of(cloud: Any) -> np.ndarray:
    """
    Return the points (n,) of a PointCloud2 as a structured array with its fields.

    :raises SourceError: the data are not as long as announced, or the fields contradict.
    """
    order = '>' if cloud.is_bigendian else '<'
    count = cloud.width * cloud.height
    if len(cloud.data) != count * cloud.point_step:
        raise SourceError(
            f'PointCloud2 of {count} points of {cloud.point_step} bytes: expected '
            f'{count * cloud.point_step} bytes, got {len(cloud.data)}'
        )
    try:
        layout = np.dtype(
            {
                'names': [field.name for field in cloud.fields],
                'formats': [order + DATATYPES[field.datatype] for field in cloud.fields],
                'offsets': [field.offset for field in cloud.fields],
                'itemsize': cloud.point_step,
            }
        )
        return np.frombuffer(bytes(cloud.data), layout)
    except (KeyError, ValueError, OverflowError) as error:
        raise SourceError(f'PointCloud2 with fields that cannot be: {error}') from error
