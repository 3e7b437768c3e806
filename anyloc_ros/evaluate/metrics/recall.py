# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Recall@K exactly as the AnyLoc paper counts it, as the VPR tutorial does, and against tolerance.

Both ask whether one of the first K retrieved references is a positive of the query. AnyLoc divides
by all queries: a query without any positive is a miss. The tutorial leaves such queries out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from anyloc_ros.evaluate.metrics.intervals import Estimate, IMAGES, means, Resampling, shares
import numpy as np

PAPER_KS = tuple(range(1, 21))
TOLERANCES_M = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 25.0)
_ROWS = 512
_GROUPS = 128


@dataclass(frozen=True, slots=True)
class Recall:
    """
    Recall over all queries and over those that have a positive, for each K asked.

    A share of no queries is NaN.
    """

    estimates: Mapping[int, Estimate]
    estimates_answerable: Mapping[int, Estimate]
    queries: int
    queries_without_positive: int

    @property
    def at(self) -> dict[int, float]:
        """Return the recall over all queries for each K."""
        return {k: found.value for k, found in self.estimates.items()}

    @property
    def at_answerable(self) -> dict[int, float]:
        """Return the recall over the queries that have a positive, for each K."""
        return {k: found.value for k, found in self.estimates_answerable.items()}


def recall_at_k(
    ranked: Sequence[Sequence[int]],
    positives: Sequence[AbstractSet[int]],
    ks: Sequence[int] = (1, 5, 10, 20),
    resampling: Resampling = IMAGES,
) -> Recall:
    """
    Count the queries with a positive among their first K references.

    mean over q of 1[{r_1 .. r_K} meets P(q)]; Keetha et al., RA-L 2023,
    https://doi.org/10.1109/LRA.2023.3343602, and Schubert et al., RAM 2023,
    https://doi.org/10.1109/MRA.2023.3310859 (answerable queries only).

    :param ranked: for each query, reference ids from the most similar on. Fewer than K are
        allowed: a small map, or an image that could not be read (none, a miss).
    :param positives: for each query, the ids of the references that show its place.
    """
    if len(ranked) != len(positives):
        raise ValueError(f'ranked: expected {len(positives)} rows as positives, got {len(ranked)}')
    first_hit = np.array(
        [
            next((rank for rank, id_ in enumerate(ids) if id_ in right), np.inf)
            for ids, right in zip(ranked, positives, strict=True)
        ]
    )
    answerable = np.array([bool(right) for right in positives], bool)
    hits = first_hit[:, None] < np.asarray(ks, int)
    every = np.ones(len(positives), bool)
    return Recall(
        estimates=dict(zip(ks, shares(hits, every, resampling), strict=True)),
        estimates_answerable=dict(zip(ks, shares(hits, answerable, resampling), strict=True)),
        queries=len(positives),
        queries_without_positive=int((~answerable).sum()),
    )


@dataclass(frozen=True, slots=True)
class ToleranceCurve:
    """
    Recall@1 for each tolerance, and the area under it up to the largest, divided by that.

    `without_error` counts queries whose error is not known (no answer, no truth): misses at any
    tolerance.
    """

    recall: Mapping[float, Estimate]
    area: Estimate
    queries: int
    without_error: int


def recall_vs_tolerance(
    errors: np.ndarray,
    tolerances: Sequence[float] = TOLERANCES_M,
    resampling: Resampling = IMAGES,
) -> ToleranceCurve:
    """
    Return Recall@1 as a function of how far off is still right, inclusive.

    R(tau) = share of all q with e(q) <= tau. Its area up to the last tolerance T is exact, as R is
    a staircase: mean of max(T - e, 0) / T.

    :param errors: (Q,) how far the best reference is off, in metres or frames; NaN is a miss.
    :param tolerances: rising, in the same unit, the last one above 0.
    """
    errors = np.asarray(errors, float)
    every = np.ones(len(errors), bool)
    hits = errors[:, None] <= np.asarray(tolerances)
    gains = np.nan_to_num(np.maximum(tolerances[-1] - errors, 0.0))[:, None] / tolerances[-1]
    return ToleranceCurve(
        recall=dict(zip(tolerances, shares(hits, every, resampling), strict=True)),
        area=means(gains, every, resampling)[0],
        queries=len(errors),
        without_error=int((~np.isfinite(errors)).sum()),
    )


def nearest(
    queries: np.ndarray, references: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """
    Return the rows (Q, k) of the most similar references, and their cosines (Q, k).

    k is `count`, or all references where there are fewer. Of equal ones the first comes first.
    Descriptors may have any length: they are divided by it, as the paper's code does. One that is
    zero or has a NaN is like nothing: row -1, which is no reference, and cosine -inf.

    :param queries: (Q, P) descriptors.
    :param references: (M, P) descriptors of the same method.
    """
    if queries.shape[1] != references.shape[1]:
        raise ValueError(
            f'queries: expected {references.shape[1]} columns as references, '
            f'got {queries.shape[1]}'
        )
    units, others = _unit(queries), _unit(references)
    k = min(count, len(others))
    rows = np.empty((len(units), k), np.int64)
    cosines = np.empty((len(units), k), np.float32)
    for start in range(0, len(units), _ROWS):
        stop = start + _ROWS
        similarity = units[start:stop] @ others.T
        similarity[np.isnan(similarity)] = -np.inf
        rows[start:stop] = _best(similarity, k)
        cosines[start:stop] = np.take_along_axis(similarity, rows[start:stop], axis=1)
    return np.where(np.isfinite(cosines), rows, -1), cosines


def _best(similarity: np.ndarray, k: int) -> np.ndarray:
    """Return the columns of the k largest of each row, the first of equal ones first."""
    count, width = similarity.shape
    if k == 0:
        return np.empty((count, 0), np.int64)
    # k groups of columns reach their k-th largest maximum: the k best are not below it.
    groups = min(width, max(_GROUPS, k))
    whole = similarity[:, : width // groups * groups].reshape(count, groups, -1).max(axis=2)
    bound = np.partition(whole, groups - k, axis=1)[:, groups - k]
    rows, columns = np.nonzero(similarity >= bound[:, None])
    order = np.lexsort((columns, -similarity[rows, columns], rows))
    first = np.searchsorted(rows, np.arange(count))
    return columns[order[first[:, None] + np.arange(k)]]


def _unit(descriptors: np.ndarray) -> np.ndarray:
    descriptors = np.asarray(descriptors, np.float32)
    lengths = np.linalg.norm(descriptors, axis=1, keepdims=True)
    return np.divide(descriptors, np.where(lengths > 0, lengths, np.nan))
