# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What every group of figures begins with: the best references, whether right, how far off."""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.evaluate.metrics.localization import distances_m
from anyloc_ros.evaluate.metrics.spread import wrap
from anyloc_ros.evaluate.record import Answers, RunRecord
import numpy as np

_PER_QUERY = (
    'stamps_ns', 'accepted', 'answered', 'probabilities', 'off_route', 'inliers', 'shift_px',
    'heading_rad', 'heading_sigma',
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """
    Of each query (Q,): its best reference against the truth.

    `best` is the row, -1 for none, `similarity` its cosine, NaN where unknown; `right`, it is a
    positive; `accepted`, it may be acted on; `answerable`, there is a positive; `on_map`, its
    place is on the map. `estimated` (Q, 3) is the position of the best reference in m, accepted or
    not, `errors_m` how far that is from the truth and `turned_rad` its yaw minus the true one, NaN
    where one is unknown.
    """

    best: np.ndarray
    similarity: np.ndarray
    right: np.ndarray
    accepted: np.ndarray
    answerable: np.ndarray
    on_map: np.ndarray
    estimated: np.ndarray
    errors_m: np.ndarray
    turned_rad: np.ndarray


def basis_of(record: RunRecord, answers: Answers) -> Basis:
    """
    Return it for the answers of a record, those of the filter or the raw ones.

    :raises ValueError: arrays that do not belong together.
    """
    _check(record, answers)
    taught, truth = record.taught, record.truth
    best = np.asarray(answers.best())
    named = best >= 0
    estimated = np.full((len(best), 3), np.nan)
    estimated[named] = taught.positions[best[named]]
    yaws_rad = np.full(len(best), np.nan)
    yaws_rad[named] = taught.yaws_rad[best[named]]
    similarity = np.full(len(best), np.nan)
    if named.any():
        similarity[named] = answers.similarities[named, 0]
    return Basis(
        best=best,
        similarity=similarity,
        right=np.array(
            [row in ids for row, ids in zip(best.tolist(), truth.positives, strict=True)], bool
        ),
        accepted=np.asarray(answers.accepted, bool),
        answerable=np.array([bool(ids) for ids in truth.positives], bool),
        on_map=np.ones(len(best), bool) if truth.on_map is None else truth.on_map,
        estimated=estimated,
        errors_m=distances_m(estimated, truth.positions),
        turned_rad=wrap(yaws_rad - truth.yaws_rad),
    )


def _check(record: RunRecord, answers: Answers) -> None:
    queries, references = len(answers.rows), len(record.taught.ids)
    shapes = {
        'taught.positions': (record.taught.positions, (references, 3)),
        'taught.yaws_rad': (record.taught.yaws_rad, (references,)),
        'taught.routes': (record.taught.routes, (references,)),
        'truth.positions': (record.truth.positions, (queries, 3)),
        'truth.yaws_rad': (record.truth.yaws_rad, (queries,)),
        'truth.positives': (np.empty(len(record.truth.positives)), (queries,)),
        'similarities': (answers.similarities, answers.rows.shape),
        **{name: (getattr(answers, name), (queries,)) for name in _PER_QUERY},
        **{f'times_ms {name}': (times, (queries,)) for name, times in answers.times_ms.items()},
    }
    for name, (values, shape) in shapes.items():
        if np.shape(values) != shape:
            raise ValueError(f'{name}: expected shape {shape}, got {np.shape(values)}')
    if answers.rows.size and not -1 <= answers.rows.min() <= answers.rows.max() < references:
        raise ValueError(
            f'rows: expected -1 to {references - 1}, got {answers.rows.min()} to '
            f'{answers.rows.max()}'
        )
    nothing = np.flatnonzero(answers.accepted & (answers.best() < 0))
    if len(nothing):
        raise ValueError(f'accepted: query {nothing[0]} has no best reference')
