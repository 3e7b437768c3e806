# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Several cameras on one robot: which of their images belong together, and the one image of a set.

Nothing is waited for and nothing is queued: what a slow camera misses is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from anyloc_ros.errors import ImageError
import cv2
import numpy as np

Image = TypeVar('Image')


class Rig(Generic[Image]):
    """
    Keeps the newest image of each camera until there is a set of one moment.

    :param cameras: their names, in the order of a set.
    :param max_gap_s: each stamp of a set is within this of that of the first camera.
    :param dropped: is called for every image that a newer one replaced: it is in no set.
    """

    def __init__(
        self, cameras: Sequence[str], max_gap_s: float, dropped: Callable[[], None]
    ) -> None:
        self.cameras = tuple(cameras)
        self.newest_ns: dict[str, int] = {}
        """The stamp of the newest image of each camera that has sent one."""
        self._max_gap_s = max_gap_s
        self._dropped = dropped
        self._waiting: dict[str, Image] = {}

    def add(self, camera: str, stamp_ns: int, image: Image) -> list[Image] | None:
        """Take an image; return the set that it completes, if it does."""
        if camera in self._waiting:
            self._dropped()
        self._waiting[camera], self.newest_ns[camera] = image, stamp_ns
        if len(self._waiting) < len(self.cameras) or self.gap_s() > self._max_gap_s:
            return None
        complete = [self._waiting[name] for name in self.cameras]
        self._waiting.clear()
        return complete

    def gap_s(self) -> float:
        """Return how far the newest images are from that of the first camera; all have sent."""
        first_ns = self.newest_ns[self.cameras[0]]
        return max(abs(stamp_ns - first_ns) for stamp_ns in self.newest_ns.values()) / 1e9

    def last(self) -> str:
        """Return the camera that is behind the others: without an image, or with the oldest."""
        return min(self.cameras, key=lambda name: self.newest_ns.get(name, -1))


def side_by_side(
    cameras: Sequence[str], decoders: Sequence[Callable[[], np.ndarray]]
) -> np.ndarray:
    """
    Return the images of a set as one (H, n * W, 3) uint8 RGB, of the size of the first.

    :raises ImageError: one of them cannot be decoded; it names the camera.
    """
    images = []
    for camera, decode in zip(cameras, decoders, strict=True):
        try:
            images.append(decode())
        except ImageError as error:
            raise ImageError(f'camera {camera}: {error}') from error
    height, width = images[0].shape[:2]
    return np.hstack([_of_size(image, height, width) for image in images])


def _of_size(image: np.ndarray, height: int, width: int) -> np.ndarray:
    if image.shape[:2] == (height, width):
        return image
    shrinks = image.shape[0] * image.shape[1] > height * width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=method)
