# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The node localizer: for every image, which place of the map it shows."""

from __future__ import annotations

import sys
from typing import Any

from anyloc_ros.config import (
    DebugConfig,
    DescribeConfig,
    InputConfig,
    LocalizeConfig,
    LocalizerConfig,
    TeachConfig,
)
from anyloc_ros.errors import AnyLocError
from anyloc_ros.localize.recognizer import Recognition
from anyloc_ros.ros.camera import calibration_of, camera_of, differences
from anyloc_ros.ros.diagnostics import device_and_precision, Rate
from anyloc_ros.ros.drawing import markers, match_image, reference_image
from anyloc_ros.ros.inputs import CameraImage, Inputs, PoseInput
from anyloc_ros.ros.loaded_map import load_map, LoadedMap
from anyloc_ros.ros.localize_report import Answers, localize_status
from anyloc_ros.ros.mailbox import Mailbox
from anyloc_ros.ros.messages import header, image_message, Status
from anyloc_ros.ros.node import RouteNode
from anyloc_ros.ros.odometer import Odometer
from anyloc_ros.ros.qos import OUTPUT
from anyloc_ros.ros.run import run
from anyloc_ros.ros.transforms import MapToOdom
import numpy as np
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool, Trigger
from visualization_msgs.msg import MarkerArray

PARAMETERS = {
    InputConfig: (),
    LocalizerConfig: (),
    DescribeConfig: ('device', 'precision', 'weights_path', 'mask_path'),
    TeachConfig: ('pose_max_gap_s', 'pose_time_offset_s', 'pose_max_speed_mps'),
    LocalizeConfig: (),
    DebugConfig: (),
}
"""The groups and names of the parameters, see NodeParameters."""


class Localizer(RouteNode):
    """Answers for the newest image, one at a time; older ones are dropped and counted."""

    def __init__(self, **node_options: Any) -> None:
        self.loaded: LoadedMap | None = None
        self.enabled = True
        self.mailbox: Mailbox[CameraImage] = Mailbox()
        self.rate = Rate()
        self.odometer = Odometer(TeachConfig())
        self.device = self.precision = ''
        self.bad_images = 0
        self._map_to_odom: MapToOdom | None = None
        self._camera: dict[str, Any] | None = None
        self.forget()
        super().__init__('localizer', LocalizerConfig, PARAMETERS, **node_options)
        self._answers = Answers(self)
        self._markers = self.create_publisher(MarkerArray, '~/markers', OUTPUT)
        self._match_image = self.create_publisher(Image, '~/match_image', OUTPUT)
        self.create_service(
            Trigger, '~/load_map', self._on_load_map, callback_group=self.waiting_group
        )
        self.create_service(SetBool, '~/enable', self._on_enable)

    def forget(self) -> None:
        """Forget the answers so far."""
        self.answer: Recognition | None = None
        self.bad_reason = ''
        self.newest_ns: int | None = None
        self.accepted_ns: int | None = None
        self.delay_s = 0.0

    # The life cycle.

    def configure(self) -> None:
        """Load the map and the network it was made with."""
        own = self.parameters.group(LocalizerConfig)
        if own.publish_tf:
            self._map_to_odom = MapToOdom(self)
        self._take_map(self._load())

    def activate(self) -> None:
        """Listen."""
        self.forget()
        self.odometer = Odometer(self.parameters.group(TeachConfig))
        self.inputs = Inputs(
            self,
            self.parameters.group(InputConfig),
            map_frame=self.loaded.frame,
            on_image=self._on_image,
            on_skipped=self.mailbox.refuse,
            on_pose=self._on_pose,
            on_camera_info=self._on_camera_info,
            warn=self.warn,
        )

    def deactivate(self) -> None:
        """Drop the image that waits."""
        self.mailbox.drop_waiting()

    def release(self) -> None:
        """Forget map and network."""
        self.loaded = self._map_to_odom = None
        self.device = self.precision = ''
        self.forget()

    def clock_was_set_back(self) -> None:
        """Forget answers and poses: their ages have no meaning any more."""
        self.forget()
        self.odometer.clear()

    def parameters_changed(self, names: set[str]) -> None:
        """Take up thresholds and rate."""
        if self.loaded is not None:
            self.loaded.set_thresholds(self.parameters.group(LocalizeConfig))
        if self.inputs is not None:
            self.inputs.set_max_rate(self.parameters.group(InputConfig).max_rate_hz)

    # What comes in.

    def _on_image(self, image: CameraImage) -> None:
        if not self.enabled:
            self.mailbox.refuse()
        elif self.mailbox.put(image):
            self.worker.submit(self._look, self._match_image_wanted())

    def _on_pose(self, pose: PoseInput) -> None:
        self.odometer.add(pose)

    def _on_camera_info(self, message: Any) -> None:
        for text in differences(self.loaded.calibration, calibration_of(message)):
            self.warn(text)

    # On the worker.

    def _load(self) -> LoadedMap:
        own = self.parameters.group(LocalizerConfig)
        where = self.parameters.group(DescribeConfig)
        return load_map(own.map_path, own.method, where, self.parameters.group(LocalizeConfig))

    def _exchange(self) -> LoadedMap:
        """Load the map and use it from the next image on."""
        self.loaded = loaded = self._load()
        return loaded

    def _look(self, wants_picture: bool) -> None:
        image = self.mailbox.take()
        if image is None:
            return
        loaded = self.loaded
        try:
            pixels = image.decode()
            answer = loaded.recognizer.recognize(pixels, image.stamp_ns)
        except AnyLocError as error:
            self.worker.post(self._on_failed, image, error)
            return
        finally:
            self.mailbox.done()
        self.worker.post(self._on_answer, image, pixels.shape[:2], loaded, answer)
        if wants_picture:
            reference = reference_image(loaded.path, answer.candidates)
            picture = match_image(pixels, reference, answer)
            self.worker.post(self._on_picture, image, picture)

    # On the executor: what is published.

    def _on_answer(
        self,
        image: CameraImage,
        size: tuple[int, int],
        loaded: LoadedMap,
        answer: Recognition,
    ) -> None:
        self._answers.publish(image.stamp_ns, loaded, answer)
        self.answer, self.newest_ns = answer, image.stamp_ns
        self.delay_s = (self.now_ns() - image.stamp_ns) / 1e9
        self.rate.tick()
        if answer.match is not None:
            self.accepted_ns = image.stamp_ns
            self._send_transform(answer, loaded)
        if self._markers_wanted():
            self._markers.publish(markers(answer, loaded.frame))
        camera = camera_of(image.frame_id, image.encoding, size)
        if camera != self._camera:
            self._camera = camera
            for text in differences(loaded.camera, camera):
                self.warn(text)
        self.publish_status_if_changed()

    def _on_failed(self, image: CameraImage, error: AnyLocError) -> None:
        self.bad_images += 1
        self.bad_reason = str(error)
        self.answer, self.newest_ns = None, image.stamp_ns
        self.delay_s = (self.now_ns() - image.stamp_ns) / 1e9
        self.rate.tick()
        self._answers.publish(image.stamp_ns, self.loaded, None)
        self.get_logger().warning(f'bad image: {error}', throttle_duration_sec=5.0)
        self.publish_status_if_changed()

    def _on_picture(self, image: CameraImage, picture: np.ndarray) -> None:
        head = header(image.stamp_ns, image.frame_id)
        self._match_image.publish(image_message(picture, head))

    def _send_transform(self, answer: Recognition, loaded: LoadedMap) -> None:
        if self._map_to_odom is None:
            return
        reference, odom = answer.match.reference.pose, self.odometer.at(answer.stamp_ns)
        if None in (reference, odom) or not (reference.has_orientation and odom.has_orientation):
            return
        frame_id = self.odometer.frame_id
        self._map_to_odom.send(answer.stamp_ns, loaded.frame, frame_id, reference, odom)

    def _markers_wanted(self) -> bool:
        wanted = self.parameters.group(DebugConfig).publish_markers
        return wanted and self._markers.get_subscription_count() > 0

    def _match_image_wanted(self) -> bool:
        wanted = self.parameters.group(DebugConfig).publish_match_image
        return wanted and self._match_image.get_subscription_count() > 0

    # Services and status.

    async def _on_load_map(self, request: Any, response: Any) -> Any:
        if self.loaded is None:
            response.message = 'the node is not configured: configuring it loads the map'
            return response
        try:
            loaded = await self.on_worker(self._exchange)
        except AnyLocError as error:
            response.message = f'{error}; the map before is still used'
            self.get_logger().error(response.message)
            return response
        if self.loaded is None:
            response.message = 'the node was cleaned up meanwhile'
            return response
        self._take_map(loaded)
        response.success = True
        response.message = f'{self.loaded.path} is loaded'
        self.publish_status()
        return response

    def _on_enable(self, request: Any, response: Any) -> Any:
        self.enabled = request.data
        if not self.enabled:
            self.mailbox.drop_waiting()
        response.success = True
        response.message = 'enabled' if self.enabled else 'disabled'
        self.publish_status_if_changed()
        return response

    def _take_map(self, loaded: LoadedMap) -> None:
        self.loaded = loaded
        # Once more: they may have changed while it was loaded.
        loaded.set_thresholds(self.parameters.group(LocalizeConfig))
        self._camera = None
        self.forget()
        self.device, self.precision = device_and_precision(loaded.recognizer.describer)
        self.get_logger().info(
            f'localizing on {loaded.path} ({len(loaded.recognizer.references)} references) by '
            f'{loaded.method} on {self.device} in {self.precision}'
        )

    def status(self) -> Status:
        """Return the present status."""
        return localize_status(self)

    def log_line(self) -> str:
        """Return one line about what happens."""
        status = self.status()
        return f'{status.state} {status.reason}, answers at {self.rate.hz:.1f} Hz'


def main(arguments: list[str] | None = None) -> int:
    """Run the node as a process."""
    return run(Localizer, arguments)


if __name__ == '__main__':
    sys.exit(main())
