# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Another node seen from here: its life cycle, services and status, and waiting for them."""

from __future__ import annotations

from collections.abc import Callable
import json
import time
from typing import Any

from anyloc_ros.errors import AnyLocError
from anyloc_ros.ros.qos import LATCHED
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import rclpy
from rclpy.client import Client
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import String
from std_srvs.srv import Trigger

LOOK_S = 0.1
"""How soon a signal, an ended process or a change of the graph is noticed while waiting."""

START_S = 300.0
"""The slowest start: the largest network, read from a slow disk."""

ANSWER_S = 10.0
"""What answers at once may take so long on a machine that is busy with other things."""


class Remote:
    """
    The node `name` in whatever process, and a node here to speak with it.

    Has a context of its own, so that it goes with other nodes in this process. Use it in a `with`
    statement.

    :param check: called while waiting; raises when waiting has no sense any more.
    """

    def __init__(self, name: str, check: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self._check = check
        self._context = Context()
        # Python's own handling of Ctrl-C is the right one: whoever waits here is interrupted.
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = Node(
            f'player_of_{name}', context=self._context, start_parameter_services=False
        )
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self.status: dict[str, str] = {}
        """The figures of its newest status, as text."""
        self._service_clients: dict[str, Client] = {}
        self.map_info: dict[str, Any] = {}
        """Its newest `~/map_info`, empty for a node that has none."""
        self.node.create_subscription(DiagnosticArray, f'{name}/status', self._on_status, LATCHED)
        self.node.create_subscription(String, f'{name}/map_info', self._on_map_info, LATCHED)

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)

    def take_waiting(self, messages: int) -> None:
        """Let up to so many messages come in that wait already."""
        for _ in range(messages):
            self._executor.spin_once(timeout_sec=0.0)

    def spin_until(self, ready: Callable[[], Any], timeout_s: float) -> bool:
        """Let messages come in until `ready` is true; return whether it was in time."""
        end_s = time.monotonic() + timeout_s
        while not ready():
            self._check()
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                return False
            self._executor.spin_once(timeout_sec=min(left_s, LOOK_S))
        return True

    def wait(self, ready: Callable[[], Any], timeout_s: float, failure: str) -> None:
        """
        Let messages come in until `ready` is true.

        :param failure: what to say when it does not become true.
        :raises AnyLocError: it did not in time.
        """
        if not self.spin_until(ready, timeout_s):
            state = self.status.get('state', 'no status')
            reason = self.status.get('reason', '')
            raise AnyLocError(
                f'{failure} within {timeout_s:g} s; its status: {state} {reason}'.rstrip()
            )

    def call(self, kind: type, service: str, request: Any, timeout_s: float) -> Any:
        """
        Call a service of the node and return the response.

        :raises AnyLocError: it is not there or does not answer in time.
        """
        # Kept: the response to a client that is new may find no reader yet, and is lost then.
        if service not in self._service_clients:
            self._service_clients[service] = self.node.create_client(
                kind, f'{self.name}/{service}'
            )
        client = self._service_clients[service]
        there = client.service_is_ready
        self.wait(there, timeout_s, f'{self.name} does not offer ~/{service}')
        future = client.call_async(request)
        self.wait(future.done, timeout_s, f'{self.name} does not answer ~/{service}')
        return future.result()

    def trigger(self, service: str) -> str:
        """
        Call a Trigger and return what the node says.

        :raises AnyLocError: it refuses, or does not answer.
        """
        response = self.call(Trigger, service, Trigger.Request(), ANSWER_S)
        if not response.success:
            raise AnyLocError(f'{self.name} refuses ~/{service}: {response.message}')
        return response.message

    def start(self, timeout_s: float = START_S) -> None:
        """
        Configure and activate the node, which was started with `autostart: false`.

        :raises AnyLocError: it cannot; with its reason.
        """
        for step in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            request = ChangeState.Request(transition=Transition(id=step))
            if not self.call(ChangeState, 'change_state', request, timeout_s).success:
                # The reason is published before the service answers, but may arrive after it.
                self.spin_until(lambda: self.status.get('reason'), ANSWER_S)
                reason = self.status.get('reason') or 'it gives no reason'
                raise AnyLocError(f'{self.name} cannot start: {reason}')

    def finish_map(
        self,
        timeout_s: float,
        progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
    ) -> dict[str, Any]:
        """
        End the route of a map builder, have it finish the map, and return its `~/map_info`.

        :param progress: called as `progress(stage, done, total)`.
        :raises AnyLocError: it refuses, fails, or takes longer.
        """
        self.trigger('stop')

        def ended() -> bool:
            now = self.map_info.get('progress')
            if now:
                progress(now['stage'], now['done'], now['total'])
            return self.map_info.get('state') == 'finished' or self.map_info.get('problem')

        self.wait(ended, timeout_s, f'{self.name} does not finish the map')
        if self.map_info.get('problem'):
            raise AnyLocError(f'{self.name} cannot finish the map: {self.map_info["problem"]}')
        return self.map_info

    def _on_status(self, message: DiagnosticArray) -> None:
        self.status = {value.key: value.value for value in message.status[0].values}

    def _on_map_info(self, message: String) -> None:
        self.map_info = json.loads(message.data)
