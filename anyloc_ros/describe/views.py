# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Views side by side in one image: what several cameras see at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from anyloc_ros.describe.local_features import LocalFeatures
from anyloc_ros.errors import ImageError
import numpy as np
import torch


class Extractor(Protocol):
    """What gives local features; `NetworkFeatures` and `DenseRootSift` do."""

    width: int

    def extract(self, images: Sequence[np.ndarray]) -> list:
        """Return features (N, D) float32 for each (H, W, 3) uint8 RGB image."""

    def locate(self, image: np.ndarray) -> LocalFeatures:
        """Return the features of one image and where in it they are."""

    def settings(self) -> dict[str, str | int | float]:
        """Return everything the features depend on."""


@dataclass(frozen=True, slots=True)
class Views:
    """The extractor of each view, from left to right: one for all, unless their masks differ."""

    extractors: tuple[Extractor, ...]

    def extract(self, images: Sequence[np.ndarray]) -> list[np.ndarray | torch.Tensor]:
        """Return the features (N, D) of all views of the first image, of the second ..."""
        count = len(self.extractors)
        parts = [part for image in images for part in split_views(image, count)]
        if len(set(self.extractors)) == 1:
            return self.extractors[0].extract(parts)
        features = [None] * len(parts)
        for view, extractor in enumerate(self.extractors):
            features[view::count] = extractor.extract(parts[view::count])
        return features

    def locate(self, image: np.ndarray) -> list[LocalFeatures]:
        """Return the features of each view of an image, and where in the view they are."""
        parts = split_views(image, len(self.extractors))
        return [view.locate(part) for view, part in zip(self.extractors, parts, strict=True)]

    def settings(self) -> dict[str, str | int | float]:
        """Return everything the features depend on."""
        settings = self.extractors[0].settings()
        if len(set(self.extractors)) > 1:
            masks = [str(view.settings()['mask_sha256']) for view in self.extractors]
            settings['mask_sha256'] = ','.join(masks)
        return settings


def split_views(image: np.ndarray, views: int) -> list[np.ndarray]:
    """
    Return the views (H, W / views, ...) of an image or mask (H, W, ...), as parts of it.

    :raises ImageError: the width is no multiple of their number.
    """
    height, width = image.shape[:2]
    if width % views:
        raise ImageError(
            f'{width}x{height} px are not {views} views of one width side by side; images must be '
            f'made as those of the map were, by the same cameras'
        )
    return np.split(image, views, axis=1)
