# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a repeat run is: how it is set up, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anyloc_ros.config import MonitorConfig
from anyloc_ros.parameter import Checked, parameter
from anyloc_ros.pose import Pose
from anyloc_ros.simulate.closed_loop.controller import ControllerConfig
from anyloc_ros.simulate.closed_loop.robot import RobotConfig
from anyloc_ros.simulate.closed_loop.wheels import WheelsConfig
import numpy as np

if TYPE_CHECKING:
    from anyloc_ros.localize.recognizer import Recognition

STEP_S = 0.05
"""Time passes in such steps: the controller runs at 20 Hz."""

TIMES_TOO_LONG, SPARE_S = 3, 30.0
"""A run times out after so many times the time of its way at full speed, and this time more."""

ARRIVED, COLLIDED, TIMED_OUT = 'arrived', 'collided', 'timed out'
"""How a run ends; else the controller gave up and says why."""


@dataclass(frozen=True, slots=True)
class LoopConfig(Checked):
    """How the robot drives and looks."""

    speed_mps: float = parameter(0.6, 'speed that the controller keeps', low=0.05, high=1.5)
    rate_hz: float = parameter(5.0, 'images per second', low=0.1, high=20.0)
    latency_s: float = parameter(
        0.1, 'from the stamp of an image to its answer, where none waits', low=0.0, high=5.0
    )
    start_offset_m: float = parameter(
        0.3, 'the robot is put down this far beside the path', low=0.0, high=0.9
    )
    stand_s: float = parameter(
        2.5, 'it stands at the goal and hears answers for so long', low=0.0, high=60.0
    )


@dataclass(frozen=True, slots=True)
class Setup:
    """All that is configured of a run; `monitor` has the limits that the localizer has too."""

    loop: LoopConfig = field(default_factory=LoopConfig)
    robot: RobotConfig = field(default_factory=RobotConfig)
    wheels: WheelsConfig = field(default_factory=WheelsConfig)
    controller: ControllerConfig = field(default_factory=ControllerConfig)
    monitor: MonitorConfig = field(default_factory=MonitorConfig)

    @property
    def max_age_s(self) -> float:
        """Return how old an answer may be: an image before it, two periods and some reserve."""
        return 2 * self.loop.latency_s + 2 / self.loop.rate_hz + 0.5

    @property
    def stands_s(self) -> float:
        """Return how long the robot stands at the goal, the first answer awaited."""
        return self.loop.stand_s + self.loop.latency_s + 1 / self.loop.rate_hz


@dataclass(frozen=True, slots=True, eq=False)
class LoopImage:
    """
    One image and what came of it; `Day.image` renders it again.

    `taken` is the step at which the robot was at `true_pose` and took it, `heard` the step at
    which the answer came. `believed` is where the controller then took the robot to be, in the
    frame of the map, and `permit` what it was allowed until then: drive, slow or stop. `at_goal`:
    the answer is a match that shows the goal.
    """

    number: int
    stamp_ns: int
    taken: int
    heard: int
    true_pose: Pose
    odometry: Pose
    believed: Pose
    answer: Recognition
    at_goal: bool
    permit: str


@dataclass(frozen=True, slots=True, eq=False)
class LoopRun:
    """
    One run, whole: its images in order, one or more, and the robot at each step (n,).

    `x y yaw` are true, in metres and rad in the frame of the world; `s_m` the way along the taught
    route and `left_m` the offset from it, above 0 to the left; `driven_m` the way driven until
    then. `correction_rad`: see Command, 0 where the robot stood. `goal_m` and `goal_rad` are how
    far it ended from the goal and turned from it. `ended` is one of the words above, or says why
    the controller gave up. `dropped` counts images that were never looked at.
    """

    seed: int
    setup: Setup
    images: tuple[LoopImage, ...]
    x: np.ndarray
    y: np.ndarray
    yaw: np.ndarray
    s_m: np.ndarray
    left_m: np.ndarray
    driven_m: np.ndarray
    correction_rad: np.ndarray
    goal_s_m: float
    goal_m: float
    goal_rad: float
    ended: str
    dropped: int

    @property
    def seconds(self) -> np.ndarray:
        """Return (n,) the time of each step."""
        return np.arange(len(self.x)) * STEP_S
