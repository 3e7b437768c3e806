# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A data set whose images were looked through once, for the runs of all methods."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.benchmark.images import look_through, Side
from anyloc_ros.evaluate.datasets.dataset import DataSet, sub_sample
from anyloc_ros.evaluate.datasets.registry import open_dataset
from anyloc_ros.evaluate.record import Taught, Truth
from anyloc_ros.mapping.progress import Progress
import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A data set, and the images of its sides; `driven`: two runs, each in the order driven."""

    dataset: DataSet
    references: Side
    queries: Side
    distractors: Side | None
    driven: bool

    def reference_sides(self) -> list[Side]:
        """Return the references, and the distractors that are numbered behind them."""
        return [self.references] + ([self.distractors] if self.distractors else [])

    def identity(self) -> list[object]:
        """Return what a result depends on besides the method."""
        positions = [
            [] if known is None else known.tolist()
            for known in (self.dataset.reference_positions, self.dataset.query_positions)
        ]
        truth = [sorted(row) for row in self.dataset.positives]
        sides = [side.digests for side in (*self.reference_sides(), self.queries)]
        return [self.dataset.name, self.dataset.truth, sides, truth, positions]

    def taught(self) -> Taught:
        """
        Return the references and distractors as arrays.

        Unless they were driven each is a route of its own: the order of their names is no path.
        """
        count = sum(len(side.digests) for side in self.reference_sides())
        positions = np.full((count, 3), np.nan)
        if self.dataset.reference_positions is not None:
            positions[: len(self.dataset.reference_positions)] = self.dataset.reference_positions
        return Taught(
            ids=np.arange(count),
            positions=positions,
            yaws_rad=np.full(count, np.nan),
            routes=np.zeros(count, np.int64) if self.driven else np.arange(count),
        )

    def right(self) -> Truth:
        """Return what is true of the queries."""
        count = len(self.queries.digests)
        positions = self.dataset.query_positions
        return Truth(
            positives=self.dataset.positives,
            rule=self.dataset.truth,
            positions=np.full((count, 3), np.nan) if positions is None else positions,
            yaws_rad=np.full(count, np.nan),
        )


def open_for_runs(name: str, root: Path, stride: int, progress: Progress) -> Opened:
    """
    Open a data set, keep every n-th of its references, and look through its images.

    :raises AnyLocError: it cannot be used, and why.
    """
    dataset = sub_sample(open_dataset(name, root), stride)
    references, queries, distractors = (
        None if source is None else look_through(source, title, progress)
        for title, source in (
            ('read references', dataset.references),
            ('read queries', dataset.queries),
            ('read distractors', dataset.distractors),
        )
    )
    for side, count in (
        (references, len(dataset.references)),
        (queries, len(dataset.positives)),
    ):
        if len(side.digests) != count or not count:
            raise SourceError(
                f'{side.source.name}: expected {count} images, at least one, got '
                f'{len(side.digests)}: numbers would not mean the same; repair the data set'
            )
    driven = name.startswith(('frames:', 'radius:'))
    return Opened(dataset, references, queries, distractors, driven)
