# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A new map made from others: complete at its place, or not there at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
import time
from typing import Any

from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.unrelated import CALIBRATED


@contextmanager
def new_map(
    path: str | Path,
    *,
    fingerprint: Mapping[str, Any],
    describe_config: Mapping[str, Any],
    map_frame: str,
) -> Iterator[PlaceMap]:
    """
    Give a map to fill; it gets its name when the block ends, and is gone after an error.

    :raises MapError: the file exists, or cannot be written.
    """
    with PlaceMap.create(
        path,
        fingerprint=fingerprint,
        describe_config=describe_config,
        map_frame=map_frame,
        placed=False,
    ) as place_map:
        yield place_map
        # Half a copy under the final name would look like a map that was recorded so.
        place_map.place()


def copy_events(source: PlaceMap, target: PlaceMap) -> None:
    """Copy what happened while the source was made, and note that its calibration ends there."""
    for event in source.events():
        target.add_event(event.stamp_ns, event.level, event.text)
    if source.meta(CALIBRATED) is not None:
        text = f'{source.path.name} was calibrated, this map is not: see "anyloc map calibrate"'
        target.add_event(time.time_ns(), 'warning', text)
