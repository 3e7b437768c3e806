# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The map file a run is taught into, by `map_mode`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TYPE_CHECKING

from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import ConfigError, MapError
from anyloc_ros.mapping.cameras import CAMERAS, require_cameras
from anyloc_ros.mapping.place_map import PlaceMap

if TYPE_CHECKING:
    from anyloc_ros.describe.describer import Describer


def open_for_teaching(
    path: str | Path,
    describer: Describer,
    describe_config: Mapping[str, Any],
    config: TeachConfig,
    cameras: Sequence[str] = (),
) -> PlaceMap:
    """
    Create, open or replace the map file, as `map_mode` says.

    A new map takes its place with its first reference: until then an old one stays, and when
    none comes nothing is left of the new one.

    :param describe_config: the parameters `describer` was built from; kept in a new map.
    :param cameras: the names of several; those of a map that is appended to must be the same.
    :raises ConfigError: images that are not kept, and a vocabulary that needs them.
    :raises MapError: the file is refused; see PlaceMap.
    """
    append = config.map_mode == 'append'
    if append:
        place_map = PlaceMap.open_to_write(path)
    else:
        check_images(describer, config)
        place_map = PlaceMap.create(
            path,
            fingerprint=describer.fingerprint,
            describe_config=describe_config,
            map_frame=config.map_frame,
            overwrite=config.map_mode == 'overwrite',
            placed=False,
        )
    try:
        if append:
            _require_same(place_map, describer, config, cameras)
        elif cameras:
            with place_map.transaction():
                place_map.set_meta(CAMERAS, list(cameras))
    except MapError:
        place_map.close()
        raise
    return place_map


def _require_same(
    place_map: PlaceMap, describer: Describer, config: TeachConfig, cameras: Sequence[str]
) -> None:
    require_cameras(place_map, cameras)
    place_map.compare(describer.fingerprint)
    if place_map.map_frame != config.map_frame:
        raise MapError(
            f'{place_map.path} has poses in the frame {place_map.map_frame!r}, map_frame is '
            f'{config.map_frame!r}; give poses in the frame of the map, or teach a new one'
        )


def check_images(describer: Describer, config: TeachConfig) -> None:
    """
    Refuse to teach without images where they are needed later.

    :raises ConfigError: `store_images` is false and the vocabulary is still to be fit.
    """
    if not config.store_images and not describer.ready:
        raise ConfigError(
            'store_images is false, but the vocabulary is fit on the images of the map when '
            'teaching is over; keep the images, give a vocabulary file, or use a method without '
            'vocabulary (the GeM and class token ones)'
        )
