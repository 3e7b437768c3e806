# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Recall@K exactly as the AnyLoc paper counts it, and as the VPR tutorial does.

Both ask whether one of the first K retrieved references is a positive of the query. AnyLoc divides
by all queries: a query without any positive is a miss. The tutorial leaves such queries out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Recall:
    """
    Recall over all queries and over those that have a positive, for each K asked.

    A share of no queries is NaN.
    """

    at: Mapping[int, float]
    at_answerable: Mapping[int, float]
    queries: int
    queries_without_positive: int


def recall_at_k(
    ranked: Sequence[Sequence[int]],
    positives: Sequence[AbstractSet[int]],
    ks: Sequence[int] = (1, 5, 10, 20),
) -> Recall:
    """
    Count the queries with a positive among their first K references.

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
    return Recall(
        at={k: _share(first_hit < k) for k in ks},
        at_answerable={k: _share(first_hit[answerable] < k) for k in ks},
        queries=len(positives),
        queries_without_positive=int((~answerable).sum()),
    )


def _share(hits: np.ndarray) -> float:
    return float(hits.mean()) if len(hits) else float('nan')
