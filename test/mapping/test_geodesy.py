# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The local frame of geographic poses, against formulas written another way."""

import math

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.geodesy import Datum, ecef_to_geodetic, geodetic_to_ecef, is_on_earth
from anyloc_ros.pose import GeoPoint, Pose, UtmPoint
import numpy as np
import pytest

POINTS = [
    (0.0, 0.0, 0.0),
    (45.0, 0.0, 0.0),
    (48.262123, 11.668432, 512.3),
    (-33.865143, 151.2099, -12.0),
    (64.1466, -21.9426, 30.0),
    (0.5, 179.9999, 8000.0),
    (89.9999, 12.0, 5.0),
    (-90.0, 0.0, 100.0),
]


def ecef(latitude_deg, longitude_deg, altitude_m):
    """Return Earth-centred metres from the reduced latitude, plus the altitude on the normal."""
    a, b = 6378137.0, 6356752.314245179
    phi, lam = math.radians(latitude_deg), math.radians(longitude_deg)
    beta = math.atan2(b * math.sin(phi), a * math.cos(phi))
    on_ellipsoid = np.array([a * math.cos(beta), 0.0, b * math.sin(beta)])
    normal = np.array([math.cos(phi), 0.0, math.sin(phi)])
    turn = np.array(
        [[math.cos(lam), -math.sin(lam), 0], [math.sin(lam), math.cos(lam), 0], [0, 0, 1]]
    )
    return turn @ (on_ellipsoid + altitude_m * normal)


def enu(point, origin):
    """Return east, north, up by two elementary rotations R1(90 - lat) R3(90 + lon)."""
    phi, lam = math.radians(90 - origin[0]), math.radians(90 + origin[1])
    r1 = np.array(
        [[1, 0, 0], [0, math.cos(phi), math.sin(phi)], [0, -math.sin(phi), math.cos(phi)]]
    )
    r3 = np.array(
        [[math.cos(lam), math.sin(lam), 0], [-math.sin(lam), math.cos(lam), 0], [0, 0, 1]]
    )
    return r1 @ r3 @ (ecef(*point) - ecef(*origin))


def test_ecef_of_45_degrees_is_the_tabulated_value():
    # a / sqrt(1 - e2 / 2) * sqrt(1/2) and the same times (1 - e2): 4517590.879, 4487348.409 m.
    x, y, z = geodetic_to_ecef(GeoPoint(45.0, 0.0, 0.0))
    assert (x, y, z) == pytest.approx((4517590.8788, 0.0, 4487348.4088), abs=1e-4)


@pytest.mark.parametrize('point', POINTS)
def test_ecef_and_back(point):
    x, y, z = geodetic_to_ecef(GeoPoint(*point))
    assert (x, y, z) == pytest.approx(ecef(*point), abs=1e-8)
    back = ecef_to_geodetic(*ecef(*point))
    assert back.latitude_deg == pytest.approx(point[0], abs=1e-13)
    assert back.altitude_m == pytest.approx(point[2], abs=1e-8)
    if abs(point[0]) < 90:
        assert back.longitude_deg == pytest.approx(point[1], abs=1e-12)


@pytest.mark.parametrize('origin', POINTS[:-1])
def test_enu_agrees_with_elementary_rotations(origin):
    datum = Datum.of(GeoPoint(*origin))
    for shift in [(0, 0, 0), (1e-3, 2e-3, 5.0), (-0.02, 0.05, -30.0)]:
        point = (min(origin[0] + shift[0], 90), origin[1] + shift[1], origin[2] + shift[2])
        pose = datum.to_local(GeoPoint(*point))
        assert pose.position == pytest.approx(enu(point, origin), abs=1e-7)
        assert not pose.has_orientation


def test_enu_by_hand_on_the_equator():
    # One arc second of longitude there is 6378137 * pi / 648000 = 30.9221 m east; it drops by
    # s^2 / 2a = 0.075 mm. One of latitude is a (1 - e2) * pi / 648000 = 30.7151 m north.
    datum = Datum.of(GeoPoint(0.0, 0.0, 0.0))
    east = datum.to_local(GeoPoint(0.0, 1 / 3600, 0.0))
    assert east.position == pytest.approx((30.92208, 0.0, -0.000075), abs=2e-6)
    north = datum.to_local(GeoPoint(1 / 3600, 0.0, 0.0))
    assert north.position == pytest.approx((0.0, 30.71506, -0.000075), abs=2e-5)


def test_the_way_back_gives_the_point():
    datum = Datum.of(GeoPoint(48.262123, 11.668432, 512.3))
    point = GeoPoint(48.3, 11.7, 480.0)
    back = datum.to_sample(datum.to_local(point))
    assert back.latitude_deg == pytest.approx(48.3, abs=1e-12)
    assert back.longitude_deg == pytest.approx(11.7, abs=1e-12)
    assert back.altitude_m == pytest.approx(480.0, abs=1e-7)


def test_utm_keeps_centimetres_of_a_northing():
    datum = Datum.of(UtmPoint(691607.25, 5348765.5, '32U', 500.0))
    pose = datum.to_local(UtmPoint(691610.26, 5348763.51, '32U', 501.0))
    assert pose.position == pytest.approx((3.01, -1.99, 1.0), abs=1e-9)
    assert datum.to_sample(pose) == UtmPoint(
        pytest.approx(691610.26), pytest.approx(5348763.51), '32U', 501.0
    )


def test_an_unknown_altitude_is_that_of_the_datum():
    geo = Datum.of(GeoPoint(48.0, 11.0, 500.0))
    assert geo.to_local(GeoPoint(48.0, 11.0, math.nan)).position == pytest.approx((0, 0, 0))
    utm = Datum.of(UtmPoint(1.0, 2.0, '32U', math.nan))
    assert utm.to_local(UtmPoint(1.0, 2.0, '32U', math.nan)).position == (0, 0, 0)


def test_local_poses_stay_as_they_are():
    pose = Pose.from_xy_yaw(3.0, 4.0, 1.0)
    datum = Datum.of(pose)
    assert datum.kind == 'local'
    assert datum.to_local(pose) == pose == datum.to_sample(pose)


def test_another_kind_or_zone_is_refused():
    with pytest.raises(MapError, match='map has local poses and got a wgs84 one'):
        Datum().to_local(GeoPoint(48.0, 11.0))
    with pytest.raises(MapError, match='map has wgs84 poses and got a utm one'):
        Datum.of(GeoPoint(48.0, 11.0)).to_local(UtmPoint(1.0, 2.0, '32U'))
    with pytest.raises(MapError, match='zone 32U and got a pose in zone 33U'):
        Datum.of(UtmPoint(1.0, 2.0, '32U')).to_local(UtmPoint(1.0, 2.0, '33U'))


@pytest.mark.parametrize(
    'datum', [Datum(), Datum(GeoPoint(48.0, 11.0, 5.0)), Datum(UtmPoint(1.0, 2.0, '32U', 3.0))]
)
def test_json_holds_a_datum(datum):
    assert Datum.from_json(datum.to_json()) == datum
    assert datum.to_json()['kind'] == datum.kind


@pytest.mark.parametrize(
    ('sample', 'possible'),
    [
        (GeoPoint(90.0, -180.0), True),
        (GeoPoint(90.1, 0.0), False),
        (GeoPoint(math.nan, 0.0), False),
        (GeoPoint(0.0, math.inf), False),
        (UtmPoint(math.nan, 0.0), False),
        (UtmPoint(5.0, 6.0), True),
        (Pose(math.nan, 0.0), True),
    ],
)
def test_impossible_coordinates_are_known(sample, possible):
    assert is_on_earth(sample) is possible
