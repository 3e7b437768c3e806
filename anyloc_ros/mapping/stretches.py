# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Aliased stretches: parts of the taught routes that look like another part.

Single pairs of references look alike by chance. A localizer is misled where the likeness goes on
while the robot drives, so alignments of the similarities (`mapping.alignment`) are looked for.
They run forwards in both stretches: a camera that comes back sees other walls, and whatever looks
the same in both directions does not agree with the way the robot moves.

There is no threshold on the cosine. A pair is alike when it is nearer to what successive
references of the map have (`near`, the median) than to what two different places have
(`ordinary`, the median), and stands out of the spread of the latter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from anyloc_ros.mapping.alignment import Alignment, alignments
from anyloc_ros.mapping.progress import Progress
from anyloc_ros.mapping.records import Keyframe
import numpy as np

BLOCK = 128
"""References compared with the others at a time: 5 MB of similarities for a map of 10,000."""

SAMPLED = 256
"""References compared with the whole map to learn how alike different places are."""

SPREADS = 5.0
"""
How many times the way from the median to the upper quartile is no chance any more.

These are 3.4 standard deviations of a normal distribution; the quartile does not move when up to
a quarter of the pairs are second visits.
"""

LEAST_REACH = 3
"""References so near along a route show the same place, however fast the view changes."""

LEAST_SCORE = 3.0
"""
What an alignment needs: a pair counts 1 when it is as far above the level as ordinary ones are
below, which cost 1 each.
"""

USUAL = 0.75
"""The usual step is this quantile of all: a robot that turns on the spot makes short ones."""

DRIFT = 0.05
"""Poses that differ by less than this share of the way between may be one place: odometry."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """References of one route, in order; the way in metres, None without poses."""

    route: int
    first_index: int
    last_index: int
    first_id: int
    last_id: int
    length_m: float | None


@dataclass(frozen=True, slots=True)
class LookAlike:
    """
    Two stretches that look the same, the earlier one `here`.

    `references` is the number of pairs, `similarity` their mean cosine. `apart_m` is the median
    distance of a pair, None without poses. `revisit` says that it may be one place driven through
    twice: there are no poses, or they are nearer than odometry drifts on the way between.
    """

    here: Stretch
    there: Stretch
    references: int
    similarity: float
    apart_m: float | None
    revisit: bool


def look_alikes(
    keyframes: Sequence[Keyframe],
    descriptors: np.ndarray,
    progress: Progress = lambda stage, done, total: None,
) -> list[LookAlike]:
    """
    Return the pairs of stretches that look alike at different positions, the strongest first.

    A second visit whose poses say so is not among them. Memory beside the descriptors is that of
    some blocks of BLOCK x M numbers; the time is that of M^2 P / 2 products.

    :param keyframes: the M references that are described.
    :param descriptors: (M, P) float32 of unit length, in the same order.
    """
    if len(keyframes) < 2:
        return []
    order = sorted(range(len(keyframes)), key=lambda i: (keyframes[i].route, keyframes[i].index))
    keyframes = [keyframes[i] for i in order]
    if order != sorted(order):
        descriptors = descriptors[order]
    table = _Table(keyframes, descriptors)
    if table.level is None:
        return []
    routes = np.array([keyframe.route for keyframe in keyframes])
    bounds = [0, *(np.flatnonzero(np.diff(routes)) + 1).tolist(), len(routes)]
    spans = list(pairwise(bounds))
    found = []
    for number, (start, end) in enumerate(spans):
        for other, other_end in spans[number:]:
            blocks = table.scores(range(start, end), range(other, other_end), progress)
            for alignment in alignments(blocks, LEAST_SCORE):
                if alignment.length >= table.reach:
                    found.append((alignment.score, table.described(alignment, start, other)))
    progress('compare', len(keyframes), len(keyframes))
    return [alike for _, alike in sorted(found, key=lambda pair: -pair[0])]


class _Table:
    """
    The similarities of the references with each other, and what they mean in this map.

    `level` is where a pair begins to be alike; None where the map has no two different places.
    `reach` is how many references along a route look alike because the robot has hardly moved:
    a chance likeness of two references is as long as that, an alignment must be longer.
    """

    def __init__(self, keyframes: Sequence[Keyframe], descriptors: np.ndarray) -> None:
        self._keyframes = keyframes
        self._descriptors = descriptors
        self._route = np.array([keyframe.route for keyframe in keyframes])
        self._index = np.array([keyframe.index for keyframe in keyframes])
        self._position = np.array(
            [k.pose.position if k.pose else (np.nan,) * 3 for k in keyframes]
        ).reshape(-1, 3)
        self._step_m = usual(np.linalg.norm(np.diff(self._position, axis=0), axis=1))
        self.reach = LEAST_REACH
        self.level: float | None = None
        near = self._successive(1)
        sampled = np.unique(np.linspace(0, len(keyframes) - 1, SAMPLED).round().astype(int))
        rows = np.arange(len(keyframes))
        different = self._similarities(sampled, rows)[~self._near(sampled, rows)]
        if not len(near) or not len(different):
            return
        self._ordinary, upper = np.quantile(different, (0.5, 0.75)).tolist()
        near = float(np.median(near))
        level = max(
            (near + self._ordinary) / 2, self._ordinary + SPREADS * (upper - self._ordinary)
        )
        # Being as alike as successive references is enough, where these are alike at all.
        self.level = float(min(level, near) if near > upper else level)
        if self.level <= self._ordinary:
            self.level = None
            return
        alike = 1
        while len(far := self._successive(alike)) and np.median(far) >= self.level:
            alike += 1
        self.reach = max(self.reach, 2 * alike - 1)

    def scores(self, rows: range, columns: range, progress: Progress) -> Iterator[np.ndarray]:
        """Yield blocks of rows (b, n) of the table, -inf for one place and below the diagonal."""
        every = np.arange(columns.start, columns.stop)
        for start in range(rows.start, rows.stop, BLOCK):
            progress('compare', start, len(self._keyframes))
            block = np.arange(start, min(start + BLOCK, rows.stop))
            # What lies before the block was compared with it already.
            first = max(start - columns.start, 0)
            similarities = self._similarities(block, every[first:])
            above = (similarities - self.level) / (self.level - self._ordinary)
            same = self._same(block, every[first:], similarities)
            scores = np.full((len(block), len(every)), -np.inf, np.float32)
            scores[:, first:] = np.where(same, -np.inf, np.clip(above, -1, 1))
            scores[block[:, None] >= every] = -np.inf
            yield scores

    def described(self, alignment: Alignment, first_row: int, first_column: int) -> LookAlike:
        """Return an alignment of the rows and columns from these on in the words of the map."""
        rows, columns = alignment.cells()
        rows, columns = rows + first_row, columns + first_column
        cosines = np.einsum('ij,ij->i', self._descriptors[rows], self._descriptors[columns])
        away_m = np.linalg.norm(self._position[rows] - self._position[columns], axis=1)
        away_m = away_m[np.isfinite(away_m)]
        apart_m = float(np.median(away_m)) if len(away_m) else None
        way_m = stretch(self._keyframes[rows[0]], self._keyframes[columns[0]]).length_m
        return LookAlike(
            here=stretch(self._keyframes[rows[0]], self._keyframes[rows[-1]]),
            there=stretch(self._keyframes[columns[0]], self._keyframes[columns[-1]]),
            references=alignment.length,
            similarity=float(cosines.mean()),
            apart_m=apart_m,
            revisit=apart_m is None or (way_m is not None and apart_m <= DRIFT * way_m),
        )

    def _similarities(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        # The columns follow each other: a view of the descriptors, where a list would copy them.
        first, end = columns[0], columns[-1] + 1
        return self._descriptors[rows] @ self._descriptors[first:end].T

    def _successive(self, apart: int) -> np.ndarray:
        """Return the similarities of references so far apart along a route, of a sample."""
        first = np.arange(len(self._route) - apart)
        first = first[self._route[first] == self._route[first + apart]]
        if len(first) > 4 * SAMPLED:
            first = first[np.linspace(0, len(first) - 1, 4 * SAMPLED).round().astype(int)]
        return np.einsum('ij,ij->i', self._descriptors[first], self._descriptors[first + apart])

    def _near(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return (b, n) bool: whether two references lie within reach of each other."""
        near = np.abs(self._index[rows][:, None] - self._index[columns]) <= self.reach
        near &= self._route[rows][:, None] == self._route[columns]
        squares = np.zeros(near.shape)
        for axis in range(3):
            position = self._position[:, axis]
            squares += (position[rows][:, None] - position[columns]) ** 2
        # NaN, where a pose is missing, is not near.
        return near | (squares <= (self.reach * self._step_m) ** 2)

    def _same(self, rows: np.ndarray, columns: np.ndarray, similarities: np.ndarray) -> np.ndarray:
        """
        Return (b, n) bool: whether two references show the same place.

        They lie near each other, or all references from there on to a near one look alike: the
        robot stood still, or drives down a corridor whose end comes closer slowly.
        """
        near = self._near(rows, columns)
        linked = near | (similarities >= self.level)
        after = _since(near) > _since(~linked)
        before = (_since(near[:, ::-1]) > _since(~linked[:, ::-1]))[:, ::-1]
        return linked & (before | after)


def stretch(first: Keyframe, last: Keyframe) -> Stretch:
    """Return the stretch between two references; of two routes it has no length."""
    length_m = None
    if first.route == last.route and None not in (first.odometry_m, last.odometry_m):
        length_m = last.odometry_m - first.odometry_m
    return Stretch(first.route, first.index, last.index, first.id, last.id, length_m)


def usual(steps: np.ndarray) -> float:
    """Return the usual one of some steps, NaN among them left out; 0 without any."""
    steps = steps[np.isfinite(steps)]
    return float(np.quantile(steps, USUAL)) if len(steps) else 0.0


def _since(marks: np.ndarray) -> np.ndarray:
    """Return (b, n): the last column up to each one that is marked in its row, -1 for none."""
    return np.maximum.accumulate(np.where(marks, np.arange(marks.shape[1]), -1), axis=1)
