# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""How far off in metres the answers of a run are."""

from __future__ import annotations

from typing import Any

from anyloc_ros.evaluate.judge.basis import Basis
from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.metrics.localization import (
    accuracy,
    excess_m,
    far_hits,
    position_error,
    PositionError,
)
from anyloc_ros.evaluate.metrics.pooling import cosine_weights, equal_weights, pooled
from anyloc_ros.evaluate.metrics.spread import spread
from anyloc_ros.evaluate.record import RunRecord
import numpy as np

POOLED = 5
"""Candidates that are made into one position, where there are as many."""


def metric_figures(
    record: RunRecord, basis: Basis, oracles_m: np.ndarray, config: FiguresConfig
) -> dict[str, Any]:
    """
    Return the fields of Figures that are in metres, from `position` to `pose_modes`.

    None of them where no best reference and its query have positions.

    :param oracles_m: (Q,) distance of the nearest reference.
    """
    found = dict.fromkeys(('position', 'oracle_m', 'excess_m', 'accuracy', 'far_hits'))
    if np.isfinite(oracles_m).any():
        found['oracle_m'] = spread(oracles_m)
    if not np.isfinite(basis.errors_m).any():
        return {**found, 'pose_modes': {}}
    accepted_m = np.where(basis.accepted, basis.errors_m, np.nan)
    judged = basis.on_map & np.isfinite(record.truth.positions).all(axis=1)
    modes = _pose_modes(record, basis)
    return {
        **found,
        'position': modes['top-1'],
        'excess_m': spread(excess_m(accepted_m, oracles_m)),
        'accuracy': accuracy(basis.errors_m, basis.turned_rad, basis.accepted, judged),
        'far_hits': far_hits(basis.errors_m, basis.right, config.far_m),
        'pose_modes': modes,
    }


def _pose_modes(record: RunRecord, basis: Basis) -> dict[str, PositionError]:
    """Return the position error of the best reference, and of two ways to pool several."""
    rows = record.answers.rows[:, :POOLED]
    weights = {
        'EWB': equal_weights(rows),
        'CSI': cosine_weights(record.answers.similarities[:, :POOLED]),
    }
    pools = {name: pooled(rows, each, record.taught.positions) for name, each in weights.items()}
    return {
        name: position_error(estimated, record.truth.positions, basis.accepted)
        for name, estimated in {'top-1': basis.estimated, **pools}.items()
    }
