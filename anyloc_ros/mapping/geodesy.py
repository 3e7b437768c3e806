# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
From points on the Earth to metres in a local frame, and back.

A map holds local metres only; its datum says where on the Earth their origin is. The formulas are
exact: geodetic to Earth-centred coordinates and a rotation to east, north, up, see B.
Hofmann-Wellenhof, H. Lichtenegger, E. Wasle, GNSS, Springer 2008, section 8.2; the way back is
the iteration on the reduced latitude of B. R. Bowring, Transformation from spatial to
geographical coordinates, Survey Review 23 (181), 1976.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
import math

from anyloc_ros.errors import MapError
from anyloc_ros.pose import GeoPoint, Pose, UtmPoint

EQUATORIAL_RADIUS_M = 6378137.0
FLATTENING = 1 / 298.257223563
"""Both of WGS 84, NIMA TR8350.2, table 3.1."""

_POLAR_RADIUS_M = EQUATORIAL_RADIUS_M * (1 - FLATTENING)
_E2 = FLATTENING * (2 - FLATTENING)

_KIND = {Pose: 'local', GeoPoint: 'wgs84', UtmPoint: 'utm'}


@dataclass(frozen=True, slots=True)
class Datum:
    """
    What the local frame of a map is tied to.

    `origin` is the point whose local coordinates are (0, 0, 0): a GeoPoint (local axes are east,
    north, up there), a UtmPoint (local axes are those of the grid), or None when the poses were
    local from the start.
    """

    origin: GeoPoint | UtmPoint | None = None

    @classmethod
    def of(cls, sample: Pose | GeoPoint | UtmPoint) -> Datum:
        """Return the datum of a map whose first pose sample is this one."""
        if isinstance(sample, Pose):
            return cls()
        return cls(replace(sample, altitude_m=_altitude(sample, 0.0)))

    @property
    def kind(self) -> str:
        """Return `local`, `wgs84` or `utm`."""
        return 'local' if self.origin is None else _KIND[type(self.origin)]

    def to_local(self, sample: Pose | GeoPoint | UtmPoint) -> Pose:
        """
        Return the sample in metres about this datum, without an orientation if it had none.

        An unknown altitude (NaN, as NavSatFix has it) counts as the altitude of the datum.

        :raises MapError: the sample is of another kind, or in another UTM zone.
        """
        kind = _KIND[type(sample)]
        if kind != self.kind:
            raise MapError(
                f'the map has {self.kind} poses and got a {kind} one; one map has poses of one '
                f'kind: teach a new map, or give poses of the kind {self.kind}'
            )
        if isinstance(sample, GeoPoint):
            return Pose(*_to_enu(sample, self.origin))
        if isinstance(sample, UtmPoint):
            return Pose(*_to_grid(sample, self.origin))
        return sample

    def to_sample(self, pose: Pose) -> Pose | GeoPoint | UtmPoint:
        """Return what `to_local` was given: its inverse."""
        if isinstance(self.origin, GeoPoint):
            return _from_enu(pose.position, self.origin)
        if isinstance(self.origin, UtmPoint):
            return UtmPoint(
                self.origin.easting_m + pose.x,
                self.origin.northing_m + pose.y,
                self.origin.zone,
                self.origin.altitude_m + pose.z,
            )
        return pose

    def to_json(self) -> dict[str, str | float]:
        """Return a mapping that `from_json` takes."""
        return {'kind': self.kind} | (asdict(self.origin) if self.origin else {})

    @classmethod
    def from_json(cls, values: dict[str, str | float]) -> Datum:
        """Return the datum that `to_json` described; KeyError or TypeError if it did not."""
        point = {name: value for name, value in values.items() if name != 'kind'}
        if values['kind'] == 'local':
            return cls()
        return cls({'wgs84': GeoPoint, 'utm': UtmPoint}[values['kind']](**point))


def is_on_earth(sample: Pose | GeoPoint | UtmPoint) -> bool:
    """Return whether the coordinates of a geographic sample are possible; a Pose always is."""
    if isinstance(sample, GeoPoint):
        return abs(sample.latitude_deg) <= 90 and abs(sample.longitude_deg) <= 180
    if isinstance(sample, UtmPoint):
        return math.isfinite(sample.easting_m) and math.isfinite(sample.northing_m)
    return True


def geodetic_to_ecef(point: GeoPoint) -> tuple[float, float, float]:
    """Return Earth-centred, Earth-fixed x, y, z in metres."""
    phi, lam = math.radians(point.latitude_deg), math.radians(point.longitude_deg)
    normal = EQUATORIAL_RADIUS_M / math.sqrt(1 - _E2 * math.sin(phi) ** 2)
    across = (normal + point.altitude_m) * math.cos(phi)
    z = ((1 - _E2) * normal + point.altitude_m) * math.sin(phi)
    return across * math.cos(lam), across * math.sin(lam), z


def ecef_to_geodetic(x: float, y: float, z: float) -> GeoPoint:
    """Return the point of Earth-centred x, y, z (m): to a nanometre near the surface."""
    across = math.hypot(x, y)
    ratio = EQUATORIAL_RADIUS_M / _POLAR_RADIUS_M
    reduced = math.atan2(z * ratio, across)
    # Each step gains about five digits near the surface: three are more than doubles hold.
    for _ in range(3):
        phi = math.atan2(
            z + ratio**2 * _E2 * _POLAR_RADIUS_M * math.sin(reduced) ** 3,
            across - _E2 * EQUATORIAL_RADIUS_M * math.cos(reduced) ** 3,
        )
        reduced = math.atan2((1 - FLATTENING) * math.sin(phi), math.cos(phi))
    # This form of the altitude divides by neither cos(phi) nor sin(phi): it holds at the poles.
    altitude = (
        across * math.cos(phi)
        + z * math.sin(phi)
        - EQUATORIAL_RADIUS_M * math.sqrt(1 - _E2 * math.sin(phi) ** 2)
    )
    return GeoPoint(math.degrees(phi), math.degrees(math.atan2(y, x)), altitude)


def _to_enu(point: GeoPoint, origin: GeoPoint) -> tuple[float, float, float]:
    point = replace(point, altitude_m=_altitude(point, origin.altitude_m))
    start, end = geodetic_to_ecef(origin), geodetic_to_ecef(point)
    way = [b - a for a, b in zip(start, end, strict=True)]
    east, north, up = _east_north_up(origin)
    return _dot(east, way), _dot(north, way), _dot(up, way)


def _from_enu(position: Sequence[float], origin: GeoPoint) -> GeoPoint:
    start = geodetic_to_ecef(origin)
    columns = zip(*_east_north_up(origin), strict=True)
    x, y, z = (a + _dot(column, position) for a, column in zip(start, columns, strict=True))
    return ecef_to_geodetic(x, y, z)


def _east_north_up(origin: GeoPoint) -> tuple[tuple[float, float, float], ...]:
    """Return the three unit vectors at `origin` in Earth-centred coordinates."""
    phi, lam = math.radians(origin.latitude_deg), math.radians(origin.longitude_deg)
    sin_phi, cos_phi, sin_lam, cos_lam = math.sin(phi), math.cos(phi), math.sin(lam), math.cos(lam)
    return (
        (-sin_lam, cos_lam, 0.0),
        (-sin_phi * cos_lam, -sin_phi * sin_lam, cos_phi),
        (cos_phi * cos_lam, cos_phi * sin_lam, sin_phi),
    )


def _to_grid(point: UtmPoint, origin: UtmPoint) -> tuple[float, float, float]:
    if point.zone != origin.zone:
        raise MapError(
            f'the map is in UTM zone {origin.zone or "(not known)"} and got a pose in zone '
            f'{point.zone or "(not known)"}; grids of two zones do not join: give the poses as '
            f'latitude and longitude'
        )
    return (
        point.easting_m - origin.easting_m,
        point.northing_m - origin.northing_m,
        _altitude(point, origin.altitude_m) - origin.altitude_m,
    )


def _altitude(point: GeoPoint | UtmPoint, otherwise: float) -> float:
    return otherwise if math.isnan(point.altitude_m) else point.altitude_m


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))
