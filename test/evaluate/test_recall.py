# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Recall counted by hand."""

import math

from anyloc_ros.evaluate.recall import recall_at_k
import pytest


def test_recall_counts_queries_with_a_positive_among_the_first_k():
    ranked = [[4, 1, 0], [2, 3, 4], [0, 1, 2], [3, 0, 1]]
    positives = [{1}, {2, 3}, {4}, set()]
    # first hits: rank 2, rank 1, never, never (nothing to find)
    recall = recall_at_k(ranked, positives, ks=(1, 2, 3))
    assert recall.at == {1: 1 / 4, 2: 2 / 4, 3: 2 / 4}
    assert recall.at_answerable == {1: 1 / 3, 2: 2 / 3, 3: 2 / 3}
    assert (recall.queries, recall.queries_without_positive) == (4, 1)


def test_k_beyond_the_map_and_an_unread_image_are_no_errors():
    recall = recall_at_k([[0], []], [{0}, {0}], ks=(1, 20))
    assert recall.at == {1: 0.5, 20: 0.5}


def test_no_queries_is_not_a_number():
    recall = recall_at_k([], [], ks=(1,))
    assert math.isnan(recall.at[1])
    recall = recall_at_k([[1]], [set()], ks=(1,))
    assert recall.at[1] == 0.0
    assert math.isnan(recall.at_answerable[1])


def test_lengths_must_agree():
    with pytest.raises(ValueError, match='expected 2 rows'):
        recall_at_k([[0]], [{0}, {1}])
