# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What the localizer tells of an answer, and of its health."""

from __future__ import annotations

from typing import Any, TYPE_CHECKING

from anyloc_ros.config import LocalizerConfig
from anyloc_ros.localize.monitor import LOCALIZED, LOST, NO_MAP, SEARCHING, STALE, UNCERTAIN
from anyloc_ros.localize.recognizer import Recognition
from anyloc_ros.ros.diagnostics import memory_mb
from anyloc_ros.ros.estimate import covariance
from anyloc_ros.ros.loaded_map import LoadedMap
from anyloc_ros.ros.messages import header, matches_cloud, pose_with_covariance, Status
from anyloc_ros.ros.node import ACTIVE, INACTIVE
from anyloc_ros.ros.qos import OUTPUT, with_deadline
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Float32, Float32MultiArray, Int32MultiArray

try:
    from rclpy.event_handler import PublisherEventCallbacks
except ImportError:  # ROS 2 Humble
    from rclpy.qos_event import PublisherEventCallbacks

if TYPE_CHECKING:
    from anyloc_ros.ros.localizer import Localizer

STALE_AFTER_S = 2.0
"""The newest answer may be so old, and twice the time an answer takes."""

SAME_PICTURE_S = 5.0
"""From here on the status says that the picture does not change."""

LEVELS = {
    NO_MAP: DiagnosticStatus.ERROR,
    SEARCHING: DiagnosticStatus.WARN,
    LOCALIZED: DiagnosticStatus.OK,
    UNCERTAIN: DiagnosticStatus.WARN,
    LOST: DiagnosticStatus.ERROR,
    STALE: DiagnosticStatus.STALE,
}


class Answers:
    """
    Publishes an answer on all its topics; for the executor's thread.

    :param deadline_s: offered on `~/matches`, 0 offers none. `deadlines_missed` counts how often
        it was not kept: a subscriber that asks for the same is told at the same moment.
    """

    def __init__(self, node: Node, deadline_s: float) -> None:
        self.deadlines_missed = 0
        self._node = node
        quality, events = OUTPUT, None
        if deadline_s:
            quality = with_deadline(OUTPUT, deadline_s)
            events = PublisherEventCallbacks(deadline=self._on_missed)
        self._matches = node.create_publisher(
            PointCloud2, '~/matches', quality, event_callbacks=events
        )
        self._ids = node.create_publisher(Int32MultiArray, '~/match_ids', OUTPUT)
        self._scores = node.create_publisher(Float32MultiArray, '~/match_scores', OUTPUT)
        self._pose = node.create_publisher(PoseWithCovarianceStamped, '~/pose', OUTPUT)
        self._progress = node.create_publisher(Float32, '~/progress', OUTPUT)

    def destroy(self) -> None:
        """End the topics."""
        outputs = self._matches, self._ids, self._scores, self._pose, self._progress
        for publisher in outputs:
            self._node.destroy_publisher(publisher)

    def _on_missed(self, event: Any) -> None:
        self.deadlines_missed += event.total_count_change

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
    why_stale = _why_stale(node)
    if why_stale:
        return STALE, why_stale
    standing, answer = node.standing, node.standing.answer
    if answer is None:
        return SEARCHING, standing.begun
    if standing.same_picture_s > SAME_PICTURE_S:
        same = f'the picture has not changed for {standing.same_picture_s:.1f} s'
        return answer.state, f'{answer.reason}; {same}' if answer.reason else same
    return answer.state, answer.reason


def _why_stale(node: Localizer) -> str:
    """Return why nothing is known of the present, empty when it is."""
    if node.inputs is None:
        return f'the node is {node.phase if node.phase != ACTIVE else INACTIVE}'
    if not node.enabled:
        return 'disabled by ~/enable'
    standing, now_ns = node.standing, node.now_ns()
    if now_ns == 0:
        return 'use_sim_time is true and no /clock arrives'
    took_s = _took_s(standing.answer) if standing.answer else 0.0
    allowed_s = (
        node.parameters.group(LocalizerConfig).max_image_age_s or STALE_AFTER_S + 2 * took_s
    )
    if standing.newest_ns is None:
        return node.inputs.lack(now_ns, allowed_s) or 'the first image is being described'
    if abs(standing.delay_s) > allowed_s:
        order = 'old' if standing.delay_s > 0 else 'in the future'
        return (
            f'images arrive with stamps {abs(standing.delay_s):.1f} s {order}: clocks differ, or '
            f'a recording is played without use_sim_time'
        )
    age_s = (now_ns - standing.newest_ns) / 1e9
    if abs(age_s) > allowed_s:
        if standing.standstill:
            return f'no newer image for {age_s:.1f} s: {standing.standstill}'
        return node.inputs.lack(now_ns, allowed_s) or f'no image for {age_s:.1f} s'
    return ''


def _took_s(answer: Recognition) -> float:
    took_ms = answer.describe_ms + answer.search_ms + answer.filter_ms + answer.verify_ms
    return took_ms / 1e3


def localize_status(node: Localizer) -> Status:
    """Return the status of a localizer."""
    state, reason = localize_state(node)
    counts, standing, answer = node.mailbox.counts, node.standing, node.standing.answer
    best = answer.candidates[0] if answer and answer.candidates else None
    now_ns = node.now_ns()
    age_s = None if standing.newest_ns is None else (now_ns - standing.newest_ns) / 1e9
    values: dict[str, Any] = {
        'age_ms': None if age_s is None else age_s * 1e3,
        'describe_ms': answer.describe_ms if answer else None,
        'search_ms': answer.search_ms if answer else None,
        'filter_ms': answer.filter_ms if answer else None,
        'verify_ms': answer.verify_ms if answer else None,
        'rate_hz': node.rate.hz,
        'received': counts.received,
        'processed': counts.processed,
        'dropped': counts.dropped,
        'pending': counts.pending,
        'bad_images': standing.bad_images,
        'same_picture_s': standing.same_picture_s,
        'deadlines_missed': node.answers.deadlines_missed if node.answers else 0,
        'best_reference_id': best.reference.id if best else None,
        'best_similarity': best.similarity if best else None,
        'best_probability': best.probability if best else None,
        'margin': answer.margin if answer else None,
        'off_route_probability': answer.off_route_probability if answer else None,
        'relocalized': answer.relocalized if answer else False,
        'distance_since_accept_m': _way_since_accept_m(node, now_ns),
        'time_since_accept_s': _time_since_accept_s(answer, now_ns),
        'request': standing.request,
        'image_reliability': node.inputs.image_reliability if node.inputs else None,
        'device': node.device,
        'precision': node.precision,
        'memory_mb': memory_mb(),
        'map_file': str(node.loaded.path) if node.loaded else '',
        'map_fingerprint': node.loaded.fingerprint if node.loaded else '',
    }
    return Status(LEVELS[state], state, reason, values)


def _way_since_accept_m(node: Localizer, now_ns: int) -> float | None:
    """Return the way since the last accepted image until now, not only until the newest one."""
    answer = node.standing.answer
    if answer is None or answer.distance_since_accept_m is None:
        return None
    since_m = node.odometer.way_m(answer.stamp_ns, now_ns)
    return None if since_m is None else answer.distance_since_accept_m + since_m


def _time_since_accept_s(answer: Recognition | None, now_ns: int) -> float | None:
    if answer is None or answer.time_since_accept_s is None:
        return None
    return answer.time_since_accept_s + (now_ns - answer.stamp_ns) / 1e9
