# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What the worker does with an image: odometry at its stamp, pixels, the place."""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.errors import AnyLocError
from anyloc_ros.localize.recognizer import PlaceRecognizer, Recognition
from anyloc_ros.ros.frozen import SamePicture
from anyloc_ros.ros.inputs import CameraImage
from anyloc_ros.ros.odometer import LiveOdometer
import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """
    The answer for an image.

    `pixels` (H, W, 3) is None where it cannot be used, for the reason in the answer;
    `same_picture_s` is for how long they have not changed.
    """

    image: CameraImage
    answer: Recognition
    pixels: np.ndarray | None = None
    same_picture_s: float = 0.0


class Looking:
    """Looks at one image after the other; for the worker's thread."""

    def __init__(self, odometer: LiveOdometer) -> None:
        self._odometer = odometer
        self._same_picture = SamePicture(odometer.way_m)
        self._before_ns: int | None = None

    def look(self, image: CameraImage, recognizer: PlaceRecognizer, wait_s: float) -> Looked:
        """
        Return the answer for an image; one that cannot be used has no candidates.

        :param wait_s: see LiveOdometer.
        """
        stamp_ns = image.stamp_ns
        odometry = self._odometer.at(stamp_ns, self._before_ns, wait_s=wait_s)
        self._before_ns = stamp_ns if odometry else None
        try:
            pixels = image.decode()
            same_picture_s = self._same_picture.seconds(pixels, stamp_ns)
            answer = recognizer.recognize(pixels, stamp_ns, odometry)
        except (AnyLocError, MemoryError) as error:
            reason = str(error) or 'there is not enough memory to describe the image'
            return Looked(image, recognizer.missed(stamp_ns, reason, odometry))
        return Looked(image, answer, pixels, same_picture_s)
