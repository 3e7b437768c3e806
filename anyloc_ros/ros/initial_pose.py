# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where an operator says that the robot is: `initialpose`, as RViz sends it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from anyloc_ros.errors import AnyLocError, ConfigError
from anyloc_ros.ros.estimate import LEAST_STEP_M
from anyloc_ros.ros.node import ACTIVE
from anyloc_ros.ros.qos import OUTPUT
from anyloc_ros.ros.transforms import transformed, TransformOnce
from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np

if TYPE_CHECKING:
    from anyloc_ros.pose import Pose
    from anyloc_ros.ros.localizer import Localizer

Point = tuple[float, float, float]


class InitialPose:
    """
    Has the localizer begin near the position of each message, or says why it does not.

    A position in another frame than that of the map is transformed where tf2 is installed. Of the
    covariance the larger deviation in the plane counts, no less than a step of the map; the
    orientation is not used.
    """

    def __init__(self, node: Localizer) -> None:
        self._node = node
        self._transform: TransformOnce | None = None
        node.create_subscription(PoseWithCovarianceStamped, 'initialpose', self._on_pose, OUTPUT)

    def forget(self) -> None:
        """Give up a transform that is still looked for."""
        if self._transform is not None:
            self._transform.destroy()
            self._transform = None

    def _on_pose(self, message: PoseWithCovarianceStamped) -> None:
        self.forget()  # the newest message counts
        node, frame_id = self._node, message.header.frame_id
        position = message.pose.pose.position
        point = position.x, position.y, position.z
        sigma_m = _deviation_m(message.pose.covariance)
        if node.phase != ACTIVE:
            self._refuse(f'the node is {node.phase}')
        elif not node.enabled:
            self._refuse('the node is disabled by ~/enable')
        elif not all(map(math.isfinite, (*point, sigma_m))):
            self._refuse('position and covariance must be finite, the covariance not negative')
        elif not frame_id:
            self._refuse(f'it has no frame_id, expected {node.loaded.frame!r}')
        elif frame_id == node.loaded.frame:
            self._begin(point, sigma_m)
        else:
            self._look_up(frame_id, point, sigma_m)

    def _look_up(self, frame_id: str, point: Point, sigma_m: float) -> None:
        """Listen to transforms until that to the map is known, for TransformOnce.PATIENCE_S."""

        def found(map_from_frame: Pose | None) -> None:
            self.forget()
            if map_from_frame is None:
                self._refuse(
                    f'there is no transform from its frame {frame_id!r} to '
                    f'{self._node.loaded.frame!r}; give it in the frame of the map'
                )
            else:
                self._begin(transformed(map_from_frame, point), sigma_m)

        try:
            frame = self._node.loaded.frame
            self._transform = TransformOnce(self._node, frame, frame_id, found)
        except ConfigError as error:
            self._refuse(f'its frame is {frame_id!r}, not {self._node.loaded.frame!r}: {error}')

    def _begin(self, point: Point, sigma_m: float) -> None:
        self._node.worker.submit(
            self._start, *point[:2], max(sigma_m, self._node.loaded.step_m, LEAST_STEP_M)
        )

    def _start(self, x: float, y: float, sigma_m: float) -> None:
        """Begin there; on the worker, which may have looked at an image until now."""
        where = f'near ({x:.1f}, {y:.1f}), give or take {sigma_m:.1f} m'
        try:
            self._node.loaded.recognizer.start_near(x, y, sigma_m)
        except AnyLocError as error:
            self._node.worker.post(self._refuse, f'{where}: {error}')
        else:
            self._node.worker.post(self._on_begun, f'initialpose: begun {where}')

    def _on_begun(self, text: str) -> None:
        self._node.standing.begin(text)
        self._node.get_logger().info(text)
        self._tell(text)

    def _refuse(self, reason: str) -> None:
        text = f'initialpose is refused: {reason}'
        self._node.get_logger().warning(text)
        self._tell(text)

    def _tell(self, text: str) -> None:
        self._node.standing.request = text
        self._node.publish_status()


def _deviation_m(covariance: np.ndarray) -> float:
    """Return the larger deviation in the plane of a covariance (36,), NaN where it is none."""
    plane = np.reshape(covariance, (6, 6))[:2, :2]
    if not np.isfinite(plane).all():
        return math.nan
    variances = np.linalg.eigvalsh((plane + plane.T) / 2)
    return math.sqrt(variances[1]) if variances[0] >= -1e-9 else math.nan
