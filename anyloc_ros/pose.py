# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where something is: a pose in a local frame, or a point on the Earth before a datum is known."""

from __future__ import annotations

from dataclasses import dataclass
import math


@dataclass(frozen=True, slots=True)
class Pose:
    """
    Position and orientation in a local frame, for example `map_from_base`.

    `x y z` in metres, `qx qy qz qw` a unit quaternion in message order. Axes as in REP-103
    (x forward, y left, z up; or east, north, up). A position without an orientation (GPS) has
    NaN in all four quaternion components.
    """

    x: float
    y: float
    z: float = 0.0
    qx: float = math.nan
    qy: float = math.nan
    qz: float = math.nan
    qw: float = math.nan

    @classmethod
    def from_xy_yaw(cls, x: float, y: float, yaw: float, z: float = 0.0) -> Pose:
        """Return the level pose at `x y z` (m) that looks along `yaw` (rad, counter-clockwise)."""
        return cls(x, y, z, 0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2))

    @property
    def position(self) -> tuple[float, float, float]:
        """Return `(x, y, z)` in metres."""
        return self.x, self.y, self.z

    @property
    def quaternion(self) -> tuple[float, float, float, float]:
        """Return `(qx, qy, qz, qw)`, the order of geometry_msgs."""
        return self.qx, self.qy, self.qz, self.qw

    @property
    def has_orientation(self) -> bool:
        """Return whether the orientation is known."""
        return not math.isnan(self.qw)

    @property
    def yaw(self) -> float:
        """Return the heading in rad within (-pi, pi], NaN when the orientation is unknown."""
        return math.atan2(
            2 * (self.qw * self.qz + self.qx * self.qy),
            1 - 2 * (self.qy * self.qy + self.qz * self.qz),
        )

    def distance_to(self, other: Pose) -> float:
        """Return the Euclidean distance of the two positions in metres."""
        return math.dist(self.position, other.position)


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A point on WGS 84: degrees, and metres above the ellipsoid, NaN when not known."""

    latitude_deg: float
    longitude_deg: float
    altitude_m: float = math.nan


@dataclass(frozen=True, slots=True)
class UtmPoint:
    """
    A point in a UTM grid in metres.

    `zone` as in 33U, empty when it is not known; the altitude is NaN when it is not known.
    """

    easting_m: float
    northing_m: float
    zone: str = ''
    altitude_m: float = math.nan
