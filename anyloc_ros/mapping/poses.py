# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Poses that came in, looked up at the stamp of an image: interpolated, never extrapolated."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
import math

from anyloc_ros.config import TeachConfig
from anyloc_ros.pose import Pose

MEMORY_NS = 30 * 10**9
"""How far back poses are kept, besides `pose_max_gap_s`."""

LATENESS_NS = 10**9
"""How late a pose may arrive, on the clock of the stamps."""

UNIT_TOLERANCE = 1e-3
"""How far the length of a quaternion may be from 1: float32 messages are within 1e-6."""


@dataclass(frozen=True, slots=True)
class PoseLookup:
    """
    The pose at a stamp, or why there is none.

    `cause` is one of `no pose`, `gap`, `jump` (for counting), `reason` says it with its numbers;
    both are empty when there is a pose.
    """

    pose: Pose | None
    cause: str = ''
    reason: str = ''


class PoseBuffer:
    """
    The poses of the last seconds in the order of their stamps.

    Two neighbours that are too far apart in time (`pose_max_gap_s`) or in space for the time
    between them (`pose_max_speed_mps`) have nothing between them. `rejected` counts poses with a
    position that is not finite or an orientation that is no unit quaternion, `jumps` pairs of
    successive poses above the highest speed. `patience_ns` after a stamp no pose can come any more
    that a lookup there would use.

    :param max_speed_mps: instead of `pose_max_speed_mps`; infinite where stamps tell no speed.
    """

    def __init__(self, config: TeachConfig, *, max_speed_mps: float | None = None) -> None:
        self._max_gap_ns = round(config.pose_max_gap_s * 1e9)
        self._memory_ns = MEMORY_NS + self._max_gap_ns
        self._offset_ns = round(config.pose_time_offset_s * 1e9)
        # With a negative offset a pose is for an image before it.
        self.patience_ns = LATENESS_NS + self._max_gap_ns + max(0, -self._offset_ns)
        self._max_speed_mps = config.pose_max_speed_mps if max_speed_mps is None else max_speed_mps
        self.rejected = 0
        self.jumps = 0
        self.clear()

    def clear(self) -> None:
        """Forget all poses and the way travelled; the counters go on."""
        self._stamps: list[int] = []
        self._poses: list[Pose] = []
        self._travelled: list[float] = []
        self._start_m = 0.0

    @property
    def newest_ns(self) -> int | None:
        """Return the greatest stamp, offset included; None while there is no pose."""
        return self._stamps[-1] if self._stamps else None

    def add(self, stamp_ns: int, pose: Pose) -> bool:
        """
        Keep a pose at its stamp plus `pose_time_offset_s`; return whether it can be used.

        Stamps may come in any order; of two poses with the same stamp the first is kept. A pose
        older than the memory means that the clock was set back: the poses before are forgotten.
        """
        pose = _normalized(pose)
        if pose is None:
            self.rejected += 1
            return False
        stamp_ns += self._offset_ns
        if self._stamps and stamp_ns < self._stamps[-1] - self._memory_ns:
            # Without this one stamp from the future would shut out every pose after it.
            travelled_m = self._travelled[-1]
            self.clear()
            self._start_m = travelled_m
        place = bisect_left(self._stamps, stamp_ns)
        if place < len(self._stamps) and self._stamps[place] == stamp_ns:
            return True
        self._insert(place, stamp_ns, pose)
        while self._stamps[0] < self._stamps[-1] - self._memory_ns:
            del self._stamps[0], self._poses[0], self._travelled[0]
        return True

    def at(self, stamp_ns: int) -> PoseLookup:
        """Return the pose at `stamp_ns`: position linear, orientation along the shorter arc."""
        right = bisect_left(self._stamps, stamp_ns)
        if right < len(self._stamps) and self._stamps[right] == stamp_ns:
            return PoseLookup(self._poses[right])
        if not self._stamps:
            return PoseLookup(None, 'no pose', 'no pose yet')
        if right == 0:
            ahead_s = (self._stamps[0] - stamp_ns) / 1e9
            return PoseLookup(None, 'no pose', f'the first pose is {ahead_s:.3f} s later')
        left = right - 1
        if right == len(self._stamps):
            age_s = (stamp_ns - self._stamps[left]) / 1e9
            return PoseLookup(None, 'no pose', f'the last pose is {age_s:.3f} s earlier')
        step_ns = self._stamps[right] - self._stamps[left]
        if step_ns > self._max_gap_ns:
            return PoseLookup(None, 'gap', f'gap of {step_ns / 1e9:.3f} s between poses')
        if self._is_jump(left):
            way_m = self._poses[left].distance_to(self._poses[right])
            return PoseLookup(None, 'jump', f'jump of {way_m:.2f} m in {step_ns / 1e9:.3f} s')
        share = (stamp_ns - self._stamps[left]) / step_ns
        return PoseLookup(interpolate(self._poses[left], self._poses[right], share))

    def travelled_m(self, stamp_ns: int) -> float | None:
        """
        Return the way from the first pose to `stamp_ns` in metres, jumps left out.

        It stands still after the last pose; None before the first one.
        """
        right = bisect_left(self._stamps, stamp_ns)
        if right < len(self._stamps) and self._stamps[right] == stamp_ns:
            return self._travelled[right]
        if right == 0:
            return None
        if right == len(self._stamps):
            return self._travelled[-1]
        left = right - 1
        share = (stamp_ns - self._stamps[left]) / (self._stamps[right] - self._stamps[left])
        return self._travelled[left] + share * (self._travelled[right] - self._travelled[left])

    def jumped(self, begin_ns: int, end_ns: int) -> bool:
        """Return whether poses jump between two stamps, or are forgotten at the first of them."""
        first = bisect_right(self._stamps, begin_ns) - 1
        end = min(bisect_left(self._stamps, end_ns), len(self._stamps) - 1)
        return first < 0 or any(self._is_jump(left) for left in range(first, end))

    def _insert(self, place: int, stamp_ns: int, pose: Pose) -> None:
        self._stamps.insert(place, stamp_ns)
        self._poses.insert(place, pose)
        if place == 0:
            after = self._travelled[:1]
            self._travelled.insert(0, after[0] - self._way_m(0) if after else self._start_m)
            return
        del self._travelled[place:]
        for left in range(place - 1, len(self._stamps) - 1):
            self._travelled.append(self._travelled[-1] + self._way_m(left))
        self.jumps += place == len(self._stamps) - 1 and self._is_jump(place - 1)

    def _way_m(self, left: int) -> float:
        """Return the way from a pose to the next one, 0 for a jump."""
        if self._is_jump(left):
            return 0.0
        return self._poses[left].distance_to(self._poses[left + 1])

    def _is_jump(self, left: int) -> bool:
        seconds = (self._stamps[left + 1] - self._stamps[left]) / 1e9
        way_m = self._poses[left].distance_to(self._poses[left + 1])
        return way_m > self._max_speed_mps * seconds


def interpolate(start: Pose, end: Pose, share: float) -> Pose:
    """
    Return the pose `share` (0 to 1) of the way from `start` to `end`.

    The orientation is the spherical interpolation of K. Shoemake, Animating rotation with
    quaternion curves, SIGGRAPH 1985, along the shorter arc; unknown unless both are known.
    """
    position = (a + share * (b - a) for a, b in zip(start.position, end.position, strict=True))
    if not (start.has_orientation and end.has_orientation):
        return Pose(*position)
    p, q = start.quaternion, end.quaternion
    cosine = sum(a * b for a, b in zip(p, q, strict=True))
    if cosine < 0:
        # q and -q are the same orientation; the nearer of the two lies on the shorter arc.
        q, cosine = tuple(-b for b in q), -cosine
    angle = math.acos(min(cosine, 1.0))
    if angle < 1e-4:
        # sin(angle) is lost to rounding here, and a straight line is right to 1e-9.
        u, v = 1 - share, share
    else:
        u, v = (math.sin((1 - share) * angle), math.sin(share * angle))
    mixed = [u * a + v * b for a, b in zip(p, q, strict=True)]
    length = math.hypot(*mixed)
    return Pose(*position, *(value / length for value in mixed))


def _normalized(pose: Pose) -> Pose | None:
    """Return the pose with a quaternion of length 1; None when it cannot be used."""
    if not all(map(math.isfinite, pose.position)):
        return None
    if all(map(math.isnan, pose.quaternion)):
        return pose
    length = math.hypot(*pose.quaternion)
    # The comparison is false for NaN.
    if not abs(length - 1) <= UNIT_TOLERANCE:
        return None
    qx, qy, qz, qw = (value / length for value in pose.quaternion)
    return replace(pose, qx=qx, qy=qy, qz=qz, qw=qw)
