# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A node as a process: signals are taken here, so that it can save before it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import os
import signal
import sys
import traceback
from typing import Any

from anyloc_ros.errors import ConfigError
from anyloc_ros.ros.node import RouteNode
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

LOOK_S = 0.1
"""How soon a signal is noticed: Python sees it only between two waits of the executor."""


def run(make_node: Callable[[], RouteNode], arguments: Sequence[str] | None = None) -> int:
    """
    Run a node until SIGINT or SIGTERM, have it end in order, and return the exit status.

    The handlers of rclpy would invalidate the context first, and nothing could be said any more.
    A second signal changes nothing: what is being saved is saved.
    """
    signals: list[int] = []

    def take(number: int, frame: Any) -> None:
        signals.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, take)
    rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = make_node()
    except ConfigError as error:
        print(f'error: {error}', file=sys.stderr)
        rclpy.shutdown()
        return 2
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    status = 1
    try:
        while not signals:
            executor.spin_once(timeout_sec=LOOK_S)
        status = 0
    finally:
        ended = node.close()
        status = status or int(bool(node.problem))
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown()
        if not ended:
            # The worker is deep inside a computation: Python would not wait for it, and torch
            # might crash under it. Everything it has written is committed.
            if sys.exc_info()[1] is not None:
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(status)
        # Python puts the default handlers back while it ends: a late signal must not undo the 0.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    return status
