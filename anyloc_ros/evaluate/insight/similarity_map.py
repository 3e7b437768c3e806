# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
How similar every part of some images is to one point of the first.

As in figures 2 and 3 of AnyLoc (N. Keetha et al., RA-L 2023, https://arxiv.org/abs/2308.00688):
the features of a facet that keep the maximum at the same thing in another view tell places apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.describe.facets import build_facets
from anyloc_ros.describe.local_features import LocalFeatures
from anyloc_ros.describe.methods import DENSE_SIFT, method_of
from anyloc_ros.errors import ConfigError, ImageError
from anyloc_ros.evaluate.insight.raster import spread
import numpy as np

Panel = tuple[str, str]
"""What features are compared, in words: the layer and the facet."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """
    Cosine similarity of one feature with those of an image.

    `heat` (H, W) float32 is spread over the pixels, NaN where the image has no features; `best` is
    the x, y in px of the most similar feature, `highest` its similarity.
    """

    heat: np.ndarray
    best: tuple[float, float]
    highest: float


def likenesses(
    point: tuple[float, float],
    found: Sequence[Mapping[Panel, LocalFeatures]],
    sizes: Sequence[tuple[int, int]],
) -> dict[Panel, list[Likeness]]:
    """
    Return for each panel what every image has in common with the point of the first.

    :param point: x, y in px of the first image; the nearest feature stands for it.
    :param found: of each image the features by panel.
    :param sizes: (height, width) of each image.
    :raises ConfigError: the point is outside of the first image.
    :raises ImageError: an image has no features at all.
    """
    height, width = sizes[0]
    if not (0 <= point[0] <= width - 1 and 0 <= point[1] <= height - 1):
        raise ConfigError(
            f'the point {point[0]:g},{point[1]:g} is outside of the image of {width}x{height} px: '
            f'expected x from 0 to {width - 1} and y from 0 to {height - 1}'
        )
    panels = {}
    for panel in found[0]:
        features = [by_panel[panel].finest() for by_panel in found]
        for number, local in enumerate(features, start=1):
            if not len(local.features):
                raise ImageError(f'image {number} has no features: it is bare or too small')
        chosen = features[0].features[nearest_feature(features[0].positions, point)]
        panels[panel] = [
            _likeness(chosen, local, size) for local, size in zip(features, sizes, strict=True)
        ]
    return panels


def nearest_feature(positions: np.ndarray, point: tuple[float, float]) -> int:
    """Return which of the positions (N, 2) is nearest to a point, both x, y in px."""
    return int(np.square(positions - point).sum(axis=1).argmin())


def _likeness(chosen: np.ndarray, local: LocalFeatures, size: tuple[int, int]) -> Likeness:
    lengths = np.linalg.norm(local.features, axis=1) * np.linalg.norm(chosen)
    similarity = local.features @ chosen / np.maximum(lengths, 1e-12)
    best = int(similarity.argmax())
    x, y = local.positions[best].tolist()
    heat = spread(similarity, local.positions, size)
    return Likeness(heat, (x, y), float(similarity[best]))


def locator(
    config: DescribeConfig, layers: Sequence[int], facets: Sequence[str]
) -> Callable[[np.ndarray], dict[Panel, LocalFeatures]]:
    """
    Return what finds the features of an image for each panel: one for each layer and facet.

    Dense RootSIFT has a single one.

    :raises ConfigError: layers or facets that the method does not have.
    :raises ModelError: missing weights.
    """
    if method_of(config).backbone == DENSE_SIFT and not (layers or facets):
        extractor = build_describer(config).extractor
        return lambda image: {('', 'dense RootSIFT'): extractor.locate(image)}
    several = build_facets(config, layers, facets)
    return lambda image: {
        (f'layer {layer}', facet): local for (layer, facet), local in several.locate(image).items()
    }
