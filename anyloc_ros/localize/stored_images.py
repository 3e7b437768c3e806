# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The images of a map that is closed, read when somebody asks for one."""

from __future__ import annotations

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.images import decode_image
from anyloc_ros.mapping.place_map import PlaceMap
import numpy as np


class StoredImages:
    """Gives the pixels of references by id; call it as a function."""

    def __init__(self, place_map: PlaceMap) -> None:
        self._path = place_map.path
        self._identity = _identity(place_map)

    def __call__(self, reference_id: int) -> np.ndarray | None:
        """
        Return the image (H, W, 3) uint8 RGB, None where the map keeps none.

        :raises MapError: the file is gone or damaged, or another map took its place.
        :raises ImageError: the image is damaged.
        """
        with PlaceMap.open_to_read(self._path) as place_map:
            if _identity(place_map) != self._identity:
                raise MapError(f'{self._path} is not the map that was loaded; load it again')
            stored = place_map.image(reference_id)
        return None if stored is None else decode_image(stored.data)


def _identity(place_map: PlaceMap) -> tuple[str, int]:
    return place_map.meta('created', str), place_map.next_id()
