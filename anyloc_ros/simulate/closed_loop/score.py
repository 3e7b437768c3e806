# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What repeat runs came to: did they get there, how far off the path, where did they stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

from anyloc_ros.evaluate.metrics.closed_loop import (
    convergence,
    correction_sign_error,
    cross_track,
    distance_between_m,
    repeat_score,
    RepeatOutcome,
    RepeatScore,
    settle_distance_m,
    SignError,
    SuccessConfig,
)
from anyloc_ros.evaluate.metrics.intervals import Estimate, means, Resampling, RUNS
from anyloc_ros.evaluate.metrics.spread import Spread, spread
from anyloc_ros.evaluate.metrics.stop import stop_score, StopConfig, StopRun, StopScore
from anyloc_ros.simulate.closed_loop.run import ARRIVED, COLLIDED, LoopRun, STEP_S
import numpy as np

SETTLED_M = 0.1
"""A robot has settled when it stays this near to the path."""

CONVERGING_M = 5.0
"""The way from the start over which it is looked at whether the offset shrinks."""

_APART_M = 0.1
"""Offsets are judged each so far along the way driven: where a robot stands it drives no way."""


@dataclass(frozen=True, slots=True)
class LoopScore:
    """
    Repeat runs in figures; intervals are over runs, which do not depend on each other.

    `cross_m` is the offset from the path all the way, that at the start included; `most_m` the
    largest one of each run, `settle_m` how far each drove until it stayed within SETTLED_M (one
    that never did is counted as unknown), `convergence` the slope of the size of the offset over
    the first CONVERGING_M. `distance_to_failure_m` is all way until a run failed or ended over the
    number of runs that failed, infinite where none did. `ends` counts how runs ended.
    """

    repeat: RepeatScore
    stop: StopScore
    cross_m: Spread
    most_m: Estimate
    settle_m: Spread
    convergence: Estimate
    distance_to_failure_m: Estimate
    sign_error: SignError
    ends: dict[str, int]
    dropped: int


def outcome_of(run: LoopRun) -> RepeatOutcome:
    """Return how one run went; who did not arrive has to be fetched, and never rested."""
    arrived, collided = run.ended == ARRIVED, run.ended == COLLIDED
    return RepeatOutcome(
        goal_m=run.goal_m if arrived else math.inf,
        goal_rad=run.goal_rad if arrived else math.inf,
        max_cross_m=float(np.abs(run.left_m).max()),
        collided=collided,
        aborted=not arrived and not collided,
        interventions=int(not arrived),
        driven_m=float(run.driven_m[-1]),
        autonomous_m=float(run.driven_m[-1]),
        length_m=run.goal_s_m,
    )


def stop_run_of(run: LoopRun) -> StopRun:
    """Return the answers of a run as a drive to its goal, each at the step it was heard."""
    heard = np.array([image.heard for image in run.images], int)
    return StopRun(
        seconds=heard * STEP_S,
        s_m=run.s_m[heard],
        at_goal=np.array([image.at_goal for image in run.images], bool),
        goal_s_m=run.goal_s_m,
        rest_s_m=float(run.s_m[-1]) if run.ended == ARRIVED else math.nan,
    )


def way_to_failure(run: LoopRun, success: SuccessConfig) -> tuple[float, bool]:
    """
    Return the way until the robot left the corridor or the run ended, metres; whether it failed.

    A run without success that never left the corridor failed where it ended.
    """
    outside = np.flatnonzero(np.abs(run.left_m) > success.half_width_m)
    way_m = float(run.driven_m[outside[0] if len(outside) else -1])
    return way_m, not outcome_of(run).succeeded(success)


def offsets_m(run: LoopRun) -> np.ndarray:
    """Return the offset from the path each 0.1 m of the way driven, above 0 to the left."""
    ways_m = np.arange(0.0, run.driven_m[-1] + 1e-9, _APART_M)
    return np.interp(ways_m, run.driven_m, run.left_m)


def loop_score(
    runs: Sequence[LoopRun], success: SuccessConfig, stop: StopConfig, deadband_m: float
) -> LoopScore:
    """Return the figures of one run or more; each has heard an answer at least."""
    left_m = np.concatenate([offsets_m(run) for run in runs])
    whole_runs = Resampling(block=max(len(left_m) // len(runs), 1))
    steps = [np.array([image.heard for image in run.images], int) for run in runs]
    return LoopScore(
        repeat=repeat_score([outcome_of(run) for run in runs], success),
        stop=stop_score([stop_run_of(run) for run in runs], stop),
        cross_m=cross_track(left_m, whole_runs),
        most_m=_mean([np.abs(run.left_m).max() for run in runs]),
        settle_m=spread(
            np.array([settle_distance_m(run.left_m, run.driven_m, SETTLED_M) for run in runs]),
            RUNS,
        ),
        convergence=_mean([_slope(run) for run in runs]),
        distance_to_failure_m=_distance_to_failure_m(runs, success),
        sign_error=correction_sign_error(
            np.concatenate([run.left_m[at] for run, at in zip(runs, steps, strict=True)]),
            np.concatenate([run.correction_rad[at] for run, at in zip(runs, steps, strict=True)]),
            deadband_m,
            Resampling(block=max(sum(map(len, steps)) // len(runs), 1)),
        ),
        ends={ended: sum(r.ended == ended for r in runs) for ended in {r.ended: 0 for r in runs}},
        dropped=sum(run.dropped for run in runs),
    )


def _distance_to_failure_m(runs: Sequence[LoopRun], success: SuccessConfig) -> Estimate:
    ways_m, failed = np.array([way_to_failure(run, success) for run in runs], float).T
    return distance_between_m(ways_m, failed)


def _mean(values: Sequence[float]) -> Estimate:
    found = np.array(values, float)
    return means(found[:, None], np.isfinite(found), RUNS)[0]


def _slope(run: LoopRun) -> float:
    beginning = run.driven_m <= CONVERGING_M
    return convergence(run.left_m[beginning], run.driven_m[beginning], Resampling(draws=1)).value
