# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Looks at the ROS around this process: who is there, and how a topic of images arrives."""

from __future__ import annotations

from collections.abc import Callable
import os
import time
from typing import Any

from anyloc_ros.config import AUTO
from anyloc_ros.errors import ImageError
from anyloc_ros.io.messages import COMPRESSED_IMAGE, image_of, IMAGES, stamp_ns_of
from anyloc_ros.ros.following import FollowingSubscription
from anyloc_ros.ros.observed import Arrival, ImageTopic, Surroundings
from anyloc_ros.ros.qos import NEWEST_FRAME
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CompressedImage, Image

DISCOVERY_S = 3.0
"""How long to wait for others to be seen; on one network they are within a second or two."""

_TYPES = dict(zip(IMAGES, (Image, CompressedImage), strict=True))


def observe(topic: str, duration_s: float) -> tuple[Surroundings, ImageTopic | None]:
    """
    Look around, and listen to a topic of images for some seconds.

    :param topic: empty for none; the second value is None then, and when nobody publishes it.
    """
    context = Context()
    # Ctrl-C stays Python's own.
    rclpy.init(context=context, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = Node(f'anyloc_doctor_{os.getpid()}', context=context)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        name = node.resolve_topic_name(topic) if topic else ''
        _spin(executor, lambda: name and node.count_publishers(name), DISCOVERY_S)
        seen = _listen(node, executor, name, duration_s) if name else None
        return _look_around(node), seen
    finally:
        rclpy.shutdown(context=context)


def _spin(executor: SingleThreadedExecutor, ready: Callable[[], Any], timeout_s: float) -> None:
    end_s = time.monotonic() + timeout_s
    while not ready() and (left_s := end_s - time.monotonic()) > 0:
        executor.spin_once(timeout_sec=min(left_s, 0.1))


def _look_around(node: Node) -> Surroundings:
    own = node.get_name()
    # A robot of ROS 2 Humble knows only the older variable.
    localhost = os.environ.get('ROS_LOCALHOST_ONLY') == '1'
    return Surroundings(
        distribution=os.environ.get('ROS_DISTRO', ''),
        middleware=rclpy.get_rmw_implementation_identifier(),
        domain_id=node.context.get_domain_id(),
        discovery_range='LOCALHOST'
        if localhost
        else os.environ.get('ROS_AUTOMATIC_DISCOVERY_RANGE') or 'SUBNET',
        nodes=tuple(
            sorted(
                f'{namespace.rstrip("/")}/{name}'
                for name, namespace in node.get_node_names_and_namespaces()
                if name != own
            )
        ),
        topics={name: tuple(types) for name, types in node.get_topic_names_and_types()},
        clocks=node.count_publishers('/clock'),
    )


def _listen(
    node: Node, executor: SingleThreadedExecutor, name: str, duration_s: float
) -> ImageTopic | None:
    infos = node.get_publishers_info_by_topic(name)
    kinds = {info.topic_type for info in infos}
    publishers = tuple(
        (f'{info.node_namespace.rstrip("/")}/{info.node_name}', _reliability(info))
        for info in infos
    )
    if not publishers:
        return None
    kind = ', '.join(sorted(kinds))
    if kind not in _TYPES:
        return ImageTopic(name, kind, publishers, '', 0.0, ())
    has_clock = node.count_publishers('/clock') > 0
    if has_clock:
        node.set_parameters([Parameter('use_sim_time', value=True)])
    arrivals: list[Arrival] = []
    newest: list[Any] = []

    def take(message: Any) -> None:
        stamp_ns = stamp_ns_of(message)
        clock_ns = node.get_clock().now().nanoseconds if has_clock else 0
        arrivals.append(
            Arrival(
                stamp_ns=stamp_ns,
                arrived_s=time.monotonic(),
                system_age_s=(time.time_ns() - stamp_ns) / 1e9,
                clock_age_s=(clock_ns - stamp_ns) / 1e9 if clock_ns else None,
            )
        )
        newest[:] = [message]

    # As the nodes listen, so that what is measured is what they get.
    subscription = FollowingSubscription(
        node,
        _TYPES[kind],
        name,
        take,
        depth=NEWEST_FRAME,
        reliability=AUTO,
        warn=node.get_logger().warning,
    )
    _spin(executor, lambda: False, duration_s)
    of_newest = _describe(newest[0], kind) if newest else {}
    return ImageTopic(
        name, kind, publishers, subscription.reliability, duration_s, tuple(arrivals), **of_newest
    )


def _reliability(info: Any) -> str:
    return info.qos_profile.reliability.name.lower()


def _describe(message: Any, kind: str) -> dict[str, Any]:
    compressed = kind == COMPRESSED_IMAGE
    found = {
        'encoding': message.format if compressed else message.encoding,
        'num_bytes': len(message.data),
        'frame_id': message.header.frame_id,
    }
    decode, _ = image_of(message, kind)
    try:
        return found | {'size': decode().shape[:2]}
    except ImageError as error:
        return found | {'problem': str(error)}
