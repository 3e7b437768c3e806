# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A rosbag2 recording opened without ROS: its topics and their messages.

sqlite3 or mcap, also compressed with zstd. Messages are read with the definitions of ROS 2 Humble:
the types that are read here are the same in every distribution from Dashing to Kilted, which is
checked against the hash the bag may hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from anyloc_ros.errors import SourceError
from anyloc_ros.io.messages import CLOUD, IMAGES, POSES, position_of, stamp_ns_of
from anyloc_ros.io.samples import PoseSample
from rosbags.rosbag2 import Reader
from rosbags.serde import SerdeError
from rosbags.typesys import get_typestore, Stores

_WAYS_OUT = 'try "ros2 bag reindex" on its folder, for mcap files also "mcap recover"'


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of a bag, its type and how many messages it has."""

    name: str
    msgtype: str
    count: int

    def __str__(self) -> str:
        return f'{self.name} ({self.msgtype}, {self.count} messages)'


@dataclass(frozen=True, slots=True)
class Received:
    """A message, the stamp of its header, and when the bag received it; a zero stamp is that."""

    message: Any
    stamp_ns: int
    received_ns: int


class BagFile:
    """
    The topics of a bag, and the messages of one while it is open.

    :raises SourceError: the bag is damaged or empty, or has other definitions.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self.open() as reader:
            self.topics = self._topics(reader)

    @contextmanager
    def open(self) -> Iterator[Reader]:  # noqa: A003 (the word of every file)
        """Give a reader for `messages` and `poses`."""
        with self._damage():
            reader = Reader(self.path)
            reader.open()
        try:
            yield reader
        finally:
            reader.close()

    def messages(self, reader: Reader, topic: Topic, tally: Counter[str]) -> Iterator[Received]:
        """
        Yield the messages of a topic as recorded; count in `tally` what is missing or damaged.

        :raises SourceError: the bag is damaged from here on.
        """
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
            yield Received(message, stamp_ns or received_ns, received_ns)

    def poses(self, reader: Reader, topic: Topic, tally: Counter[str]) -> list[PoseSample]:
        """Return all poses of a topic by their stamps."""
        samples = []
        for item in self.messages(reader, topic, tally):
            pose = position_of(item.message, topic.msgtype)
            if pose is None:
                tally[f'messages of {topic.name} have no fix and are left out'] += 1
                continue
            samples.append(PoseSample(item.stamp_ns, pose, item.message.header.frame_id))
        return sorted(samples, key=lambda sample: sample.stamp_ns)

    def choose(
        self, types: Sequence[str], wanted: str, kind: str, option: str, ending: str = ''
    ) -> Topic | None:
        """
        Return the topic of these types, None where there is none.

        :param wanted: its name; it need not be given when it is the only one of its kind.
        :param kind: what is looked for, in words, and `option` where its name can be given.
        :param ending: of its name, where none is wanted by name.
        :raises SourceError: the one that is wanted is not there, or there are several.
        """
        fitting = [topic for topic in self.topics if topic.msgtype in types]
        if wanted:
            fitting = [topic for topic in fitting if topic.name == wanted]
            if not fitting:
                raise SourceError(
                    f'{self.path}: {option} {wanted}: no {kind} on this topic; the bag has '
                    + self.listed()
                )
        else:
            fitting = [topic for topic in fitting if topic.name.endswith(ending)]
        if len(fitting) > 1:
            raise SourceError(
                f'{self.path}: {kind} on several topics, choose one with {option}: '
                + _listed(fitting)
            )
        return fitting[0] if fitting else None

    def listed(self) -> str:
        """Return all topics in words."""
        return _listed(self.topics)

    @cached_property
    def _typestore(self) -> Any:
        return get_typestore(Stores.ROS2_HUMBLE)

    @contextmanager
    def _damage(self) -> Iterator[None]:
        try:
            yield
        # rosbags lets the errors of SQLite, zstd, struct and its own parsers through, and which
        # ones they are changes with its version: here, and only here, all mean a damaged bag.
        except Exception as error:
            raise SourceError(
                f'{self.path}: the bag cannot be read ({type(error).__name__}: {error}); '
                + _WAYS_OUT
            ) from error

    def _topics(self, reader: Reader) -> list[Topic]:
        counts: Counter[tuple[str, str]] = Counter()
        for connection in reader.connections:
            counts[connection.topic, connection.msgtype] += connection.msgcount
            if connection.msgtype in (*IMAGES, *POSES, CLOUD) and connection.digest:
                expected = self._typestore.hash_rihs01(connection.msgtype)
                if connection.digest != expected:
                    raise SourceError(
                        f'{self.path}: {connection.topic} was recorded with another definition '
                        f'of {connection.msgtype}: expected {expected}, got {connection.digest}'
                    )
        topics = [Topic(*key, count) for key, count in sorted(counts.items()) if count]
        if not topics:
            raise SourceError(f'{self.path}: the bag is empty: it has no messages')
        return topics


def read_poses(path: Path, topic: str, option: str) -> tuple[list[PoseSample], list[str]]:
    """
    Return the poses of a bag by their stamps, and what is to be noted; none where it has none.

    :param topic: its name; it need not be given when it is the only one of its kind.
    :param option: where it can be given, for the message of an error.
    :raises SourceError: the bag is damaged, or the topic is missing or ambiguous.
    """
    bag, tally = BagFile(path), Counter()
    found = bag.choose(POSES, topic, 'poses', option)
    if found is None:
        return [], ['no poses']
    with bag.open() as reader:
        samples = bag.poses(reader, found, tally)
    return samples, [f'poses from {found}', *noted(tally)]


def noted(tally: Counter[str]) -> list[str]:
    """Return what was counted as notes."""
    return [f'{count} {what}' for what, count in sorted(tally.items()) if count > 0]


def _listed(topics: Sequence[Topic]) -> str:
    return ', '.join(map(str, topics))
