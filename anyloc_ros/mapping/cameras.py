# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a map keeps of the cameras it was taught with; its images have a view of each."""

from __future__ import annotations

from collections.abc import Sequence

from anyloc_ros.errors import ConfigError, MapError
from anyloc_ros.mapping.place_map import CALIBRATION, PlaceMap

CAMERA = 'camera'
"""The key in the map: frame, encoding and size of the images."""

CAMERAS = 'cameras'
"""The names of several cameras, in the order of the views."""


def camera_names(cameras: str) -> tuple[str, ...]:
    """
    Return the names in the parameter `cameras`, none where there is one without a name.

    :raises ConfigError: a name is there twice.
    """
    names = tuple(cameras.split(',')) if cameras else ()
    if len(set(names)) < len(names):
        raise ConfigError(f'cameras: expected names that differ, got {cameras!r}')
    return names


def cameras_of(place_map: PlaceMap) -> tuple[str, ...]:
    """Return the names of the cameras, none where there was one without a name."""
    return tuple(place_map.meta(CAMERAS) or ())


def copy_cameras(source: PlaceMap, target: PlaceMap) -> None:
    """Copy all that a map knows of its cameras."""
    for key in ('camera_frame', CAMERA, CALIBRATION, CAMERAS):
        if (known := source.meta(key)) is not None:
            target.set_meta(key, known)


def require_cameras(place_map: PlaceMap, cameras: Sequence[str]) -> None:
    """
    Refuse a map that was taught with other cameras, or with the same in another order.

    :raises MapError: names both.
    """
    taught = cameras_of(place_map)
    if taught == tuple(cameras):
        return
    way_out = f'set the parameter cameras to "{",".join(taught)}"'
    raise MapError(
        f'{place_map.path} was taught with {_told(taught)}, expected {_told(cameras)}; '
        f'{way_out if taught else "leave the parameter cameras empty"}, or use a map of the '
        f'cameras there are'
    )


def _told(cameras: Sequence[str]) -> str:
    return f'the cameras {", ".join(cameras)}' if cameras else 'one camera without a name'
