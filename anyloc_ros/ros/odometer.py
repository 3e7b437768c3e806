# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The way travelled while localizing, and where odometry was at the stamp of an image."""

from __future__ import annotations

from anyloc_ros.config import TeachConfig
from anyloc_ros.mapping.geodesy import Datum, is_on_earth
from anyloc_ros.mapping.poses import PoseBuffer
from anyloc_ros.pose import Pose
from anyloc_ros.ros.inputs import PoseInput


class Odometer:
    """
    The poses of the last seconds in the frame they are given in.

    :param config: how far apart poses may be, see PoseBuffer.
    """

    def __init__(self, config: TeachConfig) -> None:
        self._poses = PoseBuffer(config)
        self._datum: Datum | None = None
        self.frame_id = ''

    def add(self, pose: PoseInput) -> None:
        """Take a pose; one that cannot be used is left out."""
        self.frame_id = pose.frame_id
        if not is_on_earth(pose.sample):
            return
        if self._datum is None:
            self._datum = Datum.of(pose.sample)
        self._poses.add(pose.stamp_ns, self._datum.to_local(pose.sample))

    def clear(self) -> None:
        """Forget all poses: the clock was set back."""
        self._poses.clear()

    def at(self, stamp_ns: int) -> Pose | None:
        """Return the pose at a stamp, None where it is not known."""
        return self._poses.at(stamp_ns).pose

    def way_since_m(self, stamp_ns: int) -> float | None:
        """Return the way from a stamp to the newest pose, None where it is not known."""
        begun_m = self._poses.travelled_m(stamp_ns)
        if begun_m is None:
            return None
        return self._poses.travelled_m(self._poses.newest_ns) - begun_m
