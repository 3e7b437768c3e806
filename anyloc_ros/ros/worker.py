# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The one thread that works while the executor's thread listens.

Everything slow happens here, one job after the other: describing, searching, the map file (which
belongs to one thread at a time). Nothing is published here: a job posts its outcome, and the
executor's thread is woken to publish it. So publishers, parameters and states have one thread,
and nothing is published after a node was deactivated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any


class Worker:
    """
    Runs jobs in the order they are submitted.

    :param wake: called from the worker's thread when something waits for `deliver`.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._jobs: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self._outbox: deque[Callable[[], Any]] = deque()
        # Not waited for at the end of the process: it may be deep inside a long computation.
        self._thread = Thread(target=self._run, name='worker', daemon=True)
        self._thread.start()

    def submit(self, job: Callable[..., Any], *arguments: Any) -> None:
        """Append a job; an exception it raises is raised again by `deliver`."""
        self._jobs.put(partial(job, *arguments))

    def post(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Have `deliver` make a call in the executor's thread; for jobs."""
        self._outbox.append(partial(call, *arguments))
        self._wake()

    def deliver(self) -> None:
        """Make the calls that were posted so far; for the executor's thread."""
        # Not until there is none: a job may post faster than they are made.
        for _ in range(len(self._outbox)):
            self._outbox.popleft()()

    def drain(self, timeout_s: float) -> bool:
        """Wait until the jobs submitted so far are done; return whether they are in time."""
        done = Event()
        self._jobs.put(done.set)
        return done.wait(timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """End the thread after the jobs submitted so far; return whether it ended in time."""
        self._jobs.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as error:
                # An error nobody foresaw must not end in silence: it goes on in the executor.
                self.post(_raise, error)


def _raise(error: Exception) -> None:
    raise error
