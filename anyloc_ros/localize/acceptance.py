# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Whether the best candidate of one image is a match.

A match must be similar enough, and must lead over every reference that shows another place. Both
thresholds can be set; `auto` takes them from how alike different places of this map are. That is
a first gate for single images, not a calibrated probability: see docs/decisions.md for what it
accepts and what it lets through.
"""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.config import AUTO, LocalizeConfig
from anyloc_ros.localize.places import Places
import numpy as np

SAMPLED = 128
"""References compared with the whole map to learn how alike different places are."""

SIMILARITY_QUANTILE = 0.95
"""A match is more alike than this share of the pairs of different places."""

MARGIN_SHARE = 0.25
"""A match leads by this share of the spread (standard deviation) of those pairs."""


@dataclass(frozen=True, slots=True)
class Decision:
    """
    Whether the best candidate is accepted, and why not.

    `margin` is its lead in similarity over the best candidate elsewhere, NaN when the map has no
    other place.
    """

    accepted: bool
    margin: float
    reason: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least similarity and the least margin of a match."""

    similarity: float
    margin: float


def thresholds(config: LocalizeConfig, descriptors: np.ndarray, places: Places) -> Thresholds:
    """
    Return the configured thresholds, `auto` ones from the map.

    A map without two different places gives nothing to learn from: then `auto` is infinite and
    nothing is accepted.
    """
    different = _similarities_of_different_places(descriptors, places)
    if len(different):
        found = np.quantile(different, SIMILARITY_QUANTILE), MARGIN_SHARE * different.std()
    else:
        found = np.inf, np.inf
    given = config.accept_similarity, config.accept_margin
    return Thresholds(*(float(f if g == AUTO else g) for f, g in zip(found, given, strict=True)))


def decide(
    limits: Thresholds, places: Places, rows: np.ndarray, similarities: np.ndarray
) -> Decision:
    """
    Accept or reject the first of the candidates.

    :param rows: (n,) rows of the candidates, best first; they must reach beyond the place of the
        first one where the map does.
    """
    if not len(rows):
        return Decision(False, np.nan, 'the map has no reference')
    elsewhere = np.flatnonzero(~places.same(rows[0], rows))
    margin = float(similarities[0] - similarities[elsewhere[0]]) if len(elsewhere) else np.nan
    if np.isinf((limits.similarity, limits.margin)).any():
        reason = 'the map shows one place: set accept_similarity and accept_margin'
        return Decision(False, margin, reason)
    if similarities[0] < limits.similarity:
        return Decision(
            False, margin, f'similarity {similarities[0]:.3f} is below {limits.similarity:.3f}'
        )
    if margin < limits.margin:
        return Decision(
            False,
            margin,
            f'another place is as similar: margin {margin:.3f} is below {limits.margin:.3f}',
        )
    return Decision(True, margin, '')


def _similarities_of_different_places(descriptors: np.ndarray, places: Places) -> np.ndarray:
    rows = np.arange(len(descriptors))
    sampled = np.unique(np.linspace(0, len(rows) - 1, SAMPLED).round().astype(int))
    similarities = descriptors[sampled] @ descriptors.T
    different = np.stack([~places.same(row, rows) for row in sampled])
    return similarities[different]
