# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Descriptors of several places seen along the two directions in which they differ most.

As figure 1 of AnyLoc shows that GeM descriptors of one kind of environment lie together (N. Keetha
et al., RA-L 2023, https://arxiv.org/abs/2308.00688).
"""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.errors import ConfigError
import numpy as np

MOST = 4096
"""The shorter side of the descriptors at most: eigenvectors take a minute then."""


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """`points` (M, 2), and what share of the variance is along each axis, `explained` (2,)."""

    points: np.ndarray
    explained: np.ndarray


def project(descriptors: np.ndarray) -> Projection:
    """
    Project descriptors (M, P) float32 on their first two principal components (PCA, no whitening).

    An axis points where most of its extreme points are: the signs do not depend on the machine.

    :raises ConfigError: fewer than three descriptors, too many wide ones, or all the same.
    """
    if len(descriptors) < 3:
        raise ConfigError(
            f'a projection needs at least 3 descriptors, got {len(descriptors)}: give more images'
        )
    if min(descriptors.shape) > MOST:
        raise ConfigError(
            f'{len(descriptors)} descriptors of {descriptors.shape[1]} numbers are too many for a '
            f'projection, expected at most {MOST}: take every n-th image'
        )
    centred = descriptors - descriptors.mean(axis=0, dtype=np.float64).astype(np.float32)
    # The products of the shorter side have the same eigenvalues as those of the longer one.
    wide = centred.shape[0] < centred.shape[1]
    products = centred @ centred.T if wide else centred.T @ centred
    values, vectors = np.linalg.eigh(products.astype(np.float64))
    # eigh gives them ascending; rounding makes zeros slightly negative.
    values, vectors = values[::-1].clip(min=0), vectors[:, ::-1]
    total = float(values.sum())
    if total < 1e-12:
        raise ConfigError('all descriptors are the same: there is nothing to project')
    points = vectors[:, :2] * np.sqrt(values[:2]) if wide else centred @ vectors[:, :2]
    signs = np.where(np.power(points, 3).sum(axis=0) < 0, -1.0, 1.0)
    return Projection(points * signs, values[:2] / total)
