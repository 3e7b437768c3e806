# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A run looked at again: what its images are similar to, and how they look."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from anyloc_ros.describe.describer import Describer
from anyloc_ros.errors import ImageError
from anyloc_ros.evaluate.repeat_run import RepeatRun
from anyloc_ros.evaluate.report.pairs import Pair
from anyloc_ros.evaluate.report.repeat_report import pair_title
from anyloc_ros.io.samples import ImageSample
from anyloc_ros.io.source import Source
from anyloc_ros.mapping.finish import Progress
from anyloc_ros.mapping.images import decode_image
from anyloc_ros.mapping.place_map import PlaceMap
import numpy as np

MAX_ROWS = 400
"""Queries of which all similarities are shown; of a longer run they are spread evenly."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """
    Similarities (R, M) of the queries `rows` with all references, and pictures of some queries.

    An image that cannot be read is in neither.
    """

    rows: Sequence[int]
    similarity: np.ndarray
    pictures: dict[int, np.ndarray]

    def agreement(self, run: RepeatRun) -> float:
        """Return the share of the answered `rows` whose best reference is the most similar."""
        pairs = [
            (run.answers[row].ranked[0], run.references[column].id)
            for row, column in zip(self.rows, self.similarity.argmax(axis=1), strict=True)
            if run.answers[row] and run.answers[row].ranked
        ]
        return sum(a == b for a, b in pairs) / len(pairs) if pairs else float('nan')


def look(
    place_map: PlaceMap,
    describer: Describer,
    queries: Source,
    rows: Collection[int],
    pictured: Collection[int],
    progress: Progress,
) -> Look:
    """Describe the queries `rows` once more, and keep the pictures of `pictured`."""
    _, references = place_map.descriptors()
    found, descriptors, pictures = [], [], {}
    images = (sample for sample in queries.samples() if isinstance(sample, ImageSample))
    for number, sample in enumerate(images):
        if number not in rows and number not in pictured:
            continue
        try:
            image = sample.decode()
            if number in rows:
                descriptors.append(describer.describe([image])[0])
                found.append(number)
                progress('compare', len(found), len(rows))
        except ImageError:
            continue
        if number in pictured:
            pictures[number] = image
    similarity = np.array(descriptors).reshape(-1, references.shape[1]) @ references.T
    return Look(found, similarity, pictures)


def pairs_of(
    run: RepeatRun, seen: Look, place_map: PlaceMap, numbers: Sequence[int]
) -> list[Pair]:
    """Return these queries beside their best references."""
    pairs = []
    for number in numbers:
        stored = place_map.image(run.answers[number].ranked[0])
        reference = decode_image(stored.data) if stored else None
        pairs.append(Pair(pair_title(run, number), seen.pictures[number], reference))
    return pairs
