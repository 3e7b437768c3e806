# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Time and cost of a run."""

from __future__ import annotations

from collections.abc import Mapping
import math

from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.motion import Motion
from anyloc_ros.evaluate.judge.routes import Route, usual_step_m
from anyloc_ros.evaluate.metrics.latency import (
    Latency,
    latency,
    map_cost,
    MapCost,
    metres_per_estimate,
    Reach,
    Throughput,
    throughput,
)
from anyloc_ros.evaluate.record import Answers, RunRecord
import numpy as np

TOTAL = 'total'
"""The step that stands for a whole answer."""


def latency_figures(answers: Answers) -> dict[str, Latency]:
    """Return the quantiles of the time of each step that is known."""
    return {
        name: latency(times_ms)
        for name, times_ms in answers.times_ms.items()
        if np.isfinite(times_ms).any()
    }


def throughput_figures(
    record: RunRecord, drive: np.ndarray, config: FiguresConfig
) -> Throughput | None:
    """
    Return the rate of answers and how many are late; None without real time or times.

    Nor where stamps stand still or run back and no budget is given.

    :param drive: the queries that follow each other.
    """
    answers = record.answers
    if not record.real_time or TOTAL not in answers.times_ms or len(drive) < 2:
        return None
    times_ms = np.where(answers.answered, answers.times_ms[TOTAL], np.nan)[drive]
    if not np.isfinite(times_ms).any():
        return None
    stamps_ns = answers.stamps_ns[drive]
    period_ms = float(np.median(np.diff(stamps_ns))) / 1e6
    budget_ms = config.budget_ms or period_ms
    if not budget_ms > 0:
        return None
    return throughput(times_ms, answers.answered[drive], stamps_ns, budget_ms)


def reach_figures(
    record: RunRecord, motion: Motion, rate: Throughput | None, times: Mapping[str, Latency]
) -> Reach | None:
    """Return the way driven on one estimate; None where speed, rate or spacing are unknown."""
    spacing_m = usual_step_m(record.taught)
    if rate is None or not rate.rate_hz > 0 or not spacing_m > 0 or math.isnan(motion.speed_mps):
        return None
    p95_ms = times[TOTAL].p95.value
    return metres_per_estimate(motion.speed_mps, rate.rate_hz, p95_ms, spacing_m)


def cost_figures(record: RunRecord, routes: Mapping[int, Route]) -> MapCost | None:
    """
    Return what the map takes, from the costs `map_bytes`, `descriptor_bytes` and `route_m`.

    Without the last the way is that along the positions of the references.
    """
    names = ('map_bytes', 'descriptor_bytes', 'route_m')
    map_bytes, descriptor_bytes, route_m = (record.costs.get(name, math.nan) for name in names)
    if math.isnan(map_bytes) or math.isnan(descriptor_bytes):
        return None
    if math.isnan(route_m):
        lengths_m = [route.path.length_m for route in routes.values()]
        route_m = sum(lengths_m) if lengths_m else math.nan
    return map_cost(int(map_bytes), route_m, int(descriptor_bytes), 1)
