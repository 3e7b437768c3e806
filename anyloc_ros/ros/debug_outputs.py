# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`~/markers` and `~/match_image`: made only while somebody looks at them."""

from __future__ import annotations

from anyloc_ros.config import DebugConfig
from anyloc_ros.localize.recognizer import Recognition
from anyloc_ros.ros.drawing import markers
from anyloc_ros.ros.inputs import CameraImage
from anyloc_ros.ros.messages import header, image_message
from anyloc_ros.ros.node import RouteNode
from anyloc_ros.ros.qos import OUTPUT
import numpy as np
from sensor_msgs.msg import Image
from visualization_msgs.msg import MarkerArray


class DebugOutputs:
    """Publishes what people look at; for the executor's thread."""

    def __init__(self, node: RouteNode) -> None:
        self._node = node
        self._markers = node.create_publisher(MarkerArray, '~/markers', OUTPUT)
        self._match_image = node.create_publisher(Image, '~/match_image', OUTPUT)

    @property
    def picture_wanted(self) -> bool:
        """Return whether somebody looks at `~/match_image`, and may."""
        wanted = self._config.publish_match_image
        return wanted and self._match_image.get_subscription_count() > 0

    def publish_markers(self, answer: Recognition, frame_id: str) -> None:
        """Publish the markers of an answer if somebody looks."""
        if self._config.publish_markers and self._markers.get_subscription_count():
            self._markers.publish(markers(answer, frame_id))

    def publish_picture(self, image: CameraImage, picture: np.ndarray) -> None:
        """Publish the picture (H, W, 3) made for an image."""
        head = header(image.stamp_ns, image.frame_id)
        self._match_image.publish(image_message(picture, head))

    @property
    def _config(self) -> DebugConfig:
        return self._node.parameters.group(DebugConfig)
