# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Answers that were recorded, and the images they were given to, become a RunRecord."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
import math

from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.costs import map_costs
from anyloc_ros.evaluate.metrics.latency import stamp_latency
from anyloc_ros.evaluate.record import RunRecord
from anyloc_ros.evaluate.recorded import Recorded
from anyloc_ros.evaluate.records import answers_of, numbered_in, taught_of, truth_of
from anyloc_ros.evaluate.whereabouts import odometry_of, poses_on, Track
from anyloc_ros.mapping.place_map import PlaceMap
import numpy as np

ONE_CLOCK_MS = 60_000.0
"""Answers that usually come later than this after their image are dated by another clock."""


def run_from_records(
    place_map: PlaceMap,
    recorded: Sequence[Recorded],
    truth: str,
    track: Track,
    true: Track,
    poses: TeachConfig,
    *,
    name: str,
    facts: Mapping[str, str],
    real_time: bool,
) -> tuple[RunRecord, list[str]]:
    """
    Return the run of answers that were given to the images of `track`, and what is to be noted.

    An image without an answer of its stamp was not answered. `total` among the times is from the
    stamp of an image until the answer was received, where that is known and by the same clock.

    :param truth: as written on the command line, with `true` for the poses.
    :raises AnyLocError: no answer has the stamp of an image, or a truth that does not fit.
    """
    waiting: dict[int, deque[Recorded]] = defaultdict(deque)
    for each in recorded:
        waiting[each.stamp_ns].append(each)
    met = [waiting[ns].popleft() if waiting.get(ns) else None for ns in track.stamps_ns]
    left = sum(map(len, waiting.values()))
    if not any(met):
        raise SourceError(
            f'no answer has the stamp of an image: the images begin at {track.stamps_ns[0]} ns, '
            f'the answers at {recorded[0].stamp_ns} ns; give the images that were answered'
        )
    notes = [f'{left} answers are to no image and left out'] if left else []
    times_ms = _waited_ms(met, notes)
    taught = taught_of(place_map.keyframes())
    record = RunRecord(
        name=name,
        facts=facts,
        taught=taught,
        answers=answers_of(
            track.stamps_ns, [each and each.said for each in met], taught, times_ms
        ),
        truth=truth_of(
            truth, taught, numbered_in(place_map), poses_on(place_map.datum, true, poses)
        ),
        real_time=real_time,
        odometry=odometry_of(track, poses),
        costs=map_costs(place_map),
        images=track.images,
    )
    return record, notes


def _waited_ms(met: Sequence[Recorded | None], notes: list[str]) -> dict[str, np.ndarray]:
    """Return the time from each image to its answer, {} where it is not known."""
    known = [n for n, each in enumerate(met) if each and each.received_ns is not None]
    if not known:
        return {}
    # In the order in which they were received: else a clock seems to stand still.
    known.sort(key=lambda number: met[number].received_ns)
    waited = stamp_latency(
        np.array([met[number].stamp_ns for number in known], np.int64),
        np.array([met[number].received_ns for number in known], np.int64),
    )
    told_ms = waited.times_ms[np.isfinite(waited.times_ms)]
    late = len(told_ms) and np.median(told_ms) > ONE_CLOCK_MS
    if late or waited.before > len(known) / 2:
        notes.append('images and answers are dated by two clocks: no latency is known')
        return {}
    times_ms = np.full(len(met), math.nan)
    times_ms[known] = waited.times_ms
    return {'total': times_ms}
