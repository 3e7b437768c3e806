# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A table with a row for each query: what was answered, what is so; empty where unknown."""

from __future__ import annotations

import csv
import io
import math

from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.record import RunRecord
import numpy as np

PLACES = 6
"""Digits behind the point: a micrometre."""


def per_query(record: RunRecord, figures: Figures) -> str:
    """
    Return the queries of a run as CSV with a header; units are in the names of the columns.

    The estimate is the pose of the best reference, accepted or not; `heading_rad` is how far the
    check of geometry found the query turned from it.
    """
    answers, taught, truth = record.answers, record.taught, record.truth
    best = answers.best()
    named = best >= 0
    rows = np.where(named, best, 0)
    if len(taught.ids):
        ids = np.where(named, taught.ids[rows], -1)
        estimated = np.where(named[:, None], taught.positions[rows], np.nan)
        yaws_rad = np.where(named, taught.yaws_rad[rows], np.nan)
    else:
        ids, yaws_rad = best, np.full(len(best), np.nan)
        estimated = np.full((len(best), 3), np.nan)
    similarity = answers.similarities[:, 0] if answers.similarities.shape[1] else yaws_rad
    columns = {
        'query': range(len(best)),
        'image': list(record.images) or [''] * len(best),
        'stamp_ns': answers.stamps_ns.tolist(),
        'state': list(answers.states) or [''] * len(best),
        'answered': _flags(answers.answered),
        'accepted': _flags(answers.accepted),
        'reference_id': _counts(ids),
        'similarity': _numbers(similarity),
        'probability': _numbers(answers.probabilities),
        'right': _flags(figures.right),
        'true_x_m': _numbers(truth.positions[:, 0]),
        'true_y_m': _numbers(truth.positions[:, 1]),
        'true_yaw_rad': _numbers(truth.yaws_rad),
        'estimated_x_m': _numbers(estimated[:, 0]),
        'estimated_y_m': _numbers(estimated[:, 1]),
        'estimated_yaw_rad': _numbers(yaws_rad),
        'error_m': _numbers(figures.errors_m),
        'frame_error': _numbers(figures.errors_frames),
        'oracle_m': _numbers(figures.oracles_m),
        'along_m': _numbers(figures.along_m),
        'cross_m': _numbers(figures.cross_m),
        'heading_error_deg': _numbers(figures.turned_deg),
        'off_route': _numbers(answers.off_route),
        'inliers': _counts(answers.inliers),
        'shift_px': _numbers(answers.shift_px),
        'heading_rad': _numbers(answers.heading_rad),
        'heading_sigma': _numbers(answers.heading_sigma),
        **{f'{name}_ms': _numbers(times_ms) for name, times_ms in answers.times_ms.items()},
    }
    text = io.StringIO(newline='')
    table = csv.writer(text, lineterminator='\n')
    table.writerow(columns)
    table.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _flags(flags: np.ndarray) -> list[int]:
    return np.asarray(flags, int).tolist()


def _counts(values: np.ndarray) -> list[int | str]:
    return [value if value >= 0 else '' for value in values.tolist()]


def _numbers(values: np.ndarray) -> list[float | str]:
    rounded = np.round(np.asarray(values, float), PLACES).tolist()
    return ['' if math.isnan(value) else value for value in rounded]
