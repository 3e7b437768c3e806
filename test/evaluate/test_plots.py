# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Plots of runs whose picture can be told by hand, and of runs that have nothing to draw."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.judge import figures_of
import numpy as np
import pytest

REASON = 'the extra "report" is not installed'
matplotlib = pytest.importorskip('matplotlib', reason=REASON)
plots, plots_matrix, plots_path, plots_recall, plots_time = (
    pytest.importorskip(f'anyloc_ros.evaluate.report.plots{part}', reason=REASON)
    for part in ('', '_matrix', '_path', '_recall', '_time')
)
Similarity, pooled = plots_matrix.Similarity, plots_matrix.pooled

LINE = [(float(x), 0.0) for x in range(12)]


def drawn(record, seen=None):
    """Return the plots of a run by title."""
    figures = figures_of(record, FiguresConfig())
    made = [
        plots_path.route(record, figures),
        plots_path.along_and_across(record, figures),
        plots_recall.tolerance(figures),
        plots_recall.recall_at_k(figures),
        plots_recall.precision_recall(figures),
        plots_recall.calibration(figures),
        plots_time.drive(record, figures),
        plots_time.timing(record),
        plots_matrix.similarity(record, figures, seen),
    ]
    return {plot.title.split(',')[0]: plot for plot in made}


@pytest.fixture
def line(run):
    """Return what makes a run along x: one wrong answer of 12, 4 m ahead, accepted or not."""

    def make(**given):
        rows = [[n, (n + 1) % 12] for n in range(12)]
        rows[3] = [7, 3]
        right = [{n} for n in range(12)]
        return run(LINE, [(x + 0.1, 0.2) for x, _ in LINE], rows, right, **given)

    return make


def test_a_run_with_everything_is_drawn_whole(line):
    record = line(
        probabilities=[0.9] * 12,
        off_route=[0.1] * 12,
        states=['SEARCHING'] * 2 + ['LOCALIZED'] * 10,
        times_ms={'describe': np.full(12, 20.0), 'total': np.arange(12) + 20.0},
    )
    seen = Similarity(np.random.default_rng(0).random((12, 12)), range(12))
    made = drawn(record, seen)
    assert [title for title, plot in made.items() if not plot.svg] == []
    assert all(plot.alt for plot in made.values())
    assert made['The route from above'].alt == (
        '12 queries on the map; 1 of them have a wrong best match.'
    )
    # The place of query 3 is at x = 3.1, that of its answer at 7.
    assert 'largest 3.90 m along' in made['Errors along and across the taught path'].alt
    # 11 of 12 are within 0.25 m and within 1 m; one is 3.9 m off.
    assert made['Recall@1 against tolerance'].alt == (
        'Recall@1 is 0.000 at 0.1 m and 1.000 at 25 m.'
    )
    assert made['Recall@K'].alt == 'recall@1 is 0.917; recall@20 is 1.000.'
    assert made['Similarity'].alt == '12 of 12 answers accepted, 1 of them wrong.'
    assert 'Medians of the steps: describe 20.0 ms' in made['How long an answer takes'].text
    matrix = made['Similarity of queries and references']
    assert matrix.alt == '12 queries by 12 references; 11 best matches are right.'


def test_colours_follow_the_page_and_nothing_comes_from_elsewhere(line):
    for plot in drawn(line()).values():
        if not plot.svg:
            continue
        root = ElementTree.fromstring(plot.svg)
        assert root.tag.endswith('svg')
        assert 'prefers-color-scheme:dark' in plot.svg
        assert 'currentColor' in plot.svg
        assert plots.INK not in plot.svg
        addresses = re.findall(r'(?:href|src)="([^"]*)"', plot.svg)
        assert [a for a in addresses if not a.startswith(('#', 'data:'))] == []


def test_drawing_is_repeatable_and_leaves_no_trace(line):
    before = dict(matplotlib.rcParams)
    first, second = drawn(line()), drawn(line())
    assert {title: plot.svg for title, plot in first.items()} == {
        title: plot.svg for title, plot in second.items()
    }
    assert dict(matplotlib.rcParams) == before


def test_what_is_not_known_is_left_out_with_a_reason(run):
    nowhere = [(np.nan, np.nan)] * 4
    record = run(nowhere, nowhere, [[0], [1], [2], [0]], [{0}, {1}, {2}, {3}])
    left_out = {title: plot.text for title, plot in drawn(record).items() if not plot.svg}
    assert left_out == {
        'The route from above': 'Left out: the positions of queries or references are not known.',
        'Errors along and across the taught path': (
            'Left out: it needs the true positions and those of the references.'
        ),
        'Probability given and share right': (
            'Left out: the answers have no probability, which a filter gives.'
        ),
        'How long an answer takes': 'Left out: times were not recorded.',
        'Similarity of queries and references': (
            'Left out: only the best candidates are known, not all similarities.'
        ),
    }


@pytest.mark.parametrize(
    ('taught', 'true', 'rows', 'positives'),
    [
        pytest.param([(0, 0)], [(0, 0)], [[0]], [{0}], id='one of each'),
        pytest.param(LINE, LINE[:2], [[-1], [-1]], [{0}, {1}], id='no answer'),
        pytest.param(LINE, LINE[:2], np.empty((2, 0)), [{0}, {1}], id='no candidates'),
        pytest.param(LINE, LINE[:3], [[0], [1], [2]], [(), (), ()], id='no positive'),
        pytest.param(LINE, [LINE[0]] * 3, [[0], [0], [0]], [{0}] * 3, id='standing still'),
    ],
)
def test_small_and_odd_runs_are_drawn_or_left_out(run, taught, true, rows, positives):
    record = run(taught, true, rows, positives)
    cosines = np.ones((len(true), len(taught)), np.float32)
    for plot in drawn(record, Similarity(cosines, range(len(true)))).values():
        assert plot.svg or plot.text.startswith('Left out: '), plot.title


def test_a_long_run_does_not_make_a_huge_report(run):
    places = [(x / 2, 0.0) for x in range(3000)]
    rng = np.random.default_rng(0)
    rows = np.clip(np.arange(3000) + rng.integers(-3, 4, 3000), 0, 2999)[:, None]
    record = run(places, places, rows, [{n} for n in range(3000)], probabilities=rng.random(3000))
    assert sum(len(plot.svg) for plot in drawn(record).values()) < 2e6


def test_a_time_that_begins_again_is_not_drawn_backwards(line):
    stamps_ns = np.array([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]) * 10**9
    assert plots_time.seconds(line(stamps_ns=stamps_ns))[1] == 'query'
    x, label = plots_time.seconds(line())
    assert (x.tolist(), label) == (list(range(12)), 'time (s)')
    assert plots_time.seconds(line(real_time=False))[1] == 'query'


def test_the_way_is_that_of_the_true_positions(run):
    record = run(LINE, [(0, 0), (3, 4), (3, 5)], [[0], [1], [2]])
    x, label = plots_path.way(record)
    assert (x.tolist(), label) == ([0.0, 5.0, 6.0], 'way driven (m)')
    record = run(LINE, [(0, 0), (np.nan, np.nan), (3, 5)], [[0], [1], [2]])
    assert plots_path.way(record)[1] == 'query'


def test_a_cell_of_the_matrix_is_its_most_similar_pair():
    values = np.zeros((plots_matrix.MAX_ROWS * 2, plots_matrix.MAX_COLUMNS * 3))
    values[5, 7] = 0.9
    shown = pooled(values)
    assert shown.shape == (plots_matrix.MAX_ROWS, plots_matrix.MAX_COLUMNS)
    # Rows 4 and 5 are cell 2, columns 6 to 8 are cell 2.
    assert np.argwhere(shown > 0).tolist() == [[2, 2]]
    assert shown[2, 2] == 0.9
    small = np.arange(6.0).reshape(2, 3)
    assert pooled(small) is small


def test_a_matrix_that_lacks_a_row_is_refused():
    with pytest.raises(ValueError, match='expected 3 rows as queries, got 2'):
        Similarity(np.zeros((2, 5)), [0, 1, 2])
