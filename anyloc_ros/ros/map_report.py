# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What the map builder tells of its map: every reference, the route, and the map in figures."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import Any, TYPE_CHECKING

from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.mapping.summary import length_m
from anyloc_ros.ros.diagnostics import disk_left_mb, memory_mb
from anyloc_ros.ros.messages import header, keyframe_cloud, path, Status
from anyloc_ros.ros.node import ACTIVE
from anyloc_ros.ros.qos import LATCHED, OUTPUT
from diagnostic_msgs.msg import DiagnosticStatus
from nav_msgs.msg import Path
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import String

if TYPE_CHECKING:
    from anyloc_ros.ros.map_builder import MapBuilder


IDLE, RECORDING, PAUSED = 'idle', 'recording', 'paused'
FINISHING, FINISHED, FAILED = 'finishing', 'finished', 'failed'
"""What a map builder does."""

MAX_WARNINGS = 20
"""Newest warnings that `~/map_info` tells; those of the route are events in the map."""

SILENCE_S = 2.0
"""A camera that is silent for so long while recording is worth a warning."""


class MapReport:
    """Publishes `~/keyframe`, `~/keyframes` and `~/map_info`; for the executor's thread."""

    def __init__(self, node: Node) -> None:
        self._keyframe = node.create_publisher(PointCloud2, '~/keyframe', OUTPUT)
        self._path = node.create_publisher(Path, '~/keyframes', LATCHED)
        self._map_info = node.create_publisher(String, '~/map_info', LATCHED)
        self.references: list[Keyframe] = []
        self.begin('', '', '', [])

    def begin(self, file: str, method: str, map_frame: str, references: list[Keyframe]) -> None:
        """Tell of another map from now on."""
        self._about = {'file': file, 'method': method}
        self._frame = map_frame
        self.warnings: list[str] = []
        self.references = references
        self._unpublished = 0

    def add(self, keyframe: Keyframe) -> None:
        """Publish a reference."""
        self.references.append(keyframe)
        self._unpublished += 1
        self._keyframe.publish(keyframe_cloud(keyframe, self._frame))

    def publish(self, **now: Any) -> None:
        """
        Publish the map in figures, `now` among them, and the newest route.

        A long route is published only when it has grown by a hundredth or is ended: it would take
        the time that services need.
        """
        known = {
            'references': len(self.references),
            'length_m': length_m(self.references),
            'warnings': self.warnings[-MAX_WARNINGS:],
        }
        self._map_info.publish(String(data=json.dumps(self._about | known | now)))
        grown = 100 * self._unpublished >= len(self.references)
        if self._unpublished and (grown or now['state'] != RECORDING):
            self._unpublished = 0
            newest = self.references[-1]
            route = [k for k in self.references if k.route == newest.route]
            self._path.publish(path(route, header(newest.stamp_ns, self._frame)))


def teach_status(node: MapBuilder) -> Status:
    """Return the status of a map builder."""
    counts = node.mailbox.counts
    counters = node.recorder.counters if node.recorder is not None else None
    age_s = None if node.newest_ns is None else (node.now_ns() - node.newest_ns) / 1e9
    level, reason = DiagnosticStatus.OK, node.problem
    if node.problem:
        level = DiagnosticStatus.ERROR
    elif node.phase != ACTIVE or node.state in (IDLE, PAUSED):
        level = DiagnosticStatus.WARN
    elif node.state == RECORDING:
        if age_s is None or abs(age_s) > SILENCE_S:
            level = DiagnosticStatus.WARN
            reason = node.inputs.lack(node.now_ns(), SILENCE_S) or 'no new image'
        elif counts.dropped:
            level, reason = DiagnosticStatus.WARN, f'{counts.dropped} images were dropped'
    values: dict[str, Any] = {
        'age_ms': None if age_s is None else age_s * 1e3,
        'rate_hz': node.rate.hz,
        'received': counts.received,
        'processed': counts.processed,
        'dropped': counts.dropped,
        'pending': counts.pending,
        'references': len(node.report.references),
        'warnings': len(node.report.warnings),
    }
    if counters is not None:
        values |= {
            'bad_images': counters.bad_images,
            'waiting_for_pose': counters.waiting,
            'without_pose': sum(counters.without_pose.values()),
            'rejected_poses': counters.rejected_poses,
            'pose_jumps': counters.jumps,
        }
    if node.inputs is not None:
        values['image_reliability'] = node.inputs.image_reliability
    values['memory_mb'] = memory_mb()
    if node.about:
        values['disk_left_mb'] = disk_left_mb(FilePath(node.about['map_file']))
    return Status(level, node.where(), reason, values | node.about)
