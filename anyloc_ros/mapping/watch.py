# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Weak spots that show while a route is taught: gaps, blur, references with nothing on them."""

from __future__ import annotations

from collections import deque

from anyloc_ros.config import TeachConfig
from anyloc_ros.mapping.image_quality import image_quality, ImageQuality
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.mapping.stretches import usual
from anyloc_ros.mapping.weak_spots import (
    BLUR,
    FEATURELESS,
    flawed,
    gap,
    GAP_STEPS,
    is_blurred,
    step_between,
    WeakSpot,
)
import numpy as np

REMEMBERED = 200
"""References of the route whose sharpness and steps are remembered."""

LEAST_REMEMBERED = 5
"""References before a blurred one can be told from a camera that is never sharper."""


class WeakSpotWatch:
    """Judges every reference of a route as it is stored, against those before it."""

    def __init__(self, config: TeachConfig) -> None:
        self.set_limits(config)
        self.begin_route()

    def set_limits(self, config: TeachConfig) -> None:
        """Expect references at other distances and periods from now on."""
        self._least = {'m': config.keyframe_distance_m, 's': config.keyframe_period_s}

    def begin_route(self) -> None:
        """Forget the references so far."""
        self._last: Keyframe | None = None
        self._kind = ''
        self._sharpness: deque[float] = deque(maxlen=REMEMBERED)
        self._steps: dict[str, deque[float]] = {
            unit: deque(maxlen=REMEMBERED) for unit in self._least
        }

    def judge(self, keyframe: Keyframe, pixels: np.ndarray) -> list[WeakSpot]:
        """Return what is weak about a reference (H, W, 3): where a weak stretch begins only."""
        found = []
        if self._last is not None:
            step, unit = step_between(self._last, keyframe)
            steps = self._steps[unit]
            if step > GAP_STEPS * max(self._least[unit], usual(np.array(steps))):
                found.append(gap(self._last, keyframe))
            steps.append(step)
        self._last = keyframe
        kind = self._weakness(image_quality(pixels))
        if kind and kind != self._kind:
            found.append(flawed(kind, [keyframe]))
        self._kind = kind
        return found

    def _weakness(self, quality: ImageQuality) -> str:
        if quality.featureless:
            return FEATURELESS
        known = self._sharpness
        blurred = len(known) >= LEAST_REMEMBERED and is_blurred(quality, np.median(known))
        known.append(quality.sharpness)
        return BLUR if blurred else ''
