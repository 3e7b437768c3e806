# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Whether a robot may drive on what the localizer says: drive, slow or stop, and why.

It knows the answers of `~/matches`, a clock and the way by odometry, and no ROS. Its limits are
those of the localizer: it drives while the state is LOCALIZED, is slow while UNCERTAIN and stops
when LOST. But it counts by itself and asks for no state, so silence and death stop it as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

from anyloc_ros.ros.matches import Match

DRIVE, SLOW, STOP = 'drive', 'slow', 'stop'


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How long an answer holds.

    The newest answer may be `max_age_s` old: the time an answer takes and two periods of the
    camera. `max_ahead_s` is what clocks may differ. Without a match the robot slows down after so
    many images, metres or seconds, and stops after so many more: a quarter of `lost_after_frames`,
    `lost_after_m` and `lost_after_s` of the localizer, and the whole. Two matches may be further
    apart than the way between them by `jump_m`: some references.
    """

    max_age_s: float = 1.0
    max_ahead_s: float = 0.1
    slow_after_images: int = 5
    slow_after_m: float = 0.75
    slow_after_s: float = 2.5
    stop_after_images: int = 20
    stop_after_m: float = 3.0
    stop_after_s: float = 10.0
    jump_m: float = 3.0


@dataclass(frozen=True, slots=True)
class _Accepted:
    stamp_s: float
    way_m: float | None
    x: float
    y: float


class Guard:
    """
    Remembers the newest answer and the last match.

    `way_m` is the whole way the robot has gone by its odometry, never less than before; None
    without odometry, which leaves the limits in images and seconds.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._newest_s: float | None = None
        self._accepted: _Accepted | None = None
        self._rejected = 0
        self._jump = ''

    def on_matches(self, stamp_s: float, matches: Sequence[Match], way_m: float | None) -> None:
        """
        Take an answer.

        :param stamp_s: stamp of the message, in s.
        :param matches: what read_matches gives.
        :param way_m: the way at that stamp.
        """
        self._newest_s = stamp_s
        self._rejected += 1
        if not matches or not matches[0].accepted:
            return
        self._rejected = 0
        before, best = self._accepted, matches[0]
        self._accepted = now = _Accepted(stamp_s, way_m, best.x, best.y)
        if before and None not in (before.way_m, way_m):
            apart_m = math.dist((before.x, before.y), (now.x, now.y))
            # False for references without a pose, which are NaN.
            if apart_m > way_m - before.way_m + self._limits.jump_m:
                self._jump = (
                    f'the place jumped by {apart_m:.1f} m while the robot went '
                    f'{way_m - before.way_m:.1f} m: plan from the new place'
                )

    def go_on(self) -> None:
        """Tell that the controller has planned from the new place after a jump."""
        self._jump = ''

    def advise(self, now_s: float, way_m: float | None) -> tuple[str, str]:
        """Return DRIVE, SLOW or STOP, and the reason in words, for this time and way."""
        limits, accepted = self._limits, self._accepted
        if self._newest_s is None:
            return STOP, 'no answer yet'
        age_s = now_s - self._newest_s
        if not -limits.max_ahead_s <= age_s <= limits.max_age_s:
            return STOP, f'the newest answer is {age_s:.1f} s old'
        if accepted is None:
            return STOP, 'no match yet'
        if self._jump:
            return STOP, self._jump
        if (way_m is None) != (accepted.way_m is None):
            return STOP, 'odometry came or went since the last match'
        since_s = now_s - accepted.stamp_s
        since_m = 0.0 if way_m is None else way_m - accepted.way_m
        since = f'no match: {self._rejected} images, {since_m:.1f} m, {since_s:.1f} s'
        if since_s < -limits.max_ahead_s:
            return STOP, 'the last match is of the future: the clock was set back'
        if (
            self._rejected >= limits.stop_after_images
            or since_m > limits.stop_after_m
            or since_s > limits.stop_after_s
        ):
            return STOP, since
        if (
            self._rejected >= limits.slow_after_images
            or since_m > limits.slow_after_m
            or since_s > limits.slow_after_s
        ):
            return SLOW, since
        return DRIVE, ''
