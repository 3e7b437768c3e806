# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Where the robot is after a sequence of images: a belief over references, and over none of them.

A discrete Bayes filter after Xu, Suenderhauf, Milford, "Probabilistic Visual Place Recognition
for Hierarchical Localization" (arXiv 2105.03091), with two changes: there is a state *off the
route*, and odometry moves the belief where there is some (`routes.Routes`). With b the belief over
the references and o that of being off the route (sum b + o = 1), an image is

    b' = (1 - e) move(b) + e o / M        o' = (1 - e) o + e sum(move(b))           (predict)
    b  ~ b' l exp(r)                      o  ~ o' (1 - h + h <l, recent>)           (update)

- `e` is `off_route_prior`: leaving the route and coming back to any place of it.
- `l` (M,) tells the places apart: exp(closeness / spread), with mean 1. The spread is that of the
  closeness of unrelated images, so one setting serves every method and map.
- `r` is the log ratio of `off_route`: whether the image shows the map at all.
- `recent` is the average of `l / M` over the last images, with `h` = 0.8. Off the route images
  resemble *something*, and images in a row resemble the same: without this term a foreign scene
  that looks like one reference for long would be taken for a robot that stands there. So only
  two things speak for the route: images that score high, and a place that moves as the robot does.
  Without odometry nothing else tells a static foreign scene from a standstill.

A filter that is confined to a place (`filter window`) is the same, but b is zero where the motion
since then cannot lead.
"""

from __future__ import annotations

from anyloc_ros.config import SequenceConfig
from anyloc_ros.localize.routes import Motion, Routes
import numpy as np

UNKNOWN = 0.5
"""Belief to be off the route when nothing is known."""

RECENT_SHARE = 0.8
RECENT_RATE = 0.3

STANDSTILL_SHARE = 0.25
"""Motion is taken up when it comes to this share of the usual step of the map ..."""
STANDSTILL_M = 0.02
STANDSTILL_RAD = np.deg2rad(3.0)
"""... and to more than odometry tells of a robot that stands; or to this turn."""

_ROUNDING = 1e-9
"""Less than any reference gets of a window, and more than sums of floats are wrong by."""


class SequenceFilter:
    """The belief after the images so far; `on` (M,) over the references, `off` the route."""

    def __init__(self, routes: Routes, size: int, spread: float, config: SequenceConfig) -> None:
        self.config = config
        self._routes = routes
        self._size = size
        self._spread = spread
        self.begin()

    def begin(self, weights: np.ndarray | None = None) -> None:
        """
        Forget the images so far.

        :param weights: (M,) how likely each place is, of any sum; None when nothing is known.
        """
        if weights is None:
            self.off = UNKNOWN
            weights = np.ones(self._size)
        else:
            self.off = self.config.off_route_prior
        self.on = (1.0 - self.off) * weights / weights.sum()
        self._recent = np.full(self._size, 1.0 / self._size)
        self.confine(None)

    def confine(self, row: int | None) -> None:
        """Believe only in references that motion reaches from one; None ends that."""
        self._within = None if row is None else np.arange(self._size) == row

    def rests(self, motion: Motion | None) -> bool:
        """Return whether the robot stands as far as odometry tells: the place may not move."""
        if motion is None:
            return False
        least_m = max(STANDSTILL_M, STANDSTILL_SHARE * self._routes.step_m)
        return abs(motion.ahead_m) < least_m and abs(motion.turn_rad) < STANDSTILL_RAD

    def predict(self, motion: Motion | None) -> None:
        """Move the belief; see `Routes.spread`."""
        rests = self.rests(motion)
        on = self.on if rests else self._routes.spread(self.on, motion)
        leaves = self.config.off_route_prior
        on_route = on.sum()
        self.on = (1 - leaves) * on + leaves * self.off / self._size
        self.off = (1 - leaves) * self.off + leaves * float(on_route)
        if self._within is not None:
            if not rests:
                reached = self._routes.spread(self._within.astype(float), motion)
                self._within = reached > _ROUNDING
            self.on = np.where(self._within, self.on, 0.0)
            total = float(self.on.sum()) + self.off
            self.on, self.off = self.on / total, self.off / total

    def update(self, closeness: np.ndarray, log_ratio: float) -> None:
        """Weigh the belief by an image: closeness (M,) of its references, see `off_route`."""
        likelihood = np.exp((closeness - closeness.max()) / self._spread)
        likelihood *= self._size / likelihood.sum()
        seen_again = float(self._recent @ likelihood)
        self._recent += RECENT_RATE * (likelihood / self._size - self._recent)
        on = self.on * likelihood * np.exp(log_ratio)
        off = self.off * (1 - RECENT_SHARE + RECENT_SHARE * seen_again)
        total = float(on.sum()) + off
        self.on, self.off = on / total, off / total
