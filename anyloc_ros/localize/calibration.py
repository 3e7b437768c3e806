# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
What a second drive, and images that do not show the route, tell about a map.

The second drive (`queries`) says how far images on the route score: the upper end is the 95th
percentile, which a few lucky images do not move, nor a part of the drive that left the route. The
other images (`off_map`) become a second background, see `off_route.Novelty`. By both the map can
only become stricter: no image is more likely to show the route than before. What it costs is what
`calibrate` tells, before and after: how many images of the second drive are accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import time
from typing import TYPE_CHECKING

from anyloc_ros.config import LocalizeConfig, MonitorConfig, SequenceConfig
from anyloc_ros.errors import ConfigError
from anyloc_ros.localize.acceptance import learned_thresholds
from anyloc_ros.localize.off_route import Novelty
from anyloc_ros.localize.places import Places
from anyloc_ros.localize.tracker import Tracker
from anyloc_ros.mapping.method import describer_for
from anyloc_ros.mapping.place_map import ON_ROUTE_SCORE, PlaceMap
from anyloc_ros.mapping.unrelated import CALIBRATED, GIVEN, PACKAGE
import numpy as np

if TYPE_CHECKING:
    from anyloc_ros.describe.describer import Describer

MIN_IMAGES = 20
"""Of fewer images neither a percentile nor a deviation can be told."""

UPPER_PERCENT = 95
LEAST_ON_ROUTE = 0.5
"""When a smaller share of images is accepted, a drive is not one along the route."""

MOST_OFF_ROUTE = 0.3
"""When a greater share is, a recording shows the route; a building of its style came to 0.19."""

STRETCHES = 4
"""Images off the map are judged by what the rest tells, in stretches: neighbours look alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Images of a source as stamps (N,) in order and descriptors (N, P) float32."""

    name: str
    stamps_ns: Sequence[int]
    descriptors: np.ndarray

    def __len__(self) -> int:
        return len(self.stamps_ns)

    def part(self, numbers: np.ndarray) -> Recording:
        """Return the images of these numbers."""
        stamps_ns = [self.stamps_ns[number] for number in numbers]
        return Recording(self.name, stamps_ns, self.descriptors[numbers])


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    What a map makes of images in a row, without odometry.

    `accepted` is the share of matches, `probability` the mean probability of the best place,
    `beyond` the share that by itself rather shows the route than not.
    """

    accepted: float
    probability: float
    beyond: float


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Images, and what the map makes of them without calibration and with it."""

    recording: Recording
    before: Judgement
    after: Judgement


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """
    What is stored in a map, and what that changes.

    `neighbour_score` is what neighbours along the map reach, `on_route_score` the second drive.
    """

    neighbour_score: float
    on_route_score: float
    queries: Judged
    off_map: Judged | None

    @property
    def objection(self) -> str:
        """Return why the images cannot be what they are given for, '' when they can."""
        queries, off_map = self.queries, self.off_map
        name = queries.recording.name
        if queries.before.accepted < LEAST_ON_ROUTE:
            return (
                f'only {queries.before.accepted:.0%} of the images of {name} are accepted, '
                f'expected {LEAST_ON_ROUTE:.0%} or more; give a second drive along the route, or, '
                f'if this is one and the place has changed so much, add it to the map: '
                f'anyloc teach --append'
            )
        if off_map is None:
            return ''
        if off_map.before.accepted > MOST_OFF_ROUTE:
            return (
                f'{off_map.before.accepted:.0%} of the images of {off_map.recording.name} are '
                f'accepted as places of the route, expected {MOST_OFF_ROUTE:.0%} or less; give a '
                f'recording that shows no part of it'
            )
        if queries.after.accepted < LEAST_ON_ROUTE:
            return (
                f'of the images of {name} only {queries.after.accepted:.0%} would be accepted, '
                f'{queries.before.accepted:.0%} are now: they look too much like those of '
                f'{off_map.recording.name}; calibrate without --off-map'
            )
        return ''

    @property
    def text(self) -> str:
        """Return by what the map is calibrated."""
        text = f'{len(self.queries.recording)} images of {self.queries.recording.name}'
        if self.off_map is not None:
            text += f', {len(self.off_map.recording)} off the route of '
            text += self.off_map.recording.name
        return text


def calibrate(place_map: PlaceMap, queries: Recording, off_map: Recording | None) -> Calibration:
    """
    Judge images by the map as it was finished, and by what it would be with these images.

    :param off_map: images that do not show the route; what the calibrated map makes of each is
        told by what it would be without it and its neighbours.
    :raises MapError: the map is not finished or damaged.
    :raises ConfigError: too few images.
    """
    for recording in (queries, off_map):
        if recording is not None and len(recording) < MIN_IMAGES:
            raise ConfigError(
                f'{recording.name} has {len(recording)} images that can be used, expected '
                f'{MIN_IMAGES} or more; give a longer recording'
            )
    judge = _Judge(place_map)
    plain = judge.novelty()
    given = None if off_map is None else off_map.descriptors
    # Scores do not depend on where they are expected to end.
    scores = judge.scores(judge.novelty(given=given), queries)
    on = float(np.percentile(scores, UPPER_PERCENT))
    after = judge.judge(judge.novelty(on, given), queries)
    return Calibration(
        plain.scores.on,
        on,
        Judged(queries, judge.judge(plain, queries), after),
        None
        if off_map is None
        else Judged(off_map, judge.judge(plain, off_map), judge.judge_by_the_others(on, off_map)),
    )


def store(place_map: PlaceMap, calibration: Calibration, describer: Describer) -> None:
    """
    Keep a calibration in a map, in place of the one before.

    :param describer: of the images.
    :raises MapError: the map is not the one that was calibrated any more, or cannot be written.
    """
    place_map.require_finished()
    describer_for(place_map, describer)
    queries, off_map = calibration.queries, calibration.off_map
    text = (
        f'calibrated by {calibration.text}: the drive scores {calibration.on_route_score:.1f}, '
        f'accepted {queries.after.accepted:.0%}, before {queries.before.accepted:.0%}'
    )
    given = np.empty((0, describer.width), np.float32)
    if off_map is not None:
        given = off_map.recording.descriptors
        before, after = off_map.before.accepted, off_map.after.accepted
        text += f'; off the route {after:.0%}, before {before:.0%}'
    objection = calibration.objection
    with place_map.transaction():
        place_map.set_unrelated(GIVEN, given, 'float16')
        place_map.set_meta(ON_ROUTE_SCORE, calibration.on_route_score)
        place_map.set_meta(CALIBRATED, calibration.text)
        place_map.add_event(time.time_ns(), 'info', text)
        if objection:
            place_map.add_event(time.time_ns(), 'warning', f'calibrated although {objection}')


class _Judge:
    """The default parameters on one map, with this or that to tell the route from other images."""

    def __init__(self, place_map: PlaceMap) -> None:
        place_map.require_finished()
        ids, self._descriptors = place_map.descriptors()
        described = set(ids.tolist())
        self._references = [k for k in place_map.keyframes() if k.id in described]
        self._places = Places(self._references)
        self._thresholds = learned_thresholds(self._descriptors, self._places)
        self._unrelated = place_map.unrelated(PACKAGE)

    def novelty(self, on: float | None = None, given: np.ndarray | None = None) -> Novelty:
        return Novelty(self._descriptors, self._unrelated, on, given)

    def scores(self, novelty: Novelty, recording: Recording) -> list[float]:
        """Return the score of each image at its best reference."""
        return [
            _score(novelty, self._similarities(descriptor), descriptor)
            for descriptor in recording.descriptors
        ]

    def judge(self, novelty: Novelty, recording: Recording) -> Judgement:
        return _mean(self._look(novelty, recording))

    def judge_by_the_others(self, on: float, off_map: Recording) -> Judgement:
        """Judge stretches of images off the map, each as if only the rest of them were given."""
        seen = []
        for stretch in np.array_split(np.arange(len(off_map)), STRETCHES):
            others = np.delete(off_map.descriptors, stretch, axis=0)
            seen += self._look(self.novelty(on, others), off_map.part(stretch))
        return _mean(seen)

    def _look(self, novelty: Novelty, recording: Recording) -> list[tuple[bool, float, bool]]:
        """Return for each image what a Judgement has of all."""
        tracker = Tracker(
            self._references,
            self._places,
            novelty,
            self._thresholds,
            LocalizeConfig(),
            SequenceConfig(),
            MonitorConfig(),
        )
        seen = []
        for stamp_ns, descriptor in zip(recording.stamps_ns, recording.descriptors, strict=True):
            similarities = self._similarities(descriptor)
            beyond = novelty.scores.log_ratio(_score(novelty, similarities, descriptor)) > 0
            estimate = tracker.observe(stamp_ns, descriptor, similarities, None)
            seen.append((estimate.verdict.accepted, estimate.probabilities[0], beyond))
        return seen

    def _similarities(self, descriptor: np.ndarray) -> np.ndarray:
        return np.einsum('mp,p->m', self._descriptors, descriptor)


def _score(novelty: Novelty, similarities: np.ndarray, descriptor: np.ndarray) -> float:
    closeness = novelty.closeness(similarities, descriptor)
    best = int(closeness.argmax())
    return novelty.score(best, closeness[best])


def _mean(seen: list[tuple[bool, float, bool]]) -> Judgement:
    return Judgement(*np.mean(seen, axis=0).tolist())
