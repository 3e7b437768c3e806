# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A subscription whose reliability is that of its publishers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anyloc_ros.config import AUTO
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # ROS 2 Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

_RELIABLE, _BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT


class FollowingSubscription:
    """
    Subscribes with the reliability asked for, or with `auto` that of the publishers.

    A reliable subscription gets nothing from a best-effort publisher, and a best-effort one loses
    most of the large images of a reliable publisher. So `auto` asks what is offered and follows;
    `follow` is to be called now and then. Where one of several publishers is best-effort, so is
    the subscription.

    :param warn: is given a sentence when a publisher does not fit the reliability asked for.
    """

    def __init__(
        self,
        node: Node,
        msg_type: type,
        topic: str,
        callback: Callable[[Any], None],
        *,
        depth: int,
        reliability: str,
        warn: Callable[[str], None],
    ) -> None:
        self._node = node
        self._msg_type = msg_type
        self._topic = topic
        self._callback = callback
        self._depth = depth
        self._asked = reliability
        self._warn = warn
        self._subscribe(self._wanted() or _BEST_EFFORT)

    @property
    def topic(self) -> str:
        """Return the full name of the topic, remapped."""
        return self._subscription.topic_name

    @property
    def reliability(self) -> str:
        """Return `reliable` or `best_effort`."""
        return self._reliability.name.lower()

    @property
    def publishers(self) -> int:
        """Return how many publishers the topic has."""
        return self._node.count_publishers(self.topic)

    def follow(self) -> None:
        """Ask again what the publishers offer, and subscribe anew if that is something else."""
        wanted = self._wanted()
        if wanted not in (None, self._reliability):
            self.destroy()
            self._subscribe(wanted)
            self._node.get_logger().info(
                f'{self.topic}: subscribed {self.reliability}, as its publishers are'
            )

    def destroy(self) -> None:
        """End the subscription."""
        self._node.destroy_subscription(self._subscription)

    def _wanted(self) -> ReliabilityPolicy | None:
        """Return the reliability to subscribe with, None when any will do."""
        if self._asked != AUTO:
            return _RELIABLE if self._asked == 'reliable' else _BEST_EFFORT
        name = self._node.resolve_topic_name(self._topic)
        infos = self._node.get_publishers_info_by_topic(name)
        offered = {info.qos_profile.reliability for info in infos}
        if not offered:
            return None
        return _RELIABLE if offered == {_RELIABLE} else _BEST_EFFORT

    def _subscribe(self, reliability: ReliabilityPolicy) -> None:
        self._reliability = reliability
        quality = QoSProfile(
            history=HistoryPolicy.KEEP_LAST, depth=self._depth, reliability=reliability
        )
        self._subscription = self._node.create_subscription(
            self._msg_type,
            self._topic,
            self._callback,
            quality,
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=self._on_incompatible),
        )

    def _on_incompatible(self, event: Any) -> None:
        if self._asked != AUTO:
            self._warn(
                f'{self.topic}: a publisher is best-effort and image_reliability is '
                f'{self._asked}: nothing arrives from it; set image_reliability to auto'
            )
