# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a repeat run came to when the robot acted on the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

from anyloc_ros.evaluate.metrics.intervals import (
    Estimate,
    estimates,
    event_rate,
    IMAGES,
    means,
    rate,
    ratio,
    Resampling,
    RUNS,
    share,
    wilson,
)
from anyloc_ros.evaluate.metrics.spread import Spread, spread, wrap
from anyloc_ros.parameter import Checked, parameter
import numpy as np


@dataclass(frozen=True, slots=True)
class SuccessConfig(Checked):
    """What a successful repeat is."""

    goal_m: float = parameter(0.5, 'd_ok: the robot rests at most this far from the goal', low=0.0)
    goal_deg: float = parameter(
        15.0, 'psi_ok: and turned from it by at most this', low=0.0, high=180.0
    )
    half_width_m: float = parameter(
        0.5, 'half the width of the corridor around the path that must not be left', low=0.0
    )

    def definition(self) -> str:
        """Return in words what a success is, to be printed beside the figure."""
        return (
            f'A repeat succeeds when the robot rests at most {self.goal_m:g} m and '
            f'{self.goal_deg:g} degrees from the goal, was never more than '
            f'{self.half_width_m:g} m beside the taught path, and had no collision and no '
            f'intervention.'
        )


@dataclass(frozen=True, slots=True)
class RepeatOutcome:
    """
    How one repeat run went.

    `goal_m` and `goal_rad` are how far the robot rested from the goal and was turned from it,
    infinite where it never rested. `driven_m` is all it drove, `autonomous_m` the part without
    somebody's help, `length_m` the shortest way to the goal.
    """

    goal_m: float
    goal_rad: float
    max_cross_m: float
    collided: bool
    aborted: bool
    interventions: int
    driven_m: float
    autonomous_m: float
    length_m: float

    def succeeded(self, config: SuccessConfig) -> bool:
        """Return whether this run is a success; NaN is none."""
        turned_deg = abs(math.degrees(float(wrap(self.goal_rad)))) if self.at_rest else math.inf
        return (
            self.goal_m <= config.goal_m
            and turned_deg <= config.goal_deg
            and self.max_cross_m <= config.half_width_m
            and not self.collided
            and not self.aborted
            and not self.interventions
        )

    @property
    def at_rest(self) -> bool:
        """Return whether the robot came to rest."""
        return math.isfinite(self.goal_m) and math.isfinite(self.goal_rad)


@dataclass(frozen=True, slots=True)
class RepeatScore:
    """
    Repeat runs in figures; `definition` says what a success is.

    `mdbi_m` is the distance driven per intervention, infinite where there was none:
    `driven_m` then says how much that is worth.
    """

    success: Estimate
    autonomy: Estimate
    mdbi_m: Estimate
    failures_per_km: Estimate
    spl: Estimate
    runs: int
    interventions: int
    driven_m: float
    definition: str


def repeat_score(
    outcomes: Sequence[RepeatOutcome], config: SuccessConfig, resampling: Resampling = RUNS
) -> RepeatScore:
    """
    Return success, autonomy, failures and efficiency of runs that do not depend on each other.

    success as in PlaceNav (Suomela et al., https://arxiv.org/abs/2309.17260) and Claxton et al.
    (https://arxiv.org/abs/2407.08162), with the interval of Wilson. autonomy: autonomous / driven
    distance; mdbi: driven distance / interventions (Furgale and Barfoot, JFR 2010,
    https://doi.org/10.1002/rob.20342). failures: collisions or aborted runs per km driven. spl:
    mean of success * L / max(L, driven) (Anderson et al. 2018, https://arxiv.org/abs/1807.06757).
    """
    right = np.array([outcome.succeeded(config) for outcome in outcomes], bool)
    driven, autonomous, length, helped = (
        np.array([getattr(outcome, name) for outcome in outcomes], float)
        for name in ('driven_m', 'autonomous_m', 'length_m', 'interventions')
    )
    failed = np.array([outcome.collided or outcome.aborted for outcome in outcomes], float)
    efficiency = right * ratio(length, np.maximum(length, driven))
    return RepeatScore(
        success=wilson(int(right.sum()), len(right)),
        autonomy=rate(autonomous, driven, resampling),
        mdbi_m=distance_between_m(driven, helped, resampling),
        failures_per_km=event_rate(failed, driven / 1000, resampling),
        spl=means(efficiency[:, None], np.ones(len(right), bool), resampling)[0],
        runs=len(right),
        interventions=int(helped.sum()),
        driven_m=float(driven.sum()),
        definition=config.definition(),
    )


def distance_between_m(
    driven_m: np.ndarray, events: np.ndarray, resampling: Resampling = RUNS
) -> Estimate:
    """
    Return metres per event, all driven (n,) over all events (n,); infinite where there was none.

    The way of a run that ended before its event counts with the others, so none is mistaken for
    one that had its event at the end. It is found by way of its inverse, which may be 0: without
    an event the lower end is driven / 3.69.
    """
    per_m = event_rate(events, driven_m, resampling)
    value, low, high = (
        math.inf if each == 0 else 1 / each for each in (per_m.value, per_m.high, per_m.low)
    )
    return Estimate(value, low, high, per_m.count)


@dataclass(frozen=True, slots=True)
class SignError:
    """
    Frames beside the path by more than `deadband_m`: on how many the robot steers further away.

    `idle` is the share of them without any correction.
    """

    wrong: Estimate
    idle: Estimate
    deadband_m: float
    frames: int


def correction_sign_error(
    left_m: np.ndarray,
    correction: np.ndarray,
    deadband_m: float = 0.1,
    resampling: Resampling = IMAGES,
) -> SignError:
    """
    Return the share of frames whose correction leads away from the path.

    Wrong is a correction of the same sign as the offset where |offset| > deadband: a robot left of
    the path (offset above 0) has to turn right (below 0), as REP-103 counts.

    :param left_m: (n,) true offset from the path in metres, NaN where unknown.
    :param correction: (n,) commanded turn rate or shift in any unit, above 0 to the left; 0 or NaN
        is none.
    """
    left_m, correction = np.asarray(left_m, float), np.nan_to_num(np.asarray(correction, float))
    beside = np.abs(left_m) > deadband_m
    return SignError(
        wrong=share(correction * left_m > 0, beside, resampling),
        idle=share(correction == 0, beside, resampling),
        deadband_m=deadband_m,
        frames=len(left_m),
    )


def cross_track(left_m: np.ndarray, resampling: Resampling = IMAGES) -> Spread:
    """
    Return the cross-track error of an executed path: bias, root mean square, 95 %, maximum.

    As path trackers are compared in Roth and Batavia, AeroSense 2002.

    :param left_m: (n,) true offset from the taught path in metres, above 0 to the left.
    """
    return spread(left_m, resampling)


def settle_distance_m(left_m: np.ndarray, driven_m: np.ndarray, band_m: float) -> float:
    """
    Return the way until the robot is within `band_m` of the path and stays there to the end.

    0 where it always was, infinite where it is outside at the end; an unknown offset is outside.
    After Roth and Batavia, AeroSense 2002.
    """
    outside = np.flatnonzero(~(np.abs(left_m) <= band_m))
    if not len(outside):
        return 0.0
    if outside[-1] == len(left_m) - 1:
        return math.inf
    return float(driven_m[outside[-1] + 1] - driven_m[0])


def convergence(left_m: np.ndarray, way: np.ndarray, resampling: Resampling = IMAGES) -> Estimate:
    """
    Return the slope of |cross-track error| over the way in m/m, or over laps; below 0 converges.

    The line of least squares. Whether it converges is the question of Krajnik et al. 2018,
    https://arxiv.org/abs/1711.05348.

    :param left_m: (n,) offset in metres, NaN is left out.
    :param way: (n,) metres driven, or the number of the lap.
    """
    left_m, way = np.asarray(left_m, float), np.asarray(way, float)
    known = np.isfinite(left_m) & np.isfinite(way)
    x, y = way[known], np.abs(left_m[known])

    def statistic(weights: np.ndarray) -> float:
        drawn = weights[known]
        apart = x - ratio(drawn @ x, drawn.sum())
        return float(ratio(drawn @ (apart * y), drawn @ apart**2))

    return estimates(statistic, len(left_m), int(known.sum()), resampling)[0]
