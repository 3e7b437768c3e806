# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a map remembers of the camera it was taught with, and how another one differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


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


class CameraCheck:
    """
    Tells how the camera differs from the one a map was taught with, whenever it is another one.

    :param taught: what `camera_of` gave then, None where the map does not say.
    :param calibration: the same of `calibration_of`.
    """

    def __init__(
        self,
        taught: Mapping[str, Any] | None,
        calibration: Mapping[str, Any] | None,
        warn: Callable[[str], None],
    ) -> None:
        self._taught = taught
        self._calibration = calibration
        self._warn = warn
        self._camera: dict[str, Any] | None = None

    def see_image(self, frame_id: str, encoding: str, size: tuple[int, int]) -> None:
        """Compare an image of this size (height, width)."""
        camera = camera_of(frame_id, encoding, size)
        if camera != self._camera:
            self._camera = camera
            self._tell(differences(self._taught, camera))

    def see_info(self, message: Any) -> None:
        """Compare a sensor_msgs/CameraInfo."""
        self._tell(differences(self._calibration, calibration_of(message)))

    def _tell(self, texts: list[str]) -> None:
        for text in texts:
            self._warn(text)
