# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Where two orders of references run alike: local alignments in a table of scores.

The recursion is that of T. F. Smith and M. S. Waterman, Identification of common molecular
subsequences, J. Mol. Biol. 147 (1981), without gaps: a step goes on by one in both orders, or by
two in one of them and one in the other, so that one order may be driven up to twice as fast.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Alignment:
    """Cells (row, column) of the table from the first to the last, and the sum of their scores."""

    score: float
    first: tuple[int, int]
    last: tuple[int, int]

    @property
    def length(self) -> int:
        """Return the number of pairs along the longer of the two sides."""
        return 1 + max(self.last[0] - self.first[0], self.last[1] - self.first[1])

    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows and the columns of `length` pairs from the first to the last."""
        rows, columns = (
            np.linspace(first, last, self.length).round().astype(int)
            for first, last in zip(self.first, self.last, strict=True)
        )
        return rows, columns


def alignments(blocks: Iterable[np.ndarray], least_score: float) -> list[Alignment]:
    """
    Return the alignments with at least this score, the best first; none covers another's cells.

    Of two whose rows and columns both overlap by half of the shorter one the better is kept.

    :param blocks: the table, some rows (b, n) at a time; -inf where no alignment may pass.
    """
    ends = np.zeros((4, 0))
    row = 0
    state = None
    for block in blocks:
        found = [ends]
        if state is None:
            state = _State(block.shape[1])
        for scores in block:
            state.advance(row, scores)
            found.append(state.reached(row, least_score))
            row += 1
        # Of all cells an alignment passes it ends in the one where its score is highest.
        ends = np.concatenate(found, axis=1)
        ends = ends[:, np.lexsort((ends[1], ends[0]))]
        ends = ends[:, np.append(ends[0, 1:] != ends[0, :-1], True)[: ends.shape[1]]]
    kept: list[Alignment] = []
    for origin, score, last_row, last_column in ends[:, np.argsort(-ends[1], kind='stable')].T:
        first = divmod(int(origin), state.columns)
        candidate = Alignment(float(score), first, (int(last_row), int(last_column)))
        if not any(_overlap(candidate, other) for other in kept):
            kept.append(candidate)
    return kept


class _State:
    """The scores and origins of the best alignments that end in the last two rows."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._numbers = np.arange(columns)
        # Two columns in front stand for the outside of the table.
        blank = np.zeros(columns + 2, np.float32), np.zeros(columns + 2, np.int64)
        self._before, self._last = blank, blank

    def advance(self, row: int, scores: np.ndarray) -> None:
        """Go on by one row of scores (n,)."""
        steps = [
            tuple(values[1:-1] for values in self._last),
            tuple(values[:-2] for values in self._last),
            tuple(values[1:-1] for values in self._before),
        ]
        best, origin = steps[0]
        for score, start in steps[1:]:
            better = score > best
            best, origin = np.where(better, score, best), np.where(better, start, origin)
        now = np.zeros_like(self._last[0]), np.zeros_like(self._last[1])
        now[0][2:] = np.maximum(best + scores, 0)
        now[1][2:] = np.where(best > 0, origin, row * self.columns + self._numbers)
        self._before, self._last = self._last, now

    def reached(self, row: int, least_score: float) -> np.ndarray:
        """Return (4, k): origin, score, row and column of what has this score in the last row."""
        scores, origins = (values[2:] for values in self._last)
        columns = np.flatnonzero(scores >= least_score)
        rows = np.full(len(columns), row)
        return np.stack((origins[columns], scores[columns], rows, columns)).astype(np.float64)


def _overlap(a: Alignment, b: Alignment) -> bool:
    shares = []
    for side in (0, 1):
        common = min(a.last[side], b.last[side]) - max(a.first[side], b.first[side]) + 1
        shorter = min(a.last[side] - a.first[side], b.last[side] - b.first[side]) + 1
        shares.append(common / shorter)
    return min(shares) >= 0.5
