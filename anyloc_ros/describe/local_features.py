# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Local features together with where in the image they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class LocalFeatures:
    """
    Features (N, D) float32 of one image.

    `positions` (N, 2) are the x, y of their centres in px of the image as the camera gave it,
    pixel centres at whole numbers; `sizes_px` (N,) how wide a part of it each one is made of.
    """

    features: np.ndarray
    positions: np.ndarray
    sizes_px: np.ndarray

    def finest(self) -> LocalFeatures:
        """Return those of the smallest size."""
        if not len(self.sizes_px):
            return self
        # Features are of few sizes, which rounding must not divide.
        kept = self.sizes_px < 1.01 * self.sizes_px.min()
        return LocalFeatures(self.features[kept], self.positions[kept], self.sizes_px[kept])


def rescale(positions: np.ndarray, before: tuple[int, int], after: tuple[int, int]) -> np.ndarray:
    """
    Return where positions (N, 2) lie after a resize of the image, sizes being (height, width).

    Both images reach from half a px before the first pixel centre to half a px behind the last.
    """
    return (positions + 0.5) * np.divide(after, before)[::-1] - 0.5
