# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
How far a camera turned between two images, apart from how far it moved.

A turn and a step aside both shift the picture; but a turn shifts near and far alike, and a step
shifts what is near along lines through one point. So the epipolar constraint
(Longuet-Higgins, Nature 1981, https://doi.org/10.1038/293133a0) q^T R [t]x r = 0 is solved, r and
q being rays to one thing in the reference and in the query, R the turn and t the way between them.
Robots drive on floors: a grid over the turn and the direction of travel in the plane finds where
to start (planar motion as in Ortin and Montiel, Robotica 2001,
https://doi.org/10.1017/S0263574700003143), Gauss-Newton does the rest with pitch, roll and rise
free as far as floors and springs let them. Residuals are Sampson distances
(Luong and Faugeras, IJCV 1996, https://doi.org/10.1007/BF00127818) with the weights of Geman and
McClure, for which a wrong match hardly counts.

Before one flat wall several motions explain nearly the same picture. All are looked at, and the
deviation of the answer covers those that the matches cannot exclude.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

MIN_MATCHES = 12
_MAX_RAY = 5.0
"""79 degrees from the axis: beyond, a flat image stretches without end."""
_GRID_MATCHES = 100
_TURNS_RAD = np.radians(np.arange(-30.0, 31.0, 2.0))
_WAYS_RAD = np.radians(np.arange(0.0, 180.0, 15.0))
"""Directions of t from straight ahead to the right; its opposite gives the same constraint."""
_GRID_SCALE_PX = 3.0
_STARTS = 3
_SCALES_PX = (4.0, 2.8, 2.0, 1.4, 1.0, 1.0, 1.0, 1.0, 1.0)
"""Residual that quarters the weight of a match, step by step."""
_NOISE_PX2 = 16 * 0.1
"""
Variance of a right match: 0.3 px, and 16 of them tell as much as one.

Features of 32 px, 8 px apart, see the same pixels 16 times.
"""
_ASIDE_RAD = math.radians(6.0)
"""Deviation of what a step aside adds to the shift of the picture."""
_TILT_RAD = math.radians(2.0)
"""Deviation of pitch and roll between two visits."""
_RISE_RAD = 0.15
"""Deviation of the direction of travel from the plane."""
_LEAST_SIGMA_RAD = math.radians(0.2)
"""What mounting and timing leave in any case."""
_MAX_STEP = 0.2
_TINY = 1e-5

_CERTAINTY = np.array([_TILT_RAD**-2, _ASIDE_RAD**-2, _TILT_RAD**-2, 0.0, _RISE_RAD**-2])


def turn_between(reference: np.ndarray, query: np.ndarray, pixel: float) -> tuple[float, float]:
    """
    Return how far the camera turned left from the reference to the query, and the deviation.

    Both are in rad, NaN for fewer than MIN_MATCHES usable matches. A camera that turned left
    (above 0, REP-103) sees the same things further right. Turns beyond 30 degrees are not looked
    for.

    :param reference: (N, 2) rays to what was matched: right and down at one unit ahead.
    :param query: (N, 2) rays to the same things.
    :param pixel: the size of a px in these units; matches are right to a fraction of it.
    """
    far_out = np.hypot(*reference.T), np.hypot(*query.T)
    # False for NaN too: a distortion may have no ray for a pixel.
    usable = np.maximum(*far_out) < _MAX_RAY
    reference, query = reference[usable], query[usable]
    if len(reference) < MIN_MATCHES:
        return math.nan, math.nan
    rays = _homogeneous(reference), _homogeneous(query)
    shift = np.median(np.arctan(query[:, 0]) - np.arctan(reference[:, 0]))
    expected = np.array([0.0, shift, 0.0, 0.0, 0.0])
    fits = [_fit(start, expected, *rays, pixel) for start in _starts(*rays, pixel)]
    costs, turns, variances = np.array(fits).T
    best = costs.argmin()
    likely = np.exp((costs[best] - costs) / 2)
    spread = variances + (turns - turns[best]) ** 2
    variance = (likely * spread).sum() / likely.sum()
    return float(turns[best]), float(max(math.sqrt(variance), _LEAST_SIGMA_RAD))


def _homogeneous(rays: np.ndarray) -> np.ndarray:
    return np.column_stack([rays, np.ones(len(rays))])


def _essential(motion: np.ndarray) -> np.ndarray:
    """Return R [t]x (3, 3) of a motion: pitch, turn, roll, direction of travel, rise, in rad."""
    way, rise = motion[3:]
    right, ahead = math.sin(way) * math.cos(rise), math.cos(way) * math.cos(rise)
    down = math.sin(rise)
    cross = np.array([[0, -ahead, down], [ahead, 0, -right], [-down, right, 0]])
    return cv2.Rodrigues(motion[:3])[0] @ cross


_GRID = np.array([(0.0, turn, 0.0, way, 0.0) for turn in _TURNS_RAD for way in _WAYS_RAD])
_GRID_ESSENTIAL = np.array([_essential(motion) for motion in _GRID], np.float32)


def _sampson(essential: np.ndarray, reference: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return the distances (..., N) of matches of rays (N, 3) from constraints (..., 3, 3)."""
    lines = reference @ np.swapaxes(essential, -1, -2)
    back = query @ essential
    steepness = np.square(lines[..., :2]).sum(-1) + np.square(back[..., :2]).sum(-1)
    # Where the way points at a thing, lines vanish and the constraint says nothing of it.
    return (lines * query).sum(-1) / np.sqrt(steepness + _TINY**2)


def _cost(residuals: np.ndarray, scale: float) -> np.ndarray:
    squared = np.square(residuals)
    return (squared / (1 + squared / scale**2)).sum(axis=-1)


def _starts(reference: np.ndarray, query: np.ndarray, pixel: float) -> np.ndarray:
    """Return the motions of the grid (n, 5) at the lowest minima over the turn."""
    every = np.linspace(0, len(query) - 1, min(len(query), _GRID_MATCHES)).astype(int)
    rays = reference[every].astype(np.float32), query[every].astype(np.float32)
    residuals = _sampson(_GRID_ESSENTIAL, *rays) / pixel
    costs = _cost(residuals, _GRID_SCALE_PX).reshape(len(_TURNS_RAD), -1)
    lowest = costs.min(axis=1)
    around = np.pad(lowest, 1, constant_values=np.inf)
    minima = np.flatnonzero((lowest <= around[:-2]) & (lowest < around[2:]))
    minima = minima[lowest[minima].argsort(kind='stable')][:_STARTS]
    return _GRID.reshape(*costs.shape, -1)[minima, costs[minima].argmin(axis=1)]


def _fit(
    start: np.ndarray,
    expected: np.ndarray,
    reference: np.ndarray,
    query: np.ndarray,
    pixel: float,
) -> tuple[float, float, float]:
    """Return the cost, the turn and the variance of the turn where Gauss-Newton ends."""
    motion = start
    for scale in _SCALES_PX:
        around = np.vstack([motion, motion + _TINY * np.eye(5)])
        essentials = np.array([_essential(each) for each in around])
        residuals, *moved = _sampson(essentials, reference, query) / pixel
        slopes = (np.array(moved) - residuals) / _TINY
        weights = (1 + np.square(residuals / scale)) ** -2 / _NOISE_PX2
        information = (slopes * weights) @ slopes.T + np.diag(_CERTAINTY)
        # Two images of one place leave the direction of travel open.
        information += 1e-9 * np.eye(5)
        pull = (slopes * weights) @ residuals + _CERTAINTY * (motion - expected)
        step = np.linalg.solve(information, pull)
        motion = motion - step * (_MAX_STEP / max(_MAX_STEP, np.abs(step).max()))
    residuals = _sampson(_essential(motion), reference, query) / pixel
    cost = _cost(residuals, _SCALES_PX[-1]) / _NOISE_PX2 + _CERTAINTY @ (motion - expected) ** 2
    return cost, motion[1], np.linalg.inv(information)[1, 1]
