# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The references of a map as text for other programs."""

from __future__ import annotations

import json
import math

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import GeoPoint

MAX_GEOJSON_ID = 65535
"""The route server of Nav2 keeps node ids in 16 bits."""


def as_csv(place_map: PlaceMap) -> str:
    """Return a line per reference: metres and rad, empty fields where they are not known."""
    lines = ['reference_id,index,route,stamp_ns,x,y,z,yaw']
    for keyframe in place_map.keyframes():
        numbers = (None,) * 4
        if keyframe.pose is not None:
            numbers = (*keyframe.pose.position, keyframe.pose.yaw)
        texts = ('' if x is None or math.isnan(x) else repr(x) for x in numbers)
        head = f'{keyframe.id},{keyframe.index},{keyframe.route},{keyframe.stamp_ns}'
        lines.append(f'{head},{",".join(texts)}')
    return '\n'.join(lines) + '\n'


def as_geojson(place_map: PlaceMap) -> str:
    """
    Return a FeatureCollection (RFC 7946) with a point per reference that has a pose.

    :raises MapError: the poses of the map are not geographic, or an id does not fit 16 bits.
    """
    datum = place_map.datum
    if datum is None or datum.kind != 'wgs84':
        raise MapError(
            f'{place_map.path} has {"no" if datum is None else datum.kind} poses, GeoJSON needs '
            f'latitude and longitude; export csv or tum'
        )
    features = []
    for keyframe in place_map.keyframes():
        if keyframe.id > MAX_GEOJSON_ID:
            raise MapError(
                f'{place_map.path} has the reference {keyframe.id}; ids in GeoJSON end at '
                f'{MAX_GEOJSON_ID}, as route servers keep them in 16 bits; export csv'
            )
        if keyframe.pose is not None:
            features.append(_feature(keyframe, datum.to_sample(keyframe.pose)))
    collection = {'type': 'FeatureCollection', 'features': features}
    return json.dumps(collection, indent=1) + '\n'


def as_tum(place_map: PlaceMap) -> str:
    """
    Return `stamp x y z qx qy qz qw` per reference with an orientation, stamps in seconds.

    :raises MapError: no reference has an orientation.
    """
    lines = []
    for keyframe in place_map.keyframes():
        if keyframe.pose is not None and keyframe.pose.has_orientation:
            numbers = (*keyframe.pose.position, *keyframe.pose.quaternion)
            lines.append(f'{_seconds(keyframe.stamp_ns)} {" ".join(map(repr, numbers))}')
    if not lines:
        raise MapError(f'{place_map.path} has no pose with an orientation, TUM needs one; try csv')
    return '\n'.join(lines) + '\n'


EXPORTS = {'csv': as_csv, 'geojson': as_geojson, 'tum': as_tum}


def _feature(keyframe: Keyframe, point: GeoPoint) -> dict:
    return {
        'type': 'Feature',
        'id': keyframe.id,
        'geometry': {
            'type': 'Point',
            'coordinates': [point.longitude_deg, point.latitude_deg, point.altitude_m],
        },
        # The stamp is text: JSON readers keep numbers as doubles, which end at 2^53.
        'properties': {
            'id': keyframe.id,
            'index': keyframe.index,
            'route': keyframe.route,
            'stamp_ns': str(keyframe.stamp_ns),
        },
    }


def _seconds(stamp_ns: int) -> str:
    """Return nanoseconds as decimal seconds without a rounding step through floats."""
    seconds, nanoseconds = divmod(abs(stamp_ns), 10**9)
    return f'{"-" * (stamp_ns < 0)}{seconds}.{nanoseconds:09d}'
