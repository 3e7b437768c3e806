# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What one repeat run meets that teaching did not: light, people, noise, another start."""

from __future__ import annotations

from dataclasses import replace

from anyloc_ros.pose import Pose
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.drive import person_ahead, through_lens
from anyloc_ros.simulate.light import Light
from anyloc_ros.simulate.people import Person
from anyloc_ros.simulate.run import RunConfig
from anyloc_ros.simulate.world import World
import numpy as np

MOST_STANDING = 3
"""People who stand beside the route, none to so many of them."""

ALONG_M = 0.3
TURNED_RAD = 0.05
"""The robot is put down at most so far before or behind the beginning, and so far turned."""

_BESIDE_M = (0.8, 1.0)


class Day:
    """One run's circumstances, drawn from a seed; what the camera sees in them."""

    def __init__(
        self, world: World, camera: Camera, seed: int, length_m: float, offset_m: float
    ) -> None:
        """Draw a day; the run begins `offset_m` beside the route, the seed chooses the side."""
        self._world = world
        rng = np.random.default_rng([seed, 41])
        self._lens = replace(
            RunConfig.repeat(camera),
            seed=seed,
            light=Light(
                gain=float(rng.uniform(0.7, 1.2)),
                gamma=float(rng.uniform(0.9, 1.2)),
                warmth=float(rng.uniform(-0.08, 0.08)),
                lamps_off=float(rng.uniform(0.0, 0.4)),
                seed=seed,
            ),
        )
        self.start = world.route.pose_at(
            float(rng.uniform(-ALONG_M, ALONG_M)), float(rng.choice([-1, 1])) * offset_m
        )
        turned_rad = float(rng.uniform(-TURNED_RAD, TURNED_RAD))
        self.start = Pose.from_xy_yaw(self.start.x, self.start.y, self.start.yaw + turned_rad)
        self._walks = bool(rng.random() < 0.5)
        self._standing = []
        for number in range(int(rng.integers(MOST_STANDING + 1))):
            side = float(rng.choice([-1, 1]) * rng.uniform(*_BESIDE_M))
            place = world.route.pose_at(float(rng.uniform(3.0, max(length_m, 3.0))), side)
            self._standing.append(Person(place.x, place.y, 0.0, seed + number))

    def image(self, base: Pose, s_m: float, number: int) -> np.ndarray:
        """
        Return what the camera sees at a pose, (H, W, 3) uint8 RGB.

        :param s_m: how far along the route it is: in half of the runs somebody walks ahead.
        :param number: of the image, which has its own noise.
        """
        people = list(self._standing)
        if self._walks:
            people.append(person_ahead(self._world.route, s_m, self._lens.seed))
        light, camera = self._lens.light, self._lens.camera
        image = self._world.render(base, camera, light, people)
        return through_lens(image, self._lens, number)
