# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""
How long all figures of a large run take: 10,000 queries, 10,000 references, 512 numbers each.

Random descriptors on a straight route; time and memory do not depend on how good they are.
"""

from __future__ import annotations

import resource
import sys
from time import perf_counter, process_time

from anyloc_ros.evaluate.ground_truth import positives_by_radius
from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.judge import figures_of
from anyloc_ros.evaluate.metrics.recall import nearest
from anyloc_ros.evaluate.record import Answers, RunRecord, Taught, Truth
import numpy as np

COUNT = 10_000
WIDTH = 512
CANDIDATES = 20
STEP_M = 0.5
LIMIT_S = 10.0
LIMIT_BYTES = 2 * 2**30


def run_of(references: np.ndarray, queries: np.ndarray, rng: np.random.Generator) -> RunRecord:
    """Return a drive along the references, with every array that figures can be made from."""
    count = len(queries)
    places = np.zeros((count, 3))
    places[:, 0] = STEP_M * np.arange(count)
    beside = np.zeros((count, 3))
    beside[:, 1] = rng.normal(0, 0.2, count)
    rows, cosines = nearest(queries, references, CANDIDATES)
    answers = Answers(
        stamps_ns=np.arange(count) * 200_000_000,
        rows=rows,
        similarities=cosines.astype(float),
        accepted=rng.random(count) < 0.8,
        answered=np.ones(count, bool),
        probabilities=rng.random(count),
        off_route=rng.random(count),
        inliers=rng.integers(0, 100, count),
        shift_px=rng.normal(0, 10, count),
        heading_rad=rng.normal(0, 0.1, count),
        heading_sigma=np.full(count, 0.02),
        states=['TRACKING'] * count,
        times_ms={name: rng.gamma(5, 8, count) for name in ('describe', 'search', 'total')},
    )
    true = places + beside
    return RunRecord(
        name='random',
        facts={},
        taught=Taught(np.arange(count), places, np.zeros(count), np.zeros(count, np.int64)),
        answers=answers,
        truth=Truth(positives_by_radius(true, places, 5.0), 'within 5 m', true, np.zeros(count)),
        real_time=True,
        raw=answers,
        odometry=true[:, :2],
        costs={'map_bytes': 1e8, 'descriptor_bytes': 2.0 * WIDTH},
    )


def main() -> int:
    """Print the times and the memory; return 1 where they are above the limits."""
    rng = np.random.default_rng(0)
    references = rng.standard_normal((COUNT, WIDTH), np.float32)
    queries = references + rng.standard_normal((COUNT, WIDTH), np.float32)
    began_s, began_cpu_s = perf_counter(), process_time()
    record = run_of(references, queries, rng)
    found_s, found_cpu_s = perf_counter(), process_time()
    figures = figures_of(record, FiguresConfig())
    wall_s, cpu_s = perf_counter() - began_s, process_time() - began_cpu_s
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f'nearest {found_s - began_s:.1f} s (CPU {found_cpu_s - began_cpu_s:.1f} s), all of it '
        f'{wall_s:.1f} s (CPU {cpu_s:.1f} s), peak {peak_bytes / 2**20:.0f} MiB, R@1 '
        f'{figures.recall.at[1]:.3f}'
    )
    return int(wall_s > LIMIT_S or peak_bytes > LIMIT_BYTES)


if __name__ == '__main__':
    sys.exit(main())
