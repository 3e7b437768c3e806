# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
What happens over time: jumps, how long the robot is lost, how soon it is found again.

`good` (n,) bool are right accepts; `seconds` and `driven_m` (n,) the time and the way driven until
each image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math

from anyloc_ros.evaluate.metrics.intervals import (
    Estimate,
    event_rate,
    IMAGES,
    means,
    Resampling,
    RUNS,
    wilson,
)
from anyloc_ros.evaluate.metrics.spread import Spread, spread
from anyloc_ros.evaluate.trust import longest_m, longest_run
import numpy as np

JUMP_M = 1.0
LOCK_IMAGES = 3


@dataclass(frozen=True, slots=True)
class JumpRate:
    """
    Estimates that jump further than odometry moved by more than `limit_m`, per 100 m.

    `pairs` of successive accepted estimates were looked at.
    """

    per_100m: Estimate
    jumps: int
    pairs: int
    limit_m: float
    driven_m: float


def jump_rate(
    estimated: np.ndarray,
    odometry: np.ndarray,
    driven_m: np.ndarray,
    limit_m: float = JUMP_M,
    restarts: Sequence[int] = (),
    resampling: Resampling = IMAGES,
) -> JumpRate:
    """
    Count jumps between successive estimates.

    A jump: norm(p^_j - p^_i) - norm(o_j - o_i) > limit, j the next accepted estimate after i. Only
    lengths are compared, so odometry may be in a frame of its own.

    :param estimated: (n, D) accepted estimates in metres, NaN where there is none.
    :param odometry: (n, E) positions in metres at the same images.
    :param restarts: the rising numbers of the first images after the robot was carried: the leap
        to them is no jump.
    """
    known = np.flatnonzero(np.isfinite(estimated).all(axis=1))
    leaps = np.linalg.norm(np.diff(estimated[known], axis=0), axis=1)
    moved = np.linalg.norm(np.diff(np.asarray(odometry)[known], axis=0), axis=1)
    carried = np.diff(np.searchsorted(restarts, known, side='right')) > 0
    jumped = np.zeros(len(estimated))
    jumped[known[1:]] = (leaps - moved > limit_m) & ~carried
    steps_m = np.diff(driven_m, prepend=driven_m[:1])
    found = event_rate(jumped, steps_m / 100, resampling)
    found = replace(found, count=len(leaps))
    return JumpRate(found, int(jumped.sum()), len(leaps), limit_m, float(steps_m.sum()))


@dataclass(frozen=True, slots=True)
class LongestLost:
    """The longest stretch without a right accepted estimate; each may be of another stretch."""

    seconds: float
    metres: float
    images: int


def longest_lost(good: np.ndarray, seconds: np.ndarray, driven_m: np.ndarray) -> LongestLost:
    """
    Return the longest time, way and row of images without a right accepted estimate.

    A stretch begins at its first image and ends at the first good one after it, or with the drive.
    """
    lost = ~np.asarray(good, bool)
    return LongestLost(longest_m(lost, seconds), longest_m(lost, driven_m), longest_run(lost))


@dataclass(frozen=True, slots=True)
class Lock:
    """Time, way and images until a lock, infinite and -1 where there was none."""

    seconds: float
    metres: float
    images: int


def time_to_lock(
    good: np.ndarray,
    seconds: np.ndarray,
    driven_m: np.ndarray,
    consecutive: int = LOCK_IMAGES,
) -> Lock:
    """
    Return when, after the first image, `consecutive` estimates in a row have been right.

    Counted is until the last of them: before it nobody can know.
    """
    run = 0
    for number, right in enumerate(np.asarray(good, bool).tolist()):
        run = run + 1 if right else 0
        if run == consecutive:
            return Lock(
                float(seconds[number] - seconds[0]),
                float(driven_m[number] - driven_m[0]),
                number + 1,
            )
    return Lock(math.inf, math.inf, -1)


@dataclass(frozen=True, slots=True)
class Recovery:
    """
    How often a lock came, and after how much time and way where it did.

    `consecutive` is how many right estimates in a row make a lock.
    """

    locked: Estimate
    seconds: Spread
    metres: Spread
    consecutive: int
    locks: tuple[Lock, ...]


def kidnap_recovery(
    starts: Sequence[int],
    good: np.ndarray,
    seconds: np.ndarray,
    driven_m: np.ndarray,
    consecutive: int = LOCK_IMAGES,
    resampling: Resampling = RUNS,
) -> Recovery:
    """
    Return the time to lock after each kidnapping; a lock counts if it comes before the next one.

    :param starts: the rising numbers of the first images after each kidnapping.
    """
    ends = [*starts, len(good)][1:]
    locks = tuple(
        time_to_lock(good[start:end], seconds[start:end], driven_m[start:end], consecutive)
        for start, end in zip(starts, ends, strict=True)
    )
    return Recovery(
        locked=wilson(sum(lock.images > 0 for lock in locks), len(locks)),
        seconds=spread(np.array([lock.seconds for lock in locks]), resampling),
        metres=spread(np.array([lock.metres for lock in locks]), resampling),
        consecutive=consecutive,
        locks=locks,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The answers of one way of localizing: right accepts (n,), accepted estimates (n, D)."""

    good: np.ndarray
    estimated: np.ndarray


@dataclass(frozen=True, slots=True)
class FilterGain:
    """
    What a sequence filter changes: filtered minus raw, for the same images.

    `worse` is the share of images that were right without the filter and are not with it,
    `better` the other way round.
    """

    gain: Estimate
    worse: Estimate
    better: Estimate
    jumps_per_100m: float
    longest_lost_s: float
    longest_lost_m: float


def filter_gain(
    raw: Track,
    filtered: Track,
    odometry: np.ndarray,
    seconds: np.ndarray,
    driven_m: np.ndarray,
    limit_m: float = JUMP_M,
    resampling: Resampling = IMAGES,
) -> FilterGain:
    """
    Return what filtering gains in right answers, jumps and longest lost.

    Filters can hurt: Hussaini, Fischer and Milford, https://arxiv.org/abs/2503.06840; they are
    compared as in Xu, Suenderhauf and Milford, https://arxiv.org/abs/2105.03091.
    """
    before, after = np.asarray(raw.good, bool), np.asarray(filtered.good, bool)
    worse, better = before & ~after, after & ~before
    changes = np.stack([better.astype(float) - worse, worse, better], axis=1)
    rates = [
        jump_rate(track.estimated, odometry, driven_m, limit_m, resampling=resampling)
        for track in (raw, filtered)
    ]
    lost = [longest_lost(good, seconds, driven_m) for good in (before, after)]
    return FilterGain(
        *means(changes, np.ones(len(before), bool), resampling),
        jumps_per_100m=rates[1].per_100m.value - rates[0].per_100m.value,
        longest_lost_s=lost[1].seconds - lost[0].seconds,
        longest_lost_m=lost[1].metres - lost[0].metres,
    )
