# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The pinhole camera, level and fixed on the robot."""

from __future__ import annotations

from dataclasses import dataclass
import math

from anyloc_ros.errors import ConfigError
from anyloc_ros.pose import Pose
import numpy as np


@dataclass(frozen=True, slots=True)
class Camera:
    """
    A camera without distortion that looks ahead, level, from above the axis of the robot.

    Pixel centres have whole coordinates, as in OpenCV and sensor_msgs/CameraInfo: the image
    reaches from -0.5 to `width_px - 0.5`, and `hfov_deg` is the angle between these edges.
    """

    width_px: int = 320
    height_px: int = 240
    hfov_deg: float = 80.0
    height_m: float = 0.9
    """Above the floor."""
    forward_m: float = 0.15
    """Ahead of base_link."""

    def __post_init__(self) -> None:
        if not 8 <= self.width_px <= 8192 or not 8 <= self.height_px <= 8192:
            raise ConfigError(
                f'camera: expected 8 to 8192 px, got {self.width_px}x{self.height_px}'
            )
        if not 1 <= self.hfov_deg <= 160:
            raise ConfigError(f'camera: expected hfov_deg from 1 to 160, got {self.hfov_deg}')

    @property
    def focal_px(self) -> float:
        """Return the focal length, the same along both axes."""
        return self.width_px / 2 / math.tan(math.radians(self.hfov_deg) / 2)

    @property
    def centre_px(self) -> tuple[float, float]:
        """Return the principal point (x, y)."""
        return (self.width_px - 1) / 2, (self.height_px - 1) / 2

    def matrix(self) -> np.ndarray:
        """Return K (3, 3): K @ (right, down, ahead) / ahead is the pixel (x, y, 1)."""
        x, y = self.centre_px
        return np.array([[self.focal_px, 0.0, x], [0.0, self.focal_px, y], [0.0, 0.0, 1.0]])

    def map_from_camera(self, base: Pose) -> np.ndarray:
        """Return the pose (4, 4) of the optical frame (x right, y down, z ahead) in the map."""
        cos, sin = math.cos(base.yaw), math.sin(base.yaw)
        return np.array(
            [
                [sin, 0.0, cos, base.x + self.forward_m * cos],
                [-cos, 0.0, sin, base.y + self.forward_m * sin],
                [0.0, -1.0, 0.0, self.height_m],
                [0.0, 0.0, 0.0, 1.0],
            ]
        )
