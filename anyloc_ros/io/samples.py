# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a source yields: images that are decoded when asked, and poses as they were recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math

from anyloc_ros.pose import GeoPoint, Pose, UtmPoint
import numpy as np
from numpy.typing import NDArray

Position = Pose | GeoPoint | UtmPoint


@dataclass(frozen=True, slots=True, eq=False)
class ImageSample:
    """One image of a source, decoded only when it is needed."""

    stamp_ns: int
    name: str
    """File name, or topic of the bag."""
    frame_id: str
    encoded: bytes | None
    """The JPEG or PNG file exactly as recorded; None when the source holds another form."""
    decoder: Callable[[], NDArray[np.uint8]]

    def decode(self) -> NDArray[np.uint8]:
        """
        Return the image as (H, W, 3) uint8 RGB.

        :raises ImageError: the image is damaged, too large or of an unknown encoding.
        """
        return self.decoder()


@dataclass(frozen=True, slots=True)
class PoseSample:
    """One pose as recorded: not interpolated, not projected, possibly NaN."""

    stamp_ns: int
    pose: Position
    frame_id: str = ''


def pose_of(x: float, y: float, z: float, qx: float, qy: float, qz: float, qw: float) -> Pose:
    """
    Return the Pose (m) with the quaternion scaled to unit length.

    An all-zero quaternion, which drivers leave where they know no orientation, becomes NaN.
    """
    length = math.hypot(qx, qy, qz, qw) or math.nan
    return Pose(x, y, z, qx / length, qy / length, qz / length, qw / length)
