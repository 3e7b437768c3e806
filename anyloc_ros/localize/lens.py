# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a calibration makes of pixels: the rays they look along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyloc_ros.describe.local_features import rescale
from anyloc_ros.errors import ConfigError
import cv2
import numpy as np

_COEFFICIENTS = {
    '': (0,),
    'plumb_bob': (0, 4, 5),
    'rational_polynomial': (0, 8, 12, 14),
    'equidistant': (0, 4),
}
"""Distortion models of sensor_msgs/distortion_models.hpp, and how many numbers each may have."""
_SAME_SHAPE = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """
    The camera matrix (3, 3) in px of images of `size` (height, width), and the distortion.

    Images may have another resolution as long as they show the same: then their sides have the
    same ratio, see `fits`.
    """

    size: tuple[int, int]
    matrix: np.ndarray
    distortion: np.ndarray
    fisheye: bool = False

    def fits(self, size: tuple[int, int]) -> bool:
        """Return whether an image of this (height, width) may be of this camera."""
        ratio = size[1] * self.size[0] / (size[0] * self.size[1])
        return abs(ratio - 1) < _SAME_SHAPE

    def rays(self, points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """
        Return (N, 2) where the rays of pixels pass one unit ahead: right and down.

        :param points: (N, 2) x, y in px of an image of `size`, pixel centres at whole numbers.
        """
        if not len(points):
            return np.empty((0, 2))
        pixels = rescale(np.asarray(points, float), size, self.size)[:, None]
        undistort = cv2.fisheye.undistortPoints if self.fisheye else cv2.undistortPoints
        return undistort(pixels, self.matrix, self.distortion)[:, 0]


def lens_of(calibration: Mapping[str, Any] | None) -> Lens | None:
    """
    Return the lens of a calibration with the fields of sensor_msgs/CameraInfo, as a map keeps it.

    None without one, and where the message says that the camera is not calibrated: K[0] is 0.

    :param calibration: `height width distortion_model d k`, k being row by row.
    :raises ConfigError: an unknown distortion model, or numbers that do not fit it.
    """
    if calibration is None:
        return None
    try:
        size = int(calibration['height']), int(calibration['width'])
        matrix = np.array(calibration['k'], float).reshape(3, 3)
        distortion = np.array(calibration['d'], float).ravel()
        model = calibration['distortion_model']
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f'camera_info: expected height, width, distortion_model, d and 9 numbers k, got '
            f'{error}; record the map with a complete calibration or set verify to none'
        ) from error
    if not matrix[0, 0]:
        return None
    _check(size, matrix, distortion, model)
    fisheye = model == 'equidistant'
    if fisheye and not len(distortion):
        distortion = np.zeros(4)
    return Lens(size, matrix, distortion, fisheye)


def _check(size: Sequence[int], matrix: np.ndarray, distortion: np.ndarray, model: str) -> None:
    if model not in _COEFFICIENTS or len(distortion) not in _COEFFICIENTS[model]:
        raise ConfigError(
            f'camera_info: expected distortion_model plumb_bob with up to 5 numbers d, '
            f'rational_polynomial with 8, or equidistant with 4, got {model!r} with '
            f'{len(distortion)}; use one of these models, or headings cannot be computed'
        )
    finite = np.isfinite(matrix).all() and np.isfinite(distortion).all()
    if min(size) < 1 or not finite or min(matrix[0, 0], matrix[1, 1]) <= 0:
        raise ConfigError(
            f'camera_info: expected the size of the image and focal lengths above 0, got '
            f'{size[0]}x{size[1]} px and k {matrix.ravel().tolist()}; calibrate the camera again'
        )
