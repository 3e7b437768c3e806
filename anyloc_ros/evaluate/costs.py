# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a run costs, measured: bytes of the map, and the most memory that this process took."""

from __future__ import annotations

import math
import resource

from anyloc_ros.describe.memory import peak_gpu_bytes
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.summary import length_m


def map_costs(place_map: PlaceMap) -> dict[str, float]:
    """
    Return what a map takes: `map_bytes`, `descriptor_bytes` of one, and its `route_m`.

    NaN where the route has no length.
    """
    keyframes = place_map.keyframes()
    way_m = length_m(keyframes)
    stored = (place_map.descriptor(keyframe.id) for keyframe in keyframes)
    first = next(descriptor for descriptor in stored if descriptor is not None)
    return {
        'map_bytes': float(place_map.info().size_bytes),
        'descriptor_bytes': float(first.nbytes),
        'route_m': math.nan if way_m is None else way_m,
    }


def peak_memory() -> dict[str, float]:
    """Return the most memory this process has had, main and of a GPU, in bytes; NaN unknown."""
    # Linux counts it in KiB.
    peak_rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {'peak_rss_bytes': float(peak_rss), 'peak_gpu_bytes': peak_gpu_bytes()}
