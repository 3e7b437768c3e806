# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""GPS of EXIF against structures made by hand and figures another reader gave."""

from itertools import pairwise
import math
import statistics
import struct

from anyloc_ros.io.exif import gps_point
from anyloc_ros.pose import GeoPoint
import pytest

# Read from these files by an independent EXIF library: (latitude, longitude, altitude).
LUND = {
    '01.jpg': (55.698166666666665, 13.195388888888889, 37.0),
    '02.jpg': (55.69824166666666, 13.1952, 38.0),
    '11.jpg': (55.698611111111106, 13.195013888888889, 33.0),
    '20.jpg': (55.69916111111111, 13.194700000000001, 35.0),
    '29.jpg': (55.69970833333333, 13.194522222222222, 35.0),
}


def test_a_street_in_lund(data):
    points = {path.name: gps_point(path) for path in sorted((data / 'lund_gps').glob('*.jpg'))}
    assert len(points) == 29
    for name, (latitude, longitude, altitude) in LUND.items():
        assert points[name].latitude_deg == pytest.approx(latitude, abs=1e-12)
        assert points[name].longitude_deg == pytest.approx(longitude, abs=1e-12)
        assert points[name].altitude_m == altitude
    route = list(points.values())
    assert route[26] == route[27] == route[28]
    metres = 6_371_000 * math.pi / 180
    east = metres * math.cos(math.radians(route[0].latitude_deg))
    steps = [
        math.hypot(
            (b.latitude_deg - a.latitude_deg) * metres, (b.longitude_deg - a.longitude_deg) * east
        )
        for a, b in pairwise(route)
    ]
    assert min(steps) == 0
    assert 15.5 < max(steps) < 16.5
    assert 6.5 < statistics.median(steps) < 6.7


def tiff(
    order: str, latitude_ref=b'S', seconds=(45, 10), altitude_ref=1, altitude=(5, 2), entries=6
) -> bytes:
    """Return a TIFF with 33 deg 30 min 4.5 s (south), 70 deg 0 min 36 s west, 2.5 m below sea."""
    mark = b'II*\0' if order == '<' else b'MM\0*'

    def entry(tag, kind, count, value):
        packed = value if isinstance(value, bytes) else struct.pack(order + 'I', value)
        return struct.pack(order + 'HHI', tag, kind, count) + packed.ljust(4, b'\0')

    first = struct.pack(order + 'H', 1) + entry(0x8825, 4, 1, 26) + bytes(4)  # at 8, 18 bytes
    numbers = 26 + 2 + 6 * 12 + 4
    gps = struct.pack(order + 'H', entries)
    gps += entry(1, 2, 2, latitude_ref) + entry(2, 5, 3, numbers)
    gps += entry(3, 2, 2, b'W\0') + entry(4, 5, 3, numbers + 24)
    gps += entry(5, 1, 1, bytes([altitude_ref])) + entry(6, 5, 1, numbers + 48) + bytes(4)
    rationals = [33, 1, 30, 1, *seconds, 70, 1, 0, 1, 36, 1, *altitude]
    return (
        mark
        + struct.pack(order + 'I', 8)
        + first
        + gps
        + struct.pack(f'{order}{len(rationals)}I', *rationals)
    )


def jpeg_with(body: bytes) -> bytes:
    app1 = struct.pack('>H', len(body) + 8) + b'Exif\0\0' + body
    return b'\xff\xd8\xff\xe1' + app1 + b'\xff\xda'


@pytest.mark.parametrize('order', ['<', '>'])
def test_both_byte_orders_and_signs(tmp_path, order):
    file = tmp_path / 'a.jpg'
    file.write_bytes(jpeg_with(tiff(order)))
    point = gps_point(file)
    assert point.latitude_deg == pytest.approx(-(33 + 30 / 60 + 4.5 / 3600))
    assert point.longitude_deg == pytest.approx(-70.01)
    assert point.altitude_m == -2.5
    file.write_bytes(jpeg_with(tiff(order, latitude_ref=b'N\0', altitude_ref=0)))
    assert gps_point(file) == GeoPoint(-point.latitude_deg, point.longitude_deg, 2.5)


@pytest.mark.parametrize('unknown', [{'entries': 4}, {'altitude': (0, 0)}])
def test_an_altitude_that_is_not_known_is_nan(tmp_path, unknown):
    file = tmp_path / 'a.jpg'
    file.write_bytes(jpeg_with(tiff('<', **unknown)))
    point = gps_point(file)
    assert point.longitude_deg == pytest.approx(-70.01)
    assert math.isnan(point.altitude_m)


def test_no_fix_no_exif_no_jpeg(tmp_path):
    file = tmp_path / 'a.jpg'
    for content in (b'', b'\xff\xd8\xff\xda', b'\x89PNG', jpeg_with(tiff('<', seconds=(0, 0)))):
        file.write_bytes(content)
        assert gps_point(file) is None


def test_every_truncation_and_every_changed_byte_is_survived(tmp_path):
    whole = jpeg_with(tiff('>'))
    file = tmp_path / 'a.jpg'
    for length in range(len(whole) - 10):
        file.write_bytes(whole[:length])
        assert gps_point(file) is None
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] = 0xFE
        file.write_bytes(damaged)
        assert isinstance(gps_point(file), GeoPoint | None)
