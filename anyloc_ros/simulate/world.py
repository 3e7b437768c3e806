# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The facade: a building, a route through it, and what a camera sees anywhere in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from anyloc_ros.pose import Pose
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.light import Light
from anyloc_ros.simulate.lit import light_up
from anyloc_ros.simulate.people import draw_person, Person
from anyloc_ros.simulate.plan import half_turn, TWIN, WAYPOINTS
from anyloc_ros.simulate.rays import Outline
from anyloc_ros.simulate.render import render
from anyloc_ros.simulate.route import Route
from anyloc_ros.simulate.run import CAMERA, TEACH_LIGHT
from anyloc_ros.simulate.surfaces import paint
import numpy as np

_TURN_RADIUS_M = 1.2
_LIGHTS_KEPT = 2


class World:
    """
    A building that `seed` furnishes, seen by a pinhole camera. Frame `map`, see plan.

    :param look_alikes: whether the stretches in `twins` look the same: walls, floor and ceiling.
    """

    twins = (TWIN, half_turn(TWIN))
    """The two stretches of corridor, driven in the same direction, as rectangles of the floor."""

    def __init__(self, seed: int = 1, *, look_alikes: bool = False) -> None:
        self.seed = seed
        self.look_alikes = look_alikes
        self.route = Route(WAYPOINTS, _TURN_RADIUS_M)
        surfaces = paint(seed, look_alikes=look_alikes)
        self._outline = Outline(surfaces.walls)
        self._lit = lru_cache(_LIGHTS_KEPT)(lambda light: light_up(surfaces, light))

    def render(
        self,
        base: Pose,
        camera: Camera = CAMERA,
        light: Light = TEACH_LIGHT,
        people: Sequence[Person] = (),
    ) -> np.ndarray:
        """
        Return what the camera on a robot at the pose `base` sees, (H, W, 3) uint8 RGB.

        It depends on the arguments alone. The first picture under a light takes about a second
        longer; the last two lights are kept.

        :raises ValueError: the camera stands in a wall or outside of the building.
        """
        pose = camera.map_from_camera(base)
        image, depth_m = render(self._outline, self._lit(light), pose, camera)
        for person in people:
            draw_person(image, depth_m, person, pose, camera, light)
        return image
