# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Alignments in tables of scores that are written down by hand."""

from anyloc_ros.mapping.alignment import Alignment, alignments
import numpy as np
import pytest


def table(rows, columns, cells):
    """Return scores of -1 with 1 in the cells."""
    scores = np.full((rows, columns), -1.0, np.float32)
    for cell in cells:
        scores[cell] = 1.0
    return scores


@pytest.mark.parametrize('scores', [np.zeros((0, 4)), np.zeros((4, 0)), -np.ones((4, 4))])
def test_nothing_is_aligned(scores):
    assert alignments([scores], 1.0) == []


def test_a_diagonal_is_found_from_end_to_end():
    scores = table(9, 12, [(2 + i, 5 + i) for i in range(5)])
    assert alignments([scores], 3.0) == [Alignment(5.0, (2, 5), (6, 9))]


@pytest.mark.parametrize('cut', [1, 2, 4, 8])
def test_the_table_may_come_in_blocks(cut):
    scores = table(9, 12, [(2 + i, 5 + i) for i in range(5)])
    assert alignments(np.split(scores, range(cut, 9, cut)), 3.0) == alignments([scores], 3.0)


@pytest.mark.parametrize('transposed', [False, True])
def test_one_stretch_may_be_driven_twice_as_fast(transposed):
    scores = table(6, 12, [(i, 2 * i) for i in range(5)])
    (found,) = alignments([scores.T if transposed else scores], 3.0)
    assert found.score == 5.0
    assert (found.first, found.last) == ((0, 0), (8, 4) if transposed else (4, 8))
    assert found.length == 9


def test_a_weak_pair_is_passed_and_costs_its_score():
    scores = table(9, 9, [(i, i) for i in range(8) if i != 4])
    assert alignments([scores], 3.0) == [Alignment(6.0, (0, 0), (7, 7))]


def test_a_forbidden_pair_is_not_passed():
    scores = table(9, 9, [(i, i) for i in range(9)])
    scores[3:5] = -np.inf
    found = alignments([scores], 3.0)
    assert found == [Alignment(4.0, (5, 5), (8, 8)), Alignment(3.0, (0, 0), (2, 2))]


def test_it_never_runs_backwards():
    assert alignments([table(9, 9, [(i, 8 - i) for i in range(9)])], 3.0) == []


def test_of_alignments_side_by_side_the_best_is_kept():
    scores = table(9, 12, [(i, i + 3) for i in range(8)] + [(i, i + 1) for i in range(1, 6)])
    assert alignments([scores], 3.0) == [Alignment(8.0, (0, 3), (7, 10))]


def test_the_pairs_of_an_alignment():
    rows, columns = Alignment(5.0, (0, 10), (4, 18)).cells()
    assert columns.tolist() == list(range(10, 19))
    assert rows[[0, -1]].tolist() == [0, 4] and (np.diff(rows) <= 1).all()
