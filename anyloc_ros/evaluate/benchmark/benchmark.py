# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""All runs one after the other: one that fails does not end the others, and all can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from anyloc_ros.config import DescribeConfig
from anyloc_ros.errors import AnyLocError
from anyloc_ros.evaluate.benchmark.cache import Cache
from anyloc_ros.evaluate.benchmark.descriptors import Bench, look_up, MethodHere
from anyloc_ros.evaluate.benchmark.opened import open_for_runs
from anyloc_ros.evaluate.benchmark.plan import Plan
from anyloc_ros.evaluate.benchmark.run import run
from anyloc_ros.evaluate.benchmark.table import failed, made, Row
from anyloc_ros.evaluate.benchmark.workers import shares, Workers
from anyloc_ros.mapping.progress import Progress


def benchmark(
    plans: Sequence[Plan],
    root: Path,
    out: Path,
    jobs: int,
    say: Callable[[str], None],
    progress: Progress,
) -> Iterator[Row]:
    """
    Yield the row of each run when it is made, or was found to be made already.

    :param root: what the folders of data sets are relative to.
    :param out: each run has a folder in it, and all share its folder `cache`.
    :param jobs: processes that describe, 0 to choose.
    :param say: hears what was damaged in the cache.
    """
    cache = Cache(out / 'cache', say)
    methods: dict[DescribeConfig, MethodHere] = {}
    done = 0
    for (dataset, stride), group in groupby(plans, lambda plan: (plan.dataset, plan.stride)):
        try:
            opened = open_for_runs(dataset, root, stride, progress)
        except AnyLocError as error:
            for plan in group:
                done += 1
                yield failed(plan, error)
            continue
        for plan in group:
            progress('runs', done, len(plans))
            try:
                # New ones for each run: their memory is then that of its method alone.
                with Workers(*shares(plan.config, jobs)) as workers:
                    bench = Bench(workers, cache, progress)
                    if plan.config not in methods:
                        methods[plan.config] = look_up(plan.config, bench)
                    row = made(plan, run(plan, opened, methods[plan.config], out, bench))
            except AnyLocError as error:
                row = failed(plan, error)
            done += 1
            yield row
    progress('runs', done, len(plans))
