# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A drive on which everything happens that makes localizers believe what is not so.

Between stretches of plain driving, in an order and at places that the seed chooses: the robot is
carried elsewhere three times, once of them into one of the two stretches that look alike; it
leaves the route through a doorway or turns round; something hides the view for 1 to 5 s; the light
changes at once. All the while it drives beside the route, on another day, behind somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
import math

from anyloc_ros.evaluate.trust import (
    EXCURSION,
    KIDNAPPED,
    KIDNAPPED_INTO_TWIN,
    LIGHT_CHANGE,
    OCCLUDED,
    same_place,
    TrueFrame,
)
from anyloc_ros.pose import Pose
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.course import Course, exits, nearest_s
from anyloc_ros.simulate.drive import believed, person_ahead, through_lens
from anyloc_ros.simulate.light import Light
from anyloc_ros.simulate.occlusion import occlude, OCCLUSIONS
from anyloc_ros.simulate.run import CAMERA, RunConfig
from anyloc_ros.simulate.world import World
import numpy as np

STEPS_PER_IMAGE = 5
"""Samples of the odometry for each image: 20 Hz and 4 Hz."""

PLAIN_M = 12.0
"""At least so far it drives in peace after each event, which is enough to find its place again."""

FAR_M = 15.0
"""The robot is carried at least so far along the route."""

TWIN_APART_M = 3.0
"""
Into a look-alike it is carried at least so far from where the view would go on unchanged.

From one place to its exact double nothing can tell, whatever it looks at.
"""


@dataclass(frozen=True, slots=True, eq=False)
class TrialFrame:
    """One image (H, W, 3) uint8 RGB, where the wheels believe to be in `odom`, and the truth."""

    stamp_ns: int
    image: np.ndarray
    odometry: Pose
    truth: TrueFrame


class Trial:
    """
    One drive of about 110 m; the same world and seed give the same images, bit for bit.

    `truth` has the frames of all images before any is rendered.
    """

    def __init__(self, world: World, seed: int, camera: Camera = CAMERA) -> None:
        self._world = world
        self._rng = np.random.default_rng([seed, 31])
        self.run = _run(self._rng, seed, world.route.length_m, camera)
        self._occlusion = OCCLUSIONS[int(self._rng.integers(len(OCCLUSIONS)))]
        self._other_light = _changed(self._rng, self.run.light)
        self._course = Course(world.route, self.run, STEPS_PER_IMAGE)
        first, second = world.twins
        # The route enters the first from the west and the second from the east.
        self._twins_s = [
            nearest_s(world.route, x, (twin.y0 + twin.y1) / 2)
            for twin, x in ((first, first.x0), (second, second.x1))
        ]
        self._drive()
        self.truth = self._true_frames()

    def frames(self) -> Iterator[TrialFrame]:
        """Yield the images in the order of their stamps."""
        run, steps = self.run, self._course.steps
        ways = [
            (step.pose if step.carried else last.pose, step.pose) for last, step in pairwise(steps)
        ]
        wheels = [sample.pose for sample in believed(steps[0].pose, ways, run)]
        light = run.light
        for number, truth in enumerate(self.truth):
            at = number * STEPS_PER_IMAGE
            if truth.event == LIGHT_CHANGE:
                light = self._other_light
            s = steps[at].s
            people = [] if s is None else [person_ahead(self._world.route, s, run.seed)]
            image = self._world.render(truth.pose, run.camera, light, people)
            if truth.event == OCCLUDED:
                image = occlude(image, self._occlusion, run.seed)
            stamp_ns = run.start_ns + round(at * 1e9 / run.odometry_rate_hz)
            yield TrialFrame(stamp_ns, through_lens(image, run, number), wheels[at], truth)

    def _drive(self) -> None:
        events: list[Callable[[], None]] = [
            self._carry_far,
            self._carry_far,
            self._carry_into_twin,
            self._leave_route,
            self._hide_view,
            self._change_light,
        ]
        self._follow_in_peace()
        for number in self._rng.permutation(len(events)):
            events[number]()
            self._follow_in_peace()

    def _follow_in_peace(self) -> None:
        self._course.follow(PLAIN_M + float(self._rng.uniform(0, 3)))

    def _carry_far(self) -> None:
        length_m = self._world.route.length_m
        self._carry(lambda: self._course.s + self._rng.uniform(FAR_M, length_m - FAR_M), KIDNAPPED)

    def _carry_into_twin(self) -> None:
        free_m = self._world.twins[0].size[0] - TWIN_APART_M
        self._carry(
            lambda: self._rng.choice(self._twins_s) + self._rng.uniform(0, free_m),
            KIDNAPPED_INTO_TWIN,
        )

    def _carry(self, draw: Callable[[], float], event: str) -> None:
        """Carry the robot to a place that does not look as if it had gone on by itself."""
        s = draw()
        while min(abs(a - b) for a in self._into_m(s) for b in self._into_m()) < TWIN_APART_M:
            s = draw()
        self._course.carry(float(s))
        self._course.follow(0.01, event)

    def _into_m(self, s: float | None = None) -> list[float]:
        """Return how far into each look-alike a place of the route is, the robot's by default."""
        s = self._course.s if s is None else s
        return [math.remainder(s - start, self._world.route.length_m) for start in self._twins_s]

    def _leave_route(self) -> None:
        if self._rng.random() < 0.4:
            self._course.turn_round(float(self._rng.uniform(3, 6)), EXCURSION)
            return
        length_m = self._world.route.length_m
        ahead = {
            (way.s - self._course.s) % length_m: way.points
            for way in exits(self._world.route, self._rng)
        }
        self._course.follow(min(ahead))
        self._course.go_aside(ahead[min(ahead)], EXCURSION)

    def _hide_view(self) -> None:
        self._course.follow(float(self._rng.uniform(1, 5)) * self.run.speed_mps, OCCLUDED)

    def _change_light(self) -> None:
        self._course.follow(0.01, LIGHT_CHANGE)

    def _true_frames(self) -> list[TrueFrame]:
        route = self._world.route
        path = [route.pose_at(s) for s in np.arange(0, route.length_m, 0.1).tolist()]
        return [
            TrueFrame(
                step.pose,
                step.s is not None or bool(same_place(step.pose, path).any()),
                step.event,
            )
            for step in self._course.steps[::STEPS_PER_IMAGE]
        ]


def _run(rng: np.random.Generator, seed: int, length_m: float, camera: Camera) -> RunConfig:
    return replace(
        RunConfig.repeat(camera),
        seed=100 + seed,
        start_m=float(rng.uniform(0, length_m)),
        odometry_drift=float(rng.uniform(0.005, 0.02)),
        light=Light(
            gain=float(rng.uniform(0.7, 1.2)),
            gamma=float(rng.uniform(0.9, 1.2)),
            warmth=float(rng.uniform(-0.08, 0.08)),
            lamps_off=float(rng.uniform(0, 0.4)),
            seed=seed,
        ),
    )


def _changed(rng: np.random.Generator, light: Light) -> Light:
    """Return the light after somebody switched it, up or down."""
    if rng.random() < 0.5:
        return replace(light, gain=0.6 * light.gain, lamps_off=light.lamps_off + 0.3)
    return replace(light, gain=1.4 * light.gain, warmth=light.warmth + 0.05, lamps_off=0.0)
