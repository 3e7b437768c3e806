# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""How fast a recorded run is played."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """
    When an image is sent.

    `rate_hz` images per second, or `speed` times as fast as recorded; with neither, in lock-step:
    when the one before was answered.
    """

    rate_hz: float = 0.0
    speed: float = 0.0

    def due_s(self, number: int, since_first_s: float) -> float:
        """Return when image `number` is due, in seconds after the first; 0 in lock-step."""
        if self.rate_hz:
            return number / self.rate_hz
        return since_first_s / self.speed if self.speed else 0.0

    @property
    def is_lock_step(self) -> bool:
        """Return whether every image waits for the answer to the one before."""
        return not (self.rate_hz or self.speed)

    def __str__(self) -> str:
        if self.rate_hz:
            return f'{self.rate_hz:g} images per second'
        return f'{self.speed:g} times real time' if self.speed else 'lock-step'


LOCK_STEP = Pace()
