# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Search for the references most similar to a query."""

from __future__ import annotations

from collections.abc import Callable

from anyloc_ros.errors import ConfigError
import faiss
import numpy as np

HNSW_LINKS = 32
HNSW_BREADTH = 128
IVF_SEED = 42

Search = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]]


class ReferenceIndex:
    """
    The reference descriptors (M, P) of unit length, ready to be searched by cosine.

    `exact` compares with every reference. `hnsw` (a graph) and `ivf` (cells, about the square root
    of M of them, a quarter is visited) are faiss indices that may miss a reference; they pay from
    some 100,000 references on. Descriptors are kept in float32.

    :raises ConfigError: another kind.
    """

    def __init__(self, descriptors: np.ndarray, kind: str = 'exact') -> None:
        descriptors = np.ascontiguousarray(descriptors, np.float32)
        self.size, self.width = descriptors.shape
        self._search: Search = (
            _exact(descriptors) if kind == 'exact' else _faiss(descriptors, kind)
        )

    def search(self, descriptor: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """
        Return rows and similarities of the k nearest references, the most similar first.

        Equal similarities are in the order of the rows. Fewer than k come back when the map is
        smaller or an approximate index finds no more.

        :param descriptor: (P,) of unit length.
        """
        k = min(k, self.size)
        rows, similarities = self._search(np.asarray(descriptor, np.float32), k)
        order = np.lexsort((rows, -similarities))[:k]
        return rows[order], similarities[order]


def _exact(descriptors: np.ndarray) -> Search:
    def search(descriptor: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        # Neither faiss.IndexFlatIP nor a BLAS product: both wake threads for every single query
        # and wait for them, ten times slower where the cores are busy. einsum runs in this one.
        similarities = np.einsum('ij,j->i', descriptors, descriptor)
        least = np.partition(similarities, -k)[-k] if k else np.inf
        rows = np.flatnonzero(similarities >= least)
        return rows, similarities[rows]

    return search


def _faiss(descriptors: np.ndarray, kind: str) -> Search:
    count, width = descriptors.shape
    if kind == 'hnsw':
        index = faiss.IndexHNSWFlat(width, HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efSearch = HNSW_BREADTH
    elif kind == 'ivf':
        cells = max(1, round(count**0.5))
        index = faiss.index_factory(width, f'IVF{cells},Flat', faiss.METRIC_INNER_PRODUCT)
        index.nprobe = max(1, cells // 4)
        index.cp.seed = IVF_SEED
        # faiss prints a warning below 39 points a cell, which every small map has.
        index.cp.min_points_per_centroid = 1
        index.train(descriptors)
    else:
        raise ConfigError(f'index: expected exact, hnsw or ivf, got {kind!r}')
    index.add(descriptors)

    def search(descriptor: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        similarities, rows = index.search(descriptor[None], k)
        found = rows[0] >= 0
        return rows[0][found], similarities[0][found]

    return search
