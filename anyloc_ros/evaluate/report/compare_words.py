# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A comparison of runs in sentences."""

from __future__ import annotations

from collections.abc import Sequence
import math

from anyloc_ros.evaluate.report.compare import (
    Correlation,
    DATA,
    Group,
    HIGHER_IS_BETTER,
    known,
    LEAST_RUNS,
    LIKELY,
    RECALL,
    Reversal,
)
from anyloc_ros.evaluate.report.figure_rows import interval, number
from anyloc_ros.evaluate.run_folder import SavedRun

_APART = {True: 'apart', False: 'overlapping', None: 'not known'}


def groups_in_words(groups: Sequence[Group]) -> list[str]:
    """Return which runs are compared with which, and by what groups differ; nothing for one."""
    if len(groups) < 2:
        return []
    first, second, *more = map(_numbers, groups)
    others = ''.join(f', {each.lower()} another' for each in (second, *more))
    facts = []
    for name in DATA:
        stated = [group.data.get(name, 'not stated') for group in groups]
        if len(set(stated)) > 1:
            texts = (f'{_numbers(g).lower()}: {t}' for g, t in zip(groups, stated, strict=True))
            facts.append(f'{name} ({"; ".join(texts)})')
    verb = 'are' if len(groups[0].runs) > 1 else 'is'
    differ = f'{first} {verb} one group{others}: they differ in {", and in ".join(facts)}.'
    return [f'{differ} Only runs of one group are compared.']


def group_in_words(runs: Sequence[SavedRun], group: Group) -> list[str]:
    """Return all that a group says: its overview, and the correlations."""
    said = overview(runs, group)
    if len(group.runs) < 2:
        return said
    if len(group.runs) < LEAST_RUNS:
        return [*said, f'{_numbers(group)}: rank correlations of fewer than 3 runs mean nothing.']
    return said + [correlation_in_words(each) for each in group.correlations]


def overview(runs: Sequence[SavedRun], group: Group) -> list[str]:
    """Return what is better and worse, and what is not known; nothing of a run that is alone."""
    if len(group.runs) < 2:
        return []
    if all(RECALL not in runs[number].headline for number in group.runs):
        return [f'{_numbers(group)}: none has {RECALL}, so what it hides is not known.']
    said = reversals_in_words(runs, group)
    told = {each.name for each in group.correlations}
    lacking = [name for name in HIGHER_IS_BETTER if name not in told]
    if lacking:
        said.append(f'{_numbers(group)} do not say {", ".join(lacking)}.')
    return said


def _numbers(group: Group) -> str:
    *others, last = (str(number + 1) for number in group.runs)
    return f'Runs {", ".join(others)} and {last}' if others else f'Run {last}'


def reversals_in_words(runs: Sequence[SavedRun], group: Group) -> list[str]:
    """Return the pairs of runs in which the higher recall@1 has the worse figure."""
    said = []
    for name in HIGHER_IS_BETTER:
        found = [each for each in group.reversals if each.name == name]
        if found:
            said.append(_reversal_in_words(runs, found[0], len(found) - 1))
    if said:
        return said
    judged = [name for name in HIGHER_IS_BETTER if len(known(runs, group.runs, name)) > 1]
    if not judged:
        return [f'{_numbers(group)} have no figure beside R@1 that could be compared.']
    return [
        f'{_numbers(group)}: none with a higher R@1 is worse than one with a lower R@1 in any of '
        f'these figures: {", ".join(judged)}.'
    ]


def _reversal_in_words(runs: Sequence[SavedRun], each: Reversal, others: int) -> str:
    a, b = runs[each.better_recall], runs[each.better_figure]
    recall, figure = (
        f'({number(a.headline[name].value)} against {number(b.headline[name].value)})'
        for name in (RECALL, each.name)
    )
    sure = each.recall_apart and each.figure_apart
    return (
        f'Run {each.better_recall + 1} ({a.name}) beats run {each.better_figure + 1} ({b.name}) '
        f'in R@1 by {number(each.recall_gain)} {recall} and loses {number(each.figure_loss)} in '
        f'{each.name} {figure}; intervals: {_APART[each.recall_apart]} in R@1, '
        f'{_APART[each.figure_apart]} in {each.name}'
        + ('' if sure else ', so it may be by chance')
        + (f'; {others} other pair(s) are so in {each.name}.' if others else '.')
    )


def correlation_in_words(each: Correlation) -> str:
    """Return what the correlation of recall@1 with a figure says, and whether it says anything."""
    count = each.rho.count
    if count < LEAST_RUNS:
        return f'{each.name}: a rank correlation of {count} run(s) means nothing.'
    if math.isnan(each.rho.value):
        return f'{each.name}: no rank correlation, as all {count} runs are equal in it or in R@1.'
    rho = f'rank correlation {each.rho.value:+.2f} {interval(each.rho)}'.rstrip()
    rho += f', {count} runs'
    chance = f'a random order is as strong in {each.chance:.0%} of cases'
    if each.chance > LIKELY:
        return f'{each.name}: R@1 does not tell it here ({rho}; {chance}).'
    better = (each.rho.value > 0) == HIGHER_IS_BETTER[each.name]
    goes = 'a better' if better else 'a worse'
    return f'{each.name}: a higher R@1 goes with {goes} one ({rho}; {chance}).'
