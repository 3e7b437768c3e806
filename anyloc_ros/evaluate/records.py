# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""From references, recognitions and poses to the arrays of a RunRecord."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math

from anyloc_ros.errors import ConfigError
from anyloc_ros.evaluate.ground_truth import in_words, parse_truth, positives, without_poses
from anyloc_ros.evaluate.record import Answers, Floats, Taught, Truth
from anyloc_ros.evaluate.whereabouts import arrays_of, Track, UNKNOWN
from anyloc_ros.localize.recognizer import Recognition
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
import numpy as np

BY_ITSELF = 'each image by itself: what a node would accept needs --drive'
"""The fact `acceptance` of a run whose images are no drive."""

KEPT = 20
"""Candidates that are asked for, and kept, of each query: recall is told up to here."""


@dataclass(frozen=True, slots=True)
class Said:
    """
    What was answered to one image; `ids` of references and their `similarities`, best first.

    The rest is of the best one, as in Answers; without any the image could not be read.
    """

    ids: Sequence[int]
    similarities: Sequence[float]
    accepted: bool
    probability: float = math.nan
    off_route: float = math.nan
    inliers: int = -1
    shift_px: float = math.nan
    heading_rad: float = math.nan
    heading_sigma: float = math.nan
    state: str = ''


def said_by(recognition: Recognition) -> Said:
    """Return the answer of a recognizer to an image that could be read."""
    kept = recognition.candidates[:KEPT]
    return Said(
        [candidate.reference.id for candidate in kept],
        [candidate.similarity for candidate in kept],
        recognition.accepted,
        kept[0].probability,
        recognition.off_route_probability,
        kept[0].inliers,
        kept[0].shift_px,
        kept[0].heading_rad,
        kept[0].heading_sigma,
        recognition.state,
    )


def answers_of(
    stamps_ns: Sequence[int],
    said: Sequence[Said | None],
    taught: Taught,
    times_ms: Mapping[str, Floats],
) -> Answers:
    """
    Return the answers to Q images; None stands for none.

    :param times_ms: see Answers.
    """
    row_of = {id_: row for row, id_ in enumerate(taught.ids.tolist())}
    best = [each if each is not None and len(each.ids) else None for each in said]
    most = max((len(each.ids) for each in best if each), default=0)
    rows = np.full((len(said), min(most, KEPT)), -1)
    similarities = np.full(rows.shape, np.nan)
    for number, each in enumerate(best):
        if each is not None:
            count = min(len(each.ids), KEPT)
            rows[number, :count] = [row_of[id_] for id_ in each.ids[:count]]
            similarities[number, :count] = each.similarities[:count]

    def column(name: str, unknown: float) -> Floats:
        return np.array([getattr(each, name) if each else unknown for each in best], float)

    return Answers(
        stamps_ns=np.array(stamps_ns, np.int64),
        rows=rows,
        similarities=similarities,
        accepted=column('accepted', False).astype(bool),
        answered=np.array([each is not None for each in best], bool),
        probabilities=column('probability', math.nan),
        off_route=column('off_route', math.nan),
        inliers=column('inliers', -1).astype(np.int64),
        shift_px=column('shift_px', math.nan),
        heading_rad=column('heading_rad', math.nan),
        heading_sigma=column('heading_sigma', math.nan),
        states=[each.state if each else '' for each in best],
        times_ms=times_ms,
    )


def taught_of(references: Sequence[Keyframe]) -> Taught:
    """Return the references as arrays."""
    places, yaws = arrays_of([reference.pose for reference in references])
    return Taught(
        np.array([reference.id for reference in references], np.int64),
        places,
        yaws,
        np.array([reference.route for reference in references], np.int64),
    )


@dataclass(frozen=True, slots=True)
class Numbered:
    """
    The references as the truth counts them: the number of each id, and how many numbers there are.

    An image that could not be read is no reference, and keeps its number.
    """

    number_of: Mapping[int, int]
    count: int


def numbered_in(place_map: PlaceMap) -> Numbered:
    """Return the numbers of the references in a map: 0 is the first one that was taught."""
    ids = [keyframe.id for keyframe in place_map.keyframes()]
    return Numbered({id_: number for number, id_ in enumerate(ids)}, len(ids))


def check_truth(text: str, queries: Track, references: Track) -> None:
    """
    Find a truth that does not fit two runs before minutes of work.

    :raises AnyLocError: it is malformed, of other images, or a radius and a run has no poses.
    """
    kind, _ = parse_truth(text)
    for name, track in (('queries', queries), ('references', references)):
        if kind == 'radius' and not track.poses:
            raise ConfigError(without_poses(text, name))
    if kind != 'radius':
        positives(text, *([UNKNOWN] * len(track.stamps_ns) for track in (queries, references)))


def truth_of(text: str, taught: Taught, numbered: Numbered, poses: Sequence[Pose | None]) -> Truth:
    """
    Return the truth of the queries.

    :param text: as written on the command line, see ground_truth. Only a radius says that poses
        of queries are in the frame of the map; else they are left out.
    :param poses: of the queries in the frame of the map.
    :raises AnyLocError: a truth that is malformed or does not fit.
    """
    kind, _ = parse_truth(text)
    rows = {numbered.number_of[id_]: row for row, id_ in enumerate(taught.ids.tolist())}
    references = np.full((numbered.count, 3), np.nan)
    references[list(rows)] = taught.positions
    where, yaws = arrays_of(poses if kind == 'radius' else [None] * len(poses))
    right = [
        frozenset(rows[number] for number in found if number in rows)
        for found in positives(text, where, references)
    ]
    return Truth(right, in_words(text), where, yaws)


def with_off_map(truth: Truth, count: int) -> Truth:
    """Return the truth with so many more queries, whose place is not on the map."""
    if not count:
        return truth
    known = len(truth.positives)
    return Truth(
        [*truth.positives, *[frozenset()] * count],
        truth.rule,
        np.pad(truth.positions, ((0, count), (0, 0)), constant_values=np.nan),
        np.pad(truth.yaws_rad, (0, count), constant_values=np.nan),
        np.arange(known + count) < known,
    )
