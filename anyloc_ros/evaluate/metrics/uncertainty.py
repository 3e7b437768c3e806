# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Confidences that need nothing but a ranking: higher is surer, whatever their unit.

From the similarities (n, K) of the K best references of each query, best first, -inf for none, and
for `sue` their positions. Results are (n,), NaN where too few references are there. What they are
worth is compared in Zaffar, Nan and Kooij, CVPR 2024, https://arxiv.org/abs/2404.00546.
"""

from __future__ import annotations

import numpy as np


def l2_distances(cosines: np.ndarray) -> np.ndarray:
    """Return the distances of unit descriptors of these cosines, d = sqrt(2 - 2 cos)."""
    known = np.where(np.isfinite(cosines), cosines, np.nan)
    return np.sqrt(np.maximum(2.0 - 2.0 * known, 0.0))


def l2(cosines: np.ndarray) -> np.ndarray:
    """Return -d_1: the nearer the best reference, the surer."""
    return -_column(l2_distances(cosines), 0)


def pa(cosines: np.ndarray) -> np.ndarray:
    """Return -d_1 / d_2: how alone the best reference is; -1 where both distances are 0."""
    distances = l2_distances(cosines)
    first, second = _column(distances, 0), _column(distances, 1)
    return -np.divide(first, second, out=second + 1.0, where=second > 0)


def margin(cosines: np.ndarray) -> np.ndarray:
    """Return cos_1 - cos_2."""
    known = np.where(np.isfinite(cosines), cosines, np.nan)
    return _column(known, 0) - _column(known, 1)


def entropy(probabilities: np.ndarray) -> np.ndarray:
    """Return sum of p log p of beliefs (n, M) in nats: 0 for one place, -log M for all alike."""
    p = np.asarray(probabilities, float)
    return (p * np.log(np.where(p > 0, p, 1.0))).sum(axis=1)


def sue(cosines: np.ndarray, positions: np.ndarray, slope: float) -> np.ndarray:
    """
    Return minus the spread in m^2 of the K best references about their weighted mean.

    sum of w_k |p_k - sum of w_j p_j|^2 with w_k ~ exp(-slope d_k) that add up to 1, after SUE of
    Zaffar et al. The slope belongs to the descriptor; theirs is 350.

    :param positions: (n, K, D) of these references in metres, NaN where unknown: left out.
    """
    distances = l2_distances(cosines)
    usable = np.isfinite(distances) & np.isfinite(positions).all(axis=2)
    exponent = np.where(usable, -slope * distances, -np.inf)
    top = exponent.max(axis=1, keepdims=True, initial=-np.inf)
    weights = np.exp(exponent - np.where(np.isfinite(top), top, 0.0))
    total = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, total, out=np.full(weights.shape, np.nan), where=total > 0)
    places = np.where(usable[..., None], positions, 0.0)
    mean = np.einsum('nk,nkd->nd', weights, places)
    return -np.einsum('nk,nkd->n', weights, np.square(places - mean[:, None]))


def _column(values: np.ndarray, number: int) -> np.ndarray:
    return values[:, number] if values.shape[1] > number else np.full(len(values), np.nan)
