# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A map in a few figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from anyloc_ros.mapping.database import beside
from anyloc_ros.mapping.geodesy import Datum
from anyloc_ros.mapping.records import Event, Keyframe

if TYPE_CHECKING:
    from anyloc_ros.mapping.place_map import PlaceMap


@dataclass(frozen=True, slots=True)
class MapInfo:
    """What `anyloc map info` tells; lengths in metres, None where no pose is known."""

    file: str
    state: str
    method: str
    references: int
    described: int
    routes: int
    length_m: float | None
    map_frame: str
    datum: Datum | None
    image_sizes: tuple[tuple[int, int], ...]
    created: str
    tool_version: str
    size_bytes: int
    events: tuple[Event, ...]


def summarize(place_map: PlaceMap) -> MapInfo:
    """Return the summary of an open map."""
    keyframes = place_map.keyframes()
    log = beside(place_map.file, '-wal')
    return MapInfo(
        file=str(place_map.path),
        state=place_map.state,
        method=place_map.method,
        references=len(keyframes),
        described=len(keyframes) - len(place_map.undescribed()),
        routes=len({keyframe.route for keyframe in keyframes}),
        length_m=length_m(keyframes),
        map_frame=place_map.map_frame,
        datum=place_map.datum,
        image_sizes=tuple(sorted({keyframe.image_size for keyframe in keyframes})),
        created=place_map.meta('created', str),
        tool_version=place_map.meta('tool_version', str),
        size_bytes=place_map.file.stat().st_size + (log.stat().st_size if log.exists() else 0),
        events=place_map.events(),
    )


def length_m(keyframes: Iterable[Keyframe]) -> float | None:
    """Return the way along all routes from the first to the last reference; None without poses."""
    known = [keyframe for keyframe in keyframes if keyframe.odometry_m is not None]
    if not known:
        return None
    total_m = 0.0
    for _, route in groupby(sorted(known, key=_along_routes), lambda keyframe: keyframe.route):
        ways_m = [keyframe.odometry_m for keyframe in route]
        total_m += ways_m[-1] - ways_m[0]
    return total_m


def _along_routes(keyframe: Keyframe) -> tuple[int, int]:
    return keyframe.route, keyframe.index
