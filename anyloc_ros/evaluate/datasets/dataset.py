# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""One data set: references, queries, and which reference shows the place of which query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
import math

from anyloc_ros.errors import ConfigError
from anyloc_ros.evaluate.ground_truth import positives_by_radius
from anyloc_ros.io.samples import ImageSample, PoseSample, Position
from anyloc_ros.io.source import Source
from anyloc_ros.mapping.geodesy import Datum, is_on_earth
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """
    Images, read when they are asked for, and the truth about them.

    `positives` has for each query the numbers of the references that show its place. Distractors
    are more references, numbered behind the others and never positive. `truth` says the rule in
    words, for reports; `notes` what people should know. `stride` is 1, or n where sub_sample kept
    every n-th reference: numbers and positions then count the kept ones.

    Positions are (M, 3) and (Q, 3) in metres in one local frame, NaN where unknown, or None.
    """

    name: str
    references: Source
    queries: Source
    positives: list[frozenset[int]]
    truth: str
    reference_positions: NDArray[np.float64] | None = None
    query_positions: NDArray[np.float64] | None = None
    distractors: Source | None = None
    stride: int = 1
    notes: tuple[str, ...] = ()


class EveryNth:
    """Every n-th image of a source, from the first on, and all of its poses."""

    def __init__(self, source: Source, stride: int) -> None:
        """Keep images 0, n, 2n, ... of `source`."""
        self._source, self._stride = source, stride
        self.name = f'{source.name}, one image in {stride}'
        self.has_stamps = source.has_stamps
        self.has_poses = source.has_poses
        self.calibration = source.calibration
        self.notes = source.notes

    def __len__(self) -> int:
        """Return the number of kept images."""
        return math.ceil(len(self._source) / self._stride)

    def samples(self) -> Iterator[ImageSample | PoseSample]:
        """Yield the poses and the kept images, with the stamps they have in the source."""
        number = 0
        for sample in self._source.samples():
            if isinstance(sample, ImageSample):
                number += 1
                if (number - 1) % self._stride:
                    continue
            yield sample


def sub_sample(dataset: DataSet, references: int, queries: int = 1) -> DataSet:
    """
    Keep every n-th reference, and every m-th query, from the first on.

    A positive that is not kept is lost, as in the published evaluation, where retrieved numbers
    are multiplied by the stride before they are looked up. Distractors are thinned likewise.

    :raises ConfigError: a stride below 1.
    """
    for name, stride in (('references', references), ('queries', queries)):
        if stride < 1:
            raise ConfigError(f'stride of {name}: expected 1 or more, got {stride}')
    kept = [
        frozenset(id_ // references for id_ in ids if id_ % references == 0)
        for ids in dataset.positives[::queries]
    ]
    known = dataset.reference_positions is not None
    return replace(
        dataset,
        references=EveryNth(dataset.references, references),
        queries=EveryNth(dataset.queries, queries),
        positives=kept,
        reference_positions=dataset.reference_positions[::references] if known else None,
        query_positions=dataset.query_positions[::queries] if known else None,
        distractors=dataset.distractors and EveryNth(dataset.distractors, references),
        stride=dataset.stride * references,
    )


def within_radius(
    references: Sequence[Position], queries: Sequence[Position], radius_m: float
) -> tuple[list[frozenset[int]], NDArray[np.float64], NDArray[np.float64]]:
    """
    Return the positives by radius, inclusive, and the local positions they were measured with.

    The local frame begins at the first reference that has a position.

    :raises MapError: poses of several kinds, or of several UTM zones.
    """
    datum = Datum.of(next(filter(is_on_earth, references), references[0]))
    local = [
        np.array([datum.to_local(pose).position for pose in poses], float)
        for poses in (references, queries)
    ]
    return positives_by_radius(local[1], local[0], radius_m), local[0], local[1]
