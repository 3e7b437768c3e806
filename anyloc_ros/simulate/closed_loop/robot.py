# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The robot as it truly moves: a unicycle with limits and lag."""

from __future__ import annotations

from dataclasses import dataclass
import math

from anyloc_ros.parameter import Checked, parameter
from anyloc_ros.pose import Pose


@dataclass(frozen=True, slots=True)
class RobotConfig(Checked):
    """What the base can do."""

    max_mps: float = parameter(1.5, 'highest speed', low=0.0, high=10.0)
    max_rps: float = parameter(1.5, 'highest turn rate, rad/s', low=0.0, high=20.0)
    acceleration_mps2: float = parameter(0.8, 'how fast the speed changes', low=0.01, high=50.0)
    acceleration_rps2: float = parameter(
        4.0, 'how fast the turn rate changes, rad/s^2', low=0.01, high=200.0
    )
    lag_s: float = parameter(
        0.15, 'time constant with which speeds follow the command', low=0.0, high=5.0
    )
    radius_m: float = parameter(
        0.25, 'of the footprint: nearer to a wall is a collision', low=0.16, high=1.0
    )


class Robot:
    """
    Where the robot is (`x y yaw`, metres and rad in the map) and how it moves now.

    `forward_mps` and `turn_rps` follow the commands with a first-order lag and bounded change.
    """

    def __init__(self, start: Pose, config: RobotConfig) -> None:
        self._config = config
        self.x, self.y, self.yaw = start.x, start.y, start.yaw
        self.forward_mps = self.turn_rps = 0.0

    @property
    def pose(self) -> Pose:
        """Return the pose of the base."""
        return Pose.from_xy_yaw(self.x, self.y, self.yaw)

    def step(self, forward_mps: float, turn_rps: float, seconds: float) -> tuple[float, float]:
        """
        Follow a command for a short time; return the way (m, back below 0) and the turn (rad).

        Speeds change at the beginning of the step and hold during it, so the robot goes on an arc:
        the chord of an arc points along half of its turn.
        """
        config = self._config
        self.forward_mps += self._change(
            max(-config.max_mps, min(forward_mps, config.max_mps)) - self.forward_mps,
            config.acceleration_mps2,
            seconds,
        )
        self.turn_rps += self._change(
            max(-config.max_rps, min(turn_rps, config.max_rps)) - self.turn_rps,
            config.acceleration_rps2,
            seconds,
        )
        way_m, turn_rad = self.forward_mps * seconds, self.turn_rps * seconds
        half = turn_rad / 2
        chord_m = way_m * (math.sin(half) / half if half else 1.0)
        self.x += chord_m * math.cos(self.yaw + half)
        self.y += chord_m * math.sin(self.yaw + half)
        self.yaw += turn_rad
        return way_m, turn_rad

    def _change(self, missing: float, acceleration: float, seconds: float) -> float:
        lag_s = self._config.lag_s
        follows = missing * (1 - math.exp(-seconds / lag_s)) if lag_s else missing
        most = acceleration * seconds
        return max(-most, min(follows, most))
