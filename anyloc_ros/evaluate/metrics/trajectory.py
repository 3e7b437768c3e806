# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A whole drive against the truth after one has been laid over the other."""

from __future__ import annotations

from dataclasses import dataclass
import math

from anyloc_ros.evaluate.metrics.intervals import IMAGES, Resampling
from anyloc_ros.evaluate.metrics.spread import Spread, spread
import numpy as np


@dataclass(frozen=True, slots=True)
class TrajectoryError:
    """
    Absolute error in metres after alignment, and relative error in metres per metre driven.

    `yaw_rad` and `shift_m` are the alignment, which takes estimates into the frame of the truth.
    `rpe` is about pairs of images `step_m` apart.
    """

    ate: Spread
    rpe: Spread
    step_m: float
    yaw_rad: float
    shift_m: tuple[float, float]


def align(estimated: np.ndarray, true: np.ndarray) -> tuple[float, np.ndarray]:
    """
    Return the turn (rad) and the shift (2,) (m) that lay estimates (n, 2) best over the truth.

    The closed form of least squares in the plane without scale (Umeyama, PAMI 1991,
    https://doi.org/10.1109/34.88573). Rows with NaN are left out.

    :raises ValueError: fewer than two known pairs.
    """
    known = np.isfinite(estimated).all(axis=1) & np.isfinite(true).all(axis=1)
    if known.sum() < 2:
        raise ValueError(f'estimated: expected 2 known pairs or more, got {known.sum()}')
    estimated, true = estimated[known], true[known]
    middle, true_middle = estimated.mean(axis=0), true.mean(axis=0)
    (x, y), (u, v) = (estimated - middle).T, (true - true_middle).T
    yaw = math.atan2(float(x @ v - y @ u), float(x @ u + y @ v))
    return yaw, true_middle - _turned(middle, yaw)


def trajectory_error(
    estimated: np.ndarray, true: np.ndarray, step_m: float = 1.0, resampling: Resampling = IMAGES
) -> TrajectoryError:
    """
    Return the absolute and the relative trajectory error of positions (n, 2) in metres.

    ATE: distance after alignment by SE(2). RPE: for each image i and the first one j that is at
    least `step_m` of true way later, | norm(p^_j - p^_i) - norm(p_j - p_i) | / way, which needs
    no alignment and no heading. After Sturm et al., IROS 2012,
    https://doi.org/10.1109/IROS.2012.6385773.

    :raises ValueError: fewer than two known pairs.
    """
    estimated, true = np.asarray(estimated, float), np.asarray(true, float)
    yaw, shift = align(estimated, true)
    apart = np.linalg.norm(_turned(estimated, yaw) + shift - true, axis=1)
    known = np.isfinite(apart)
    places, where = estimated[known], true[known]
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(where, axis=0), axis=1))])
    later = np.searchsorted(way, way + step_m)
    first = np.flatnonzero(later < len(way))
    later = later[first]
    moved = np.linalg.norm(places[later] - places[first], axis=1)
    true_moved = np.linalg.norm(where[later] - where[first], axis=1)
    return TrajectoryError(
        ate=spread(apart, resampling),
        rpe=spread((moved - true_moved) / (way[later] - way[first]), resampling),
        step_m=step_m,
        yaw_rad=yaw,
        shift_m=(float(shift[0]), float(shift[1])),
    )


def _turned(points: np.ndarray, yaw_rad: float) -> np.ndarray:
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    return points @ np.array([[cos, sin], [-sin, cos]])
