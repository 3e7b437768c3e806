# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Errors in figures: their bias, their size and their tail, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass
import math

from anyloc_ros.evaluate.metrics.intervals import (
    Estimate,
    estimates,
    IMAGES,
    ratio,
    Resampling,
    Weighted,
)
import numpy as np


@dataclass(frozen=True, slots=True)
class Spread:
    """
    What signed or unsigned errors come to, in their own unit.

    `bias` is the mean of the errors with their sign, everything else of their absolute values. The
    largest is a fact and has no interval. `unknown` counts the errors that were NaN and left out.
    """

    bias: Estimate
    mean: Estimate
    rmse: Estimate
    median: Estimate
    p90: Estimate
    p95: Estimate
    maximum: float
    unknown: int


def spread(errors: np.ndarray, resampling: Resampling = IMAGES) -> Spread:
    """
    Return bias, mean, root mean square, median, 90 % and 95 % quantile and maximum of errors (n,).

    Quantiles lie between neighbours (type 7 of Hyndman and Fan 1996, numpy's default).
    """
    errors = np.asarray(errors, float)
    known = np.isfinite(errors)
    kept = np.where(known, errors, 0.0)
    sizes = np.abs(errors)
    moments = np.stack([kept, np.abs(kept), kept**2, known], axis=1)
    ordered = Weighted(sizes)

    def statistic(weights: np.ndarray) -> np.ndarray:
        *sums, total = weights @ moments
        bias, mean, square = ratio(np.array(sums), total)
        tail = ordered.quantiles(np.array([0.5, 0.9, 0.95]), weights)
        return np.array([bias, mean, math.sqrt(square), *tail])

    found = estimates(statistic, len(errors), int(known.sum()), resampling)
    largest = float(sizes[known].max()) if known.any() else math.nan
    return Spread(*found, maximum=largest, unknown=int((~known).sum()))


def wrap(angle_rad: np.ndarray | float) -> np.ndarray:
    """Return angles within (-pi, pi]."""
    return math.pi - np.remainder(math.pi - np.asarray(angle_rad, float), math.tau)
