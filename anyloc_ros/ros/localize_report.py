# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What the localizer tells of an answer, and of its health."""

from __future__ import annotations

import math
from typing import Any, TYPE_CHECKING

from anyloc_ros.localize.recognizer import Recognition
from anyloc_ros.ros.diagnostics import memory_mb
from anyloc_ros.ros.estimate import covariance
from anyloc_ros.ros.loaded_map import LoadedMap
from anyloc_ros.ros.messages import header, matches_cloud, pose_with_covariance, Status
from anyloc_ros.ros.node import ACTIVE
from anyloc_ros.ros.qos import OUTPUT
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Float32, Float32MultiArray, Int32MultiArray

if TYPE_CHECKING:
    from anyloc_ros.ros.localizer import Localizer

NO_MAP, SEARCHING, LOCALIZED, STALE = 'NO_MAP', 'SEARCHING', 'LOCALIZED', 'STALE'
"""The states; the two in the middle are those of a Recognition."""

STALE_AFTER_S = 2.0
"""The newest answer may be so old, and twice the time an answer takes."""

_LEVELS = {
    NO_MAP: DiagnosticStatus.ERROR,
    SEARCHING: DiagnosticStatus.WARN,
    LOCALIZED: DiagnosticStatus.OK,
    STALE: DiagnosticStatus.STALE,
}


class Answers:
    """Publishes an answer on all its topics; for the executor's thread."""

    def __init__(self, node: Node) -> None:
        self._matches = node.create_publisher(PointCloud2, '~/matches', OUTPUT)
        self._ids = node.create_publisher(Int32MultiArray, '~/match_ids', OUTPUT)
        self._scores = node.create_publisher(Float32MultiArray, '~/match_scores', OUTPUT)
        self._pose = node.create_publisher(PoseWithCovarianceStamped, '~/pose', OUTPUT)
        self._progress = node.create_publisher(Float32, '~/progress', OUTPUT)

    def publish(self, stamp_ns: int, loaded: LoadedMap, answer: Recognition | None) -> None:
        """Publish the answer for an image; None for one that could not be read."""
        self._matches.publish(matches_cloud(answer, stamp_ns, loaded.frame))
        match = answer.match if answer else None
        accepted = answer.candidates if match else ()
        self._ids.publish(Int32MultiArray(data=[c.reference.id for c in accepted]))
        self._scores.publish(Float32MultiArray(data=[c.similarity for c in accepted]))
        if match is None:
            return
        reference = match.reference
        last = loaded.last_index[reference.route]
        self._progress.publish(Float32(data=reference.index / last if last else 1.0))
        if reference.pose is not None:
            spread = covariance(accepted, loaded.same_place(accepted), loaded.step_m)
            head = header(stamp_ns, loaded.frame)
            self._pose.publish(pose_with_covariance(reference.pose, spread, head))


def localize_state(node: Localizer) -> tuple[str, str]:
    """Return the state of a localizer and its reason."""
    if node.loaded is None:
        return NO_MAP, node.problem or 'no map is loaded'
    if node.phase != ACTIVE:
        return STALE, f'the node is {node.phase}'
    if not node.enabled:
        return STALE, 'disabled by ~/enable'
    now_ns = node.now_ns()
    if now_ns == 0:
        return STALE, 'use_sim_time is true and no /clock arrives'
    if node.newest_ns is None:
        topic = node.inputs.image.topic
        if node.inputs.image.publishers:
            return STALE, f'no image yet on {topic}'
        return STALE, f'nobody publishes {topic}'
    allowed_s = STALE_AFTER_S + 2e-3 * (node.answer.describe_ms if node.answer else 0.0)
    if abs(node.delay_s) > allowed_s:
        return STALE, (
            f'images arrive with stamps {node.delay_s:.1f} s old: clocks differ, or a recording '
            f'is played without use_sim_time'
        )
    age_s = (now_ns - node.newest_ns) / 1e9
    if abs(age_s) > allowed_s:
        return STALE, f'no image for {age_s:.1f} s'
    if node.answer is None:
        return SEARCHING, node.bad_reason
    return node.answer.state, node.answer.decision.reason


def localize_status(node: Localizer) -> Status:
    """Return the status of a localizer."""
    state, reason = localize_state(node)
    counts, answer = node.mailbox.counts, node.answer
    best = answer.candidates[0] if answer and answer.candidates else None
    age_s = None if node.newest_ns is None else (node.now_ns() - node.newest_ns) / 1e9
    accepted_ns = node.accepted_ns
    values: dict[str, Any] = {
        'age_ms': None if age_s is None else age_s * 1e3,
        'describe_ms': answer.describe_ms if answer else None,
        'search_ms': answer.search_ms if answer else None,
        'rate_hz': node.rate.hz,
        'received': counts.received,
        'processed': counts.processed,
        'dropped': counts.dropped,
        'pending': counts.pending,
        'bad_images': node.bad_images,
        'best_reference_id': best.reference.id if best else None,
        'best_similarity': best.similarity if best else None,
        'margin': answer.decision.margin if answer else None,
        'off_route_probability': math.nan,
        'distance_since_accept_m': (
            None if accepted_ns is None else node.odometer.way_since_m(accepted_ns)
        ),
        'time_since_accept_s': (
            None if accepted_ns is None else (node.now_ns() - accepted_ns) / 1e9
        ),
        'image_reliability': node.inputs.image.reliability if node.inputs else None,
        'device': node.device,
        'precision': node.precision,
        'memory_mb': memory_mb(),
        'map_file': str(node.loaded.path) if node.loaded else '',
        'map_fingerprint': node.loaded.fingerprint if node.loaded else '',
    }
    return Status(_LEVELS[state], state, reason, values)
