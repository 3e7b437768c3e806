# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A place that is not in the map must be rejected: how well that works."""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.evaluate.metrics.intervals import (
    Estimate,
    estimates,
    IMAGES,
    ratio,
    Resampling,
    share,
)
from anyloc_ros.evaluate.metrics.ranking import auroc, Ranked
import numpy as np

WANTED_TPR = 0.95


@dataclass(frozen=True, slots=True)
class Novelty:
    """
    How a confidence tells queries on the map from those off it; NaN where one kind is missing.

    `fpr95` is the share of off-map queries that is accepted where 95 % of the on-map ones are.
    `offmap_accept` and `onmap_accept` are the shares accepted as it was.
    """

    auroc: Estimate
    fpr95: Estimate
    offmap_accept: Estimate
    onmap_accept: Estimate
    on_map: int
    off_map: int


def novelty(
    confidence: np.ndarray,
    accepted: np.ndarray,
    on_map: np.ndarray,
    resampling: Resampling = IMAGES,
) -> Novelty:
    """
    Return how well queries off the map are told from those on it.

    auroc: P(confidence on the map > off the map), equal is half. fpr95: at the highest threshold
    that accepts at least 95 % of the on-map queries (Liang, Li and Srikant, ICLR 2018,
    https://arxiv.org/abs/1706.02690).

    :param confidence: (n,) NaN where there was no match, which is below everything.
    :param accepted: (n,) bool, at the threshold in use.
    :param on_map: (n,) bool, the place of the query is in the map.
    """
    confidence = np.asarray(confidence, float)
    accepted, on_map = np.asarray(accepted, bool), np.asarray(on_map, bool)
    matches = Ranked(np.where(np.isnan(confidence), -np.inf, confidence), on_map)

    def statistic(weights: np.ndarray) -> np.ndarray:
        on, all_ = matches.counts(weights)
        return np.array([auroc(on, all_), _fpr95(on, all_)])

    area, fpr95 = estimates(statistic, len(on_map), len(on_map), resampling)
    return Novelty(
        auroc=area,
        fpr95=fpr95,
        offmap_accept=share(accepted, ~on_map, resampling),
        onmap_accept=share(accepted, on_map, resampling),
        on_map=int(on_map.sum()),
        off_map=int((~on_map).sum()),
    )


def _fpr95(on: np.ndarray, all_: np.ndarray) -> float:
    if not len(on) or on[-1] == 0:
        return np.nan
    enough = int(np.argmax(on >= WANTED_TPR * on[-1]))
    off = all_ - on
    return float(ratio(off[enough], off[-1]))
