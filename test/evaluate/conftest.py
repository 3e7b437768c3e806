# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Runs that can be drawn on paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from anyloc_ros.evaluate.record import Answers, RunRecord, Taught, Truth
import numpy as np
import pytest

UNKNOWN = ('probabilities', 'off_route', 'shift_px', 'heading_rad', 'heading_sigma')


@pytest.fixture
def run() -> Callable[..., RunRecord]:
    """
    Return what makes a run from level places of references and queries, and ranked rows.

    All answers are accepted, 0.9 alike, and come every second; any array may be given by name.
    """

    def make(
        taught: Sequence[Sequence[float]],
        true: Sequence[Sequence[float]],
        rows: Sequence[Sequence[int]],
        positives: Sequence[set[int]] | None = None,
        *,
        yaws: Sequence[float] | float = np.nan,
        true_yaws: Sequence[float] | float = np.nan,
        routes: Sequence[int] | int = 0,
        on_map: Sequence[bool] | None = None,
        real_time: bool = True,
        raw: Answers | None = None,
        odometry: Sequence[Sequence[float]] | None = None,
        costs: dict[str, float] | None = None,
        **given: Any,
    ) -> RunRecord:
        taught, true = _level(taught), _level(true)
        references, queries = len(taught), len(true)
        ranked = np.array(rows, np.int64)
        defaults = {
            'stamps_ns': np.arange(queries) * 10**9,
            'rows': ranked,
            'similarities': np.where(ranked >= 0, 0.9, np.nan),
            'accepted': (ranked >= 0).any(axis=1),
            'answered': np.ones(queries, bool),
            **{name: np.full(queries, np.nan) for name in UNKNOWN},
            'inliers': np.full(queries, -1),
            'states': [''] * queries,
            'times_ms': {},
        }
        given = {
            name: value if name in ('times_ms', 'states') else np.asarray(value)
            for name, value in given.items()
        }
        return RunRecord(
            name='drawn',
            facts={'method': 'none'},
            taught=Taught(
                np.arange(references) + 100,
                taught,
                np.broadcast_to(np.asarray(yaws, float), references),
                np.broadcast_to(np.asarray(routes, np.int64), references),
            ),
            answers=Answers(**{**defaults, **given}),
            truth=Truth(
                [frozenset(each) for each in positives or [()] * queries],
                'as drawn',
                true,
                np.broadcast_to(np.asarray(true_yaws, float), queries),
                None if on_map is None else np.array(on_map, bool),
            ),
            real_time=real_time,
            raw=raw,
            odometry=None if odometry is None else np.array(odometry, float),
            costs=costs or {},
        )

    return make


def _level(places: Sequence[Sequence[float]]) -> np.ndarray:
    places = np.array(places, float).reshape(-1, 2)
    return np.column_stack([places, np.where(np.isnan(places[:, 0]), np.nan, 0.0)])
