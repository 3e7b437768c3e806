# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The node localizer: for every image, which place of the map it shows."""

from __future__ import annotations

from dataclasses import replace
import sys
from typing import Any

from anyloc_ros.config import (
    DebugConfig,
    DescribeConfig,
    InputConfig,
    LocalizeConfig,
    LocalizerConfig,
    MonitorConfig,
    SequenceConfig,
    TeachConfig,
    VerifyConfig,
)
from anyloc_ros.errors import MapError
from anyloc_ros.localize.monitor import SEARCHING
from anyloc_ros.mapping.cameras import camera_names
from anyloc_ros.ros.camera import CameraCheck
from anyloc_ros.ros.debug_outputs import DebugOutputs
from anyloc_ros.ros.diagnostics import device_and_precision, Rate
from anyloc_ros.ros.drawing import match_image, reference_image
from anyloc_ros.ros.initial_pose import InitialPose
from anyloc_ros.ros.inputs import CameraImage, Inputs
from anyloc_ros.ros.loaded_map import load_map, LoadedMap
from anyloc_ros.ros.localize_report import Answers, localize_status
from anyloc_ros.ros.localize_services import LocalizeServices
from anyloc_ros.ros.looking import Looked, Looking
from anyloc_ros.ros.mailbox import Mailbox
from anyloc_ros.ros.messages import Status
from anyloc_ros.ros.node import ACTIVE, RouteNode
from anyloc_ros.ros.odometer import LiveOdometer, WAIT_S
from anyloc_ros.ros.run import run
from anyloc_ros.ros.standing import SET_BACK_S, Standing
from anyloc_ros.ros.transforms import MapToOdom

PARAMETERS = {
    InputConfig: (),
    LocalizerConfig: (),
    DescribeConfig: ('device', 'precision', 'weights_path', 'mask_path'),
    TeachConfig: ('pose_max_gap_s', 'pose_time_offset_s', 'pose_max_speed_mps'),
    LocalizeConfig: (),
    SequenceConfig: (),
    MonitorConfig: (),
    VerifyConfig: (),
    DebugConfig: (),
}
"""The groups and names of the parameters, see NodeParameters."""

LIMITS = (LocalizeConfig, SequenceConfig, MonitorConfig)
"""The groups in which parameters of a recognizer change live."""


class Localizer(RouteNode):
    """Answers for the newest image, one at a time; older ones are dropped and counted."""

    def __init__(self, **node_options: Any) -> None:
        self.loaded: LoadedMap | None = None
        self.enabled = True
        self.mailbox: Mailbox[CameraImage] = Mailbox()
        self.rate = Rate()
        self.odometer = LiveOdometer(TeachConfig())
        self.standing = Standing()
        self.answers: Answers | None = None
        self.device = self.precision = ''
        self._generation = 0
        """Answers begun in an earlier one say nothing of the present."""
        self._map_to_odom: MapToOdom | None = None
        super().__init__('localizer', LocalizerConfig, PARAMETERS, **node_options)
        self._debug = DebugOutputs(self)
        self._initial_pose = InitialPose(self)
        LocalizeServices(self)

    # The life cycle.

    def configure(self) -> None:
        """Load the map and the network it was made with."""
        own = self.parameters.group(LocalizerConfig)
        if own.publish_tf:
            self._map_to_odom = MapToOdom(self)
        self.answers = Answers(self, own.output_deadline_s)
        self.take_map(self._load())
        if own.start_index >= 0:
            recognizer = self.loaded.recognizer
            recognizer.start_at(own.start_index, recognizer.references[0].route)

    def activate(self) -> None:
        """Listen."""
        self.standing.begin('activated')
        self.standing.forget_time()
        self.odometer = LiveOdometer(self.parameters.group(TeachConfig))
        self._looking = Looking(self.odometer)
        self.inputs = Inputs(
            self,
            self.parameters.group(InputConfig),
            map_frame=self.loaded.frame,
            on_image=self._on_image,
            on_skipped=self.mailbox.refuse,
            on_pose=self.odometer.add,
            on_camera_info=lambda message: self._camera.see_info(message),
            warn=self.warn,
        )

    def deactivate(self) -> None:
        """Drop the image that waits; once active again the robot may be anywhere."""
        self._initial_pose.forget()
        self.mailbox.drop_waiting()
        self.worker.submit(self.loaded.recognizer.forget, 'activated again')

    def release(self) -> None:
        """Forget map and network."""
        if self.answers is not None:
            self.answers.destroy()
        self.loaded = self._map_to_odom = self.answers = None
        self.device = self.precision = ''
        self.standing.begin('')

    def clock_was_set_back(self) -> None:
        """Begin anew: ages and past poses have no meaning any more."""
        self.odometer.clear()
        self.standing.forget_time()
        if self.phase == ACTIVE:
            self.relocalize('the clock was set back')

    def parameters_changed(self, names: set[str]) -> None:
        """Take up limits and rate."""
        if self.loaded is not None:
            self._set_limits()
        if self.inputs is not None:
            self.inputs.set_max_rate(self.parameters.group(InputConfig).max_rate_hz)

    def relocalize(self, reason: str) -> None:
        """Forget the past and search everywhere; the image that is worked on is of the past."""
        self._generation += 1
        self.standing.begin(reason)
        self.worker.submit(self.loaded.recognizer.forget, reason)
        self.get_logger().info(reason)
        self.publish_status()

    # What comes in.

    def _on_image(self, image: CameraImage) -> None:
        if not self.enabled or not self._is_newer(image):
            self.mailbox.refuse()
        elif self.mailbox.put(image):
            listens = any(poses.publishers for poses in self.inputs.poses)
            wait_s = WAIT_S if listens else 0.0
            self.worker.submit(self._look, self._generation, wait_s, self._debug.picture_wanted)

    def _is_newer(self, image: CameraImage) -> bool:
        back_s = self.standing.went_back_s(image.stamp_ns)
        if back_s is None:
            return True
        if back_s > SET_BACK_S:
            self.relocalize(f'the stamps of the images went back by {back_s:.1f} s')
            return True
        self.standing.bad_images += 1
        self.answers.publish(image.stamp_ns, self.loaded, None)
        self.publish_status_if_changed()
        return False

    # On the worker.

    def _load(self) -> LoadedMap:
        own = self.parameters.group(LocalizerConfig)
        groups = map(self.parameters.group, (DescribeConfig, *LIMITS, VerifyConfig))
        try:
            cameras = camera_names(self.parameters.group(InputConfig).cameras)
            return load_map(own.map_path, own.method, cameras, *groups)
        except MemoryError as error:
            raise MapError(f'{own.map_path}: not enough memory to load it') from error

    def exchange_map(self) -> LoadedMap:
        """Load the map and use it from the next image on."""
        self.loaded = loaded = self._load()
        return loaded

    def _look(self, generation: int, wait_s: float, wants_picture: bool) -> None:
        image = self.mailbox.take()
        if image is None:
            return
        loaded = self.loaded
        looked = self._looking.look(image, loaded.recognizer, wait_s)
        self.mailbox.done()
        self.worker.post(self._on_answer, generation, loaded, looked)
        if wants_picture and looked.pixels is not None:
            reference = reference_image(loaded.path, looked.answer.candidates)
            picture = match_image(looked.pixels, reference, looked.answer)
            self.worker.post(self._debug.publish_picture, image, picture)

    # On the executor: what is published.

    def _on_answer(self, generation: int, loaded: LoadedMap, looked: Looked) -> None:
        if self.loaded is None:
            return  # it was given back while the worker was busy
        self.rate.tick()
        answer, image = looked.answer, looked.image
        is_past = generation != self._generation
        if is_past:
            answer = replace(answer, accepted=False, state=SEARCHING, reason=self.standing.begun)
        self.answers.publish(image.stamp_ns, loaded, answer)
        self._debug.publish_markers(answer, loaded.frame)
        if is_past:
            return
        self.standing.answered(answer, self.now_ns(), looked.same_picture_s)
        if self._map_to_odom is not None and answer.match is not None:
            odometer, reference = self.odometer, answer.match.reference
            odom = odometer.at(image.stamp_ns)
            names = loaded.frame, odometer.frame_id
            self._map_to_odom.send(image.stamp_ns, *names, reference.pose, odom)
        if looked.pixels is None:
            self.standing.bad_images += 1
            self.get_logger().warning(f'bad image: {answer.reason}', throttle_duration_sec=5.0)
        else:
            size = looked.pixels.shape[:2]
            self._camera.see_image(image.frame_id, image.encoding, size)
        self.publish_status_if_changed()

    # Map and status.

    def take_map(self, loaded: LoadedMap) -> None:
        """Answer with a map that was loaded; its filter begins anew."""
        self.loaded = loaded
        # Once more: they may have changed while it was loaded.
        self._set_limits()
        self._camera = CameraCheck(loaded.camera, loaded.calibration, self.warn)
        self.standing.begin('a map was loaded')
        for problem in loaded.recognizer.problems:
            self.warn(problem)
        self.device, self.precision = device_and_precision(loaded.recognizer.describer)
        self.get_logger().info(
            f'localizing on {loaded.path} ({len(loaded.recognizer.references)} references) by '
            f'{loaded.method} on {self.device} in {self.precision}'
        )

    def _set_limits(self) -> None:
        limits = map(self.parameters.group, LIMITS)
        self.worker.submit(self.loaded.recognizer.set_limits, *limits)

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
