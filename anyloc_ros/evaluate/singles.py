# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What single images say, beside the filter: the same images, described once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anyloc_ros.describe.describer import Describer
from anyloc_ros.evaluate.records import Said, said_by
from anyloc_ros.localize.recognizer import PlaceRecognizer, Recognition
from anyloc_ros.pose import Pose
import numpy as np


class RememberingDescriber:
    """A describer, for a recognizer, that keeps the last descriptor it made."""

    def __init__(self, describer: Describer) -> None:
        self._describer = describer
        self.last = np.empty(0, np.float32)
        """(P,) of the last image."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._describer, name)

    def describe(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Return the descriptors (B, P) of B images."""
        return self._kept(self._describer.describe(images))

    def aggregate(self, features: Sequence[Any]) -> np.ndarray:
        """Return the descriptors (B, P) of B images by their local features."""
        return self._kept(self._describer.aggregate(features))

    def _kept(self, descriptors: np.ndarray) -> np.ndarray:
        self.last = descriptors[-1]
        return descriptors


class LastDescriptor:
    """Stands for a describer and gives what another one made last."""

    def __init__(self, describer: RememberingDescriber) -> None:
        self._describer = describer

    def describe(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Return the last descriptor (1, P): that of the image, which was just described."""
        return self._describer.last[None]


class WithSingles:
    """
    A recognizer that asks another one about each image as well, and keeps what that says.

    :param single: without a filter, by the LastDescriptor of the first.
    """

    def __init__(self, recognizer: PlaceRecognizer, single: PlaceRecognizer) -> None:
        self._recognizer = recognizer
        self._single = single
        self.said: list[Said | None] = []
        """The answer to each image by itself; None to one that could not be read."""

    def recognize(
        self, image: np.ndarray, stamp_ns: int, odometry: Pose | None = None
    ) -> Recognition:
        """Return what the recognizer says of an image."""
        answer = self._recognizer.recognize(image, stamp_ns, odometry)
        self.said.append(said_by(self._single.recognize(image, stamp_ns)))
        return answer

    def missed(self, stamp_ns: int, reason: str, odometry: Pose | None = None) -> Recognition:
        """Take note of an image that cannot be used."""
        self.said.append(None)
        return self._recognizer.missed(stamp_ns, reason, odometry)

    def forget(self, reason: str) -> None:
        """Forget the past; single images have none."""
        self._recognizer.forget(reason)
