# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Which word of the vocabulary each part of an image is counted for.

As in figure 4 of AnyLoc (N. Keetha et al., RA-L 2023, https://arxiv.org/abs/2308.00688), but by
the assignment that VLAD makes, the word of greatest cosine; the published figures take the word
with the least L1 norm of the residual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer, Describer
from anyloc_ros.describe.local_features import LocalFeatures
from anyloc_ros.errors import ConfigError
from anyloc_ros.evaluate.insight.raster import spread_labels
from anyloc_ros.mapping.method import describer_of
from anyloc_ros.mapping.place_map import PlaceMap
import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """
    The words of several images.

    `labels` has (H, W) int for each image, -1 where it has no features; `shares` (K,) what share
    of the features of all images each word has.
    """

    labels: Sequence[np.ndarray]
    shares: np.ndarray

    def most_common(self, count: int) -> list[int]:
        """Return the words with the most features, at most `count`, none without any."""
        order = np.argsort(-self.shares, kind='stable')[:count]
        return [int(word) for word in order if self.shares[word] > 0]


def wording(
    map_file: str | Path | None, config: DescribeConfig | None, images: Sequence[np.ndarray]
) -> tuple[Describer, str]:
    """
    Return a describer that has its words, and in words where they are from.

    :param map_file: a map that has words; without one `config` says how images are described.
    :param images: on which words are fit where there are none.
    :raises ConfigError: a method without words, or images of several views.
    """
    if map_file is None:
        describer, origin = build_describer(config), f'words of {config.vocabulary}'
    else:
        with PlaceMap.open_to_read(map_file) as place_map:
            place_map.require_finished()
            describer, origin = describer_of(place_map), f'words of {place_map.path.name}'
    if not describer.needs_vocabulary or describer.config.views > 1:
        raise ConfigError(
            f'{describer.config.method} with {describer.config.views} views: words are shown of '
            f'VLAD methods with one view, see "anyloc methods"'
        )
    if describer.ready:
        return describer, origin
    vocabulary = describer.fit_vocabulary(describer.features(images))
    return describer.with_vocabulary(vocabulary), 'words fit on these images'


def assigned(features: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Return (N,) which of the words (K, D) has the greatest cosine with each feature (N, D)."""
    lengths = np.linalg.norm(words, axis=1, keepdims=True)
    return (features @ (words / np.maximum(lengths, 1e-12)).T).argmax(axis=1)


def clusters(
    found: Sequence[LocalFeatures], sizes: Sequence[tuple[int, int]], words: np.ndarray
) -> Clusters:
    """
    Assign the features of each image to words (K, D); where they have several sizes, the finest.

    :param sizes: (height, width) of each image.
    """
    labels, counts = [], np.zeros(len(words), np.int64)
    for local, size in zip(found, sizes, strict=True):
        local = local.finest()
        if not len(local.features):
            labels.append(np.full(size, -1))
            continue
        words_of = assigned(local.features, words)
        counts += np.bincount(words_of, minlength=len(words))
        labels.append(spread_labels(words_of, local.positions, size))
    return Clusters(labels, counts / max(1, counts.sum()))
