# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A route as a robot was taught it, and localizers that answer as they are told to."""

from collections.abc import Callable
import math
from pathlib import Path

from anyloc_ros.localize.recognizer import Candidate, Recognition
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.closed_loop.run import LoopConfig, Setup
from anyloc_ros.simulate.closed_loop.teach import TaughtRoute
from anyloc_ros.simulate.closed_loop.wheels import WheelsConfig
import numpy as np
import pytest

CAMERA = Camera(32, 24)
LENGTH_M = 8.0
SPACING_M = 0.5
PERFECT = WheelsConfig(way_error=0.0, yaw_drift_deg=0.0, yaw_walk_deg=0.0, slips_per_100m=0.0)


class Told:
    """
    A localizer that asks a function of (number of the image, odometry) what it is to say.

    It returns the row of a reference, heading in rad and shift in px, or None to accept nothing.
    """

    def __init__(self, world, say: Callable):
        self._say = say
        self.images = 0
        self.seen = []
        ways = np.arange(0.0, LENGTH_M + 1e-9, SPACING_M).tolist()
        self.references = [
            Keyframe(7 + n, 0, n, n, world.route.pose_at(s), s, (CAMERA.height_px, 32))
            for n, s in enumerate(ways)
        ]

    def recognize(self, image, stamp_ns, odometry=None):
        self.seen.append(image)
        said = self._say(self.images, odometry)
        self.images += 1
        row, heading_rad, shift_px = (0, math.nan, math.nan) if said is None else said
        candidate = Candidate(
            self.references[row], 0.5, 0.9, 20, shift_px, heading_rad, math.radians(1)
        )
        return Recognition(
            stamp_ns, (candidate,), said is not None, 'LOCALIZED', '', math.nan, 0.1, False,
            0.0, 0.0, 1.0, 1.0, 1.0, 1.0,
        )  # fmt: skip


@pytest.fixture(scope='session')
def told(world):
    """Return a function that makes such a localizer."""
    return lambda say: Told(world, say)


@pytest.fixture(scope='session')
def taught(world):
    """Return 8 m of the route with a reference each 0.5 m, which no map holds."""
    ways = np.arange(0.0, LENGTH_M + 1e-9, SPACING_M)
    return TaughtRoute(Path('none'), CAMERA, 7 + np.arange(len(ways)), ways, {})


@pytest.fixture
def setup():
    """Return a drive at 0.7 m/s with odometry that tells the truth."""
    return Setup(loop=LoopConfig(speed_mps=0.7), wheels=PERFECT)
