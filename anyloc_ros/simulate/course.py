# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The way of a robot that does not only follow the route, in steps of one odometry sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
import math

from anyloc_ros.pose import Pose
from anyloc_ros.simulate.drive import Wander
from anyloc_ros.simulate.plan import DOORWAYS, Rectangle, ROOMS
from anyloc_ros.simulate.route import Route
from anyloc_ros.simulate.run import RunConfig
import numpy as np

TURN_RPS = math.radians(60)
"""How fast the robot turns on the spot."""

_WALL_M = 0.8
"""Nearer than this to a wall of a room it does not go."""
_BEHIND_DOOR_M = 1.2
_LOBBY = ((26.5, 2.4), ((25.4, -0.8), (30.0, -1.4)))
"""Where the route crosses the lobby, and a way from there into the part never driven."""


@dataclass(frozen=True, slots=True)
class Step:
    """
    Where base_link truly is at one sample of the odometry.

    `s` is the way along the route in metres while the robot follows it, else None. `carried` says
    that the robot came here from the step before without its wheels.
    """

    pose: Pose
    s: float | None
    event: str = ''
    carried: bool = False


class Course:
    """
    A drive that grows move by move; `steps` holds what there is of it.

    Every move ends at a step whose successor has an image: what happens next begins with one.
    """

    def __init__(self, route: Route, run: RunConfig, steps_per_image: int) -> None:
        self.steps: list[Step] = []
        self.s = run.start_m
        self._route = route
        self._steps_per_image = steps_per_image
        self._step_m = run.speed_mps / run.odometry_rate_hz
        self._turn_rad = TURN_RPS / run.odometry_rate_hz
        self._lateral_m = Wander(run.lateral_m, (run.seed, 11))
        self._heading_rad = Wander(math.radians(run.heading_deg), (run.seed, 12))
        self._followed_m = 0.0
        self._carried = False

    def follow(self, length_m: float, event: str = '') -> None:
        """Follow the route; it wanders as a function of the way followed."""
        for _ in range(math.ceil(length_m / self._step_m)):
            self._add(self._here(), self.s, event)
            self.s += self._step_m
            self._followed_m += self._step_m
        self._stand(event)

    def carry(self, s: float) -> None:
        """Lift the robot and put it down at `s` of the route; its odometry notices nothing."""
        self.s = s
        self._carried = True

    def go_aside(self, points: Sequence[tuple[float, float]], event: str) -> None:
        """Leave the route for points (x, y) in metres, come back the same way, and face ahead."""
        back = self._here()
        way = [(back.x, back.y), *points]
        yaw = back.yaw
        for start, end in pairwise(way + way[-2::-1]):
            bearing = math.atan2(end[1] - start[1], end[0] - start[0])
            self._turn(start, yaw, bearing, event)
            steps = math.ceil(math.dist(start, end) / self._step_m)
            for x, y in np.linspace(start, end, steps, endpoint=False).tolist():
                self._add(Pose.from_xy_yaw(x, y, bearing), None, event)
            yaw = bearing
        self._turn(way[0], yaw, back.yaw, event)
        self._stand(event)

    def turn_round(self, length_m: float, event: str) -> None:
        """Turn on the spot, drive back along the route, and turn again."""
        here = self._here()
        self._turn((here.x, here.y), here.yaw, here.yaw + math.pi, event)
        for _ in range(math.ceil(length_m / self._step_m)):
            pose = self._here()
            self._add(Pose.from_xy_yaw(pose.x, pose.y, pose.yaw + math.pi), None, event)
            self.s -= self._step_m
        here = self._here()
        self._turn((here.x, here.y), here.yaw + math.pi, here.yaw, event)
        self._stand(event)

    def _here(self) -> Pose:
        pose = self._route.pose_at(self.s, self._lateral_m.at(self._followed_m))
        yaw = pose.yaw + self._heading_rad.at(self._followed_m)
        return Pose.from_xy_yaw(pose.x, pose.y, yaw)

    def _turn(self, place: tuple[float, float], yaw: float, new_yaw: float, event: str) -> None:
        turn = math.remainder(new_yaw - yaw, math.tau)
        for share in np.linspace(0, 1, math.ceil(abs(turn) / self._turn_rad), endpoint=False):
            self._add(Pose.from_xy_yaw(*place, yaw + float(share) * turn), None, event)

    def _stand(self, event: str) -> None:
        while len(self.steps) % self._steps_per_image:
            self._add(self.steps[-1].pose, self.steps[-1].s, event)

    def _add(self, pose: Pose, s: float | None, event: str) -> None:
        self.steps.append(Step(pose, s, event, self._carried))
        self._carried = False


@dataclass(frozen=True, slots=True)
class Exit:
    """A place of the route, at `s` m, from where points (x, y) beside it can be reached."""

    s: float
    points: tuple[tuple[float, float], ...]


def exits(route: Route, rng: np.random.Generator) -> list[Exit]:
    """Return the ways through each doorway to some place of its room, and one into the lobby."""
    found = [Exit(nearest_s(route, *_LOBBY[0]), _LOBBY[1])]
    for door, room in _doors():
        x, y = (door.x0 + door.x1) / 2, (door.y0 + door.y1) / 2
        s = nearest_s(route, x, y)
        here = route.pose_at(s)
        reach = 1 + _BEHIND_DOOR_M / math.dist((here.x, here.y), (x, y))
        behind = here.x + reach * (x - here.x), here.y + reach * (y - here.y)
        within = (
            float(rng.uniform(room.x0 + _WALL_M, room.x1 - _WALL_M)),
            float(rng.uniform(room.y0 + _WALL_M, room.y1 - _WALL_M)),
        )
        found.append(Exit(s, (behind, within)))
    return found


def nearest_s(route: Route, x: float, y: float) -> float:
    """Return the way along the route (m, to 5 cm) at which it comes nearest to a point."""
    ways = np.arange(0.0, route.length_m, 0.05).tolist()
    return min(ways, key=lambda s: math.dist(route.pose_at(s).position[:2], (x, y)))


def _doors() -> Iterator[tuple[Rectangle, Rectangle]]:
    """Yield each doorway with the room that it opens into."""
    for door in DOORWAYS:
        for room in ROOMS:
            apart_x = max(room.x0 - door.x1, door.x0 - room.x1)
            apart_y = max(room.y0 - door.y1, door.y0 - room.y1)
            if max(apart_x, apart_y) <= 0:
                yield door, room
