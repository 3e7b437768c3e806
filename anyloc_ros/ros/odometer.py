# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Odometry that arrives while the images it belongs to are worked on."""

from __future__ import annotations

from threading import Condition

from anyloc_ros.config import TeachConfig
from anyloc_ros.localize.odometer import Odometer
from anyloc_ros.pose import Pose
from anyloc_ros.ros.inputs import PoseInput

WAIT_S = 0.05
"""How long an image waits for odometry: a period of one of 20 Hz. Then it takes what there is."""


class LiveOdometer:
    """
    An Odometer of two threads: the executor's adds poses, the worker's asks for them.

    :param config: see Odometer.
    """

    def __init__(self, config: TeachConfig) -> None:
        self._odometer = Odometer(config)
        self._arrived = Condition()

    def add(self, pose: PoseInput) -> None:
        """Take a pose."""
        with self._arrived:
            self._odometer.add(pose.stamp_ns, pose.sample, pose.frame_id)
            self._arrived.notify_all()

    def clear(self) -> None:
        """Forget all poses: the clock was set back."""
        with self._arrived:
            self._odometer.clear()

    @property
    def frame_id(self) -> str:
        """Return the frame of the newest pose."""
        return self._odometer.frame_id

    def at(
        self, stamp_ns: int, since_ns: int | None = None, *, wait_s: float = 0.0
    ) -> Pose | None:
        """
        Return the pose at a stamp, see Odometer.

        :param wait_s: wait so long at most for a pose at or after the stamp: odometry of the same
            moment often arrives after the image.
        """
        with self._arrived:
            self._arrived.wait_for(lambda: self._reaches(stamp_ns), wait_s)
            return self._odometer.at(stamp_ns, since_ns)

    def way_m(self, begin_ns: int, end_ns: int) -> float | None:
        """Return the way between two stamps, None where it is not known."""
        with self._arrived:
            return self._odometer.way_m(begin_ns, end_ns)

    def _reaches(self, stamp_ns: int) -> bool:
        newest_ns = self._odometer.newest_ns
        return newest_ns is not None and newest_ns >= stamp_ns
