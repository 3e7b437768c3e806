# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A node of the package as a process, and a robot for it: what a case of a fault works with."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
import re
import signal
from typing import Any

from anyloc_ros.ros.process import NodeProcess
from anyloc_ros.ros.remote import Remote
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from robot import Robot
from std_srvs.srv import SetBool, Trigger

ANSWER_S = 20.0
END_S = 25.0
"""A state is left for LOST after 10 s at the latest, and a node has to load its map first."""

START_S = 60.0
"""Importing torch on a machine that is busy with other things."""


class Rig:
    """
    One node at a time, and the robot it is for.

    :param route: a finished map of the wall.
    :param folder: for files of the cases, and the logs.
    """

    def __init__(self, route: Path, folder: Path) -> None:
        self.route, self.folder = route, folder
        self.parameters: dict[str, Any] | None = None
        self.log = folder / 'node.log'
        self._open = ExitStack()

    def start(self, node: str = 'localizer', **parameters: Any) -> None:
        """Run a node until `stop`; a localizer has the map of the wall if not told otherwise."""
        self.stop()
        self.name, self.parameters = node, parameters
        given: dict[str, Any] = {'map_path': str(self.route)} if node == 'localizer' else {}
        self.process = self._open.enter_context(NodeProcess(node, given | parameters, self.log))
        self.remote = self._open.enter_context(Remote(node, self.process.check))
        compressed = parameters.get('image_transport') == 'compressed'
        clock = bool(parameters.get('use_sim_time'))
        self.robot = Robot(self.remote, compressed=compressed, clock=clock)
        self.remote.wait(lambda: self.remote.status, START_S, f'{node} has no status')

    def stop(self) -> None:
        """End the node and the robot."""
        self._open.close()
        self.parameters = None

    def restart(self) -> None:
        """Run the same node again, whatever became of it."""
        self.start(self.name, **self.parameters)

    def reset(self) -> None:
        """Have a localizer that has seen something before begin anew, with a robot repaired."""
        self.robot.repair()
        self.set_parameter('map_path', str(self.route))
        self.call('enable', True)
        for step in ('deactivate', 'activate'):
            assert self.change_state(step)

    def localize(self) -> None:
        """Drive until the localizer knows where the robot is."""
        self.ends('LOCALIZED', '')

    def ends(self, state: str, reason: str, timeout_s: float = END_S) -> None:
        """Drive on as the robot does now, until the status has this state and reason."""
        self.remote.status = {}  # what was said before does not count

        def reached() -> bool:
            now = self.remote.status
            return now.get('state') == state and re.search(reason, now['reason'])

        in_time = self.robot.drive_until(reached, timeout_s)
        self.process.check()
        now = self.remote.status
        assert in_time, (
            f'expected {state} because of {reason!r}, got {now.get("state")} because of '
            f'{now.get("reason")!r}; the end of the log:\n{self.tail()}'
        )

    def call(self, service: str, data: bool | None = None) -> tuple[bool, str]:
        """Call a Trigger, or a SetBool with `data`, and return success and message."""
        kind = Trigger if data is None else SetBool
        request = kind.Request() if data is None else kind.Request(data=data)
        answer = self.remote.call(kind, service, request, ANSWER_S)
        return answer.success, answer.message

    def change_state(self, step: str) -> bool:
        """Ask for a transition as a lifecycle manager does."""
        wanted = Transition(id=getattr(Transition, f'TRANSITION_{step.upper()}'))
        request = ChangeState.Request(transition=wanted)
        return self.remote.call(ChangeState, 'change_state', request, ANSWER_S).success

    @property
    def phase(self) -> str:
        """Return the state of the life cycle."""
        answer = self.remote.call(GetState, 'get_state', GetState.Request(), ANSWER_S)
        return answer.current_state.label

    def set_parameter(self, name: str, value: Any) -> str:
        """Set a parameter and return why it is refused, empty when it is not."""
        message = Parameter(name, value=value).to_parameter_msg()
        request = SetParameters.Request(parameters=[message])
        return (
            self.remote.call(SetParameters, 'set_parameters', request, ANSWER_S).results[0].reason
        )

    @property
    def pid(self) -> int:
        """Return the id of the process of the node."""
        return self.process._process.pid

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the node."""
        self.process._process.send_signal(number)

    def exit_status(self) -> int:
        """Wait for the end of the node and return its exit status, negative for a signal."""
        return self.process._process.wait(ANSWER_S)

    def tail(self) -> str:
        """Return the end of what the node has written."""
        return '\n'.join(self.log.read_text(errors='replace').splitlines()[-15:])
