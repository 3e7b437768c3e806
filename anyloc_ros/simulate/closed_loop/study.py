# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Many repeat runs, side by side on the cores of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
import multiprocessing
from pathlib import Path
from typing import Any

from anyloc_ros.config import (
    DescribeConfig,
    LocalizeConfig,
    SequenceConfig,
    TeachConfig,
    VerifyConfig,
)
from anyloc_ros.errors import AnyLocError
from anyloc_ros.evaluate.processes import as_processes_start, begin
from anyloc_ros.mapping.progress import Progress
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.closed_loop.repeat import repeat
from anyloc_ros.simulate.closed_loop.run import LoopRun, Setup
from anyloc_ros.simulate.closed_loop.teach import TaughtRoute, teach_route
from anyloc_ros.simulate.closed_loop.wheels import WheelsConfig
from anyloc_ros.simulate.world import World

SEEDS_APART = 100_003
"""Runs of two seeds have no day in common below so many runs."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is taught: configurations that agree in it share one map."""

    describe: DescribeConfig
    teach: TeachConfig
    camera: Camera
    length_m: float
    wheels: WheelsConfig
    world_seed: int


@dataclass(frozen=True, slots=True)
class Configuration:
    """One way to teach, to localize and to drive, under a name that is short."""

    name: str
    lesson: Lesson
    setup: Setup
    localize: LocalizeConfig
    sequence: SequenceConfig
    verify: VerifyConfig


@dataclass(frozen=True, slots=True, eq=False)
class Driven:
    """A configuration, its map, and its runs in the order of their seeds."""

    configuration: Configuration
    taught: TaughtRoute
    runs: tuple[LoopRun, ...]


def run_seed(seed: int, number: int) -> int:
    """Return the seed of a run; it is the same for all configurations, which makes pairs."""
    return seed * SEEDS_APART + number


def drive_all(
    configurations: Sequence[Configuration],
    runs: int,
    seed: int,
    jobs: int,
    folder: Path,
    progress: Progress = lambda title, done, total: None,
) -> Iterator[Driven]:
    """
    Teach every lesson into `folder`, repeat it `runs` times under each configuration.

    The results depend on the seed alone, not on the number of processes: each has one thread, and
    opens the map anew for each run. When this is interrupted the processes end at their next step.

    :raises AnyLocError: a configuration that cannot be used.
    """
    with _processes(jobs) as submit:
        lessons = list(dict.fromkeys(each.lesson for each in configurations))
        paths = [folder / f'{number}.anyloc' for number in range(len(lessons))]
        teaching = [submit(_teach, *pair) for pair in zip(lessons, paths, strict=True)]
        taught = dict(zip(lessons, _results('teach', teaching, progress), strict=True))
        for each in configurations:
            repeating = [
                submit(_repeat, each, taught[each.lesson], run_seed(seed, number))
                for number in range(runs)
            ]
            done = _results(f'repeat: {each.name}', repeating, progress)
            yield Driven(each, taught[each.lesson], tuple(done))


def _results(title: str, futures: Sequence[Future[Any]], progress: Progress) -> list[Any]:
    """Return the results in the order of the futures; the first error ends the wait."""
    progress(title, 0, len(futures))
    try:
        for done, future in enumerate(as_completed(futures), 1):
            future.result()
            progress(title, done, len(futures))
    except BrokenProcessPool as error:
        raise AnyLocError(
            f'{title}: a process ended by itself, most likely the memory did not suffice for all '
            f'of them; use fewer --jobs'
        ) from error
    return [future.result() for future in futures]


@contextmanager
def _processes(jobs: int) -> Iterator[Callable[..., Future[Any]]]:
    """Give what submits work to processes of one thread each; an error or interrupt ends them."""
    context = multiprocessing.get_context('spawn')
    ending = context.Event()
    pool = ProcessPoolExecutor(jobs, context, _begin, (ending,))

    def submit(work: Callable[..., Any], *given: object) -> Future[Any]:
        with as_processes_start(threads=1):
            return pool.submit(work, *given)

    try:
        yield submit
    finally:
        ending.set()
        pool.shutdown(cancel_futures=True)


class _Ended(Exception):
    """Raised in a process of the pool that was told to end; nobody waits for its result."""


_ending: list[Any] = []
"""Of a process of the pool: the event that tells it to end."""


def _begin(ending: Any) -> None:
    begin(threads=1)
    _ending.append(ending)


def _tick() -> None:
    if _ending[0].is_set():
        raise _Ended


_world = lru_cache(1)(World)


def _teach(lesson: Lesson, path: Path) -> TaughtRoute:
    return teach_route(
        _world(lesson.world_seed),
        path,
        lesson.camera,
        lesson.length_m,
        lesson.describe,
        lesson.teach,
        lesson.wheels,
        _tick,
    )


def _repeat(configuration: Configuration, taught: TaughtRoute, seed: int) -> LoopRun:
    from anyloc_ros.localize.recognizer import open_recognizer

    recognizer = open_recognizer(
        taught.path,
        configuration.localize,
        sequence=configuration.sequence,
        monitor=configuration.setup.monitor,
        verify=configuration.verify,
    )
    return repeat(
        _world(configuration.lesson.world_seed),
        taught,
        recognizer,
        configuration.setup,
        seed,
        tick=_tick,
    )
