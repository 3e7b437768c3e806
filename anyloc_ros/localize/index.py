# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""How similar a query is to every reference."""

from __future__ import annotations

from collections.abc import Callable

from anyloc_ros.errors import ConfigError
import faiss
import numpy as np

HNSW_LINKS = 32
HNSW_BREADTH = 128
IVF_SEED = 42

KNOWN = 256
"""References whose similarity is looked up where the index is approximate."""

Compare = Callable[[np.ndarray], np.ndarray]


class ReferenceIndex:
    """
    The reference descriptors (M, P) of unit length, ready to be compared with a query by cosine.

    `exact` compares with every reference. `hnsw` (a graph) and `ivf` (cells, about the square root
    of M of them, a quarter is visited) are faiss indices that may miss a reference; they pay from
    some 100,000 references on. Up to KNOWN references are always compared whole: where few are
    visited, the least that is known says nothing of the others. Descriptors are kept in float32.

    :raises ConfigError: another kind.
    """

    def __init__(self, descriptors: np.ndarray, kind: str = 'exact') -> None:
        descriptors = np.ascontiguousarray(descriptors, np.float32)
        self.size, self.width = descriptors.shape
        if kind not in ('exact', 'hnsw', 'ivf'):
            raise ConfigError(f'index: expected exact, hnsw or ivf, got {kind!r}')
        exact = kind == 'exact' or self.size <= KNOWN
        self._similarities = _exact(descriptors) if exact else _faiss(descriptors, kind)

    def similarities(self, descriptor: np.ndarray) -> np.ndarray:
        """
        Return the cosines (M,) float32 with all references.

        An approximate index knows those of the nearest KNOWN; all others get the least of these.

        :param descriptor: (P,) of unit length.
        """
        return self._similarities(np.asarray(descriptor, np.float32))


def _exact(descriptors: np.ndarray) -> Compare:
    def compare(descriptor: np.ndarray) -> np.ndarray:
        # Neither faiss.IndexFlatIP nor a BLAS product: both wake threads for every single query
        # and wait for them, ten times slower where the cores are busy. einsum runs in this one.
        return np.einsum('ij,j->i', descriptors, descriptor)

    return compare


def _faiss(descriptors: np.ndarray, kind: str) -> Compare:
    count, width = descriptors.shape
    if kind == 'hnsw':
        index = faiss.IndexHNSWFlat(width, HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efSearch = HNSW_BREADTH
    else:
        cells = round(count**0.5)
        index = faiss.index_factory(width, f'IVF{cells},Flat', faiss.METRIC_INNER_PRODUCT)
        index.nprobe = cells // 4
        index.cp.seed = IVF_SEED
        # faiss prints a warning below 39 points a cell, which every small map has.
        index.cp.min_points_per_centroid = 1
        index.train(descriptors)
    index.add(descriptors)

    def compare(descriptor: np.ndarray) -> np.ndarray:
        similarities, rows = index.search(descriptor[None], KNOWN)
        found = rows[0] >= 0
        whole = np.full(count, similarities[0][found].min(initial=1.0), np.float32)
        whole[rows[0][found]] = similarities[0][found]
        return whole

    return compare
