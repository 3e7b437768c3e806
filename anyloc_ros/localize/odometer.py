# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where odometry says that the robot was at the stamp of an image, for robots and for bags."""

from __future__ import annotations

from anyloc_ros.config import TeachConfig
from anyloc_ros.mapping.geodesy import Datum, is_on_earth
from anyloc_ros.mapping.poses import PoseBuffer
from anyloc_ros.pose import GeoPoint, Pose, UtmPoint


class Odometer:
    """
    The poses of the last seconds in the frame they are given in.

    Only the way from one image to the next is asked of them, so the frame does not matter as long
    as it stays the same. Between two poses the pose is interpolated. After the newest one it is
    that one, up to `pose_max_gap_s` later: odometry is often some milliseconds late, and the way
    of these is small beside the error of odometry itself.

    :param config: how far apart poses may be, see PoseBuffer.
    :param max_speed_mps: see PoseBuffer.
    """

    def __init__(self, config: TeachConfig, *, max_speed_mps: float | None = None) -> None:
        self._poses = PoseBuffer(config, max_speed_mps=max_speed_mps)
        self._max_age_ns = round(config.pose_max_gap_s * 1e9)
        self._datum: Datum | None = None
        self.frame_id = ''

    def add(self, stamp_ns: int, sample: Pose | GeoPoint | UtmPoint, frame_id: str) -> None:
        """Take a pose; one that cannot be used is left out, another frame begins anew."""
        if frame_id != self.frame_id:
            self.clear()
            self.frame_id = frame_id
        if not is_on_earth(sample):
            return
        if self._datum is None:
            self._datum = Datum.of(sample)
        self._poses.add(stamp_ns, self._datum.to_local(sample))

    def clear(self) -> None:
        """Forget all poses: the clock was set back, or they are in another frame now."""
        self._poses.clear()

    @property
    def newest_ns(self) -> int | None:
        """Return the stamp of the newest pose, None while there is none."""
        return self._poses.newest_ns

    def at(self, stamp_ns: int, since_ns: int | None = None) -> Pose | None:
        """
        Return the pose at a stamp, None where it is not known.

        :param since_ns: the stamp of the pose it will be compared with. If poses jumped since, it
            is not known either: what odometry did not drive is no motion.
        """
        if since_ns is not None and self._poses.jumped(since_ns, stamp_ns):
            return None
        newest_ns = self._poses.newest_ns
        if newest_ns is not None and newest_ns < stamp_ns <= newest_ns + self._max_age_ns:
            stamp_ns = newest_ns
        return self._poses.at(stamp_ns).pose

    def way_m(self, begin_ns: int, end_ns: int) -> float | None:
        """Return the way between two stamps, jumps left out; None where it is not known."""
        begun_m, ended_m = map(self._poses.travelled_m, (begin_ns, end_ns))
        return None if None in (begun_m, ended_m) else ended_m - begun_m
