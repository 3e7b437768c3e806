# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a localizer answered on a repeat run, against the truth where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anyloc_ros.config import TeachConfig
from anyloc_ros.evaluate.ground_truth import parse_truth, positives
from anyloc_ros.evaluate.metrics.recall import recall_at_k
from anyloc_ros.evaluate.whereabouts import numbers_of, positions, stamps_of, UNKNOWN
from anyloc_ros.io.source import Source
from anyloc_ros.mapping.geodesy import Datum
from anyloc_ros.mapping.records import Keyframe
import numpy as np

KS = (1, 5)


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """
    What came back for one image: the ids of references, best first.

    `similarity` is that of the best one, which is the match when it was `accepted`. `latency_s`
    is the time from sending the image to having the answer.
    """

    ranked: tuple[int, ...]
    similarity: float
    accepted: bool
    latency_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """
    Where the queries truly were.

    `positives` has the ids of the right references of each query; `positions` (Q, 3) is in metres
    in the frame of the map, NaN where unknown.
    """

    positives: Sequence[frozenset[int]]
    positions: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class RepeatRun:
    """The references of a map, and the answer to each image of a run; None where none came."""

    references: Sequence[Keyframe]
    answers: Sequence[QueryAnswer | None]
    truth: Truth | None
    unreadable: int = 0
    """Images that could not be read and were not sent; they have no answer either."""

    def best(self) -> list[Keyframe | None]:
        """Return the best reference of each query, None where there is none."""
        by_id = {reference.id: reference for reference in self.references}
        return [by_id[a.ranked[0]] if a and a.ranked else None for a in self.answers]

    def errors_m(self) -> np.ndarray:
        """Return (Q,) how far the best reference is from the query in metres, NaN if unknown."""
        errors_m = np.full(len(self.answers), np.nan)
        if self.truth is None:
            return errors_m
        for number, reference in enumerate(self.best()):
            if reference is not None and reference.pose is not None:
                away = np.subtract(reference.pose.position, self.truth.positions[number])
                errors_m[number] = np.linalg.norm(away)
        return errors_m

    def right(self) -> np.ndarray:
        """Return (Q,) bool: the best reference shows the place of the query; needs a truth."""
        return np.array(
            [
                bool(a and a.ranked and a.ranked[0] in right)
                for a, right in zip(self.answers, self.truth.positives, strict=True)
            ],
            bool,
        )

    def accepted(self) -> np.ndarray:
        """Return (Q,) bool: the best reference was accepted."""
        return np.array([bool(answer and answer.accepted) for answer in self.answers], bool)

    def figures(self) -> dict[str, Any]:
        """
        Return the run in figures; NaN is unknown.

        Recall counts all queries, one without an answer is a miss. The error is the distance from
        the true position of a query to its best reference, accepted or not.
        """
        answered = [answer for answer in self.answers if answer]
        recall = dict.fromkeys(KS, np.nan)
        accepted = self.accepted()
        wrong_accepted = None
        if self.truth is not None:
            ranked = [answer.ranked if answer else () for answer in self.answers]
            recall = recall_at_k(ranked, self.truth.positives, KS).at
            wrong_accepted = int((accepted & ~self.right()).sum())
        errors_m = self.errors_m()
        latencies_ms = np.array([answer.latency_s for answer in answered]) * 1e3
        return {
            'keyframes': len(self.references),
            'queries': len(self.answers),
            **{f'recall_at_{k}': share for k, share in recall.items()},
            'median_error_m': _percentile(errors_m, 50),
            'p95_error_m': _percentile(errors_m, 95),
            'latency_ms_p50': _percentile(latencies_ms, 50),
            'latency_ms_p95': _percentile(latencies_ms, 95),
            'dropped': len(self.answers) - self.unreadable - len(answered),
            'accepted': int(accepted.sum()),
            'accepted_wrong': wrong_accepted,
            'unreadable': self.unreadable,
        }


def truth_of(
    truth: str,
    queries: Source,
    taught: Source,
    keyframes: Sequence[Keyframe],
    datum: Datum | None,
    teach: TeachConfig,
    *,
    played_later_ns: int = 0,
) -> Truth:
    """
    Return the truth of a repeat run for references that are some of the images of `taught`.

    :param truth: `frames:N`, `radius:METRES` or `vprbench:FILE.npy`, in numbers of images.
    :param teach: says how poses are interpolated.
    :param played_later_ns: how much later than in `taught` the references are stamped.
    :raises AnyLocError: a truth that is malformed or does not fit.
    """
    stamps_ns = [stamp_ns + played_later_ns for stamp_ns in stamps_of(taught)]
    number_of = numbers_of(keyframes, stamps_ns)
    id_of = {number: id_ for id_, number in number_of.items()}
    places = [UNKNOWN] * len(stamps_ns)
    for keyframe in keyframes:
        if keyframe.pose is not None:
            places[number_of[keyframe.id]] = keyframe.pose.position
    # Only a radius says that both runs are in one frame: no distances otherwise.
    in_one_frame = datum is not None and parse_truth(truth)[0] == 'radius'
    where = positions(queries, datum, teach) if in_one_frame else [UNKNOWN] * len(queries)
    right = positives(truth, where, places)
    ids = [frozenset(id_of[n] for n in numbers if n in id_of) for numbers in right]
    return Truth(ids, np.array(where, float).reshape(-1, 3))


def _percentile(values: np.ndarray, percent: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.percentile(known, percent)) if len(known) else np.nan
