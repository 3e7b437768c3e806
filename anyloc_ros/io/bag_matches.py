# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The answers of a localizer in a bag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anyloc_ros.errors import SourceError
from anyloc_ros.io.bag_file import BagFile, noted
from anyloc_ros.io.matches import Match, read_matches
from anyloc_ros.io.messages import CLOUD, IMAGES


@dataclass(frozen=True, slots=True)
class BagAnswer:
    """One `~/matches`: the stamp of its image, its candidates, and when the bag received it."""

    stamp_ns: int
    received_ns: int
    matches: tuple[Match, ...]


class BagMatches:
    """
    The topic `~/matches` of a bag.

    :param topic: its name; else the one topic of clouds that ends in /matches.
    :raises SourceError: the bag is damaged, or there is no such topic, or several.
    """

    def __init__(self, path: Path, topic: str = '') -> None:
        self.name = str(path)
        self.notes: list[str] = []
        """What was chosen, counted or left out; complete when all is read."""
        self._bag = BagFile(path)
        found = self._bag.choose((CLOUD,), topic, 'matches', '--matches-topic', '/matches')
        if found is None:
            raise SourceError(
                f'{path}: no topic of {CLOUD} that ends in /matches; name it with '
                f'--matches-topic; the bag has {self._bag.listed()}'
            )
        self._topic = found
        self.notes.append(f'answers from {found}')

    @property
    def has_images(self) -> bool:
        """Return whether the bag has the images of a camera as well."""
        return any(topic.msgtype in IMAGES for topic in self._bag.topics)

    def answers(self) -> Iterator[BagAnswer]:
        """
        Yield the answers as they were recorded.

        :raises SourceError: the bag is damaged, or a message is no `~/matches`.
        """
        tally: Counter[str] = Counter()
        with self._bag.open() as reader:
            for number, item in enumerate(self._bag.messages(reader, self._topic, tally)):
                try:
                    matches = read_matches(item.message)
                except SourceError as error:
                    raise SourceError(
                        f'{self._bag.path}, message {number} of {self._topic.name}: {error}'
                    ) from error
                yield BagAnswer(item.stamp_ns, item.received_ns, tuple(matches))
        self.notes.extend(noted(tally))
