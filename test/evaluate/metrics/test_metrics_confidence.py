# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What confidences, probabilities and covariances are worth, counted by hand."""

import math

from anyloc_ros.evaluate.metrics.confidence import (
    calibration,
    CHI_SQUARE_95,
    confidence_quality,
    consistency,
    spearman,
)
from anyloc_ros.evaluate.metrics.decision import Scored
from anyloc_ros.evaluate.metrics.intervals import RUNS
from anyloc_ros.evaluate.metrics.novelty import novelty
from anyloc_ros.evaluate.metrics.ranking import auroc, correlation, Ranked, Ranks
import numpy as np
import pytest

NAN = math.nan


def quality(confidence, correct, errors):
    correct = np.array(correct, bool)
    scored = Scored(np.array(confidence), correct, np.ones(len(correct), bool))
    return confidence_quality(scored, np.array(errors, float))


def test_by_hand():
    found = quality([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0], [0.1, 5.0, 0.3, 9.0])
    # Pairs of right and wrong: (.9 .8) (.9 .6) (.7 .6) are in order, (.7 .8) is not.
    assert found.auroc.value == 3 / 4
    # Wrong among the surest 1, 2, 3, 4: 0, 1/2, 1/3, 1/2.
    assert found.aurc.value == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    # Ranks 4 3 2 1 and 1 3 2 4: 1 - 6 (9 + 0 + 0 + 9) / (4 * 15).
    assert found.spearman.value == pytest.approx(-0.8)
    # All four could be found: 1/4 * 1 + 0 + 1/4 * (1/2 + 2/3) / 2.
    assert found.auc_pr.value == pytest.approx(1 / 4 + 7 / 48)


def test_equal_confidences_know_nothing():
    found = quality([1, 1, 1.0], [1, 0, 1], [0, 3, 1])
    assert found.auroc.value == 0.5
    assert found.aurc.value == pytest.approx(1 / 3)
    assert math.isnan(found.spearman.value)


def test_all_right_has_no_auroc_and_an_unanswered_query_no_rank():
    found = quality([0.9, NAN, 0.8], [1, 0, 1], [0.1, NAN, 0.2])
    assert math.isnan(found.auroc.value)
    assert found.aurc.value == 0.0
    assert found.spearman.value == pytest.approx(-1.0)
    assert (found.queries_without_match, found.spearman.count) == (1, 2)
    assert math.isnan(quality([], [], []).aurc.value)


def test_weights_are_copies():
    rng = np.random.default_rng(5)
    for _ in range(20):
        x, y = rng.integers(0, 5, (2, 12)).astype(float)
        right = rng.random(12) < 0.5
        weights = rng.integers(0, 3, 12)
        drawn = np.repeat(np.arange(12), weights)
        gaps = x[drawn][right[drawn]][:, None] - x[drawn][~right[drawn]]
        if not gaps.size:
            continue
        found = auroc(*Ranked(x, right).counts(weights.astype(float)))
        assert found == pytest.approx(((gaps > 0) + (gaps == 0) / 2).mean())
        ranks = [
            (v[drawn] > v[drawn][:, None]).sum(0)
            + ((v[drawn] == v[drawn][:, None]).sum(0) + 1) / 2
            for v in (x, y)
        ]
        whole = [Ranks(v).under(weights.astype(float)) for v in (x, y)]
        np.testing.assert_allclose(whole[0][drawn], ranks[0])
        found = correlation(*whole, weights.astype(float))
        assert found == pytest.approx(np.corrcoef(*ranks)[0, 1])


def test_spearman_of_runs():
    recall, success = [0.9, 0.95, 0.97, NAN], [0.2, 0.6, 0.9, 0.5]
    found = spearman(recall, success, RUNS)
    assert (found.value, found.count) == (pytest.approx(1.0), 3)


def test_calibration_by_hand():
    found = calibration(np.array([0.05, 0.95, 1.0, 0.95, NAN]), np.array([0, 1, 1, 0, 1], bool))
    # One bin says 0.05 and none is right; one says 2.9 / 3 and two of three are right.
    assert found.ece.value == pytest.approx(1 / 4 * 0.05 + 3 / 4 * (2.9 / 3 - 2 / 3))
    assert (found.ece.count, found.unknown) == (4, 1)
    last = found.bins[-1]
    assert (last.low, last.high, last.count) == (0.9, 1.0, 3)
    assert (last.probability, last.right) == pytest.approx((2.9 / 3, 2 / 3))
    assert math.isnan(found.bins[4].right)
    with pytest.raises(ValueError, match='expected 0 to 1'):
        calibration(np.array([1.1]), np.array([True]))


def test_consistency_by_hand():
    covariance = np.array([[4.0, 0.0], [0.0, 1.0]])
    errors = np.array([[2.0, 0.0], [0.0, 2.0], [4.0, 2.0], [NAN, 0.0]])
    found = consistency(errors, np.stack([covariance] * 4))
    # 1, 4 and 8; the ellipse of 95 % ends at 5.99.
    assert found.nees.value == pytest.approx(13 / 3)
    assert found.coverage_95.value == pytest.approx(2 / 3)
    assert (found.dimensions, found.unknown) == (2, 1)
    with pytest.raises(ValueError, match='row 0 is not positive definite'):
        consistency(np.zeros((1, 2)), np.zeros((1, 2, 2)))
    with pytest.raises(ValueError, match='expected 1 to 3 columns, got 4'):
        consistency(np.zeros((1, 4)), np.zeros((1, 4, 4)))
    with pytest.raises(ValueError, match='expected shape'):
        consistency(np.zeros((1, 2)), np.zeros((1, 3, 3)))


def test_ninety_five_percent():
    # In the plane chi-square is exponential; on a line it is the square of a normal.
    assert CHI_SQUARE_95[2] == pytest.approx(-2 * math.log(0.05))
    assert math.erf(math.sqrt(CHI_SQUARE_95[1] / 2)) == pytest.approx(0.95)
    x = CHI_SQUARE_95[3]
    cdf = math.erf(math.sqrt(x / 2)) - math.sqrt(2 * x / math.pi) * math.exp(-x / 2)
    assert cdf == pytest.approx(0.95)


def test_novelty_by_hand():
    confidence = np.array([0.9, 0.8, 0.3, 0.5, 0.2, NAN])
    accepted = np.array([1, 1, 0, 1, 0, 0], bool)
    on_map = np.array([1, 1, 1, 0, 0, 0], bool)
    found = novelty(confidence, accepted, on_map)
    assert found.auroc.value == pytest.approx(8 / 9)  # only 0.3 and 0.5 are the wrong way round
    assert found.fpr95.value == pytest.approx(1 / 3)  # three of three need 0.3, 0.5 gets in
    assert found.offmap_accept.value == pytest.approx(1 / 3)
    assert found.onmap_accept.value == pytest.approx(2 / 3)
    assert (found.on_map, found.off_map) == (3, 3)


def test_novelty_needs_both_kinds():
    found = novelty(np.array([0.9, 0.8]), np.array([True, False]), np.array([True, True]))
    assert math.isnan(found.auroc.value)
    assert math.isnan(found.fpr95.value)
    assert math.isnan(found.offmap_accept.value)
    assert found.onmap_accept.value == 0.5


def test_ninety_five_of_a_hundred_are_enough():
    confidence = np.append(np.arange(100, 0, -1.0), [5.5, 6.5])
    on_map = np.arange(102) < 100
    # 95 on-map queries are at 6 or above: 6.5 gets in, 5.5 does not.
    assert novelty(confidence, on_map, on_map).fpr95.value == 0.5
