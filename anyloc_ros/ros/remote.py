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
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
import rclpy
from rclpy.client import Client
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from std_msgs.msg import String
from std_srvs.srv import Trigger

LOOK_S = 0.1
"""How soon a signal, an ended process or a change of the graph is noticed while waiting."""

START_S = 300.0
"""The slowest start: the largest network, read from a slow disk."""

ANSWER_S = 10.0
"""What answers at once may take so long on a machine that is busy with other things."""

LOST_BEATS = 5
"""
A node that says so often how it is, and does not answer, has not heard the question.

It has one thread for both, so that it is silent while it does what it was asked for.
"""

STEPS = (
    (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE),
    (Transition.TRANSITION_ACTIVATE, State.PRIMARY_STATE_ACTIVE),
)
"""How a node is started: what it is asked for, and the state it is in then."""


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
        self._beats = 0
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
        future = self._ask(kind, service, request, timeout_s)
        self.wait(future.done, timeout_s, f'{self.name} does not answer ~/{service}')
        return future.result()

    def _ask(self, kind: type, service: str, request: Any, timeout_s: float) -> Future:
        # Kept: the response to a client that is new may find no reader yet, and is lost then.
        if service not in self._service_clients:
            self._service_clients[service] = self.node.create_client(
                kind, f'{self.name}/{service}'
            )
        client = self._service_clients[service]
        there = client.service_is_ready
        self.wait(there, timeout_s, f'{self.name} does not offer ~/{service}')
        return client.call_async(request)

    def _forget_client(self, service: str) -> None:
        self.node.destroy_client(self._service_clients.pop(service))

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
        for step, state in STEPS:
            if not self._change_state(step, state, timeout_s):
                # The reason is published before the service answers, but may arrive after it.
                self.spin_until(lambda: self.status.get('reason'), ANSWER_S)
                reason = self.status.get('reason') or 'it gives no reason'
                raise AnyLocError(f'{self.name} cannot start: {reason}')

    def _change_state(self, step: int, state: int, timeout_s: float) -> bool:
        """Ask for a transition, again where the request or the response was lost on the way."""
        request = ChangeState.Request(transition=Transition(id=step))
        end_s = time.monotonic() + timeout_s
        while True:
            future = self._ask(ChangeState, 'change_state', request, timeout_s)
            heard = self._beats
            self.wait(
                lambda f=future, n=heard: f.done() or self._beats > n + LOST_BEATS,
                end_s - time.monotonic(),
                f'{self.name} does not answer ~/change_state',
            )
            if future.done():
                return future.result().success
            # Discovery has two sides: a service may be seen here that does not see this client.
            self._forget_client('change_state')
            answer = self.call(GetState, 'get_state', GetState.Request(), ANSWER_S)
            if answer.current_state.id == state:
                return True

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
        self._beats += 1
        self.status = {value.key: value.value for value in message.status[0].values}

    def _on_map_info(self, message: String) -> None:
        self.map_info = json.loads(message.data)
