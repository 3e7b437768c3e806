# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Whether the robot may drive on what the localizer said: the rules of docs/safety.md."""

from __future__ import annotations

from anyloc_ros.config import MonitorConfig
from anyloc_ros.localize.monitor import DOUBT_SHARE

DRIVE, SLOW, STOP = 'drive', 'slow', 'stop'

JUMP_M = 3.0
"""A match so far from where the one before and odometry lead is another place."""


class Permit:
    """
    Remembers the newest answer and the last match; the limits are those of the localizer.

    It counts by itself and asks for no state, so that silence stops the robot as well.

    :param max_age_s: how old the newest answer may be.
    """

    def __init__(self, limits: MonitorConfig, max_age_s: float) -> None:
        self._limits = limits
        self._max_age_s = max_age_s
        self._newest_s: float | None = None
        self._match: tuple[float, float] | None = None
        self._images = self._agreeing = 0
        self._jump = ''

    def rejected(self, stamp_s: float) -> None:
        """Take note of an answer without a match."""
        self._newest_s = stamp_s
        self._images += 1
        self._agreeing = 0

    def accepted(self, stamp_s: float, way_m: float, apart_m: float) -> bool:
        """
        Take note of a match; return whether it may correct anything.

        After a jump, `consecutive_accepts` matches in a row have to agree with the place before.

        :param way_m: the whole way by odometry.
        :param apart_m: how far the match lies from where the robot was taken to be.
        """
        self._newest_s = stamp_s
        self._images += 1
        self._agreeing += 1
        if apart_m > JUMP_M:
            self._agreeing = 0
            self._jump = f'the place jumped by {apart_m:.1f} m'
        if self._jump and self._agreeing < self._limits.consecutive_accepts:
            return False
        self._images, self._jump = 0, ''
        self._match = stamp_s, way_m
        return True

    def advise(self, seconds: float, way_m: float) -> tuple[str, str]:
        """Return DRIVE, SLOW or STOP, and the reason in words, for this time and way."""
        if self._newest_s is None or self._match is None:
            return STOP, 'no match yet'
        age_s = seconds - self._newest_s
        if age_s > self._max_age_s:
            return STOP, f'the newest answer is {age_s:.1f} s old'
        if self._jump:
            return STOP, self._jump
        limits, (match_s, match_way_m) = self._limits, self._match
        passed = max(
            self._images / limits.lost_after_frames,
            (way_m - match_way_m) / max(limits.lost_after_m, 1e-9),
            (seconds - match_s) / max(limits.lost_after_s, 1e-9),
        )
        since = f'no match for {self._images} images, {way_m - match_way_m:.1f} m'
        if passed >= 1:
            return STOP, since
        return (SLOW, since) if passed >= DOUBT_SHARE else (DRIVE, '')
