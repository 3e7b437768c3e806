# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Which parts of one image are seen in another: local features matched, tested, and made exact.

Images are compared at a working size, the longer side at most WORKING_SIDE px, whatever the
camera gives. Positions are (N, 2) x, y in px of that size, pixel centres at whole numbers.
"""

from __future__ import annotations

import cv2
import numpy as np

WORKING_SIDE = 320
TOLERANCE_PX = 12.0
"""A match within this distance of the similarity transform is an inlier: 1.5 steps of RootSIFT."""
_HYPOTHESES = 150
_MAX_ZOOM = 2.0
_MAX_ROLL_RAD = np.radians(20.0)
_CONTRAST_WINDOW_PX = 31
_FLOOR_LEVELS = 3.0
"""Contrast below camera noise is not made larger."""
_SNAP_PX = 4
_CORNER_PX = 5
_FLOW_WINDOW = (15, 15)
_FLOW_LEVELS = 1
_FLOW_STEPS = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.03)


def even_light(image: np.ndarray) -> np.ndarray:
    """
    Return (h, w) uint8 of the working size, without what light changes: mean and contrast near by.

    :param image: (H, W, 3) uint8 RGB.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    scale = WORKING_SIDE / max(grey.shape)
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in grey.shape)
        grey = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    grey = grey.astype(np.float32)
    window = (_CONTRAST_WINDOW_PX, _CONTRAST_WINDOW_PX)
    mean = cv2.blur(grey, window)
    variance = np.maximum(cv2.blur(grey * grey, window) - mean * mean, 0)
    even = (grey - mean) / np.sqrt(variance + _FLOOR_LEVELS**2)
    return np.clip(128 + 40 * even, 0, 255).astype(np.uint8)


def mutual_nearest(ours: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of unit features (N, D) and (M, D) that are each other's nearest."""
    if not len(ours) or not len(others):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    similarity = ours @ others.T
    nearest = similarity.argmax(axis=1)
    # The greatest of a column takes a thirtieth of the time of where it is.
    rows = np.flatnonzero(similarity.max(axis=1) == similarity.max(axis=0)[nearest])
    return rows, nearest[rows]


def agreeing(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """
    Return (N,) bool: the matches from `start` to `end` that one similarity transform explains.

    RANSAC (Fischler and Bolles, CACM 1981, https://doi.org/10.1145/358669.358692) over pairs of
    matches, with a zoom of at most 2 and a roll of at most 20 degrees, which robots stay below.
    The draws are always the same. Positions are complex numbers here: end = turn * start + move.
    """
    count = len(start)
    if count < 3:
        return np.zeros(count, bool)
    first, second = np.random.default_rng(0).integers(0, count, (2, _HYPOTHESES))
    begin, stop = (points.astype(np.float32).view(np.complex64)[:, 0] for points in (start, end))
    apart = begin[first] - begin[second]
    valid = np.abs(apart) > TOLERANCE_PX
    first, second = first[valid], second[valid]
    turn = (stop[first] - stop[second]) / apart[valid]
    zoom, roll = np.abs(turn), np.abs(np.angle(turn))
    valid = (zoom < _MAX_ZOOM) & (zoom > 1 / _MAX_ZOOM) & (roll < _MAX_ROLL_RAD)
    turn, first = turn[valid, None], first[valid]
    if not len(turn):
        return np.zeros(count, bool)
    move = stop[first][:, None] - turn * begin[first][:, None]
    inliers = np.abs(turn * begin + move - stop) < TOLERANCE_PX
    return inliers[inliers.sum(axis=1).argmax()]


def refine(
    start_image: np.ndarray, end_image: np.ndarray, start: np.ndarray, end: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """
    Return the matches at corners of the first image, their ends to a fraction of a pixel.

    Features on a grid know where they are to half a step of it. Each start moves to the best
    corner (Shi and Tomasi, CVPR 1994) near by; pyramidal Lucas-Kanade finds it in the other
    image. Matches that it loses, or moves by more than it may, are left out.

    :param start_image: (h, w) uint8 from `even_light`, of the size of `end_image`.
    """
    if not len(start):
        return start, end
    corners = _corners(start_image, start)
    guess = (end + corners - start).astype(np.float32)
    found, tracked, _ = cv2.calcOpticalFlowPyrLK(
        start_image,
        end_image,
        corners[:, None],
        guess[:, None].copy(),
        winSize=_FLOW_WINDOW,
        maxLevel=_FLOW_LEVELS,
        criteria=_FLOW_STEPS,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    moved = np.linalg.norm(found[:, 0] - guess, axis=1)
    kept = (tracked[:, 0] > 0) & (moved < TOLERANCE_PX)
    return corners[kept], found[kept, 0]


def _corners(image: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return the best corner (N, 2) float32 within _SNAP_PX of each position."""
    height, width = image.shape
    strength = np.pad(cv2.cornerMinEigenVal(image, _CORNER_PX), _SNAP_PX, constant_values=-1)
    columns, rows = np.clip(np.round(positions).astype(int), 0, (width - 1, height - 1)).T
    offsets = np.arange(2 * _SNAP_PX + 1)
    near = strength[
        rows[:, None, None] + offsets[:, None], columns[:, None, None] + offsets
    ].reshape(len(positions), -1)
    down, right = np.divmod(near.argmax(axis=1), len(offsets))
    corners = np.stack([columns + right - _SNAP_PX, rows + down - _SNAP_PX], axis=1)
    return corners.astype(np.float32)
