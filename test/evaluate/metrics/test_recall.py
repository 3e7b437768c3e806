# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Recall counted by hand."""

import math

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.evaluate.ground_truth import read_vprbench
from anyloc_ros.evaluate.metrics.recall import (
    nearest,
    PAPER_KS,
    recall_at_k,
    recall_vs_tolerance,
)
from anyloc_ros.io.decode import decode_compressed
import numpy as np
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


def test_every_recall_has_an_interval():
    ranked = [[0] if n % 4 else [1] for n in range(100)]
    recall = recall_at_k(ranked, [{0}] * 100, ks=(1,))
    found = recall.estimates[1]
    assert found.value == 0.75
    assert 0.6 < found.low < 0.75 < found.high < 0.9
    assert found.count == recall.estimates_answerable[1].count == 100


def test_recall_against_tolerance_by_hand():
    found = recall_vs_tolerance(np.array([0.0, 1.0, 3.0, 50.0, math.nan]), (0.5, 1.0, 4.0))
    # Inclusive at exactly 1 m; what is unknown is a miss.
    assert {at: each.value for at, each in found.recall.items()} == {0.5: 0.2, 1.0: 0.4, 4.0: 0.6}
    # Steps up at 0, 1 and 3 m: (4 + 3 + 1) of 5 x 4.
    assert found.area.value == pytest.approx(8 / 20)
    assert (found.queries, found.without_error) == (5, 1)


def test_the_area_is_that_under_the_curve():
    errors = np.random.default_rng(0).gamma(2, 3, 200)
    fine = np.linspace(0, 25, 20001)
    area = np.mean([(errors <= tolerance).mean() for tolerance in fine])
    assert recall_vs_tolerance(errors).area.value == pytest.approx(area, abs=1e-3)


def test_nearest_normalises_and_keeps_the_order_of_equals():
    references = np.array([[1, 0], [0, 5], [3, 0], [0, 0], [math.nan, 1], [1, 1], [7, 0]])
    queries = np.array([[9, 0], [0, 0.1], [0, 0], [math.nan, 0]])
    rows, cosines = nearest(queries, references, 4)
    assert rows.tolist() == [[0, 2, 6, 5], [1, 5, 0, 2], [-1] * 4, [-1] * 4]
    assert cosines[0].tolist() == pytest.approx([1, 1, 1, math.sqrt(0.5)])
    assert np.isneginf(cosines[2:]).all()
    # Descriptors that are like nothing are no references, whatever K is.
    rows, _ = nearest(queries[:1], references, 20)
    assert rows.tolist() == [[0, 2, 6, 5, 1, -1, -1]]


def test_one_reference_and_none():
    rows, _ = nearest(np.ones((2, 3)), np.ones((1, 3)), 20)
    assert rows.tolist() == [[0], [0]]
    assert nearest(np.ones((2, 3)), np.ones((0, 3)), 20)[0].shape == (2, 0)
    with pytest.raises(ValueError, match='expected 3 columns'):
        nearest(np.ones((2, 2)), np.ones((1, 3)), 1)


def test_nearest_finds_what_sorting_finds():
    rng = np.random.default_rng(1)
    # Few different values: most rows are cut among equals.
    references = rng.integers(-1, 2, (700, 4)).astype(np.float32)
    queries = rng.integers(-1, 2, (600, 4)).astype(np.float32)
    queries[queries.any(axis=1) == 0] = 1
    rows, _ = nearest(queries, references, 20)
    lengths = np.linalg.norm(references, axis=1)
    known = np.where(lengths > 0, lengths, 1)
    units = np.round(
        (queries @ references.T) / known / np.linalg.norm(queries, axis=1)[:, None], 5
    )
    units[:, lengths == 0] = -np.inf
    for number, found in enumerate(rows):
        at = units[number, found]
        best = np.sort(units[number])[::-1][:20]
        np.testing.assert_allclose(at, best, atol=1e-4)
        assert len(set(found.tolist())) == 20


def test_corridor_at_every_k_up_to_twenty(data):
    folder = data / 'corridor'
    describer = build_describer(DescribeConfig(method='RootSIFT-GeM'))
    references, queries = (
        describer.describe(
            [
                decode_compressed(path.read_bytes())
                for path in sorted((folder / name).glob('*.jpg'))
            ]
        )
        for name in ('ref', 'query')
    )
    assert len(references) == len(queries) == 111
    right = read_vprbench(folder / 'ground_truth_new.npy', 111, 111)
    rows, _ = nearest(queries, references, 20)
    found = recall_at_k(rows.tolist(), right, PAPER_KS).at

    # Once more with nothing but loops, in double precision.
    hits = [0] * 20
    for query, shown in enumerate(queries.astype(float).tolist()):
        likeness = []
        for number, reference in enumerate(references.astype(float).tolist()):
            product = sum(a * b for a, b in zip(shown, reference, strict=True))
            length = math.hypot(*shown) * math.hypot(*reference)
            likeness.append((-product / length, number))
        order = [number for _, number in sorted(likeness)]
        for k in range(1, 21):
            hits[k - 1] += any(abs(number - query) <= 2 for number in order[:k])
    assert found == {k: hits[k - 1] / 111 for k in range(1, 21)}
    assert 0 < found[1] < found[20] < 1
