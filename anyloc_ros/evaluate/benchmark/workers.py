# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Processes that share the cores: an interrupt reaches this process alone, which ends the others.

They write nothing, so that they may be ended at any moment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
import math
import multiprocessing
from multiprocessing.process import BaseProcess
import os
from typing import TypeVar

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.features import resolve_device
from anyloc_ros.describe.methods import DENSE_SIFT, method_of
from anyloc_ros.errors import AnyLocError
from anyloc_ros.evaluate.processes import as_processes_start, begin

NETWORK_THREADS = 4

Task = TypeVar('Task')
Result = TypeVar('Result')


def shares(config: DescribeConfig, jobs: int) -> tuple[int, int]:
    """
    Return how many processes, of how many threads each, describe best on this machine.

    Each process holds the network, whose products use several threads well; dense SIFT uses one.

    :param jobs: how many processes, 0 to choose: one for a GPU.
    """
    cores = len(os.sched_getaffinity(0))
    networked = method_of(config).backbone != DENSE_SIFT
    if not jobs and networked and resolve_device(config.device).type == 'cuda':
        return 1, cores
    jobs = jobs or (math.ceil(cores / NETWORK_THREADS) if networked else cores)
    return jobs, max(1, cores // jobs)


class Workers:
    """Up to `jobs` processes of `threads` threads each, started when there is work."""

    def __init__(self, jobs: int, threads: int) -> None:
        self.jobs, self.threads = jobs, threads
        self._executor: ProcessPoolExecutor | None = None
        self._others: set[BaseProcess] = set()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def do(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """
        Yield what `work` gives for each task, in order; few tasks are taken ahead.

        What it raises is raised here.

        :raises AnyLocError: a process was ended from outside.
        """
        pending: deque[Future[Result]] = deque()
        try:
            for task in tasks:
                pending.append(self._submit(work, task))
                if len(pending) > 2 * self.jobs:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except BrokenProcessPool:
            self._end()
            raise AnyLocError(
                f'one of {self.jobs} worker processes was ended from outside, most likely for '
                f'want of memory; give fewer --jobs, or a smaller image_size'
            ) from None
        finally:
            for future in pending:
                future.cancel()

    def _submit(self, work: Callable[[Task], Result], task: Task) -> Future[Result]:
        if self._executor is None:
            self._others = set(multiprocessing.active_children())
            self._executor = ProcessPoolExecutor(
                self.jobs,
                # A fork of a process with threads in it may hang.
                mp_context=multiprocessing.get_context('spawn'),
                initializer=begin,
                initargs=(self.threads,),
            )
        with as_processes_start(self.threads):
            return self._executor.submit(work, task)

    def _end(self) -> None:
        # At once, whatever they do.
        if self._executor is None:
            return
        executor, self._executor = self._executor, None
        for process in set(multiprocessing.active_children()) - self._others:
            process.terminate()
        executor.shutdown(cancel_futures=True)
