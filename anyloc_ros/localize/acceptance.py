# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Whether the best candidate of one image is a match.

A match must be similar enough, and must lead over every reference that shows another place. Both
thresholds can be set; `auto` takes them from how alike different places of this map are. That is
a gate for single images (`filter none`), not a calibrated probability: see docs/decisions.md for
what it accepts and what it lets through.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    """Whether the best reference of one image is accepted, and why not."""

    accepted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least similarity and the least margin of a match."""

    similarity: float
    margin: float


def learned_thresholds(descriptors: np.ndarray, places: Places) -> Thresholds:
    """
    Return the thresholds that the map itself gives.

    A map without two different places gives nothing to learn from: then they are infinite and
    nothing is accepted.
    """
    different = _similarities_of_different_places(descriptors, places)
    if not len(different):
        return Thresholds(np.inf, np.inf)
    return Thresholds(
        float(np.quantile(different, SIMILARITY_QUANTILE)), float(MARGIN_SHARE * different.std())
    )


def decide(limits: Thresholds, similarity: float, margin: float) -> Decision:
    """
    Accept or reject the best reference.

    :param margin: its lead over the best reference elsewhere, NaN when there is none.
    """
    if np.isinf((limits.similarity, limits.margin)).any():
        reason = 'the map shows one place: set accept_similarity and accept_margin'
        return Decision(False, reason)
    if similarity < limits.similarity:
        return Decision(False, f'similarity {similarity:.3f} is below {limits.similarity:.3f}')
    if margin < limits.margin:
        reason = f'another place is as similar: margin {margin:.3f} is below {limits.margin:.3f}'
        return Decision(False, reason)
    return Decision(True, '')


def _similarities_of_different_places(descriptors: np.ndarray, places: Places) -> np.ndarray:
    rows = np.arange(len(descriptors))
    sampled = np.unique(np.linspace(0, len(rows) - 1, SAMPLED).round().astype(int))
    similarities = descriptors[sampled] @ descriptors.T
    different = np.stack([~places.same(row, rows) for row in sampled])
    return similarities[different]
