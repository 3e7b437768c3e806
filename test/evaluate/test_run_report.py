# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The report of a run that can be told by hand: what is in it, in which order, and how large."""

from __future__ import annotations

from html.parser import HTMLParser

from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.judge import figures_of
from anyloc_ros.evaluate.metrics.intervals import Estimate
from anyloc_ros.evaluate.report.figure_rows import estimate_row, number
from anyloc_ros.evaluate.report.pairs import Pair, pair_title, worth_a_look
import numpy as np
import pytest

pytest.importorskip('matplotlib', reason='the extra "report" is not installed')
run_report = pytest.importorskip(
    'anyloc_ros.evaluate.report.run_report', reason='the extra "report" is not installed'
).run_report

NAN = float('nan')
LINE = [(float(x), 0.0) for x in range(30)]


class Page(HTMLParser):
    """The text of a page, the cells of its tables, its pictures, and what it would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.pictures, self.loads, self.tags = '', [], [], set()
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.tags.add(tag)
        self.loads += [named[name] for name in ('src', 'href', 'srcset') if name in named]
        if tag == 'img':
            self.pictures.append(named)

    def handle_data(self, data):
        self.text += ' '.join(data.split()) + ' ' if data.strip() else ''


@pytest.fixture
def record(run):
    """Return a run along x whose answers are right but for 3, 4, 10, 20 and 29."""
    rows = [[n] for n in range(30)]
    for query, row in ((3, 13), (4, 24), (10, 12), (20, 5), (29, 28)):
        rows[query] = [row]
    accepted = np.ones(30, bool)
    accepted[[4, 20]] = False
    return run(
        LINE,
        [(x - 0.5, 0.25) for x, _ in LINE],
        rows,
        [{n} for n in range(30)],
        accepted=accepted,
        similarities=np.linspace(0.5, 0.79, 30)[:, None],
        probabilities=np.full(30, 0.95),
    )


@pytest.fixture
def figures(record):
    return figures_of(record, FiguresConfig())


def test_the_worst_come_first_and_are_not_neighbours(record, figures):
    worst, others = worth_a_look(record, figures)
    # Wrong and accepted by error: 3 (10.5 m), 10 (2.5 m), 29 (0.5 m behind). Then wrong and not
    # accepted: 20 (14.5 m); 4 is beside 3. Then right ones, equally far off, the least similar
    # that is far enough from all of these: 15 (0 is too near 3).
    assert worst.numbers == [3, 10, 29, 20, 15]
    assert worst.title == 'The 5 worst, at least 5 images apart'
    assert len(set(others.numbers)) == len(others.numbers) == 10
    assert not set(others.numbers) & set(worst.numbers)
    assert others.numbers == sorted(others.numbers)
    assert worth_a_look(record, figures)[1].numbers == others.numbers
    assert worth_a_look(record, figures, seed=1)[1].numbers != others.numbers


def test_a_pair_is_said_in_words(record, figures):
    # Query 3 was at (2.5, 0.25), its answer is at (13, 0): the robot stood left of the path.
    assert pair_title(record, figures, 3) == (
        'query 3, reference 113, wrong place, 10.50 m off, 10.50 m ahead and 0.25 m to the right '
        'of the robot, similarity 0.530, probability 0.95, accepted'
    )
    assert 'right place' in pair_title(record, figures, 5)
    assert '14.50 m behind and' in pair_title(record, figures, 20)
    assert pair_title(record, figures, 20).endswith(', not accepted')


def test_nothing_is_worth_a_look_where_nothing_was_answered(run):
    record = run(LINE[:3], LINE[:3], [[-1], [-1], [-1]], [{0}, {1}, {2}])
    assert worth_a_look(record, figures_of(record, FiguresConfig())) == []


def test_the_page_says_all_in_order_and_is_one_file(record, figures):
    picture = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    html = run_report(
        record,
        figures,
        {'Worst <of> all': [Pair('one & two', picture, picture), Pair('alone', picture, None)]},
        ['R@1 = 0.83, <b>honestly</b>.'],
    )
    page = Page(html)
    parts = (
        'drawn',
        'R@1 = 0.83, <b>honestly</b>.',
        'What was run',
        'The figures that runs are compared by',
        # 25 of 30 are right.
        'recall_at_1 0.833',
        'In pictures',
        'The route from above, coloured by error',
        'How long an answer takes. Left out: times were not recorded.',
        'Worst <of> all',
        'one & two',
        'All figures',
        'recall.estimates.20',
        'What the words mean',
    )
    places = [page.text.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)
    assert len([p for p in page.pictures if p['src'].startswith('data:image/jpeg')]) == 3
    assert len([p for p in page.pictures if p['src'].startswith('data:image/svg')]) == 7
    assert all(p['alt'].strip() for p in page.pictures)
    assert all(address.startswith('data:image/') for address in page.loads)
    assert page.tags.isdisjoint({'script', 'link', 'iframe', 'object'})
    assert 'url(' not in html and '@import' not in html


def test_a_group_of_which_nothing_is_known_says_so(run):
    nowhere = [(NAN, NAN)] * 2
    record = run(nowhere, nowhere, [[0], [1]], [{0}, {1}])
    text = Page(run_report(record, figures_of(record, FiguresConfig()), {}, [])).text
    # `path` and `stop` need positions.
    assert text.count('Nothing can be said: the run lacks what it is made of.') >= 2
    assert 'Left out: the images of the run were not at hand.' in text


def test_large_pictures_become_a_report_that_can_be_sent(record, figures):
    noise = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)
    pairs = {'Worst': [Pair('p', noise, noise)] * 10, 'Others': [Pair('p', noise, noise)] * 10}
    assert len(run_report(record, figures, pairs, [])) < 6e6


@pytest.mark.parametrize(
    ('value', 'text'),
    [
        (0.98765, '0.988'),
        (12.3456, '12.3'),
        (123456.7, '123457'),
        (0.0, '0'),
        (NAN, '–'),
        (float('inf'), '∞'),
        (-float('inf'), '−∞'),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


def test_an_interval_is_shown_where_it_is_known():
    row = estimate_row('far_hits', Estimate(0.41, 0.3049, 0.5151, 120), 'of the hits')
    assert (row.value, row.interval, row.count) == ('0.41', '[0.305, 0.515]', '120')
    assert estimate_row('far_hits', Estimate(0.41, NAN, NAN, 3)).interval == ''
