# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""All figures of repeat runs: those of the answers, and those of the robot that acted on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.judge import figures_of
from anyloc_ros.evaluate.metrics.closed_loop import SuccessConfig
from anyloc_ros.evaluate.metrics.intervals import Estimate, means, RUNS
from anyloc_ros.evaluate.metrics.recall import Recall
from anyloc_ros.evaluate.metrics.sequence import jump_rate, longest_lost, LongestLost
from anyloc_ros.evaluate.metrics.stop import StopConfig
from anyloc_ros.evaluate.record import RunRecord
from anyloc_ros.simulate.closed_loop.run import LoopRun, SPARE_S, TIMES_TOO_LONG
from anyloc_ros.simulate.closed_loop.score import loop_score, LoopScore, SETTLED_M
import numpy as np

ORDER = (
    'recall_at_1', 'recall_at_5', 'loc_err_median_m', 'loc_err_p95_m', 'far_hits', 'accepted',
    'accepted_precision', 'jumps_per_100m', 'longest_lost_m', 'longest_lost_s',
    'correction_sign_error', 'false_stop_per_run', 'missed_stop', 'hold_window_fail', 'stop_err_m',
    'repeat_success', 'xte_rms_m', 'xte_max_m', 'distance_to_failure_m', 'latency_p95_ms',
)  # fmt: skip
"""The names of the headline, in its order."""


@dataclass(frozen=True, slots=True, eq=False)
class LoopFigures(Figures):
    """
    The figures of the answers in all runs, and `loop`: those of the runs.

    `lost_m` and `lost_s` are the longest way and time without a right match of each run, on
    average.
    """

    loop: LoopScore
    lost_m: Estimate
    lost_s: Estimate

    def groups(self) -> dict[str, dict[str, Any]]:
        """Return the figures by group and name, without what is known per query."""
        loop = {name: getattr(self, name) for name in ('loop', 'lost_m', 'lost_s')}
        return {**Figures.groups(self), 'closed_loop': loop}

    def headline(self) -> dict[str, Estimate]:
        """Return the figures that runs are compared by, those that can be said."""
        loop = self.loop
        found = {
            **Figures.headline(self),
            'longest_lost_m': self.lost_m,
            'longest_lost_s': self.lost_s,
            'stop_err_m': loop.stop.stop_err_m.bias,
            'repeat_success': loop.repeat.success,
            'xte_rms_m': loop.cross_m.rmse,
            'xte_max_m': loop.most_m,
            'distance_to_failure_m': loop.distance_to_failure_m,
        }
        return {n: found[n] for n in ORDER if n in found and not np.isnan(found[n].value)}


def loop_figures(
    record: RunRecord,
    runs: Sequence[LoopRun],
    config: FiguresConfig,
    success: SuccessConfig,
    stop: StopConfig,
) -> LoopFigures:
    """Return every figure; `record` is that of the runs, see record_of."""
    found = figures_of(record, config, stop)
    loop = loop_score(runs, success, stop, config.deadband_m)
    driven_m = [run.driven_m[[image.taken for image in run.images]] for run in runs]
    lost = [
        longest_lost(good, run.seconds[[image.taken for image in run.images]], way_m)
        for run, good, way_m in zip(
            runs,
            np.split(found.right & record.answers.accepted, record.restarts),
            driven_m,
            strict=True,
        )
    ]
    # The way from one run to the next, on which somebody carried the robot, is none.
    ends_m = np.cumsum([0.0] + [float(run.driven_m[-1]) for run in runs])
    best = np.where(record.answers.accepted, record.answers.best(), -1)
    estimated = np.where(best[:, None] >= 0, record.taught.positions[best], np.nan)
    found = replace(
        found,
        recall=_said_by(found.recall, record.answers.rows.shape[1]),
        jumps=jump_rate(
            estimated,
            record.odometry,
            np.concatenate([way + end for way, end in zip(driven_m, ends_m, strict=False)]),
            config.jump_m,
            restarts=record.restarts,
        ),
        longest_lost=LongestLost(
            max(each.seconds for each in lost),
            max(each.metres for each in lost),
            max(each.images for each in lost),
        ),
        stop=loop.stop,
        sign_error=loop.sign_error,
        trajectory=None,
        lock=None,
        reach=None,
        definitions={**found.definitions, **definitions(config, success, stop)},
    )
    return LoopFigures(
        **{item.name: getattr(found, item.name) for item in fields(found)},
        loop=loop,
        lost_m=_mean([each.metres for each in lost]),
        lost_s=_mean([each.seconds for each in lost]),
    )


def definitions(
    config: FiguresConfig, success: SuccessConfig, stop: StopConfig
) -> Mapping[str, str]:
    """Return what the figures of repeat runs mean, in words."""
    return {
        'repeat_success': f'{success.definition()} It has to arrive within {TIMES_TOO_LONG} times '
        f'the time of the way at its speed, and {SPARE_S:g} s.',
        'stop': stop.definition(),
        'stop_err_m': 'Where the robot came to rest, past the goal (above 0) or before it (below '
        '0), on average over the runs that arrived. All runs share one map: an error of the '
        'odometry of that lesson is common to them, and the interval knows nothing of it.',
        'correction_sign_error': 'Share of the images truly more than '
        f'{config.deadband_m:g} m beside the taught path on which the heading that the controller '
        'wants leads further away from it.',
        'longest_lost_m': 'The longest way without a right accepted answer, mean over the runs.',
        'longest_lost_s': 'The longest time without a right accepted answer, mean over the runs.',
        'xte_rms_m': 'Offset of the robot from the taught path, root mean square over all its '
        'way, the offset at the start included.',
        'xte_max_m': 'The largest offset from the taught path, mean over the runs.',
        'settle_m': f'Way until the robot stays within {SETTLED_M:g} m of the taught path.',
        'distance_to_failure_m': 'The way of all runs, of one that failed only until it left the '
        'corridor or ended, for each run that failed; infinite where none did.',
        'latency_p95_ms': 'From the stamp of an image to its answer. It is set, not measured; '
        'images that wait for the one before take longer.',
    }


def _said_by(recall: Recall, candidates: int) -> Recall:
    """Return the recall at each K that these candidates can say something of, 5 at least."""
    most = max(candidates, 5)
    return replace(
        recall,
        estimates={k: e for k, e in recall.estimates.items() if k <= most},
        estimates_answerable={k: e for k, e in recall.estimates_answerable.items() if k <= most},
    )


def _mean(values: Sequence[float]) -> Estimate:
    found = np.array(values, float)
    return means(found[:, None], np.isfinite(found), RUNS)[0]
