# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Maps as text for other programs."""

import json
import math

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.export import as_csv, as_geojson, as_tum
from anyloc_ros.mapping.geodesy import Datum
from anyloc_ros.pose import GeoPoint, Pose
import pytest


@pytest.fixture
def place_map(create, reference):
    """Return a map with a pose, a position and nothing."""
    with create() as made:
        with made.transaction():
            stamp_ns = 1_700_000_000_000_000_007
            yawed = Pose(1.5, -2.0, 0.25, 0.0, 0.0, 1.0, 0.0)
            made.add_keyframe(reference(0, stamp_ns=stamp_ns, pose=yawed), None)
            made.add_keyframe(reference(1, stamp_ns=5, pose=Pose(0.1, 100.0)), None)
            made.add_keyframe(reference(7, route=1, index=0, stamp_ns=-5), None)
        yield made


def test_csv(place_map):
    assert as_csv(place_map).splitlines() == [
        'reference_id,index,route,stamp_ns,x,y,z,yaw',
        f'0,0,0,1700000000000000007,1.5,-2.0,0.25,{math.pi}',
        '1,1,0,5,0.1,100.0,0.0,',
        '7,0,1,-5,,,,',
    ]


def test_tum(place_map):
    assert as_tum(place_map) == '1700000000.000000007 1.5 -2.0 0.25 0.0 0.0 1.0 0.0\n'


def test_tum_needs_an_orientation(create, reference):
    with create() as made:
        with made.transaction():
            made.add_keyframe(reference(0, pose=Pose(0.1, 100.0)), None)
        with pytest.raises(MapError, match='no pose with an orientation'):
            as_tum(made)


def test_geojson(place_map):
    place_map.set_meta('datum', Datum(GeoPoint(48.0, 11.0, 500.0)).to_json())
    collection = json.loads(as_geojson(place_map))
    assert collection['type'] == 'FeatureCollection'
    assert [feature['id'] for feature in collection['features']] == [0, 1]
    point = collection['features'][1]
    assert point['geometry']['type'] == 'Point'
    # 100 m north at 48 degrees: 100 / 111200 degrees; the radius of the parallel is 4275 km.
    longitude, latitude, altitude = point['geometry']['coordinates']
    assert latitude == pytest.approx(48.0 + 100 / 111200, abs=2e-7)
    assert longitude == pytest.approx(11.0 + math.degrees(0.1 / 4.2757e6), abs=1e-9)
    # The plane leaves the ellipsoid by 100^2 / 2R.
    assert altitude == pytest.approx(500.0 + 100**2 / 2 / 6.37e6, abs=1e-5)
    assert point['properties'] == {'id': 1, 'index': 1, 'route': 0, 'stamp_ns': '5'}


def test_geojson_needs_latitude_and_longitude(place_map):
    with pytest.raises(MapError, match='has no poses, GeoJSON needs latitude and longitude'):
        as_geojson(place_map)
    place_map.set_meta('datum', Datum().to_json())
    with pytest.raises(MapError, match='has local poses, GeoJSON needs'):
        as_geojson(place_map)


def test_geojson_ids_end_at_16_bits(place_map, reference):
    place_map.set_meta('datum', Datum(GeoPoint(48.0, 11.0)).to_json())
    with place_map.transaction():
        place_map.add_keyframe(reference(65535), None)
    as_geojson(place_map)
    with place_map.transaction():
        place_map.add_keyframe(reference(65536), None)
    with pytest.raises(MapError, match='reference 65536; ids in GeoJSON end at 65535'):
        as_geojson(place_map)
