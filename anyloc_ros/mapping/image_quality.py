# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Whether a picture can be recognized again: how sharp it is, and how much of it shows anything.

Both are measured where features are: in the grey picture at 320 px, smoothed against camera noise.

Sharpness is what F. Crete et al. measure (The blur effect: perception and estimation with a new
no-reference perceptual blur metric, SPIE 6492, 2007, https://doi.org/10.1117/12.702790): how much
of its differences a picture loses when it is blurred once more. It depends little on what is seen:
a variance of second derivatives changes tenfold between a shelf and a corridor, as sharp as each
other.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

_LONGER_SIDE_PX = 320
_SMOOTHING_PX = 1.0
_BLUR_PX = 9
_TILE_PX = 32

BLURRED = 2 / 3
"""
Share of the usual sharpness below which a picture is blurred.

A Gaussian of 1.5 px leaves that much, or a motion of 6 px, of the 320. Sharp pictures of one
camera have 0.8 to 1.2 of their median.
"""

FEATURELESS = 0.25
"""Share of a picture with texture below which hardly anything is in it."""

_MIN_GRADIENT = 1.0
"""
Mean gradient of a tile with texture, in grey levels per px.

Camera noise of 6 levels stays below it, even in a picture of 320x240 px.
"""


@dataclass(frozen=True, slots=True)
class ImageQuality:
    """`sharpness` and the share of the picture with `texture`, both from 0 to 1."""

    sharpness: float
    texture: float

    @property
    def featureless(self) -> bool:
        """Return whether hardly anything can be recognized."""
        return self.texture < FEATURELESS


def image_quality(image: np.ndarray) -> ImageQuality:
    """Return the quality of an image (H, W, 3) uint8 RGB."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    height, width = grey.shape
    longer = max(height, width, _LONGER_SIDE_PX)
    size = [max(2, side * _LONGER_SIDE_PX // longer) for side in (width, height)]
    grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), _SMOOTHING_PX)
    gradient = cv2.magnitude(*(cv2.Sobel(grey, cv2.CV_32F, i, 1 - i, scale=1 / 8) for i in (1, 0)))
    tiles = cv2.blur(gradient, (_TILE_PX, _TILE_PX))
    # A turn blurs the columns and leaves the rows sharp.
    sharpness = min(_sharpness(grey, axis) for axis in (0, 1))
    return ImageQuality(sharpness, float(np.mean(tiles >= _MIN_GRADIENT)))


def _sharpness(grey: np.ndarray, axis: int) -> float:
    """Return which share of the differences along an axis is lost by blurring along it."""
    kernel = (1, _BLUR_PX) if axis == 0 else (_BLUR_PX, 1)
    before = np.abs(np.diff(grey, axis=axis))
    after = np.abs(np.diff(cv2.blur(grey, kernel), axis=axis))
    total = float(before.sum())
    return float(np.maximum(before - after, 0).sum()) / total if total else 0.0
