# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Whether the localizer knows where it is: the states, and which images are accepted.

    SEARCHING --N images agree--> LOCALIZED --no match for a while--> UNCERTAIN
       ^  |                         ^  ^                               |  |
       |  +---N images agree--------+  +------------a match------------+  |
       +--------------a sure image------------- LOST <--no match for long-+

NO_MAP and STALE are not decided here: the node knows its map and its clock.

In is hard: `consecutive_accepts` sure images in a row that agree with each other; those before the
last one are not accepted. Out is slow: an image without a match is not accepted, but the state
stays LOCALIZED until a quarter of `lost_after_frames`, `lost_after_m` or `lost_after_s` has
passed, is UNCERTAIN from then on, and LOST at the limit. One match that continues the place before
ends the doubt at once. So every match is of use, no doubt outlasts the limits, and where every
tenth image fails the robot does not slow down at every tenth image. (To leave at once and return
by three matches in a row would keep that robot slow for a quarter of its way.) A sure image of
another place is no weak image but a contradiction: it makes UNCERTAIN at once.

Another place is never taken silently: it needs `consecutive_accepts` agreeing images, and the one
that is accepted is `relocalized`. So is the first one accepted after LOST.

The images of a robot that stands still are one image seen many times: they agree in error as they
agree in truth. Where odometry says that it stands, they do not count towards *another* place than
the accepted one. They count where there is no place (SEARCHING, LOST): a robot that waits to know
its place before it moves would else wait for ever. Without odometry nobody knows that it stands
and every image counts; a static foreign scene that is sure is then accepted after
`consecutive_accepts` images.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

from anyloc_ros.config import MonitorConfig

NO_MAP, SEARCHING, LOCALIZED = 'NO_MAP', 'SEARCHING', 'LOCALIZED'
UNCERTAIN, LOST, STALE = 'UNCERTAIN', 'LOST', 'STALE'

DOUBT_SHARE = 0.25
"""LOCALIZED becomes UNCERTAIN after this share of any of the limits after which it is LOST."""

STANDSTILL_M = 0.05
"""A sure image nearer than this to the one counted last is no further witness of another place."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What one image tells.

    `sure`: the image by itself and the belief name one place; `reason` says why not, else ''.
    `agrees`: that place continues the one of the last sure image, inside the window and with
    odometry. `returns`: it continues the place accepted last in the same sense, from there to
    here. Both are None where there was none before, and mean nothing when the image is not sure.
    `moved_m`: way by odometry since the image before, None where it is not known.
    """

    stamp_ns: int
    sure: bool
    reason: str
    agrees: bool | None
    moved_m: float | None
    returns: bool | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What follows for one image.

    `accepted`: the place it names is the match. `relocalized`: it is, and does not continue the
    match before. `reason` is in words whenever the state is a new one or the image is not
    accepted. Way and time since the last accepted image are 0 when this one is and None before
    the first one; the way is None also where odometry has a gap.
    """

    state: str
    reason: str
    accepted: bool
    relocalized: bool
    distance_since_accept_m: float | None
    time_since_accept_s: float | None


class Monitor:
    """Judges one image after the other; `state` and `reason` are those of the last verdict."""

    def __init__(self, config: MonitorConfig) -> None:
        self.config = config
        self.begin('no image yet')

    def begin(self, reason: str) -> None:
        """Forget everything and search, for a reason in words."""
        self.state, self.reason = SEARCHING, reason
        self._newest_ns: int | None = None
        self._was_accepted = False
        self._restart()

    def set_limits(self, config: MonitorConfig) -> None:
        """Go on with other limits."""
        self.config = config

    def observe(self, evidence: Evidence) -> Verdict:
        """Judge an image; stamps that go back count as no time."""
        gap_s = self._advance(evidence)
        if self._continues(evidence):
            again = f'the place is seen again after {_images(self._frames)} without a match'
            self._accept(again if self.state == UNCERTAIN else '')
            return self._verdict(accepted=True)
        self._frames += 1
        note = self._count(evidence, gap_s)
        if self._witnesses >= self.config.consecutive_accepts:
            relocalized = self._was_accepted
            found = 'found anew' if relocalized else 'found'
            self._accept(f'{found}: {_images(self._witnesses)} in a row agree')
            return self._verdict(accepted=True, relocalized=relocalized)
        self._judge_without_match(evidence, note)
        return self._verdict()

    @property
    def _has_place(self) -> bool:
        return self.state in (LOCALIZED, UNCERTAIN)

    def _advance(self, evidence: Evidence) -> float:
        """Let way and time pass; return the seconds since the image before."""
        newest_ns = evidence.stamp_ns if self._newest_ns is None else self._newest_ns
        gap_s = max(0, evidence.stamp_ns - newest_ns) / 1e9
        self._newest_ns = evidence.stamp_ns
        self._seconds += gap_s
        self._way_m += evidence.moved_m or 0.0
        self._way_known &= evidence.moved_m is not None
        self._witness_way_m += math.inf if evidence.moved_m is None else evidence.moved_m
        return gap_s

    def _continues(self, evidence: Evidence) -> bool:
        """Return whether the image is a match that continues the one before."""
        # After a silence this long anything may have happened. A long way is not like that: the
        # odometry that measured it had its part in `returns`.
        in_time = self._seconds <= self.config.lost_after_s
        return self._has_place and evidence.sure and bool(evidence.returns) and in_time

    def _count(self, evidence: Evidence, gap_s: float) -> str:
        """Count the sure images in a row that agree; return why this one adds none, or ''."""
        note = ''
        if not evidence.sure:
            self._witnesses = 0
            return note
        if self._witnesses and gap_s > self.config.lost_after_s:
            note = f' (counted anew, {gap_s:.1f} s after the image before)'
        elif self._witnesses and not evidence.agrees:
            note = ' (counted anew, it disagrees with the image before)'
        elif self._witnesses and self._has_place and self._witness_way_m < STANDSTILL_M:
            return ' (this one is not counted, the robot stands still)'
        self._witnesses = 1 if note else self._witnesses + 1
        self._witness_way_m = 0.0
        return note

    def _judge_without_match(self, evidence: Evidence, note: str) -> None:
        """Find state and reason for an image that is not accepted."""
        seen = evidence.reason
        if evidence.sure:
            elsewhere = self._has_place and not evidence.returns
            place = 'another place' if elsewhere else 'a place'
            needed = self.config.consecutive_accepts
            seen = f'{self._witnesses} of {needed} images in a row agree on {place}{note}'
        if self._has_place:
            if self._has_passed(1.0):
                self.state = LOST
            elif evidence.sure or self._has_passed(DOUBT_SHARE):
                self.state = UNCERTAIN
        elif self._was_accepted:
            self.state = SEARCHING if evidence.sure and not note else LOST
        self.reason = f'{seen}; {self._figures()}' if self._was_accepted else seen

    def _has_passed(self, share: float) -> bool:
        limits = self.config
        return (
            self._frames >= share * limits.lost_after_frames
            or self._way_m > share * limits.lost_after_m
            or self._seconds > share * limits.lost_after_s
        )

    def _figures(self) -> str:
        way = f', {self._way_m:.2f} m' if self._way_known else ''
        return f'no match for {_images(self._frames)}{way}, {self._seconds:.1f} s'

    def _accept(self, reason: str) -> None:
        self.state, self.reason = LOCALIZED, reason
        self._was_accepted = True
        self._restart()

    def _restart(self) -> None:
        """Begin to count: images, way and time since the match, and witnesses of a place."""
        self._frames = self._witnesses = 0
        self._way_m = self._witness_way_m = self._seconds = 0.0
        self._way_known = True

    def _verdict(self, *, accepted: bool = False, relocalized: bool = False) -> Verdict:
        return Verdict(
            self.state,
            self.reason,
            accepted,
            relocalized,
            self._way_m if self._was_accepted and self._way_known else None,
            self._seconds if self._was_accepted else None,
        )


def _images(count: int) -> str:
    return '1 image' if count == 1 else f'{count} images'
