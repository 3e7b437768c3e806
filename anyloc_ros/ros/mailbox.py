# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The newest messages, kept until somebody has time for them, and exact counts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar('Item')


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the items: received = processed + dropped + pending, at any moment."""

    received: int
    processed: int
    dropped: int
    pending: int


class Mailbox(Generic[Item]):
    """
    Holds the newest items, by default one; a newer one drops the oldest.

    An item is pending until whoever took it says `done`. For any number of threads.
    """

    def __init__(self, slots: int = 1) -> None:
        self._items: deque[Item] = deque()
        self._slots = slots
        self._lock = Lock()
        self._received = self._processed = self._dropped = self._taken = 0

    @property
    def counts(self) -> Counts:
        """Return the counts of one moment."""
        with self._lock:
            pending = len(self._items) + self._taken
            return Counts(self._received, self._processed, self._dropped, pending)

    @property
    def waiting(self) -> int:
        """Return how many items nobody has taken yet."""
        return len(self._items)

    def put(self, item: Item) -> bool:
        """Keep an item; return whether one more waits, False when the oldest was dropped."""
        with self._lock:
            self._received += 1
            full = len(self._items) == self._slots
            if full:
                self._items.popleft()
                self._dropped += 1
            self._items.append(item)
            return not full

    def refuse(self) -> None:
        """Count an item that is not kept."""
        with self._lock:
            self._received += 1
            self._dropped += 1

    def take(self) -> Item | None:
        """Return the oldest item that waits, None when there is none; `done` must follow."""
        with self._lock:
            if not self._items:
                return None
            self._taken += 1
            return self._items.popleft()

    def done(self) -> None:
        """Count an item that was taken as processed."""
        with self._lock:
            self._taken -= 1
            self._processed += 1

    def drop_waiting(self) -> None:
        """Drop what nobody has taken yet."""
        with self._lock:
            self._dropped += len(self._items)
            self._items.clear()
