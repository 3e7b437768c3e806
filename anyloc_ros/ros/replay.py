# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A recorded run played over DDS into a node, and the answers it gives.

    with Remote('localizer') as remote:
        played = Player(remote, open_source('tuesday.mcap'), answers='matches').play(LOCK_STEP)

Stamps are those of the recording. The stamps of a folder that has none begin at zero, which in a
message means that there is no stamp: they are played one second later, and the answers say
nothing of it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
import time
from typing import Any

from anyloc_ros.errors import ImageError
from anyloc_ros.io.messages import stamp_ns_of
from anyloc_ros.io.samples import ImageSample, PoseSample
from anyloc_ros.io.source import Source
from anyloc_ros.ros.matches import Match, read_matches
from anyloc_ros.ros.messages import header
from anyloc_ros.ros.pace import Pace
from anyloc_ros.ros.qos import POSE_QUEUE
from anyloc_ros.ros.remote import ANSWER_S, Remote
from anyloc_ros.ros.sample_messages import (
    camera_info,
    COMPRESSED,
    FIX,
    image_of_sample,
    NONE,
    pose_of_sample,
    pose_source_of,
    transport_of,
)
from nav_msgs.msg import Odometry
from rclpy.duration import Duration
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, NavSatFix, PointCloud2

NO_STAMP_OFFSET_NS = 10**9

SENT_IMAGES = 10
"""Images the middleware keeps for a reader that is slow to confirm them."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A message for one image, and how long after the image was sent it was here."""

    cloud: PointCloud2
    latency_s: float

    @property
    def matches(self) -> list[Match]:
        """Return the candidates of a `~/matches`, best first."""
        return read_matches(self.cloud)


@dataclass(frozen=True, slots=True)
class Played:
    """
    What became of the images of a run, by their number in it.

    An image that could not be read was not sent, and is in `unreadable` with the reason.
    """

    images: int
    answers: dict[int, Answer]
    unreadable: dict[int, str]

    @property
    def sent(self) -> int:
        """Return how many images were sent."""
        return self.images - len(self.unreadable)

    @property
    def dropped(self) -> int:
        """Return how many images were sent and not answered."""
        return self.sent - len(self.answers)


def input_parameters(source: Source) -> dict[str, str]:
    """Return the parameters with which a node hears this run when it is played."""
    return {'image_transport': transport_of(source), 'pose_source': pose_source_of(source)}


class Player:
    """
    Publishes a run as the cameras and drivers of a robot would, reliably.

    Images go to `image`, or to `image/compressed` where they were recorded as files; poses to
    `odom` or `fix`; a recorded calibration to `camera_info`.

    :param answers: the topic of the remote node that has one PointCloud2 for each image; empty
        when nothing answers.
    :param clock: publish /clock, for nodes with use_sim_time.
    """

    def __init__(
        self, remote: Remote, source: Source, *, answers: str = '', clock: bool = False
    ) -> None:
        self._remote = remote
        self._source = source
        self.offset_ns = 0 if source.has_stamps else NO_STAMP_OFFSET_NS
        """How much later than in the source everything is stamped."""
        self._transport = transport_of(source)
        pose_source = pose_source_of(source)
        self._answers: dict[int, Answer] = {}
        self._sent: dict[int, deque[tuple[int, float]]] = defaultdict(deque)
        node = remote.node
        compressed = self._transport == COMPRESSED
        # First of all: a node that has found the image publisher has found this one too.
        self._answers_topic = f'{remote.name}/{answers}' if answers else ''
        if answers:
            # Deep, for answers must not be lost while an image is being read.
            node.create_subscription(
                PointCloud2, self._answers_topic, self._on_answer, _reliable(POSE_QUEUE)
            )
        self._image = node.create_publisher(
            CompressedImage if compressed else Image,
            node.resolve_topic_name('image') + '/compressed' if compressed else 'image',
            _reliable(SENT_IMAGES),
        )
        self._camera_info = (
            node.create_publisher(CameraInfo, 'camera_info', _reliable(SENT_IMAGES))
            if source.calibration is not None
            else None
        )
        self._pose = None
        if pose_source != NONE:
            kind = NavSatFix if pose_source == FIX else Odometry
            self._pose = node.create_publisher(kind, pose_source, _reliable(POSE_QUEUE))
        self._clock = node.create_publisher(Clock, '/clock', _reliable(1)) if clock else None
        self._clock_ns = 0

    def connect(self, timeout_s: float) -> None:
        """
        Wait until the node hears everything, so that the first image is not lost.

        :raises AnyLocError: it does not subscribe in time, or not reliably.
        """
        for publisher in (self._image, self._pose):
            if publisher is not None:
                self._remote.wait(
                    lambda publisher=publisher: self._is_heard(publisher),
                    timeout_s,
                    f'{self._remote.name} does not subscribe reliably to {publisher.topic_name}',
                )
        if self._answers_topic:
            self._remote.wait(
                lambda: self._remote.node.count_publishers(self._answers_topic),
                timeout_s,
                f'{self._remote.name} does not publish {self._answers_topic}',
            )

    def play(
        self,
        pace: Pace,
        *,
        answer_s: float = ANSWER_S,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Played:
        """
        Play the run once, and wait for the answer to its last image.

        :param answer_s: how long an answer may take.
        :param progress: called as `progress(done, total)`.
        :raises AnyLocError: in lock-step, an image that was not answered in time.
        """
        self._answers.clear()
        self._sent.clear()
        number, last, unreadable = -1, None, {}
        first_ns = began_s = None
        for sample in self._source.samples():
            is_image = isinstance(sample, ImageSample)
            number += is_image
            try:
                messages = self._messages(sample)
            except ImageError as error:
                unreadable[number] = str(error)
                continue
            if is_image and began_s is None:
                first_ns, began_s = sample.stamp_ns, time.monotonic()
            if is_image or (pace.speed and began_s is not None):
                due_s = pace.due_s(number, (sample.stamp_ns - first_ns) / 1e9)
                self._listen_until(began_s + due_s)
            self._publish(sample, number, messages)
            if is_image:
                last = number
                if pace.is_lock_step and self._answers_topic:
                    self._wait_for_answer(number, sample, answer_s)
                progress(number + 1, len(self._source))
        self._settle(last, answer_s)
        return Played(number + 1, dict(self._answers), unreadable)

    def _messages(self, sample: ImageSample | PoseSample) -> list[tuple[Any, Any]]:
        """Return `(publisher, message)` of a sample, an image after its calibration."""
        stamp_ns = sample.stamp_ns + self.offset_ns
        if isinstance(sample, PoseSample):
            return [(self._pose, pose_of_sample(sample, stamp_ns))] if self._pose else []
        messages = [(self._image, image_of_sample(sample, stamp_ns, self._transport))]
        if self._camera_info is not None:
            message = camera_info(self._source.calibration, header(stamp_ns, sample.frame_id))
            messages.insert(0, (self._camera_info, message))
        return messages

    def _publish(
        self, sample: ImageSample | PoseSample, number: int, messages: list[tuple[Any, Any]]
    ) -> None:
        stamp_ns = sample.stamp_ns + self.offset_ns
        if self._clock is not None and stamp_ns > self._clock_ns:
            self._clock_ns = stamp_ns
            self._clock.publish(Clock(clock=header(stamp_ns, '').stamp))
        for publisher, message in messages:
            if publisher is self._image:
                self._sent[stamp_ns].append((number, time.monotonic()))
            publisher.publish(message)

    def _listen_until(self, due_s: float) -> None:
        # Also when it is late: an answer and a status, more do not come for an image.
        self._remote.take_waiting(2)
        self._remote.spin_until(lambda: False, due_s - time.monotonic())

    def _wait_for_answer(self, number: int, sample: ImageSample, answer_s: float) -> None:
        failure = (
            f'{self._remote.name} has no {self._answers_topic} for image {number + 1} of '
            f'{self._source.name} ({sample.name} at {sample.stamp_ns} ns)'
        )
        self._remote.wait(lambda: number in self._answers, answer_s, failure)

    def _settle(self, last: int | None, answer_s: float) -> None:
        """Wait until what was sent has arrived, and the last image that was is answered."""
        self._image.wait_for_all_acked(Duration(seconds=answer_s))
        if self._answers_topic and last is not None:
            self._remote.spin_until(lambda: last in self._answers, answer_s)

    def _on_answer(self, cloud: PointCloud2) -> None:
        now_s = time.monotonic()
        # Images that share a stamp are answered in the order they were sent.
        waiting = self._sent.get(stamp_ns_of(cloud))
        if waiting:
            number, sent_s = waiting.popleft()
            self._answers[number] = Answer(cloud, now_s - sent_s)

    def _is_heard(self, publisher: Any) -> bool:
        # A node that follows its publishers subscribes best-effort first, and then anew.
        infos = self._remote.node.get_subscriptions_info_by_topic(publisher.topic_name)
        offers = {info.qos_profile.reliability for info in infos}
        matched = publisher.get_subscription_count()
        return offers == {ReliabilityPolicy.RELIABLE} and matched == len(infos)


def _reliable(depth: int) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=ReliabilityPolicy.RELIABLE
    )
