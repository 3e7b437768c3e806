# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The nearest references among descriptors that need not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from anyloc_ros.evaluate.metrics.recall import nearest
import numpy as np

BLOCK_BYTES = 2**28
"""Descriptors of either side that are in memory at a time; the search needs some times as much."""

Parts = Callable[[], Iterable[np.ndarray]]
"""Gives the descriptors (n, P) of one side in parts, from the first on at each call."""


def nearest_of_parts(
    queries: Parts, references: Parts, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """
    Return rows (Q, count) of the most similar references and their cosines (Q, count).

    As `recall.nearest` does: of equal ones the first comes first, rows of none are -1 and their
    cosines NaN, also where there are fewer references than `count`.
    """
    rows, cosines = [], []
    for block in blocks(queries()):
        best_rows = np.full((len(block), count), -1, np.int64)
        best = np.full((len(block), count), -np.inf, np.float32)
        start = 0
        for others in blocks(references()):
            found_rows, found = nearest(block, others, count)
            all_rows = np.hstack([best_rows, np.where(found_rows < 0, -1, found_rows + start)])
            every = np.hstack([best, found])
            order = np.argsort(-every, axis=1, kind='stable')[:, :count]
            best_rows = np.take_along_axis(all_rows, order, axis=1)
            best = np.take_along_axis(every, order, axis=1)
            start += len(others)
        rows.append(best_rows)
        cosines.append(best)
    rows = np.concatenate(rows)
    return rows, np.where(rows < 0, np.nan, np.concatenate(cosines).astype(float))


def blocks(parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield parts together, as many as BLOCK_BYTES hold and at least one."""
    held: list[np.ndarray] = []
    for part in parts:
        if held and sum(each.nbytes for each in held) + part.nbytes > BLOCK_BYTES:
            yield np.concatenate(held)
            held = []
        held.append(part)
    if held:
        yield np.concatenate(held)


def similarities_of_parts(queries: np.ndarray, references: Iterable[np.ndarray]) -> np.ndarray:
    """Return the cosines (R, M) of descriptors of unit length (R, P) with those of all parts."""
    return np.hstack([queries @ block.T for block in blocks(references)])
