# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Queries worth a look beside their best references: which, and what is said of each."""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.record import RunRecord
import numpy as np

WORST = RANDOM = 10
APART = 5
"""Of the worst no two are nearer than so many images: neighbours show the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A query beside its best reference, both (H, W, 3) RGB; None where there is no picture."""

    title: str
    query: np.ndarray
    reference: np.ndarray | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Queries to show, and why these; `numbers` are in the order in which to show them."""

    title: str
    numbers: list[int]


def worth_a_look(record: RunRecord, figures: Figures, seed: int = 0) -> list[Choice]:
    """
    Return the ten worst matches and ten drawn from the others.

    Wrong ones that were accepted come first, then other wrong ones, then right ones, and of each
    those that are furthest off; where that is not known, of wrong ones the most similar, of right
    ones the least.
    """
    best = record.answers.best()
    matched = np.flatnonzero(best >= 0)
    if not len(matched):
        return []
    similarity = np.nan_to_num(record.answers.similarities[:, 0], nan=-np.inf)
    errors = np.nan_to_num(figures.errors_m, nan=-1.0)
    order = np.lexsort(
        (
            np.where(figures.right, similarity, -similarity)[matched],
            -errors[matched],
            ~record.answers.accepted[matched],
            figures.right[matched],
        )
    )
    worst: list[int] = []
    for number in matched[order].tolist():
        if len(worst) < WORST and all(abs(number - other) >= APART for other in worst):
            worst.append(number)
    others = np.setdiff1d(matched, worst)
    drawn = np.random.default_rng(seed).permutation(others)[:RANDOM]
    return [
        Choice(f'The {len(worst)} worst, at least {APART} images apart', worst),
        Choice(f'{len(drawn)} others, drawn at random', sorted(drawn.tolist())),
    ]


def pair_title(record: RunRecord, figures: Figures, number: int) -> str:
    """Return in words what is known of a query and its best reference."""
    answers, row = record.answers, int(record.answers.best()[number])
    on_map = record.truth.on_map is None or record.truth.on_map[number]
    place = 'right place' if figures.right[number] else 'wrong place'
    said = [
        f'query {number}, reference {record.taught.ids[row]}',
        place if on_map else 'in truth off the map',
    ]
    if np.isfinite(figures.errors_m[number]):
        said.append(f'{figures.errors_m[number]:.2f} m off')
    along, cross = figures.along_m[number], figures.cross_m[number]
    if np.isfinite(along) and np.isfinite(cross):
        said.append(
            f'{abs(along):.2f} m {"ahead" if along >= 0 else "behind"} and '
            f'{abs(cross):.2f} m to the {"left" if cross >= 0 else "right"} of the robot'
        )
    if np.isfinite(answers.similarities[number, 0]):
        said.append(f'similarity {answers.similarities[number, 0]:.3f}')
    if np.isfinite(answers.probabilities[number]):
        said.append(f'probability {answers.probabilities[number]:.2f}')
    return ', '.join([*said, 'accepted' if answers.accepted[number] else 'not accepted'])
