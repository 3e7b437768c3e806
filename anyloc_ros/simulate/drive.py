# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where the robot truly is during a drive, where it believes to be, and what it sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
import math

from anyloc_ros.pose import Pose
from anyloc_ros.simulate.people import Person
from anyloc_ros.simulate.route import Route
from anyloc_ros.simulate.run import RunConfig
from anyloc_ros.simulate.world import World
import cv2
import numpy as np

_WAVES_M = (17.0, 23.0)
_AHEAD_M = 4.0
_AHEAD_SWING_M = 1.8
_PERSON_SIDE_M = 0.5
_STRIDE_M = 1.4


class Wander:
    """A smooth function of the way that swings to and fro between plus and minus `amplitude`."""

    def __init__(self, amplitude: float, seed: tuple[int, ...]) -> None:
        self._amplitude = amplitude
        self._phases = np.random.default_rng(seed).uniform(0, 2 * math.pi, 2).tolist()

    def at(self, s: float) -> float:
        """Return the value after `s` metres."""
        slow, slower = (
            2 * math.pi * s / wave_m + phase
            for wave_m, phase in zip(_WAVES_M, self._phases, strict=True)
        )
        return self._amplitude * math.sin(slow + math.sin(slower))


class Drive:
    """
    One drive through a world: a function of the time since its beginning.

    All that is random comes from the seed of the run and the number of the image, so that any
    image can be made again by itself.
    """

    def __init__(self, world: World, run: RunConfig) -> None:
        self._world = world
        self._run = run
        self._lateral_m = Wander(run.lateral_m, (run.seed, 11))
        self._heading_rad = Wander(math.radians(run.heading_deg), (run.seed, 12))
        self.length_m = run.length_m or world.route.length_m
        duration_s = self.length_m / run.speed_mps
        self.num_images = math.floor(duration_s * run.rate_hz + 1e-9) + 1
        self.num_odometry = math.ceil(duration_s * run.odometry_rate_hz - 1e-9) + 1

    def true_pose(self, t: float) -> Pose:
        """Return where base_link is after `t` seconds, in the map."""
        s = self._way(t)
        pose = self._world.route.pose_at(s, self._lateral_m.at(s))
        return Pose.from_xy_yaw(pose.x, pose.y, pose.yaw + self._heading_rad.at(s))

    def image(self, number: int) -> np.ndarray:
        """Return image `number` of the drive, (H, W, 3) uint8 RGB."""
        run, t = self._run, number / self._run.rate_hz
        people = [person_ahead(self._world.route, self._way(t), run.seed)] if run.person else []
        image = self._world.render(self.true_pose(t), run.camera, run.light, people)
        return through_lens(image, run, number)

    def _way(self, t: float) -> float:
        return self._run.start_m + self._run.speed_mps * t


def person_ahead(route: Route, s: float, seed: int) -> Person:
    """Return who walks ahead of a robot at `s` m, now nearer, now farther, from side to side."""
    place = s + _AHEAD_M + _AHEAD_SWING_M * math.sin(2 * math.pi * s / 17)
    side = _PERSON_SIDE_M * math.sin(2 * math.pi * s / 9)
    pose = route.pose_at(place, side)
    return Person(pose.x, pose.y, place / _STRIDE_M % 1.0, seed)


def through_lens(image: np.ndarray, run: RunConfig, number: int) -> np.ndarray:
    """Return what the camera makes of a view (H, W, 3): blur, and the noise of that image."""
    if run.blur_px:
        image = cv2.GaussianBlur(image, (0, 0), run.blur_px)
    if run.noise:
        rng = np.random.default_rng([run.seed, 13, number])
        noise = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(run.noise)
        image = np.clip(image + noise + 0.5, 0, 255).astype(np.uint8)
    return image


@dataclass(frozen=True, slots=True)
class Believed:
    """One sample of the odometry: pose in `odom`, and speed (m/s) and turn (rad/s) of the base."""

    pose: Pose
    forward_mps: float
    left_mps: float
    turn_rps: float


def odometry(drive: Drive, run: RunConfig) -> Iterator[Believed]:
    """Yield what the wheels tell of a drive, `num_odometry` samples."""
    poses = [drive.true_pose(n / run.odometry_rate_hz) for n in range(drive.num_odometry)]
    return believed(poses[0], pairwise(poses), run)


def believed(start: Pose, ways: Iterable[tuple[Pose, Pose]], run: RunConfig) -> Iterator[Believed]:
    """
    Yield what the wheels tell at the start and after each way from one true pose to another.

    It begins at the true pose, so that without drift `odom` and `map` are the same frame; then
    every way is too long by `odometry_drift` and the heading walks at random.
    """
    rng = np.random.default_rng([run.seed, 14])
    x, y, yaw = start.x, start.y, start.yaw
    yield Believed(start, 0.0, 0.0, 0.0)
    for last, true in ways:
        dx, dy = true.x - last.x, true.y - last.y
        cos, sin = math.cos(last.yaw), math.sin(last.yaw)
        forward, left = cos * dx + sin * dy, cos * dy - sin * dx
        turn = (true.yaw - last.yaw + math.pi) % (2 * math.pi) - math.pi
        forward, left = forward * (1 + run.odometry_drift), left * (1 + run.odometry_drift)
        turn += run.odometry_drift * math.sqrt(math.hypot(dx, dy)) * rng.standard_normal()
        cos, sin = math.cos(yaw), math.sin(yaw)
        x, y, yaw = x + cos * forward - sin * left, y + sin * forward + cos * left, yaw + turn
        rate = run.odometry_rate_hz
        yield Believed(Pose.from_xy_yaw(x, y, yaw), forward * rate, left * rate, turn * rate)
