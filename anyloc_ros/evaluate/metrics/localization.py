# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
How far off in metres: what recall hides.

Positions are (n, D) in metres in one frame, NaN where unknown, D 2 or 3; yaws (n,) in rad. An
estimate is the pose that an answer stands for, most simply that of its best reference. Rejected
estimates are failures in `accuracy`; they are left out of `position_error`, which therefore stands
beside the share that was accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

from anyloc_ros.evaluate.metrics.intervals import Estimate, IMAGES, Resampling, share, shares
from anyloc_ros.evaluate.metrics.spread import Spread, spread, wrap
import numpy as np

POSITIONS_M = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0)
YAWS_DEG = (2.0, 5.0, 10.0, math.inf)
"""Infinite: the position alone counts."""
_ROWS = 256


def distances_m(estimated: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return (n,) how far each estimate is from the truth in metres, NaN where one is unknown."""
    estimated, true = np.asarray(estimated, float), np.asarray(true, float)
    if estimated.shape != true.shape:
        raise ValueError(f'estimated: expected shape {true.shape} as true, got {estimated.shape}')
    return np.linalg.norm(estimated - true, axis=1)


@dataclass(frozen=True, slots=True)
class PositionError:
    """
    The error of accepted estimates, and the share of all queries that were accepted.

    `error.unknown` counts the rejected ones and those without truth, `without_truth` the latter.
    """

    error: Spread
    accepted: Estimate
    queries: int
    without_truth: int


def position_error(
    estimated: np.ndarray, true: np.ndarray, accepted: np.ndarray, resampling: Resampling = IMAGES
) -> PositionError:
    """
    Return norm(p^ - p) of accepted estimates in metres.

    As in Sattler et al., CVPR 2018, https://arxiv.org/abs/1707.09092.

    :param accepted: (n,) bool.
    """
    errors = np.where(accepted, distances_m(estimated, true), np.nan)
    return PositionError(
        error=spread(errors, resampling),
        accepted=share(np.asarray(accepted, bool), np.ones(len(errors), bool), resampling),
        queries=len(errors),
        without_truth=int((~np.isfinite(true).all(axis=1)).sum()),
    )


def oracle_m(true: np.ndarray, references: np.ndarray) -> np.ndarray:
    """
    Return (n,) the distance of each query from the reference nearest to it in metres.

    min over r of norm(p_r - p): no answer that is a reference can be better, whatever the method.
    References without a position are left out; NaN where nothing is known.
    """
    references = np.asarray(references, float)
    references = references[np.isfinite(references).all(axis=1)]
    nearest = np.full(len(true), np.nan)
    if not len(references):
        return nearest
    for start in range(0, len(true), _ROWS):
        stop = start + _ROWS
        square = sum(
            np.square(true[start:stop, axis, None] - references[:, axis])
            for axis in range(references.shape[1])
        )
        nearest[start:stop] = np.sqrt(square.min(axis=1))
    return nearest


def excess_m(errors: np.ndarray, oracle: np.ndarray) -> np.ndarray:
    """Return (n,) what an error is beyond the spacing of the map, loc_err - oracle_err, in m."""
    return np.asarray(errors, float) - np.asarray(oracle, float)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """
    The share of queries within each pair of limits `(metres, degrees)`, both inclusive.

    `without_truth` counts queries that nobody can judge; they are in no share.
    """

    within: dict[tuple[float, float], Estimate]
    queries: int
    without_truth: int


def accuracy(
    errors: np.ndarray,
    turned_rad: np.ndarray,
    accepted: np.ndarray,
    judged: np.ndarray,
    positions_m: Sequence[float] = POSITIONS_M,
    yaws_deg: Sequence[float] = YAWS_DEG,
    resampling: Resampling = IMAGES,
) -> Accuracy:
    """
    Count accepted estimates within limits of position and yaw among all queries that are judged.

    A rejected or failed query is wrong, and so is one whose estimate has no yaw where a yaw is
    asked for. After Sattler et al., CVPR 2018, https://arxiv.org/abs/1707.09092.

    :param errors: (n,) metres, NaN where there is no estimate.
    :param turned_rad: (n,) estimated minus true yaw in rad, NaN where unknown.
    :param judged: (n,) bool, the true pose is known.
    """
    errors, accepted = np.asarray(errors, float), np.asarray(accepted, bool)
    judged = np.asarray(judged, bool)
    turned_deg = np.abs(np.degrees(wrap(turned_rad)))
    # Degrees of a whole number come back from rad a few 1e-15 off; inclusive means that one.
    limits = [(metres, degrees) for metres in positions_m for degrees in yaws_deg]
    right = [
        accepted & (errors <= metres) & ((turned_deg <= degrees + 1e-9) | math.isinf(degrees))
        for metres, degrees in limits
    ]
    found = shares(np.stack(right, axis=1), judged, resampling)
    return Accuracy(
        within=dict(zip(limits, found, strict=True)),
        queries=len(judged),
        without_truth=int((~judged).sum()),
    )


def frame_errors(best: np.ndarray, true: np.ndarray) -> np.ndarray:
    """
    Return (n,) |index(r_1) - index*(q)| in frames, NaN where one is unknown.

    For sets without poses, driven image by image alongside: Gardens Point, Nordland. On a map that
    has every N-th image multiply its rows by N first.
    """
    return np.abs(np.asarray(best, float) - np.asarray(true, float))


@dataclass(frozen=True, slots=True)
class FarHits:
    """The share of the hits of recall that are further off than `beyond_m`."""

    share: Estimate
    beyond_m: float
    hits: int
    without_error: int


def far_hits(
    errors: np.ndarray, hit: np.ndarray, beyond_m: float, resampling: Resampling = IMAGES
) -> FarHits:
    """
    Return the share of hits with an error above `beyond_m`: what a hit is worth to a robot.

    :param errors: (n,) metres of the best reference, NaN where unknown.
    :param hit: (n,) bool, Recall@1 counts it as right.
    """
    known = np.asarray(hit, bool) & np.isfinite(errors)
    return FarHits(
        share=share(np.asarray(errors) > beyond_m, known, resampling),
        beyond_m=beyond_m,
        hits=int(np.sum(hit)),
        without_error=int(np.sum(hit) - known.sum()),
    )


@dataclass(frozen=True, slots=True)
class ShiftError:
    """The error of horizontal image shifts in px and in degrees, and the share within a limit."""

    px: Spread
    deg: Spread
    within: Estimate
    limit_px: float


def image_shift_error(
    estimated_px: np.ndarray,
    true_px: np.ndarray,
    width_px: int,
    hfov_deg: float,
    limit_px: float = 32.0,
    resampling: Resampling = IMAGES,
) -> ShiftError:
    """
    Return dx^ - dx in px, its share within `limit_px`, and in degrees: px * HFOV / width.

    As in the comparisons of GRIEF (Krajnik et al., RAS 2017,
    https://doi.org/10.1016/j.robot.2016.11.011). A shift above 0 is content that moved right: the
    camera turned left, or stands left of where the reference was taken (REP-103); pixels alone
    cannot tell these apart.

    :param estimated_px: (n,) NaN where there is none; it counts as outside the limit where the
        truth is known.
    """
    errors = np.asarray(estimated_px, float) - np.asarray(true_px, float)
    return ShiftError(
        px=spread(errors, resampling),
        deg=spread(errors * hfov_deg / width_px, resampling),
        within=share(np.abs(errors) <= limit_px, np.isfinite(true_px), resampling),
        limit_px=limit_px,
    )
