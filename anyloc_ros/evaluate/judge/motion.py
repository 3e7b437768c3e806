# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What happens over a drive: trajectory, jumps, longest lost, lock, the gain of the filter."""

from __future__ import annotations

from dataclasses import dataclass, replace
import math
from typing import Any

from anyloc_ros.evaluate.judge.basis import Basis, basis_of
from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.metrics.sequence import (
    filter_gain,
    jump_rate,
    JumpRate,
    Lock,
    longest_lost,
    LongestLost,
    time_to_lock,
    Track,
)
from anyloc_ros.evaluate.metrics.trajectory import trajectory_error, TrajectoryError
from anyloc_ros.evaluate.record import RunRecord
import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """
    How the robot moved on its drive, the queries on the map (n,) in their order.

    `places` (n, 2) are those of odometry, or the true ones without it; NaN where unknown.
    `driven_m` (n,) is the way until each image, `seconds` (n,) the time; NaN where nothing is
    known of it at all.
    """

    drive: np.ndarray
    places: np.ndarray
    driven_m: np.ndarray
    seconds: np.ndarray

    @property
    def speed_mps(self) -> float:
        """Return the mean speed, NaN where way or time is unknown."""
        if len(self.seconds) < 2 or not self.seconds[-1] > 0:
            return math.nan
        return float(self.driven_m[-1] / self.seconds[-1])


def motion_of(record: RunRecord, basis: Basis) -> Motion:
    """Return the motion; the way driven is the true one where that is known."""
    drive = np.flatnonzero(basis.on_map)
    true = record.truth.positions[drive, :2]
    places = true if record.odometry is None else record.odometry[drive]
    way = true if np.isfinite(true).all(axis=1).sum() > 1 else places
    stamps_ns = record.answers.stamps_ns[drive]
    unknown = np.full(len(drive), np.nan)
    seconds = (stamps_ns - stamps_ns[:1]) / 1e9 if record.real_time else unknown
    return Motion(drive, places, _driven_m(way), seconds)


def _driven_m(places: np.ndarray) -> np.ndarray:
    """Return (Q,) the way until each image; it stands still where the place is unknown."""
    known = np.flatnonzero(np.isfinite(places).all(axis=1))
    if len(known) < 2:
        return np.full(len(places), np.nan)
    steps_m = np.zeros(len(places))
    steps_m[known[1:]] = np.linalg.norm(np.diff(places[known], axis=0), axis=1)
    return np.cumsum(steps_m)


def track_of(basis: Basis, motion: Motion) -> Track:
    """Return right accepts, and accepted estimates where it is known how the robot moved."""
    accepted = basis.accepted[motion.drive]
    usable = accepted & np.isfinite(motion.places).all(axis=1)
    estimated = np.where(usable[:, None], basis.estimated[motion.drive], np.nan)
    return Track(accepted & basis.right[motion.drive], estimated)


def jump_figures(track: Track, motion: Motion, config: FiguresConfig) -> JumpRate | None:
    """Return how often estimates jump; None below two of them, or where no way was driven."""
    if np.isfinite(track.estimated).all(axis=1).sum() < 2 or not _total_m(motion) > 0:
        return None
    return jump_rate(track.estimated, motion.places, motion.driven_m, config.jump_m)


def lost_figures(good: np.ndarray, motion: Motion) -> LongestLost | None:
    """Return the longest lost; NaN in seconds or metres where they are unknown."""
    if not len(good):
        return None
    found = longest_lost(good, np.nan_to_num(motion.seconds), np.nan_to_num(motion.driven_m))
    if math.isnan(motion.seconds[-1]):
        found = replace(found, seconds=math.nan)
    if math.isnan(motion.driven_m[-1]):
        found = replace(found, metres=math.nan)
    return found


def lock_figures(good: np.ndarray, motion: Motion, config: FiguresConfig) -> Lock | None:
    """Return when the first lock came; NaN in seconds or metres where they are unknown."""
    if not len(good):
        return None
    return time_to_lock(good, motion.seconds, motion.driven_m, config.lock_images)


@dataclass(frozen=True, slots=True)
class GainCounts:
    """Images of the drive: all, those whose best reference is right, and what was accepted."""

    images: int
    right: int
    accepted_rightly: int
    accepted_wrongly: int


def gain_figures(
    record: RunRecord, filtered: Basis, motion: Motion, config: FiguresConfig
) -> dict[str, Any]:
    """
    Return `gain` and `gain_counts` of Figures: what the filter changed, NaN where unknown.

    An image is better or worse by whether its best reference is right, accepted or not: single
    images are accepted by another rule.
    """
    if record.raw is None or not len(motion.drive):
        return {'gain': None, 'gain_counts': {}}
    both = {'raw': basis_of(record, record.raw), 'filtered': filtered}
    tracks = [track_of(basis, motion) for basis in both.values()]
    lost = [lost_figures(track.good, motion) for track in tracks]
    found = filter_gain(
        *(
            replace(track, good=basis.right[motion.drive])
            for track, basis in zip(tracks, both.values(), strict=True)
        ),
        motion.places,
        np.nan_to_num(motion.seconds),
        np.nan_to_num(motion.driven_m),
        config.jump_m,
    )
    gain = replace(
        found,
        longest_lost_s=lost[1].seconds - lost[0].seconds,
        longest_lost_m=lost[1].metres - lost[0].metres,
    )
    counts = {name: _gain_counts(basis, motion.drive) for name, basis in both.items()}
    return {'gain': gain, 'gain_counts': counts}


def _gain_counts(basis: Basis, drive: np.ndarray) -> GainCounts:
    right, accepted = basis.right[drive], basis.accepted[drive]
    return GainCounts(
        images=len(drive),
        right=int(right.sum()),
        accepted_rightly=int((accepted & right).sum()),
        accepted_wrongly=int((accepted & ~right).sum()),
    )


def trajectory_figures(basis: Basis, record: RunRecord) -> TrajectoryError | None:
    """Return the error of accepted estimates as one trajectory; None below two known pairs."""
    estimated = np.where(basis.accepted[:, None], basis.estimated, np.nan)[:, :2]
    true = record.truth.positions[:, :2]
    if (np.isfinite(estimated) & np.isfinite(true)).all(axis=1).sum() < 2:
        return None
    return trajectory_error(estimated, true)


def _total_m(motion: Motion) -> float:
    return float(motion.driven_m[-1]) if len(motion.driven_m) else 0.0
