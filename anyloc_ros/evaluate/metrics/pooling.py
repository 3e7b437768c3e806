# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
One position from the K best references, by three ways to weigh them.

Compared in Pion et al., 3DV 2020, https://arxiv.org/abs/2011.11946, and Humenberger et al., IJCV
2022, https://doi.org/10.1007/s11263-022-01615-7.
"""

from __future__ import annotations

import numpy as np

CSI_ALPHA = 8.0


def best_reference(rows: np.ndarray) -> np.ndarray:
    """Return weights (n, K) of 1 for the best reference and 0 for the others."""
    weights = np.zeros(rows.shape)
    weights[:, :1] = 1.0
    return weights


def equal_weights(rows: np.ndarray) -> np.ndarray:
    """Return weights (n, K) that are all the same (EWB)."""
    return np.ones(rows.shape)


def cosine_weights(cosines: np.ndarray, alpha: float = CSI_ALPHA) -> np.ndarray:
    """Return weights (n, K) of cosine to the power of `alpha` (CSI); unlike ones have none."""
    return np.maximum(np.nan_to_num(cosines, nan=0.0, neginf=0.0), 0.0) ** alpha


def pooled(rows: np.ndarray, weights: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """
    Return (n, D) the weighted mean position in metres of the K best references of each query.

    :param rows: (n, K) references, best first, -1 for none.
    :param weights: (n, K), 0 or more; they need not add up to 1.
    :param positions: (M, D) of the references, NaN where unknown: these are left out.
    """
    positions = np.asarray(positions, float)
    usable = (rows >= 0) & np.isfinite(positions).all(axis=1)[rows]
    weights = np.where(usable, weights, 0.0)
    places = np.where(usable[..., None], positions[rows], 0.0)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, total, out=np.full(weights.shape, np.nan), where=total > 0)
    return np.einsum('nk,nkd->nd', weights, places)
