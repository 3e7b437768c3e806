# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The pictures of queries that are worth a look, decoded again, beside those of the map."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from anyloc_ros.errors import ImageError
from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.record import RunRecord
from anyloc_ros.evaluate.report.pairs import Pair, pair_title, worth_a_look
from anyloc_ros.io.samples import ImageSample
from anyloc_ros.io.source import Source
from anyloc_ros.mapping.images import decode_image
from anyloc_ros.mapping.place_map import PlaceMap
import cv2
import numpy as np

SIDE_PX = 640
"""Pictures are kept at this longer side: twenty of a large camera would fill the memory."""


def pairs_of(
    record: RunRecord, figures: Figures, sources: Sequence[Source], place_map: PlaceMap
) -> dict[str, list[Pair]]:
    """
    Return queries beside their best references, by why they are shown.

    :param sources: that the queries of the record came from, in this order.
    """
    choices = worth_a_look(record, figures)
    shown = pictures(sources, {number for choice in choices for number in choice.numbers})
    best = record.answers.best()
    return {
        choice.title: [
            Pair(
                pair_title(record, figures, number),
                shown[number],
                reference_picture(place_map, int(record.taught.ids[best[number]])),
            )
            for number in choice.numbers
            if number in shown
        ]
        for choice in choices
    }


def pictures(sources: Sequence[Source], numbers: Collection[int]) -> dict[int, np.ndarray]:
    """Return the images of these numbers (h, w, 3) uint8 RGB, small; without unreadable ones."""
    found = {}
    last = max(numbers, default=-1)
    for number, sample in enumerate(_images(sources)):
        if number > last:
            break
        if number in numbers:
            try:
                found[number] = small(sample.decode())
            except ImageError:
                continue
    return found


def reference_picture(place_map: PlaceMap, reference_id: int) -> np.ndarray | None:
    """Return the image of a reference, small; None where none is kept or it is damaged."""
    stored = place_map.image(reference_id)
    try:
        return None if stored is None else small(decode_image(stored.data))
    except ImageError:
        return None


def small(image: np.ndarray) -> np.ndarray:
    """Return an image (H, W, 3) with a longer side of SIDE_PX at most."""
    scale = SIDE_PX / max(image.shape[:2])
    if scale >= 1:
        return image
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def _images(sources: Sequence[Source]) -> Iterator[ImageSample]:
    every = chain.from_iterable(source.samples() for source in sources)
    return (sample for sample in every if isinstance(sample, ImageSample))
