# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A rosbag2 recording read without ROS: sqlite3 or mcap, also compressed with zstd.

Messages are read with the definitions of ROS 2 Humble: the six types of images and poses are the
same in every distribution from Dashing to Kilted, which is checked against the hash the bag may
hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from anyloc_ros.errors import SourceError
from anyloc_ros.io.messages import (
    CAMERA_INFO,
    image_of,
    IMAGES,
    POSES,
    position_of,
    stamp_ns_of,
)
from anyloc_ros.io.samples import ImageSample, PoseSample
from rosbags.rosbag2 import Reader
from rosbags.serde import SerdeError
from rosbags.typesys import get_typestore, Stores

_WAYS_OUT = 'try "ros2 bag reindex" on its folder, for mcap files also "mcap recover"'


@dataclass(frozen=True, slots=True)
class _Topic:
    name: str
    msgtype: str
    count: int

    def __str__(self) -> str:
        return f'{self.name} ({self.msgtype}, {self.count} messages)'


class BagSource:
    """
    Images of one topic of a bag and poses of another, see open_source.

    The stamp is the one of the header; where that is zero, the time the bag received the message.
    All poses are read before the first image, for they often arrive after the image they belong
    to. Images come as recorded: in time order unless the clock of the camera was set back.
    """

    has_stamps = True

    def __init__(
        self,
        path: Path,
        *,
        name: str = '',
        image_topic: str = '',
        pose_topic: str | None = '',
    ) -> None:
        """
        Choose the topics; a topic need not be named when it is the only one of its kind.

        :param pose_topic: None leaves all poses alone.

        :raises SourceError: the bag is damaged or empty, or the topic is missing or ambiguous.
        """
        self.name = name or str(path)
        self.notes: list[str] = []
        self._path = path
        with self._open() as reader:
            topics = self._topics(reader)
        image = self._choose(topics, IMAGES, image_topic, 'images', '--image-topic')
        if image is None:
            raise SourceError(
                f'{path}: no topic with images ({", ".join(IMAGES)}); the bag has '
                + _listed(topics)
            )
        self._image = image
        self._pose = None
        if pose_topic is not None:
            self._pose = self._choose(topics, POSES, pose_topic, 'poses', '--pose-topic')
        self.has_poses = self._pose is not None
        self.notes.append(f'images from {self._image}')
        self.notes.append(f'poses from {self._pose}' if self._pose else 'no poses')

    @cached_property
    def calibration(self) -> Any | None:
        """
        Return the first sensor_msgs/CameraInfo beside the images, None where there is none.

        Beside /front/image_raw and /front/image_raw/compressed it is /front/camera_info.
        """
        images = self._image.name.removesuffix('/compressed')
        name = images.rpartition('/')[0] + '/camera_info'
        with self._open() as reader:
            for topic in self._topics(reader):
                if (topic.name, topic.msgtype) == (name, CAMERA_INFO):
                    message, _ = next(self._messages(reader, topic, Counter()), (None, 0))
                    return message
        return None

    def __len__(self) -> int:
        """Return the number of image messages, those that cannot be read included."""
        return self._image.count

    def samples(self) -> Iterator[ImageSample | PoseSample]:
        """
        Yield poses and images by stamp, a pose before the image of the same stamp.

        What was left out is added to the notes at the end.

        :raises SourceError: the bag is damaged from here on.
        """
        tally: Counter[str] = Counter()
        newest_ns = 0
        with self._open() as reader:
            poses = self._read_poses(reader, tally)
            given = 0
            for message, stamp_ns in self._messages(reader, self._image, tally):
                tally['images are stamped earlier than one before them'] += stamp_ns < newest_ns
                newest_ns = max(newest_ns, stamp_ns)
                while given < len(poses) and poses[given].stamp_ns <= stamp_ns:
                    yield poses[given]
                    given += 1
                yield self._image_sample(message, stamp_ns)
            yield from poses[given:]
        counted = (f'{count} {what}' for what, count in sorted(tally.items()) if count > 0)
        self.notes.extend(note for note in counted if note not in self.notes)

    def _image_sample(self, message: Any, stamp_ns: int) -> ImageSample:
        decoder, encoded = image_of(message, self._image.msgtype)
        frame_id = message.header.frame_id
        return ImageSample(stamp_ns, self._image.name, frame_id, encoded, decoder)

    def _read_poses(self, reader: Reader, tally: Counter[str]) -> list[PoseSample]:
        if self._pose is None:
            return []
        samples = []
        for message, stamp_ns in self._messages(reader, self._pose, tally):
            pose = position_of(message, self._pose.msgtype)
            if pose is None:
                tally[f'messages of {self._pose.name} have no fix and are left out'] += 1
                continue
            samples.append(PoseSample(stamp_ns, pose, message.header.frame_id))
        return sorted(samples, key=lambda sample: sample.stamp_ns)

    def _messages(
        self, reader: Reader, topic: _Topic, tally: Counter[str]
    ) -> Iterator[tuple[Any, int]]:
        """Yield `(message, stamp_ns)` of a topic; count what cannot be deserialised."""
        connections = [
            connection
            for connection in reader.connections
            if (connection.topic, connection.msgtype) == (topic.name, topic.msgtype)
        ]
        messages = reader.messages(connections)
        missing = f'messages of {topic.name} are announced by the bag but not in it'
        tally[missing] = topic.count
        while True:
            with self._damage():
                item = next(messages, None)
            if item is None:
                return
            tally[missing] -= 1
            _, received_ns, raw = item
            try:
                message = self._typestore.deserialize_cdr(raw, topic.msgtype)
            except (SerdeError, AssertionError, IndexError, TypeError, ValueError):
                tally[f'messages of {topic.name} cannot be deserialised and are left out'] += 1
                continue
            stamp_ns = stamp_ns_of(message)
            tally[f'messages of {topic.name} have no stamp: the bag time is used'] += not stamp_ns
            yield message, stamp_ns or received_ns

    @cached_property
    def _typestore(self) -> Any:
        return get_typestore(Stores.ROS2_HUMBLE)

    @contextmanager
    def _open(self) -> Iterator[Reader]:
        with self._damage():
            reader = Reader(self._path)
            reader.open()
        try:
            yield reader
        finally:
            reader.close()

    @contextmanager
    def _damage(self) -> Iterator[None]:
        try:
            yield
        # rosbags lets the errors of SQLite, zstd, struct and its own parsers through, and which
        # ones they are changes with its version: here, and only here, all mean a damaged bag.
        except Exception as error:
            raise SourceError(
                f'{self._path}: the bag cannot be read ({type(error).__name__}: {error}); '
                + _WAYS_OUT
            ) from error

    def _topics(self, reader: Reader) -> list[_Topic]:
        counts: Counter[tuple[str, str]] = Counter()
        for connection in reader.connections:
            counts[connection.topic, connection.msgtype] += connection.msgcount
            if connection.msgtype in IMAGES + POSES and connection.digest:
                expected = self._typestore.hash_rihs01(connection.msgtype)
                if connection.digest != expected:
                    raise SourceError(
                        f'{self._path}: {connection.topic} was recorded with another definition '
                        f'of {connection.msgtype}: expected {expected}, got {connection.digest}'
                    )
        topics = [_Topic(*key, count) for key, count in sorted(counts.items()) if count]
        if not topics:
            raise SourceError(f'{self._path}: the bag is empty: it has no messages')
        return topics

    def _choose(
        self, topics: list[_Topic], types: tuple[str, ...], wanted: str, kind: str, option: str
    ) -> _Topic | None:
        fitting = [topic for topic in topics if topic.msgtype in types]
        if wanted:
            fitting = [topic for topic in fitting if topic.name == wanted]
            if not fitting:
                raise SourceError(
                    f'{self._path}: {option} {wanted}: no {kind} on this topic; the bag has '
                    + _listed(topics)
                )
        if len(fitting) > 1:
            raise SourceError(
                f'{self._path}: {kind} on several topics, choose one with {option}: '
                + _listed(fitting)
            )
        return fitting[0] if fitting else None


def _listed(topics: list[_Topic]) -> str:
    return ', '.join(map(str, topics))
