# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What the wheels tell of the way: never quite what the robot did."""

from __future__ import annotations

from dataclasses import dataclass
import math

from anyloc_ros.parameter import Checked, parameter
from anyloc_ros.pose import Pose
import numpy as np

SLIP_M = 0.3
"""A slip lasts so long on the floor."""


@dataclass(frozen=True, slots=True)
class WheelsConfig(Checked):
    """How wrong odometry is. Deviations are those between runs: each run draws its own."""

    way_error: float = parameter(
        0.01, 'deviation of the scale of the way, as a share of it', low=0.0, high=0.5
    )
    yaw_drift_deg: float = parameter(
        0.2, 'deviation of the steady drift of the heading on each metre', low=0.0, high=20.0
    )
    yaw_walk_deg: float = parameter(
        0.3, 'random walk of the heading, for the root of each metre', low=0.0, high=20.0
    )
    slips_per_100m: float = parameter(
        3.0, 'how often the wheels slip, on average', low=0.0, high=1000.0
    )
    slip_share: float = parameter(
        0.3, 'in a slip the wheels turn further than the robot goes by this share', low=0.0
    )
    slip_deg: float = parameter(
        2.0, 'deviation of the turn at a slip that the wheels do not see', low=0.0, high=90.0
    )


class Wheels:
    """
    Odometry that drifts and slips, all of it drawn from the seed.

    `pose` is where it believes the base to be, in its own frame, from where it was told to begin.
    """

    def __init__(self, start: Pose, config: WheelsConfig, seed: tuple[int, ...]) -> None:
        self._config = config
        self._rng = np.random.default_rng(seed)
        self._scale = 1 + config.way_error * self._rng.standard_normal()
        self._drift_rad_per_m = math.radians(config.yaw_drift_deg) * self._rng.standard_normal()
        self._next_slip_m = self._way_to_slip_m()
        self._slip_left_m = 0.0
        self._x, self._y, self._yaw = start.x, start.y, start.yaw

    @property
    def pose(self) -> Pose:
        """Return where the wheels believe the base to be."""
        return Pose.from_xy_yaw(self._x, self._y, self._yaw)

    def roll(self, way_m: float, turn_rad: float) -> tuple[float, float]:
        """Return what they tell of a true way (m) and turn (rad), and add it to `pose`."""
        length_m = abs(way_m)
        walk_rad = math.radians(self._config.yaw_walk_deg) * math.sqrt(length_m)
        turn_rad += self._drift_rad_per_m * length_m + walk_rad * self._rng.standard_normal()
        way_m *= self._scale
        self._next_slip_m -= length_m
        if self._next_slip_m <= 0:
            self._next_slip_m, self._slip_left_m = self._way_to_slip_m(), SLIP_M
            turn_rad -= math.radians(self._config.slip_deg) * self._rng.standard_normal()
        if self._slip_left_m > 0:
            self._slip_left_m -= length_m
            way_m *= 1 + self._config.slip_share
        middle = self._yaw + turn_rad / 2
        self._x += way_m * math.cos(middle)
        self._y += way_m * math.sin(middle)
        self._yaw += turn_rad
        return way_m, turn_rad

    def _way_to_slip_m(self) -> float:
        rate = self._config.slips_per_100m
        return float(self._rng.exponential(100 / rate)) if rate else math.inf
