# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
PCA whitening of descriptors: fewer numbers per place, decorrelated.

Source: H. Jégou, O. Chum, Negative evidences and co-occurrences in image retrieval, ECCV 2012;
used by AnyLoc (section IV-D) to bring 49152 dimensions to 512.
"""

from __future__ import annotations

from dataclasses import dataclass
import hashlib

from anyloc_ros.errors import ConfigError
import numpy as np
import torch
from torch.nn.functional import normalize


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """`mean` (P,) and `projection` (d, P), float32: y = projection (x - mean), then L2."""

    mean: np.ndarray
    projection: np.ndarray

    @property
    def sha256(self) -> str:
        """Return the hash of both arrays."""
        digest = hashlib.sha256(repr(self.projection.shape).encode())
        digest.update(np.ascontiguousarray(self.mean, '<f4').tobytes())
        digest.update(np.ascontiguousarray(self.projection, '<f4').tobytes())
        return digest.hexdigest()

    def apply(self, descriptors: torch.Tensor) -> torch.Tensor:
        """Return descriptors (..., P) whitened and of unit length (..., d)."""
        mean = torch.from_numpy(self.mean).to(descriptors)
        projection = torch.from_numpy(self.projection).to(descriptors)
        return normalize((descriptors - mean) @ projection.T, dim=-1)

    def whiten(self, descriptors: np.ndarray) -> np.ndarray:
        """Return the same of arrays (M, P), for callers without torch."""
        return self.apply(torch.from_numpy(descriptors)).numpy()


def fit_whitening(descriptors: np.ndarray, dim: int) -> Whitening:
    """
    Fit PCA with whitening on reference descriptors (M, P); keep the first `dim` components.

    With the singular values s and right vectors V of the centred descriptors, the projection is
    V sqrt(M - 1) / s: every component gets unit variance over the references. It is computed from
    the (M, M) products when M < P, which is the usual case (P = 49152).

    :raises ConfigError: fewer independent descriptors than `dim`.
    """
    x = torch.from_numpy(np.ascontiguousarray(descriptors, np.float32))
    mean = x.mean(dim=0)
    x = x - mean
    wide = x.shape[0] < x.shape[1]
    products = ((x @ x.T) if wide else (x.T @ x)).double()
    values, vectors = torch.linalg.eigh(products)
    values, vectors = values.flip(0), vectors.flip(1)
    # float32 products carry rounding of about 1e-7 of the largest: below that there is no signal.
    rank = int((values > 1e-6 * values[0].clamp(min=1e-30)).sum())
    if dim > rank:
        raise ConfigError(
            f'whitening_dim {dim}: the {len(descriptors)} references span only {rank} dimensions; '
            f'use whitening_dim {rank} or less, or 0 for none'
        )
    vectors = vectors[:, :dim].float()
    scale = (values[:dim] / max(len(descriptors) - 1, 1)).sqrt().float()
    if wide:
        vectors = normalize(x.T @ vectors, dim=0)
    return Whitening(mean.numpy(), (vectors / scale).T.contiguous().numpy())
