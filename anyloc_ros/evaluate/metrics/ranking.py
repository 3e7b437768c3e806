# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Matches in the order of their confidence, sorted once and counted under many weights."""

from __future__ import annotations

from anyloc_ros.evaluate.metrics.intervals import ratio
import numpy as np


class Ranked:
    """
    Right and wrong matches from the surest on.

    Equal confidences cannot be told apart by a threshold: they are one group. `thresholds` (t,)
    has the confidence of each group, falling. A confidence of NaN is no match and in no group.

    :param confidence: (n,) in any unit, higher is surer.
    :param right: (n,) bool.
    """

    def __init__(self, confidence: np.ndarray, right: np.ndarray) -> None:
        answered = np.flatnonzero(~np.isnan(confidence))
        self._rows = answered[np.argsort(-confidence[answered], kind='stable')]
        ordered = confidence[self._rows]
        self._ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)])
        self.thresholds = ordered[self._ends]
        self._right = right[self._rows].astype(float)

    def counts(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how many are right (t,) and how many there are (t,) from each threshold on."""
        drawn = weights[self._rows]
        return np.cumsum(drawn * self._right)[self._ends], np.cumsum(drawn)[self._ends]


def auroc(right: np.ndarray, accepted: np.ndarray) -> float:
    """
    Return the probability that a right match is surer than a wrong one; equal is half.

    The statistic of Mann and Whitney over its number of pairs, from cumulative counts (t,); NaN
    where there are no right or no wrong ones.
    """
    wrong = accepted - right
    rights, wrongs = np.diff(right, prepend=0.0), np.diff(wrong, prepend=0.0)
    if not len(right):
        return np.nan
    less_sure = wrong[-1] - wrong + wrongs / 2
    return float(ratio(rights @ less_sure, right[-1] * wrong[-1]))


class Ranks:
    """Values (n,) whose ranks are wanted under many weights; equal values share their middle."""

    def __init__(self, values: np.ndarray) -> None:
        distinct, self._group = np.unique(values, return_inverse=True)
        self._groups = len(distinct)

    def under(self, weights: np.ndarray) -> np.ndarray:
        """Return the ranks (n,), from 1 on, where each value is there `weights` (n,) times."""
        sizes = np.bincount(self._group, weights, self._groups)
        return (np.cumsum(sizes) - (sizes - 1) / 2)[self._group]


def correlation(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> float:
    """Return the correlation of Pearson of x and y (n,) under weights, NaN where one is flat."""
    total = weights.sum()
    if total == 0:
        return np.nan
    x, y = x - weights @ x / total, y - weights @ y / total
    return float(ratio(weights @ (x * y), np.sqrt((weights @ x**2) * (weights @ y**2))))
