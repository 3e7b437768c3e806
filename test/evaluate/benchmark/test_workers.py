# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Real worker processes: order, errors, being killed."""

from __future__ import annotations

from functools import partial
import math
import multiprocessing
import os
import signal

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.backbones import find_backbone
from anyloc_ros.errors import AnyLocError, ConfigError
from anyloc_ros.evaluate.benchmark import workers as module
from anyloc_ros.evaluate.benchmark.workers import shares, Workers
import pytest


def test_workers_answer_in_order_hand_on_errors_and_outlive_a_death():
    before = set(multiprocessing.active_children())
    environment = dict(os.environ)
    taken = []

    def tasks():
        for number in range(100):
            taken.append(number)
            yield number

    with Workers(2, 3) as workers:
        results = workers.do(math.factorial, tasks())
        assert [next(results) for _ in range(5)] == [1, 1, 2, 6, 24]
        assert len(taken) == 9  # two for each process are taken ahead
        results.close()
        assert list(workers.do(os.getenv, ['OMP_NUM_THREADS'])) == ['3']
        # An interrupt of a terminal goes to every process: it must not reach these.
        blocked = partial(signal.pthread_sigmask, signal.SIG_BLOCK)
        assert signal.SIGINT in next(workers.do(blocked, [()]))
        with pytest.raises(ConfigError, match='nothing'):
            list(workers.do(find_backbone, ['dinov2_vits14', 'nothing']))
        with pytest.raises(AnyLocError, match='fewer --jobs'):
            list(workers.do(os._exit, [1]))
        assert list(workers.do(math.factorial, [5])) == [120]
    assert set(multiprocessing.active_children()) == before
    assert dict(os.environ) == environment
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.parametrize(
    ('method', 'jobs', 'cores', 'expected'),
    [
        ('RootSIFT-VLAD', 0, 16, (16, 1)),
        ('AnyLoc-VLAD-DINOv2', 0, 16, (4, 4)),
        ('AnyLoc-VLAD-DINOv2', 0, 2, (1, 2)),
        ('AnyLoc-VLAD-DINOv2', 2, 16, (2, 8)),
        ('RootSIFT-GeM', 8, 4, (8, 1)),
    ],
)
def test_shares_of_the_cores(monkeypatch, method, jobs, cores, expected):
    monkeypatch.setattr(module.os, 'sched_getaffinity', lambda _: set(range(cores)))
    assert shares(DescribeConfig(method=method, device='cpu'), jobs) == expected
