# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Images as they are taken: one is looked at, one waits, as with the node."""

from __future__ import annotations

from dataclasses import dataclass
import math

from anyloc_ros.pose import Pose
from anyloc_ros.simulate.closed_loop.run import STEP_S

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Shot:
    """
    An image that was taken: its number, the step, where the robot was and believed to be.

    `s_m` is how far along the route it was.
    """

    number: int
    step: int
    pose: Pose
    s_m: float
    odometry: Pose


class Inbox:
    """
    A camera of `rate_hz`, and a box for one image before a localizer that takes `latency_s`.

    An image is taken at the first step at or after its time; the latency is rounded up to steps.
    A newer image takes the place of the one that waits, which is `dropped`.
    """

    def __init__(self, rate_hz: float, latency_s: float) -> None:
        self._rate_hz = rate_hz
        self.steps = math.ceil(latency_s / STEP_S - _ROUNDING)
        """From taking an image out of the box to its answer."""
        self.dropped = 0
        self._free_at = 0
        self._number = 0
        self._waiting: Shot | None = None

    def offer(self, step: int, pose: Pose, s_m: float, odometry: Pose) -> None:
        """Take an image if it is time for one."""
        if step * STEP_S >= self._number / self._rate_hz - _ROUNDING:
            self.dropped += self._waiting is not None
            self._waiting = Shot(self._number, step, pose, s_m, odometry)
            self._number += 1

    def take(self, step: int) -> Shot | None:
        """Return the image that is looked at from this step on, None if none or not yet free."""
        if self._waiting is None or step < self._free_at:
            return None
        shot, self._waiting = self._waiting, None
        self._free_at = step + self.steps
        return shot
