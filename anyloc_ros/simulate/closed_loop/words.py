# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Repeat runs in words, and as a table of runs."""

from __future__ import annotations

from collections.abc import Sequence
import csv
import io
import math

from anyloc_ros.evaluate.metrics.closed_loop import settle_distance_m, SuccessConfig
from anyloc_ros.evaluate.metrics.intervals import Estimate
from anyloc_ros.evaluate.metrics.spread import Spread
from anyloc_ros.evaluate.metrics.stop import stop_outcome, StopConfig
from anyloc_ros.evaluate.report.figure_rows import interval, number
from anyloc_ros.simulate.closed_loop.figures import LoopFigures
from anyloc_ros.simulate.closed_loop.run import ARRIVED, LoopRun
from anyloc_ros.simulate.closed_loop.score import (
    LoopScore,
    offsets_m,
    outcome_of,
    SETTLED_M,
    stop_run_of,
    way_to_failure,
)
import numpy as np


def loop_sentences(figures: LoopFigures) -> list[str]:
    """Return what the runs came to; brackets have the interval of 95 %."""
    loop = figures.loop
    repeat, stop = loop.repeat, loop.stop
    others = '; '.join(f'{count} {e}' for e, count in loop.ends.items() if e != ARRIVED)
    return [
        f'{round(repeat.success.value * repeat.runs)} of {repeat.runs} runs succeeded: '
        f'{_said(repeat.success)}. {loop.ends.get(ARRIVED, 0)} stopped at a goal'
        f'{f"; others ended: {others}" if others else ""}.',
        f'The robot was {_said(loop.cross_m.rmse, " m")} beside the taught path (root mean '
        f'square), {loop.cross_m.p95.value:.2f} m or less for 95 % of the way, at most '
        f'{loop.cross_m.maximum:.2f} m. {loop.settle_m.median.count} of {repeat.runs} runs came '
        f'to stay within {SETTLED_M:g} m{_after(loop.settle_m.median)}.',
        _rested(stop.stop_err_m),
        f'A robot that stopped by these answers alone would make '
        f'{_said(stop.false_stops_per_run)} false stops per run; {_said(stop.missed)} of the '
        f'goals were missed, {_said(stop.hold_failed)} of the holds failed.',
        _failures(loop),
    ]


def _after(settled_m: Estimate) -> str:
    return f', after {settled_m.value:.1f} m (median)' if settled_m.count else ''


def _rested(stop_err_m: Spread) -> str:
    bias = stop_err_m.bias
    if not bias.count:
        return 'It never came to rest at a goal.'
    side, sign = ('past', 1) if bias.value >= 0 else ('before', -1)
    value, low, high = (
        round(sign * each, 2) + 0.0 for each in (bias.value, *(bias.low, bias.high)[::sign])
    )
    said = f'{value:.2f} m {side} the goal {interval(Estimate(value, low, high, bias.count))}'
    return f'On average it rested {said.rstrip()}, {stop_err_m.maximum:.2f} m away at most.'


def _failures(loop: LoopScore) -> str:
    if math.isinf(loop.distance_to_failure_m.value):
        return (
            f'No run failed on {loop.repeat.driven_m:.0f} m, which rules out no more than a '
            f'failure each {number(loop.distance_to_failure_m.low)} m.'
        )
    return (
        f'A run failed each {_said(loop.distance_to_failure_m, " m")}; '
        f'{_said(loop.repeat.failures_per_km)} collided or gave up per km over '
        f'{loop.repeat.driven_m:.0f} m.'
    )


def _said(estimate: Estimate, unit: str = '') -> str:
    return f'{number(estimate.value)}{unit} {interval(estimate)}'.rstrip()


def per_run(runs: Sequence[LoopRun], success: SuccessConfig, stop: StopConfig) -> str:
    """Return the runs as CSV with a header; units are in the names, empty is unknown."""
    text = io.StringIO(newline='')
    table = csv.writer(text, lineterminator='\n')
    rows = [_row(run, success, stop) for run in runs]
    table.writerow(rows[0])
    table.writerows([_plain(value) for value in row.values()] for row in rows)
    return text.getvalue()


def _row(run: LoopRun, success: SuccessConfig, stop: StopConfig) -> dict[str, object]:
    outcome, stopped = outcome_of(run), stop_outcome(stop_run_of(run), stop)
    way_m, failed = way_to_failure(run, success)
    return {
        'seed': run.seed,
        'success': int(outcome.succeeded(success)),
        'ended': run.ended,
        'seconds': float(run.seconds[-1]),
        'driven_m': outcome.driven_m,
        'distance_to_failure_m': way_m if failed else math.nan,
        'goal_m': run.goal_m,
        'goal_deg': math.degrees(run.goal_rad),
        'xte_rms_m': float(np.sqrt(np.mean(np.square(offsets_m(run))))),
        'xte_max_m': outcome.max_cross_m,
        'settle_m': settle_distance_m(run.left_m, run.driven_m, SETTLED_M),
        'stop_err_m': stopped.stop_err_m,
        'false_stops': stopped.false_stops,
        'missed_stop': int(stopped.missed),
        'hold_failed': '' if stopped.hold_failed is None else int(stopped.hold_failed),
        'images': len(run.images),
        'accepted': sum(image.answer.accepted for image in run.images),
        'dropped': run.dropped,
    }


def _plain(value: object) -> object:
    if isinstance(value, float):
        return '' if math.isnan(value) else round(value, 6)
    return value
