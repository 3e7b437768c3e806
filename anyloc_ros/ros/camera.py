# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a map remembers of the camera it was taught with, and how another one differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CAMERA, CALIBRATION = 'camera', 'camera_info'
"""The keys in the map."""


def camera_of(frame_id: str, encoding: str, size: tuple[int, int]) -> dict[str, Any]:
    """Return what is kept of the images, `size` being (height, width) in px."""
    height, width = size
    return {'frame_id': frame_id, 'encoding': encoding, 'height': height, 'width': width}


def calibration_of(message: Any) -> dict[str, Any]:
    """Return what is kept of a sensor_msgs/CameraInfo."""
    return {
        'height': message.height,
        'width': message.width,
        'distortion_model': message.distortion_model,
        'd': list(message.d),
        'k': list(message.k),
    }


def differences(taught: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each field that differs; none when nothing is known of the taught."""
    return [
        f'the map was taught with {name} {value!r}, now it is {now.get(name)!r}: matches may be '
        f'worse'
        for name, value in (taught or {}).items()
        if value != now.get(name)
    ]
