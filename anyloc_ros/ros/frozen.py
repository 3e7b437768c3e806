# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A camera that sends the same picture again and again, with stamps that go on.

The noise of a sensor makes every picture another one, also at standstill; a driver or a cable that
hangs, and a black picture, repeat themselves to the last byte. A simulator without noise does so
too where the robot stands still, so the picture alone proves nothing; it does where odometry moves
meanwhile. Without odometry it can only be told: a frozen picture then looks like standstill.
"""

from __future__ import annotations

from collections.abc import Callable

from anyloc_ros.errors import ImageError
import numpy as np

FROZEN_WAY_M = 0.5
"""After this way the same picture is no view of the place the robot is at."""

SPARSE = 8
"""Every eighth row and column is compared: microseconds, and noise changes them too."""


class SamePicture:
    """
    Knows since when the picture has not changed, and refuses it where the robot has moved on.

    :param way_m: gives the way by odometry between two stamps, None where it is not known.
    """

    def __init__(self, way_m: Callable[[int, int], float | None]) -> None:
        self._way_m = way_m
        self._picture: np.ndarray | None = None
        self._newest_ns = self._since_ns = 0
        self._driven_m = 0.0

    def seconds(self, image: np.ndarray, stamp_ns: int) -> float:
        """
        Return for how many seconds an image (H, W, 3), the newest one, has not changed.

        :raises ImageError: the robot has moved FROZEN_WAY_M meanwhile.
        """
        picture = image[::SPARSE, ::SPARSE]
        if self._picture is None or not np.array_equal(picture, self._picture):
            self._picture, self._since_ns, self._driven_m = picture.copy(), stamp_ns, 0.0
        else:
            # From image to image: odometry is not remembered for as long as a robot may stand.
            self._driven_m += self._way_m(self._newest_ns, stamp_ns) or 0.0
        self._newest_ns = stamp_ns
        seconds = (stamp_ns - self._since_ns) / 1e9
        if self._driven_m >= FROZEN_WAY_M:
            raise ImageError(
                f'the picture is the same, byte for byte, for {seconds:.1f} s and '
                f'{self._driven_m:.2f} m: the camera is frozen or dark; check it and its driver'
            )
        return seconds
