# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The loop: the robot drives, its camera sees, the localizer answers, the controller acts on it.

An answer takes a fixed time, whatever this machine needs for it, so that a run depends on its
seed alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
import math
from typing import Protocol, TYPE_CHECKING

from anyloc_ros.errors import AnyLocError
from anyloc_ros.pose import Pose
from anyloc_ros.simulate.closed_loop.controller import Heard, RepeatController
from anyloc_ros.simulate.closed_loop.day import Day
from anyloc_ros.simulate.closed_loop.floor import Floor
from anyloc_ros.simulate.closed_loop.inbox import Inbox, Shot
from anyloc_ros.simulate.closed_loop.path import BelievedPath
from anyloc_ros.simulate.closed_loop.permit import STOP
from anyloc_ros.simulate.closed_loop.robot import Robot
from anyloc_ros.simulate.closed_loop.run import (
    ARRIVED,
    COLLIDED,
    LoopImage,
    LoopRun,
    Setup,
    SPARE_S,
    STEP_S,
    TIMED_OUT,
    TIMES_TOO_LONG,
)
from anyloc_ros.simulate.closed_loop.teach import TaughtRoute
from anyloc_ros.simulate.closed_loop.wheels import Wheels
from anyloc_ros.simulate.world import World
import numpy as np

if TYPE_CHECKING:
    from anyloc_ros.localize.recognizer import Recognition
    from anyloc_ros.mapping.records import Keyframe

__all__ = ['Localizer', 'LoopImage', 'LoopRun', 'repeat']

START_NS = 1_700_086_400_000_000_000


class Localizer(Protocol):
    """What the loop needs of a PlaceRecognizer."""

    references: list[Keyframe]

    def recognize(
        self, image: np.ndarray, stamp_ns: int, odometry: Pose | None = None
    ) -> Recognition:
        """Say where an image was taken."""


def repeat(
    world: World,
    taught: TaughtRoute,
    localizer: Localizer,
    setup: Setup,
    seed: int,
    *,
    tick: Callable[[], None] = lambda: None,
) -> LoopRun:
    """
    Let the robot repeat a taught route once.

    The run ends when the robot stood at the goal for a while, touched a wall, gave up, or took
    too long.

    :param localizer: has the map of `taught`, and no past.
    :param seed: of all that differs between runs.
    :param tick: called at each step; what it raises ends the run.
    :raises AnyLocError: it was over before the first answer.
    """
    loop = _Loop(world, taught, localizer, setup, seed)
    whole_s = taught.goal_s_m / setup.loop.speed_mps
    for step in range(round((TIMES_TOO_LONG * whole_s + SPARE_S) / STEP_S)):
        tick()
        loop.see(step)
        loop.hear(step)
        if ended := loop.drive(step):
            break
    return loop.run(ended or TIMED_OUT)


class _Loop:
    """One run while it goes on; its methods are the parts of one step."""

    def __init__(
        self,
        world: World,
        taught: TaughtRoute,
        localizer: Localizer,
        setup: Setup,
        seed: int,
    ) -> None:
        loop = setup.loop
        self._world, self._taught, self._localizer = world, taught, localizer
        self._setup, self._seed = setup, seed
        self._day = Day(world, taught.camera, seed, taught.goal_s_m, loop.start_offset_m)
        self._robot, self._floor = Robot(self._day.start, setup.robot), Floor()
        self._wheels = Wheels(world.route.pose_at(0.0), setup.wheels, (seed, 43))
        self._path = BelievedPath(localizer.references)
        self._controller = RepeatController(
            self._path,
            loop.speed_mps,
            taught.camera.focal_px,
            setup.controller,
            setup.monitor,
            setup.max_age_s,
        )
        self._inbox = Inbox(loop.rate_hz, loop.latency_s)
        self._coming: deque[tuple[int, Shot, Recognition]] = deque()
        self._images: list[LoopImage] = []
        self._rows: list[tuple[float, float, float, float, float]] = []
        self._route = taught.path_of(world)
        self._s_m = self._driven_m = 0.0
        self._permit = STOP
        self._arrived_step: int | None = None

    def see(self, step: int) -> None:
        """Take an image if it is time for one, and begin to answer the one that waits."""
        pose = self._robot.pose
        # At each step: images may lie further apart than the place before is looked around.
        where = np.array([[pose.x, pose.y]])
        self._s_m = float(
            self._route.project(where, np.array([pose.yaw]), start_s=self._s_m).s_m[0]
        )
        self._inbox.offer(step, pose, self._s_m, self._wheels.pose)
        shot = self._inbox.take(step)
        if shot is None:
            return
        image = self._day.image(shot.pose, shot.s_m, shot.number)
        answer = self._localizer.recognize(image, _stamp_ns(shot.step), shot.odometry)
        self._coming.append((step + self._inbox.steps, shot, answer))

    def hear(self, step: int) -> None:
        """Give the controller the answers that come now."""
        while self._coming and self._coming[0][0] <= step:
            _, shot, answer = self._coming.popleft()
            heard = _heard(shot.step * STEP_S, answer)
            self._controller.on_answer(heard)
            self._images.append(
                LoopImage(
                    shot.number,
                    _stamp_ns(shot.step),
                    shot.step,
                    step,
                    shot.pose,
                    shot.odometry,
                    self._path.pose_at(*self._controller.state),
                    answer,
                    self._controller.shows_goal(heard),
                    self._permit,
                )
            )

    def drive(self, step: int) -> str:
        """Do what the controller commands; return how the run ended, '' while it goes on."""
        robot, controller = self._robot, self._controller
        command = controller.command(step * STEP_S)
        self._permit = command.permit
        self._rows.append((robot.x, robot.y, robot.yaw, self._driven_m, command.correction_rad))
        if controller.gave_up:
            return controller.gave_up
        if controller.arrived:
            self._arrived_step = step if self._arrived_step is None else self._arrived_step
            if (step - self._arrived_step) * STEP_S >= self._setup.stands_s:
                return ARRIVED
        moved = robot.step(command.forward_mps, command.turn_rps, STEP_S)
        self._driven_m += abs(moved[0])
        controller.on_odometry((step + 1) * STEP_S, *self._wheels.roll(*moved))
        free_m = self._floor.room_m(robot.x, robot.y)
        return COLLIDED if free_m < self._setup.robot.radius_m else ''

    def run(self, ended: str) -> LoopRun:
        """Return all of it."""
        if not self._images:
            raise AnyLocError(
                f'a run was over before its first answer: {ended}; expected room at the start and '
                f'time to answer: give a smaller start offset or radius_m, a shorter latency, or '
                f'a longer give_up_s'
            )
        x, y, yaw, driven_m, correction_rad = np.array(self._rows).T
        beside = self._route.project(np.column_stack([x, y]), yaw, start_s=0.0)
        goal = self._world.route.pose_at(self._taught.goal_s_m)
        return LoopRun(
            self._seed,
            self._setup,
            tuple(self._images),
            x,
            y,
            yaw,
            beside.s_m,
            beside.left_m,
            driven_m,
            correction_rad,
            goal_s_m=self._taught.goal_s_m,
            goal_m=math.dist((x[-1], y[-1]), (goal.x, goal.y)),
            goal_rad=math.remainder(yaw[-1] - goal.yaw, math.tau),
            ended=ended,
            dropped=self._inbox.dropped,
        )


def _stamp_ns(step: int) -> int:
    return START_NS + round(step * STEP_S * 1e9)


def _heard(stamp_s: float, answer: Recognition) -> Heard:
    """Return what of an answer a controller acts on: the match."""
    match = answer.match
    if match is None:
        return Heard(stamp_s, None)
    return Heard(
        stamp_s, match.reference.id, match.shift_px, match.heading_rad, match.heading_sigma
    )
