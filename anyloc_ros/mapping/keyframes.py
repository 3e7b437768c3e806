# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Which images of a run become references."""

from __future__ import annotations

import math

from anyloc_ros.config import TeachConfig
from anyloc_ros.pose import Pose

_ROUNDING = 1e-9
"""Metres and radians: ten steps of 0.05 m are 0.5 m although their sum falls short of it."""


class KeyframePolicy:
    """
    Compares an image with the last reference of its route.

    With poses the way or the turn decides, where a pose is missing the time; the first image of a
    route and a forced one always count. With `every_image` all of them do (image folders without
    poses or stamps).
    """

    def __init__(self, config: TeachConfig, *, every_image: bool = False) -> None:
        self._every_image = every_image
        self._last: tuple[int, Pose | None] | None = None
        self.set_limits(config)

    def set_limits(self, config: TeachConfig) -> None:
        """Compare by other limits from now on."""
        self._distance_m = config.keyframe_distance_m
        self._angle_rad = math.radians(config.keyframe_angle_deg)
        self._period_ns = round(config.keyframe_period_s * 1e9)

    def begin_route(self) -> None:
        """Make the next image the first of a route."""
        self._last = None

    def reason(self, stamp_ns: int, pose: Pose | None, *, forced: bool = False) -> str:
        """
        Return why the image becomes a reference, empty text when it does not.

        One of `first`, `forced`, `every image`, `distance`, `angle`, `time`.
        """
        if self._last is None:
            return 'first'
        if forced:
            return 'forced'
        if self._every_image:
            return 'every image'
        last_stamp_ns, last_pose = self._last
        if pose is None or last_pose is None:
            # The absolute value: a clock that was set back must not end the route.
            return 'time' if abs(stamp_ns - last_stamp_ns) >= self._period_ns else ''
        if pose.distance_to(last_pose) >= self._distance_m - _ROUNDING:
            return 'distance'
        # A missing orientation gives NaN, which is not greater than anything.
        return 'angle' if angle_between(pose, last_pose) >= self._angle_rad - _ROUNDING else ''

    def took(self, stamp_ns: int, pose: Pose | None) -> None:
        """Make this image the last reference; not called for one that could not be stored."""
        self._last = (stamp_ns, pose)


def angle_between(a: Pose, b: Pose) -> float:
    """
    Return the angle of the rotation from one orientation to the other, rad within [0, pi].

    It comes from the arc tangent of half the angle: the arc cosine of the scalar product loses
    half of the digits near zero.
    """
    p, q = a.quaternion, b.quaternion
    apart = math.dist(p, q)
    together = math.hypot(*(x + y for x, y in zip(p, q, strict=True)))
    # Between unit 4-vectors at an angle t: apart = 2 sin(t/2), together = 2 cos(t/2). The
    # rotation turns by 2 t, and q and -q are the same.
    return 4 * math.atan2(min(apart, together), max(apart, together))
