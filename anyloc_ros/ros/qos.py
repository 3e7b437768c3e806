# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Qualities of service by what they are for."""

from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

OUTPUT = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.RELIABLE
)
"""The newest answer; a reader that asks for less gets it too."""

LATCHED = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
"""For people: who comes later gets the last one."""

NEWEST_FRAME = 1
"""Images kept by the middleware: any more would be a queue of old ones."""

POSE_QUEUE = 100
"""Poses kept by the middleware: two seconds of a 50 Hz odometry."""


def with_deadline(quality: QoSProfile, deadline_s: float) -> QoSProfile:
    """Return a quality that promises a message at least every so many seconds."""
    return QoSProfile(
        history=quality.history,
        depth=quality.depth,
        reliability=quality.reliability,
        durability=quality.durability,
        deadline=Duration(nanoseconds=round(deadline_s * 1e9)),
    )
