# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What both nodes are: a life cycle, a worker, parameters, a status, and an orderly end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import time
import traceback
from typing import Any

from anyloc_ros.config import DebugConfig, InputConfig
from anyloc_ros.errors import AnyLocError, ConfigError
from anyloc_ros.ros.inputs import Inputs
from anyloc_ros.ros.lifecycle import refuse_wrong_transitions
from anyloc_ros.ros.messages import Status, status_message
from anyloc_ros.ros.parameters import NodeParameters
from anyloc_ros.ros.qos import LATCHED, OUTPUT
from anyloc_ros.ros.transforms import require_tf2
from anyloc_ros.ros.worker import Worker
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType, JumpThreshold
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.task import Future
from std_msgs.msg import Header

UNCONFIGURED, INACTIVE, ACTIVE = 'unconfigured', 'inactive', 'active'

STATUS_PERIOD_S = 1.0
FOLLOW_PERIOD_S = 0.25
"""How soon a change of the publishers is noticed."""

PATIENCE_S = 10.0
"""How long the end waits for the worker: a batch of images on a slow machine."""


class RouteNode(LifecycleNode):
    """
    A lifecycle node with one worker thread, that configures and activates itself by default.

    A node adds `configure`, `activate`, `deactivate` and `release`, which raise an AnyLocError
    when they cannot do their part, and `status`. A step that fails leaves the node where it was,
    alive, with the reason in log and status.

    :param own: the group with what only this node has, `autostart` among it.
    :param groups: all parameters, see NodeParameters.
    """

    def __init__(
        self,
        name: str,
        own: type,
        groups: Mapping[type, Sequence[str]],
        **node_options: Any,
    ) -> None:
        super().__init__(name, **node_options)
        refuse_wrong_transitions(self)
        self._own = own
        self.phase = UNCONFIGURED
        self.problem = ''
        """Why the last step failed, empty when it did not."""
        self.inputs: Inputs | None = None
        self._idle = True
        self._warned: set[str] = set()
        self._said = ''
        self._status = self.create_publisher(DiagnosticArray, '~/status', LATCHED)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', OUTPUT)
        try:
            self.parameters = NodeParameters(
                self, groups, lambda: self.phase == UNCONFIGURED, self.parameters_changed
            )
        except ConfigError:
            self.destroy_node()
            raise
        guard = self.create_guard_condition(lambda: self.worker.deliver())
        self.worker = Worker(guard.trigger)
        # Steady: with use_sim_time the other clock stands still until /clock comes.
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(STATUS_PERIOD_S, self._heartbeat, clock=self._steady)
        self.create_timer(FOLLOW_PERIOD_S, self._follow, clock=self._steady)
        backwards = JumpThreshold(
            min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=True
        )
        self._jump = self.get_clock().create_jump_callback(
            backwards, post_callback=lambda jump: self._on_jump()
        )
        self._start = self.create_timer(0.0, self._autostart, clock=self._steady)
        self._logged_s = time.monotonic()
        self.waiting_group = MutuallyExclusiveCallbackGroup()
        """For services that wait for the worker: meanwhile all else goes on."""

    # What a node adds.

    def configure(self) -> None:
        """Load what is needed."""
        raise NotImplementedError

    def activate(self) -> None:
        """Begin to listen."""
        raise NotImplementedError

    def deactivate(self) -> None:
        """Submit what is left to do when nothing is listened to any more."""
        raise NotImplementedError

    def release(self) -> None:
        """Give back what `configure` loaded."""
        raise NotImplementedError

    def status(self) -> Status:
        """Return the present status."""
        raise NotImplementedError

    def clock_was_set_back(self) -> None:
        """Forget what depends on the clock."""
        raise NotImplementedError

    def log_line(self) -> str:
        """Return one line about what happens."""
        raise NotImplementedError

    def parameters_changed(self, names: set[str]) -> None:
        """Take up the new values of these parameters."""

    # The life cycle.

    def on_configure(self, state: Any) -> TransitionCallbackReturn:
        """Do what the node needs before it can be activated."""
        return self._step(self._configure, INACTIVE, undo=self.release)

    def on_activate(self, state: Any) -> TransitionCallbackReturn:
        """Begin to listen."""
        return self._step(self.activate, ACTIVE, undo=self._end_inputs)

    def on_deactivate(self, state: Any) -> TransitionCallbackReturn:
        """Stop listening."""
        return self._step(self._deactivate, INACTIVE)

    def on_cleanup(self, state: Any) -> TransitionCallbackReturn:
        """Give everything back."""
        return self._step(self._clean_up, UNCONFIGURED)

    def on_shutdown(self, state: Any) -> TransitionCallbackReturn:
        """Stop and give everything back, from any state."""
        return self._step(self._end, UNCONFIGURED)

    def on_error(self, state: Any) -> TransitionCallbackReturn:
        """After a step that raised what nobody foresaw: be as before it was configured."""
        return self._step(self._end, UNCONFIGURED)

    def close(self) -> bool:
        """
        End everything for good; return whether the worker ended as well.

        Afterwards `problem` says what went wrong, if something did.
        """
        self._step(self._end, UNCONFIGURED)
        return self._idle and self.worker.stop(PATIENCE_S)

    def _step(
        self, step: Callable[[], Any], phase: str, undo: Callable[[], None] | None = None
    ) -> TransitionCallbackReturn:
        try:
            step()
        except AnyLocError as error:
            self.problem = str(error)
            self.get_logger().error(self.problem)
            if undo is not None:
                undo()
            self.publish_status()
            return TransitionCallbackReturn.FAILURE
        except Exception:
            # rclpy would turn it into a state without a word.
            self.problem = traceback.format_exc()
            self.get_logger().error(self.problem)
            raise
        self.phase = phase
        self.problem = ''
        self.publish_status()
        return TransitionCallbackReturn.SUCCESS

    def _configure(self) -> None:
        if self.parameters.group(InputConfig).pose_source == 'tf':
            require_tf2('pose_source')
        self.configure()

    def _clean_up(self) -> None:
        if not self.worker.drain(PATIENCE_S):
            raise AnyLocError('the worker is still busy with what it began; try again later')
        self.release()

    def _deactivate(self) -> None:
        self._end_inputs()
        self.deactivate()
        self._idle = self.worker.drain(PATIENCE_S)
        self.worker.deliver()

    def _end(self) -> None:
        if self.phase == ACTIVE:
            self._deactivate()
        self.phase = INACTIVE
        self.release()

    def _end_inputs(self) -> None:
        if self.inputs is not None:
            self.inputs.destroy()
            self.inputs = None

    def _autostart(self) -> None:
        self.destroy_timer(self._start)
        if not self.parameters.group(self._own).autostart:
            return
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    # What goes on all the time.

    def now_ns(self) -> int:
        """Return the time of the ROS clock in ns; 0 while there is none."""
        return self.get_clock().now().nanoseconds

    def warn(self, text: str) -> None:
        """Say something once."""
        if text not in self._warned:
            self._warned.add(text)
            self.get_logger().warning(text)

    async def on_worker(self, job: Callable[[], Any]) -> Any:
        """
        Have the worker do a job and wait for it; for services of the `waiting_group`.

        :raises AnyLocError: from the job.
        """
        done = Future(executor=self.executor)

        def work() -> None:
            try:
                result = job()
            except AnyLocError as error:
                result = error
            self.worker.post(done.set_result, result)

        self.worker.submit(work)
        result = await done
        if isinstance(result, AnyLocError):
            raise result
        return result

    def publish_status(self) -> None:
        """Publish the status now."""
        status = self.status()
        head = Header(stamp=self.get_clock().now().to_msg())
        message = status_message(self.get_fully_qualified_name().lstrip('/'), status, head)
        self._status.publish(message)
        self._diagnostics.publish(message)
        self._said = status.state

    def publish_status_if_changed(self) -> None:
        """Publish the status when the state is another one."""
        if self.status().state != self._said:
            self.publish_status()

    def _heartbeat(self) -> None:
        self.publish_status()
        every_s = self.parameters.group(DebugConfig).log_every_s
        if every_s and time.monotonic() - self._logged_s >= every_s:
            self._logged_s = time.monotonic()
            self.get_logger().info(self.log_line())

    def _follow(self) -> None:
        if self.inputs is not None:
            self.inputs.follow()
        # Time alone makes another state too.
        self.publish_status_if_changed()

    def _on_jump(self) -> None:
        if self.phase != UNCONFIGURED:
            self.get_logger().warning('the clock was set back: ages and past poses are forgotten')
            self.clock_was_set_back()
