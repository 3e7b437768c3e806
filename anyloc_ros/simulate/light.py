# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""How the building is lit and exposed, and what that makes of the colours."""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.errors import ConfigError
from anyloc_ros.simulate.plan import CEILING_M
import numpy as np

AMBIENT = 0.42
"""Share of the light that comes from everywhere; the rest comes from the lamps near by."""
_LAMP_POWER = 1.7
_LAMP_REACH_M2 = 3.0


@dataclass(frozen=True, slots=True)
class Light:
    """
    The light of one drive and the exposure of the camera; the default is what teaching sees.

    `gain` multiplies linear values and `gamma` is the exponent after it. `warmth` shifts white
    towards red (above 0) or blue (below), 0.2 is plus and minus 20 %. `lamps_off` is the share of
    the ceiling lamps that are dark, chosen by `seed`.
    """

    gain: float = 1.0
    gamma: float = 1.0
    warmth: float = 0.0
    lamps_off: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.gain > 0 and self.gamma > 0 and -1 < self.warmth < 1):
            raise ConfigError(
                f'light: expected gain and gamma above 0, warmth within -1 and 1, got {self}'
            )
        if not 0 <= self.lamps_off <= 1:
            raise ConfigError(f'light: expected lamps_off from 0 to 1, got {self.lamps_off}')

    def lamps_on(self, number: int) -> np.ndarray:
        """Return which of the lamps (number,) bool are lit."""
        order = np.random.default_rng([self.seed, 77]).permutation(number)
        return order >= round(self.lamps_off * number)

    def tone(self) -> np.ndarray:
        """Return the table (256, 3) float32 from painted colours to grey levels, not clipped."""
        white = self.gain * np.array([1 + self.warmth, 1.0, 1 - self.warmth])
        levels = np.arange(256)[:, None] / 255 * white
        return (255 * levels**self.gamma).astype(np.float32)


def irradiance(points: np.ndarray, normal: np.ndarray, lamps: np.ndarray) -> np.ndarray:
    """
    Return the light (...) float32 that falls on points (..., 3) of a plane, 1 being normal.

    :param normal: (3,) towards the viewer.
    :param lamps: (L, 2) positions of the lamps that are lit; they hang under the ceiling. A wall
        shades what lies behind its own plane, nothing shades anything else.
    """
    total = np.full(points.shape[:-1], AMBIENT)
    for x, y in lamps:
        towards = np.array([x, y, CEILING_M - 0.1]) - points
        squared = np.square(towards).sum(axis=-1)
        # Half of the cosine law: a lamp is a panel, and corridors are full of reflections.
        facing = towards @ normal / np.sqrt(squared)
        share = np.where(facing > 0, 0.5 + 0.5 * facing, 0.0)
        total += _LAMP_POWER * share / (_LAMP_REACH_M2 + squared)
    return total.astype(np.float32)
