# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Transitions nobody may ask for now: refused, where rclpy would end the process."""

from __future__ import annotations

from typing import Any

from lifecycle_msgs.srv import ChangeState
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode


def refuse_wrong_transitions(node: LifecycleNode) -> None:
    """
    Have `~/change_state` answer that it was no success when the present state has no such way out.

    The service of rclpy (Humble to Kilted) raises an RCLError then, and that ends the executor: a
    manager that activates a node twice would kill it.
    """
    (service,) = (each for each in node.services if each.srv_type is ChangeState)
    change = service.callback

    def answer(request: Any, response: Any) -> Any:
        try:
            return change(request, response)
        except rclpy_implementation.RCLError as error:
            node.get_logger().warning(f'the transition is refused: {error}')
            response.success = False
            return response

    service.callback = answer
