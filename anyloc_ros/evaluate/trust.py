# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
How far a controller may trust the answers of one drive, counted against the truth.

An answer is right when its best reference shows the place where the robot is: at most POSITIVE_M
away and turned by at most POSITIVE_DEG. 1 m is two references of the default spacing to either
side, what the truth of the usual image sets allows as well; at 45 degrees a camera of 80 degrees
still sees half of the same picture. An accepted answer that is not right is a false accept,
wherever the robot is. The robot is on the route where some pose of the route would be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
import math
from typing import TYPE_CHECKING

from anyloc_ros.pose import Pose
import numpy as np

if TYPE_CHECKING:
    from anyloc_ros.localize.recognizer import Recognition

POSITIVE_M = 1.0
POSITIVE_DEG = 45.0
SURE = 0.9
"""Answers of this probability or more are asked whether they are right as often as they say."""

KIDNAPPED = 'kidnapped'
KIDNAPPED_INTO_TWIN = 'kidnapped into a look-alike'
OCCLUDED = 'occluded'
EXCURSION = 'excursion'
LIGHT_CHANGE = 'light change'


@dataclass(frozen=True, slots=True)
class TrueFrame:
    """
    Where the robot truly was at an image, and what happened there.

    `event` is one of the words above or empty. What is over at once (kidnapped, light change) has
    its word at the first image after it.
    """

    pose: Pose
    on_route: bool
    event: str = ''


@dataclass(frozen=True, slots=True)
class TrustScore:
    """
    One drive, or several added up; shares of nothing are NaN.

    `false_accepts` are images, and `longest_false_m` the longest way driven on false accepts in a
    row, counted to the next image that is none. `recoveries_m` has, for each kidnapping, its word
    and the way until the first right accept, infinite where none came before the next one.
    `on_route` counts images on the route, `seen` those of them that nothing hides, each with how
    many were rightly accepted. `sure` counts the images whose best candidate has a probability of
    SURE or more, with how many are right and how many of them are on the route.
    """

    images: int
    false_accepts: int
    longest_false_m: float
    recoveries_m: tuple[tuple[str, float], ...]
    on_route: int
    on_route_accepted: int
    seen: int
    seen_accepted: int
    sure: int
    sure_right: int
    sure_on_route: int

    def median_recovery_m(self, event: str | None = None) -> float:
        """Return the median of the recoveries, from one kind of kidnapping if one is given."""
        ways_m = [way_m for kind, way_m in self.recoveries_m if event in (None, kind)]
        return float(np.median(ways_m)) if ways_m else math.nan


def same_place(true: Pose, poses: Sequence[Pose]) -> np.ndarray:
    """Return (n,) bool: which of the poses show the place where the robot truly is."""
    away_m = np.array([math.dist(true.position, pose.position) for pose in poses])
    turned = np.array([math.remainder(pose.yaw - true.yaw, math.tau) for pose in poses])
    return (away_m <= POSITIVE_M) & (np.abs(turned) <= math.radians(POSITIVE_DEG))


def score(truth: Sequence[TrueFrame], answers: Sequence[Recognition]) -> TrustScore:
    """Count the answers to the images of one drive; references have poses with orientation."""
    right = np.array(
        [
            bool(answer.candidates)
            and bool(same_place(frame.pose, [answer.candidates[0].reference.pose])[0])
            for frame, answer in zip(truth, answers, strict=True)
        ],
        bool,
    )
    accepted = np.array([answer.accepted for answer in answers], bool)
    sure = probabilities(answers) >= SURE
    events = [frame.event for frame in truth]
    on_route = np.array([frame.on_route for frame in truth], bool)
    seen = on_route & np.array([event != OCCLUDED for event in events], bool)
    driven_m = ways_m(truth)
    return TrustScore(
        images=len(truth),
        false_accepts=int((accepted & ~right).sum()),
        longest_false_m=longest_m(accepted & ~right, driven_m),
        recoveries_m=recoveries(events, accepted & right, driven_m),
        on_route=int(on_route.sum()),
        on_route_accepted=int((on_route & accepted & right).sum()),
        seen=int(seen.sum()),
        seen_accepted=int((seen & accepted & right).sum()),
        sure=int(sure.sum()),
        sure_right=int((sure & right).sum()),
        sure_on_route=int((sure & on_route).sum()),
    )


def total(scores: Sequence[TrustScore]) -> TrustScore:
    """Return one or more drives as one: counts added, the longest of the longest."""
    return TrustScore(
        longest_false_m=max(score.longest_false_m for score in scores),
        recoveries_m=tuple(found for score in scores for found in score.recoveries_m),
        **{
            name: sum(getattr(score, name) for score in scores)
            for name in TrustScore.__slots__
            if name not in ('longest_false_m', 'recoveries_m')
        },
    )


def probabilities(answers: Sequence[Recognition]) -> np.ndarray:
    """Return (n,) the probability of each best candidate, NaN where there is none."""
    return np.array([a.candidates[0].probability if a.candidates else np.nan for a in answers])


def ways_m(truth: Sequence[TrueFrame]) -> np.ndarray:
    """Return (n,) the metres driven until each image; being carried is not driving."""
    steps = [0.0] + [
        0.0
        if frame.event in (KIDNAPPED, KIDNAPPED_INTO_TWIN)
        else frame.pose.distance_to(last.pose)
        for last, frame in pairwise(truth)
    ]
    return np.cumsum(steps)[: len(truth)]


def longest_run(flags: np.ndarray) -> int:
    """Return how many flags (n,) bool are set in a row at most."""
    return max((stop - start for start, stop in _runs(flags)), default=0)


def longest_m(flags: np.ndarray, driven_m: np.ndarray) -> float:
    """Return the longest way on which flags (n,) bool are set, to the first that is not."""
    last = len(flags) - 1
    return max(
        (float(driven_m[min(stop, last)] - driven_m[start]) for start, stop in _runs(flags)),
        default=0.0,
    )


def recoveries(
    events: Sequence[str], good: np.ndarray, driven_m: np.ndarray
) -> tuple[tuple[str, float], ...]:
    """
    Return each kidnapping with the way from it to the first good answer.

    :param good: (n,) bool, right accepts.
    :param driven_m: (n,) the way driven until each image.
    """
    starts = [n for n, event in enumerate(events) if event in (KIDNAPPED, KIDNAPPED_INTO_TWIN)]
    found = []
    for start, end in zip(starts, [*starts, len(events)][1:], strict=True):
        first = np.flatnonzero(good[start:end])
        way_m = driven_m[start + first[0]] - driven_m[start] if len(first) else math.inf
        found.append((events[start], float(way_m)))
    return tuple(found)


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(flags.astype(int), prepend=0, append=0))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
