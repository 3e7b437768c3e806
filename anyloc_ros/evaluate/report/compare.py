# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Several runs side by side, to see whether the one with the higher recall serves a robot better.

Only runs of the same queries under the same truth can be compared; others are groups of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
import math

from anyloc_ros.evaluate.metrics.confidence import spearman
from anyloc_ros.evaluate.metrics.intervals import Estimate, RUNS
from anyloc_ros.evaluate.report.figure_rows import number
from anyloc_ros.evaluate.run_folder import SavedRun
import numpy as np

RECALL = 'recall_at_1'

HIGHER_IS_BETTER = {
    'loc_err_median_m': False,
    'loc_err_p95_m': False,
    'far_hits': False,
    'accepted': True,
    'accepted_precision': True,
    'jumps_per_100m': False,
    'longest_lost_m': False,
    'longest_lost_s': False,
    'correction_sign_error': False,
    'false_stop_per_run': False,
    'missed_stop': False,
    'hold_window_fail': False,
    'stop_err_m': False,
    'repeat_success': True,
    'xte_rms_m': False,
    'xte_max_m': False,
    'distance_to_failure_m': True,
    'latency_p95_ms': False,
}
"""The figures that a robot feels. That of stops has a sign: nearer to 0 is better."""

DATA = ('data set', 'references', 'queries', 'truth')
"""The facts in which comparable runs agree, each only where a run states it."""

LEAST_RUNS = 3
LIKELY = 0.05
_ORDERS = 5000
_EXACT_UP_TO = 7


@dataclass(frozen=True, slots=True)
class Correlation:
    """
    The rank correlation of recall@1 with a figure over runs; NaN where it means nothing.

    `rho` has the interval of a bootstrap over runs, which is too narrow for few runs; `chance` is
    how often a random order of the runs gives a correlation that is as strong.
    """

    name: str
    rho: Estimate
    chance: float


@dataclass(frozen=True, slots=True)
class Reversal:
    """
    Two runs of which the one with the higher recall@1 has the worse figure.

    `recall_apart`, `figure_apart`: whether the intervals do not overlap, None where one is not
    known. Unless both are apart it may be by chance.
    """

    name: str
    better_recall: int
    better_figure: int
    recall_gain: float
    figure_loss: float
    recall_apart: bool | None
    figure_apart: bool | None


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that can be compared; `runs` are their numbers among all, `data` what they share."""

    runs: tuple[int, ...]
    data: Mapping[str, str]
    correlations: tuple[Correlation, ...]
    reversals: tuple[Reversal, ...]


def compare(runs: Sequence[SavedRun]) -> list[Group]:
    """Return the groups of comparable runs, in the order of their first runs."""
    members: dict[tuple[str, ...], list[int]] = {}
    for index, run in enumerate(runs):
        key = tuple(run.facts.get(name, '') for name in DATA)
        members.setdefault(key, []).append(index)
    return [
        Group(
            tuple(numbers),
            {name: text for name, text in zip(DATA, key, strict=True) if text},
            tuple(_correlations(runs, numbers)),
            tuple(_reversals(runs, numbers)),
        )
        for key, numbers in members.items()
    ]


def figure_names(runs: Sequence[SavedRun]) -> list[str]:
    """Return the names of all headline figures, in the order in which the runs have them."""
    return list(dict.fromkeys(name for run in runs for name in run.headline))


def cost(name: str, value: float) -> float:
    """Return a figure so that lower is better."""
    return -value if HIGHER_IS_BETTER[name] else size(name, value)


def size(name: str, value: float) -> float:
    """Return a figure without the sign of one that is best at 0."""
    return abs(value) if name == 'stop_err_m' else value


def known(runs: Sequence[SavedRun], numbers: Sequence[int], name: str) -> list[int]:
    """Return those of the runs that have both recall@1 and this figure."""
    return [
        n
        for n in numbers
        if all(
            each in runs[n].headline and not math.isnan(runs[n].headline[each].value)
            for each in (RECALL, name)
        )
    ]


def _correlations(runs: Sequence[SavedRun], numbers: Sequence[int]) -> Iterator[Correlation]:
    for name in HIGHER_IS_BETTER:
        having = known(runs, numbers, name)
        if not having:
            continue
        recall, figure = (
            _ranks(np.array([size(each, runs[n].headline[each].value) for n in having]))
            for each in (RECALL, name)
        )
        if len(having) < LEAST_RUNS:
            yield Correlation(name, Estimate(math.nan, math.nan, math.nan, len(having)), math.nan)
            continue
        rho = spearman(recall, figure, RUNS)
        yield Correlation(name, rho, _chance(recall, figure))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return values (n,) as whole numbers in the same order, so that infinite ones count too."""
    return np.unique(values, return_inverse=True)[1].astype(float)


def _chance(x: np.ndarray, y: np.ndarray) -> float:
    """
    Return the share of orders of y with a rank correlation with x that is at least as strong.

    All orders of up to 7 runs, else drawn ones of one seed and the order that was found (the
    permutation test, Phipson and Smyth 2010, https://doi.org/10.2202/1544-6115.1585).
    """
    x, y = (_centred(_middle_ranks(values)) for values in (x, y))
    found = abs(x @ y)
    if not x.any() or not y.any():
        return math.nan
    if len(y) <= _EXACT_UP_TO:
        orders = np.array(list(permutations(range(len(y)))))
        return float(np.mean(np.abs(y[orders] @ x) >= found - 1e-9))
    rng = np.random.default_rng(0)
    orders = rng.permuted(np.tile(np.arange(len(y)), (_ORDERS, 1)), axis=1)
    return float((1 + np.sum(np.abs(y[orders] @ x) >= found - 1e-9)) / (1 + _ORDERS))


def _middle_ranks(values: np.ndarray) -> np.ndarray:
    below = (values[:, None] > values).sum(axis=1)
    equal = (values[:, None] == values).sum(axis=1)
    return below + (equal - 1) / 2


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean()


def _reversals(runs: Sequence[SavedRun], numbers: Sequence[int]) -> Iterator[Reversal]:
    """Yield the reversals of each figure, those that are surest first."""
    for name in HIGHER_IS_BETTER:
        having = known(runs, numbers, name)
        found = [
            reversal
            for a in having
            for b in having
            if (reversal := _reversal(runs, name, a, b)) is not None
        ]
        yield from sorted(found, key=_doubt)


def _doubt(each: Reversal) -> tuple[float, ...]:
    sure = (each.recall_apart is True) + (each.figure_apart is True)
    return -sure, -each.figure_loss, -each.recall_gain


def _reversal(runs: Sequence[SavedRun], name: str, a: int, b: int) -> Reversal | None:
    """Return the reversal in which a has the higher recall and b the better figure, if it is."""
    recall = runs[a].headline[RECALL], runs[b].headline[RECALL]
    figure = runs[a].headline[name], runs[b].headline[name]
    gain = recall[0].value - recall[1].value
    costs = [cost(name, each.value) for each in figure]
    # What is printed alike is alike: a difference in the fourth digit is nobody's reason.
    alike = any(number(a.value) == number(b.value) for a, b in (recall, figure))
    if alike or not (gain > 0 and costs[0] > costs[1]):
        return None
    return Reversal(name, a, b, gain, costs[0] - costs[1], apart(*recall), apart(*figure))


def apart(a: Estimate, b: Estimate) -> bool | None:
    """Return whether two intervals do not overlap, None where one is not known."""
    if any(math.isnan(end) for each in (a, b) for end in (each.low, each.high)):
        return None
    return a.low > b.high or b.low > a.high
