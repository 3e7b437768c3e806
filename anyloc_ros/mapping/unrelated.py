# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Images that show no robot's route, described as the references of a map are.

They are drawn by `simulate.unrelated` and come with the package, as one sheet: at finish a robot
renders nothing. What a map makes of them tells later which similarities mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from itertools import islice
from typing import TYPE_CHECKING

from anyloc_ros.mapping.images import decode_image
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.progress import Progress
import cv2
import numpy as np

if TYPE_CHECKING:
    from anyloc_ros.describe.describer import Describer

COUNT, COLUMNS = 64, 8
TILE_WIDTH, TILE_HEIGHT = 256, 192
"""How many images the sheet has, and how it is cut; pixels."""

CALIBRATED = 'calibrated'
"""By what the map is calibrated, in words, among the values it keeps."""

PACKAGE = 'package'
"""Where unrelated descriptors come from: these images, or ..."""
GIVEN = 'given'
"""... a recording off the map that was given to `anyloc map calibrate`."""

_BATCH = 16


def unrelated_images(size: tuple[int, int], *, grey: bool, views: int = 1) -> Iterator[np.ndarray]:
    """
    Yield the images as a camera of this size (height, width) would give them, RGB uint8.

    They are cut to its shape at the centre, and grey when the camera is. With several views side
    by side each view of an image shows something else.
    """
    height, width = size
    data = (resources.files('anyloc_ros.mapping') / 'unrelated.jpg').read_bytes()
    rows = np.split(decode_image(data), COUNT // COLUMNS)
    tiles = [tile for row in rows for tile in np.split(row, COLUMNS, axis=1)]
    apart = COUNT // views
    for first in range(COUNT):
        shown = [tiles[(first + view * apart) % COUNT] for view in range(views)]
        # One after the other: all of them at the size of a large camera would fill the memory.
        yield np.hstack([_fitted(tile, (height, width // views), grey) for tile in shown])


def describe_unrelated(
    place_map: PlaceMap, describer: Describer, dtype: str, progress: Progress
) -> None:
    """Store the descriptors of the unrelated images in a map that has none."""
    if len(place_map.unrelated(PACKAGE)):
        return
    # A reference whose image is damaged is not described, and tells nothing of the camera.
    damaged = set(place_map.undescribed())
    first = next(keyframe for keyframe in place_map.keyframes() if keyframe.id not in damaged)
    images = unrelated_images(
        first.image_size,
        grey=_is_grey(place_map, first.id),
        views=place_map.fingerprint.get('views', 1),
    )
    parts = []
    for start in range(0, COUNT, _BATCH):
        progress('unrelated', start, COUNT)
        parts.append(describer.describe(list(islice(images, _BATCH))))
    with place_map.transaction():
        place_map.set_unrelated(PACKAGE, np.concatenate(parts), dtype)
    progress('unrelated', COUNT, COUNT)


def _fitted(tile: np.ndarray, size: tuple[int, int], grey: bool) -> np.ndarray:
    height, width = size
    shape = width / height
    cut_width = min(TILE_WIDTH, max(1, round(TILE_HEIGHT * shape)))
    cut_height = min(TILE_HEIGHT, max(1, round(TILE_WIDTH / shape)))
    top, left = (TILE_HEIGHT - cut_height) // 2, (TILE_WIDTH - cut_width) // 2
    bottom, right = top + cut_height, left + cut_width
    smaller = width < cut_width
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    image = cv2.resize(tile[top:bottom, left:right], (width, height), interpolation=method)
    if grey:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.ascontiguousarray(image)


def _is_grey(place_map: PlaceMap, reference_id: int) -> bool:
    stored = place_map.image(reference_id)
    if stored is None:
        return False
    image = decode_image(stored.data)
    return bool((image == image[:, :, :1]).all())
