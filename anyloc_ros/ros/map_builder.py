# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The node map_builder: a driven route becomes a map."""

from __future__ import annotations

from collections.abc import Callable
import sys
from typing import Any

from anyloc_ros.config import (
    DebugConfig,
    DescribeConfig,
    InputConfig,
    MapBuilderConfig,
    parameters_of,
    TeachConfig,
)
from anyloc_ros.errors import AnyLocError, ConfigError
from anyloc_ros.mapping.cameras import camera_names
from anyloc_ros.ros.camera import calibration_of
from anyloc_ros.ros.diagnostics import device_and_precision, fingerprint_digest, Rate
from anyloc_ros.ros.inputs import CameraImage, Inputs, PoseInput
from anyloc_ros.ros.mailbox import Mailbox
from anyloc_ros.ros.map_report import (
    FAILED,
    FINISHED,
    FINISHING,
    IDLE,
    MapReport,
    PAUSED,
    RECORDING,
    teach_status,
)
from anyloc_ros.ros.map_services import MapServices
from anyloc_ros.ros.messages import Status
from anyloc_ros.ros.node import ACTIVE, RouteNode
from anyloc_ros.ros.recorder import FinishInterrupted, Recorder
from anyloc_ros.ros.run import run

WAITING_IMAGES = 100
"""Images that wait in memory while the disk is slow: three seconds of a 30 Hz camera."""

PARAMETERS = {
    InputConfig: (),
    MapBuilderConfig: (),
    DescribeConfig: tuple(name for name in parameters_of(DescribeConfig) if name != 'views'),
    TeachConfig: (),
    DebugConfig: ('log_every_s',),
}
"""The groups and names of the parameters, see NodeParameters."""


class MapBuilder(RouteNode):
    """Records references while the robot is driven, and finishes the map when told to stop."""

    def __init__(self, **node_options: Any) -> None:
        super().__init__('map_builder', MapBuilderConfig, PARAMETERS, **node_options)
        self.state = IDLE
        self.mailbox: Mailbox[tuple[CameraImage, bool]] = Mailbox(WAITING_IMAGES)
        self.recorder: Recorder | None = None
        self.forced = False
        self._calibration: dict[str, Any] | None = None
        self._progress: dict[str, Any] = {}
        self.about: dict[str, str] = {}
        self.rate = Rate()
        self.newest_ns: int | None = None
        self.report = MapReport(self)
        MapServices(self)

    # The life cycle.

    def configure(self) -> None:
        """Load the describer and open the map."""
        own = self.parameters.group(MapBuilderConfig)
        if not own.map_path:
            raise ConfigError('map_path is empty; name the map file to write')
        self.recorder = Recorder(
            own.map_path,
            self.parameters.group(DescribeConfig),
            self.parameters.group(TeachConfig),
            camera_names(self.parameters.group(InputConfig).cameras),
            waiting=lambda: self.mailbox.waiting,
            say=lambda text: self.worker.post(self._on_odd, text),
            taken=lambda keyframe: self.worker.post(self.report.add, keyframe),
        )
        place_map = self.recorder.map
        references = place_map.keyframes()
        self.state = FINISHED if references and place_map.state == FINISHED else IDLE
        device, precision = device_and_precision(self.recorder.describer)
        self.about = {
            'device': device,
            'precision': precision,
            'map_file': str(place_map.path),
            'map_fingerprint': fingerprint_digest(place_map.fingerprint),
        }
        self.report.begin(str(place_map.path), place_map.method, place_map.map_frame, references)
        self.get_logger().info(
            f'teaching {place_map.path} by {place_map.method} on {device} in {precision}'
        )

    def activate(self) -> None:
        """Listen, and begin a route if so configured."""
        self.recorder.interrupted.clear()
        teach = self.parameters.group(TeachConfig)
        self.inputs = Inputs(
            self,
            self.parameters.group(InputConfig),
            map_frame=teach.map_frame,
            on_image=self._on_image,
            on_skipped=lambda: None,
            on_pose=self._on_pose,
            on_camera_info=self._on_camera_info,
            warn=self.warn,
        )
        if self.parameters.group(MapBuilderConfig).record_on_start:
            self.begin()

    def deactivate(self) -> None:
        """End the route, commit and checkpoint; a finish stage is left for later."""
        self.recorder.interrupted.set()
        self._submit(self.recorder.end_route)
        self._submit(self.recorder.save)
        if self.state in (RECORDING, PAUSED):
            self.state = IDLE

    def release(self) -> None:
        """Close the map and forget the describer."""
        if self.recorder is not None:
            recorder, self.recorder = self.recorder, None
            recorder.close()

    # What comes in.

    def _on_image(self, image: CameraImage) -> None:
        self.rate.tick()
        self.newest_ns = image.stamp_ns
        if self.state != RECORDING:
            return
        forced, self.forced = self.forced, False
        if self.mailbox.put((image, forced)):
            self.worker.submit(self._record)

    def _on_pose(self, pose: PoseInput) -> None:
        if self.state in (RECORDING, PAUSED):
            self._submit(self.recorder.add_pose, pose)

    def _on_camera_info(self, message: Any) -> None:
        calibration = calibration_of(message)
        if calibration != self._calibration:
            self._calibration = calibration
            self._submit(self.recorder.add_calibration, calibration)

    def clock_was_set_back(self) -> None:
        """Begin another route: poses from before and after do not belong together."""
        self.newest_ns = None
        if self.state == RECORDING:
            self.begin()

    def parameters_changed(self, names: set[str]) -> None:
        """Take up limits and rate."""
        if self.recorder is not None:
            self._submit(self.recorder.set_limits, self.parameters.group(TeachConfig))
        if self.inputs is not None:
            self.inputs.set_max_rate(self.parameters.group(InputConfig).max_rate_hz)

    def begin(self) -> None:
        """Begin a route; one that is open ends first."""
        self.state, self.problem = RECORDING, ''
        self._submit(self.recorder.end_route)
        self._submit(self.recorder.begin_route)

    # On the worker.

    def _submit(self, job: Callable[..., Any], *arguments: Any) -> None:
        """Have the worker do a job; what it cannot do ends the recording, and is said."""

        def work() -> None:
            try:
                job(*arguments)
            except AnyLocError as error:
                self.worker.post(self._fail, error)

        self.worker.submit(work)

    def _record(self) -> None:
        item = self.mailbox.take()
        if item is None:
            return
        try:
            image, forced = item
            self.recorder.add_image(image, forced=forced)
        except AnyLocError as error:
            self.worker.post(self._fail, error)
        finally:
            self.mailbox.done()

    def finish(self) -> None:
        """End the route, and finish the map on the worker."""
        self.state = FINISHING
        self._submit(self._finish)

    def _finish(self) -> None:
        def progress(stage: str, done: int, total: int) -> None:
            self.worker.post(self._on_progress, stage, done, total)

        self.recorder.end_route()
        self.recorder.finish(progress)

    # What comes back from the worker, in the executor.

    def _on_progress(self, stage: str, done: int, total: int) -> None:
        if stage == FINISHED:
            self.state, self.problem, self._progress = FINISHED, '', {}
            self.get_logger().info(f'{self.about["map_file"]} is finished')
        else:
            self._progress = {'stage': stage, 'done': done, 'total': total}
        self._publish_map()
        self.publish_status_if_changed()

    def _on_odd(self, text: str) -> None:
        self.warn(text)
        self.report.warnings.append(text)

    def _fail(self, error: AnyLocError) -> None:
        self.state = IDLE if isinstance(error, FinishInterrupted) else FAILED
        self.problem, self._progress = str(error), {}
        self.get_logger().error(self.problem)
        self.publish_status()

    def publish_status(self) -> None:
        """Publish the status, and the map with it."""
        super().publish_status()
        if self.recorder is not None:
            self._publish_map()

    def _publish_map(self) -> None:
        self.report.publish(
            state=self.state if self.state in (FINISHING, FINISHED) else RECORDING,
            dropped=self.mailbox.counts.dropped,
            progress=self._progress,
            problem=self.problem,
        )

    def status(self) -> Status:
        """Return the present status."""
        return teach_status(self)

    def log_line(self) -> str:
        """Return one line about what happens."""
        references = len(self.report.references)
        return f'{self.where()}, {references} references, images at {self.rate.hz:.1f} Hz'

    def where(self) -> str:
        """Return the state, or the phase of the life cycle where it is not active."""
        return self.state if self.phase == ACTIVE else self.phase


def main(arguments: list[str] | None = None) -> int:
    """Run the node as a process."""
    return run(MapBuilder, arguments)


if __name__ == '__main__':
    sys.exit(main())
