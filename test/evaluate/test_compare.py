# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Comparisons of runs whose ranks can be counted by hand."""

from __future__ import annotations

import math
from pathlib import Path

from anyloc_ros.evaluate.metrics.intervals import Estimate
from anyloc_ros.evaluate.report.compare import compare, HIGHER_IS_BETTER
from anyloc_ros.evaluate.report.compare_words import group_in_words, groups_in_words
from anyloc_ros.evaluate.run_folder import SavedRun
import pytest

NAN = float('nan')
DATA = {'queries': 'repeat', 'truth': 'within 5 m'}


def saved(name, recall, facts=DATA, half=NAN, **figures):
    """Return a run of these figures, each with an interval of `half` to both sides."""
    values = {'recall_at_1': recall, **figures}
    headline = {n: Estimate(v, v - half, v + half, 100) for n, v in values.items()}
    return SavedRun(name, facts, headline, {}, {})


def series(recalls, **figures):
    """Return runs a, b, ... with these values, one for each."""
    return [
        saved(chr(97 + n), recall, **{name: values[n] for name, values in figures.items()})
        for n, recall in enumerate(recalls)
    ]


def the_correlation(runs):
    (group,) = compare(runs)
    (found,) = group.correlations
    return found


def test_a_correlation_of_five_runs_is_that_of_their_ranks():
    # Ranks of R@1 are 1 2 3 4 5, of the error 2 1 4 3 5: rho = 1 - 6 * 4 / (5 * 24) = 0.8.
    found = the_correlation(
        series([0.1, 0.2, 0.7, 0.8, 0.9], loc_err_p95_m=[2.0, 1.0, 40.0, 3.0, 50.0])
    )
    assert found.rho.value == pytest.approx(0.8)
    assert found.rho.count == 5
    # Of the 120 orders of 5, 8 have a rho of 0.8 or more (sum of squares 0, 2 or 4: 1 + 4 + 3),
    # and as many one of -0.8 or less.
    assert found.chance == pytest.approx(16 / 120)


def test_the_best_of_few_runs_may_be_by_chance():
    found = the_correlation(series([0.7, 0.8, 0.9], far_hits=[0.1, 0.2, 0.3]))
    assert found.rho.value == pytest.approx(1.0)
    # 2 of the 6 orders of three are monotone.
    assert found.chance == pytest.approx(1 / 3)


def test_many_runs_are_drawn_and_the_same_each_time():
    runs = series([n / 20 for n in range(12)], far_hits=[n / 20 for n in range(12)])
    found = the_correlation(runs)
    # 2 of 12! orders are as strong: none is drawn but the one that was found.
    assert found.chance == pytest.approx(1 / 5001)
    assert repr(the_correlation(runs)) == repr(found)  # equal also where it is NaN


def test_infinite_figures_have_a_rank_too():
    found = the_correlation(
        series([0.5, 0.6, 0.7, 0.8], distance_to_failure_m=[1.0, 2.0, 3.0, math.inf])
    )
    assert found.rho.value == pytest.approx(1.0)
    assert found.rho.count == 4


def test_a_stop_is_as_bad_early_as_late():
    found = the_correlation(series([0.5, 0.6, 0.7], stop_err_m=[0.1, -0.2, 0.3]))
    assert found.rho.value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ('runs', 'said'),
    [
        (
            series([0.5, 0.6], far_hits=[0.1, 0.2]),
            'Runs 1 and 2: rank correlations of fewer than 3 runs mean nothing.',
        ),
        (
            series([0.5, 0.6, 0.7], far_hits=[0.1, 0.1, 0.1]),
            'far_hits: no rank correlation, as all 3 runs are equal in it or in R@1.',
        ),
        (
            series([0.7, 0.8, 0.9], far_hits=[0.1, 0.2, 0.3]),
            'far_hits: R@1 does not tell it here (rank correlation +1.00, 3 runs; a '
            'random order is as strong in 33% of cases).',
        ),
        (
            series([0.5, 0.6, 0.7, 0.8, 0.9], far_hits=[0.1, 0.2, 0.3, 0.4, 0.5]),
            'far_hits: a higher R@1 goes with a worse one (rank correlation +1.00, 5 '
            'runs; a random order is as strong in 2% of cases).',
        ),
        (
            series([0.5, 0.6, 0.7, 0.8, 0.9], repeat_success=[0.1, 0.2, 0.3, 0.4, 0.5]),
            'repeat_success: a higher R@1 goes with a better one (rank correlation +1.00, '
            '5 runs; a random order is as strong in 2% of cases).',
        ),
    ],
)
def test_a_correlation_says_no_more_than_it_can(runs, said):
    assert group_in_words(runs, compare(runs)[0])[-1] == said


@pytest.mark.parametrize(
    ('half', 'sure'),
    [
        (0.01, 'intervals: apart in R@1, apart in repeat_success.'),
        (
            0.05,
            'intervals: overlapping in R@1, apart in repeat_success, so it may be by chance.',
        ),
        (
            NAN,
            'intervals: not known in R@1, not known in repeat_success, so it may be by chance.',
        ),
    ],
)
def test_a_higher_recall_with_a_worse_figure_is_told(half, sure):
    runs = [
        saved('A', 0.95, half=half, repeat_success=0.7, loc_err_p95_m=0.50001),
        saved('B', 0.92, half=half, repeat_success=0.9, loc_err_p95_m=0.5),
    ]
    (group,) = compare(runs)
    # The error is printed alike: no reversal.
    assert [each.name for each in group.reversals] == ['repeat_success']
    assert group_in_words(runs, group)[0] == (
        'Run 1 (A) beats run 2 (B) in R@1 by 0.03 (0.95 against 0.92) and loses 0.2 in '
        f'repeat_success (0.7 against 0.9); {sure}'
    )


def test_the_surest_reversal_is_said_and_the_others_are_counted():
    runs = [
        saved('A', 0.9, half=0.001, far_hits=0.30),
        saved('B', 0.8, half=0.001, far_hits=0.20),
        saved('C', 0.8995, half=0.001, far_hits=0.05),
    ]
    (group,) = compare(runs)
    # A and C are further apart in far hits, but not in R@1.
    assert [(r.better_recall, r.better_figure) for r in group.reversals] == [(0, 1), (0, 2)]
    said = group_in_words(runs, group)[0]
    assert said.startswith('Run 1 (A) beats run 2 (B) in R@1 by 0.1 ')
    assert said.endswith('; 1 other pair(s) are so in far_hits.')


def test_where_nothing_is_reversed_it_is_said():
    runs = series([0.5, 0.6, 0.7], far_hits=[0.3, 0.2, 0.1])
    assert group_in_words(runs, compare(runs)[0])[0] == (
        'Runs 1, 2 and 3: none with a higher R@1 is worse than one with a lower R@1 in any of '
        'these figures: far_hits.'
    )


@pytest.mark.parametrize(
    ('name', 'values'), [('accepted', (0.5, 0.9)), ('latency_p95_ms', (9, 5))]
)
def test_what_is_accepted_and_how_late_are_judged_too(name, values):
    (group,) = compare(series([0.9, 0.8], **{name: values}))
    assert [(r.name, r.better_recall, r.better_figure) for r in group.reversals] == [(name, 0, 1)]


def test_runs_of_other_data_or_another_truth_are_not_compared():
    stricter = {**DATA, 'truth': 'within 1 m'}
    runs = [
        saved('A', 0.9, far_hits=0.3),
        saved('B', 0.5, stricter, far_hits=0.1),
        saved('C', 0.8, {**DATA, 'method': 'another'}, far_hits=0.2),
    ]
    groups = compare(runs)
    assert [group.runs for group in groups] == [(0, 2), (1,)]
    assert [(r.better_recall, r.better_figure) for r in groups[0].reversals] == [(0, 2)]
    assert not groups[1].reversals
    assert groups_in_words(groups) == [
        'Runs 1 and 3 are one group, run 2 another: they differ in truth (runs 1 and 3: within 5 '
        'm; run 2: within 1 m). Only runs of one group are compared.'
    ]
    assert group_in_words(runs, groups[0])[0].startswith('Run 1 (A) beats run 3 (C) ')
    assert group_in_words(runs, groups[1]) == []


def test_what_a_run_does_not_state_tells_it_apart_too():
    runs = [
        saved('A', 0.9, {**DATA, 'queries': 'other'}),
        saved('B', 0.5, {**DATA, 'references': 'teach'}),
        saved('C', 0.8, {**DATA, 'references': 'teach'}),
    ]
    assert groups_in_words(compare(runs)) == [
        'Run 1 is one group, runs 2 and 3 another: they differ in references (run 1: not stated; '
        'runs 2 and 3: teach), and in queries (run 1: other; runs 2 and 3: repeat). Only runs of '
        'one group are compared.'
    ]
    assert groups_in_words(compare(runs[1:])) == []
    assert group_in_words(runs[1:], compare(runs[1:])[0])[0] == (
        'Runs 1 and 2 have no figure beside R@1 that could be compared.'
    )


def test_what_no_run_says_is_named_and_recall_is_needed():
    runs = series([0.5, 0.6], far_hits=[0.1, 0.2])
    lacking = next(s for s in group_in_words(runs, compare(runs)[0]) if ' do not say ' in s)
    assert set(HIGHER_IS_BETTER) - {'far_hits'} == set(
        lacking.removeprefix('Runs 1 and 2 do not say ').rstrip('.').split(', ')
    )
    blind = [SavedRun(n, DATA, {'far_hits': Estimate(0.1, NAN, NAN, 9)}, {}, {}) for n in 'AB']
    (group,) = compare(blind)
    assert group_in_words(blind, group)[0] == (
        'Runs 1 and 2: none has recall_at_1, so what it hides is not known.'
    )


def test_the_report_shows_every_figure_of_every_run_and_a_plot_for_each_that_differs():
    pytest.importorskip('matplotlib', reason='the extra "report" is not installed')
    pytest.importorskip('jinja2', reason='the extra "report" is not installed')
    from anyloc_ros.evaluate.report.compare_report import compare_report

    runs = series(
        [0.51, 0.62, 0.73],
        far_hits=[0.31, 0.32, 0.33],
        missed_stop=[0.0, 0.0, 0.0],
        distance_to_failure_m=[11.0, 12.0, math.inf],
    )
    runs.append(saved('<b>d</b>', 0.84))
    html = compare_report(runs, [Path('at', run.name) for run in runs], compare(runs))
    for value in ('0.51', '0.62', '0.73', '0.84', '0.31', '0.33', '11', '∞'):
        assert f'<b>{value}</b>' in html, value
    assert '&lt;b&gt;d&lt;/b&gt;' in html
    assert '<li>a <small>at/a</small></li>' in html
    assert html.count('<img ') == 2
    assert html.count('Left out: all runs that say it are equal in it or in R@1.') == 1
    assert '1 run(s) with an infinite value are not drawn.' in html
