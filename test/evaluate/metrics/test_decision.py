# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Precision and recall of the best match, counted by hand."""

import math

from anyloc_ros.evaluate.metrics.decision import (
    curve,
    decision,
    operating_point,
    Scored,
    threshold_transfer,
)
import numpy as np
import pytest

NAN = math.nan


def scored(confidence, correct, answerable=None):
    confidence = np.array(confidence, float)
    answerable = np.ones(len(confidence), bool) if answerable is None else answerable
    return Scored(confidence, np.array(correct, bool), np.array(answerable, bool))


def values(found):
    return (
        found.auc_pr.value,
        found.average_precision.value,
        found.recall_at_100p.value,
        found.extended_precision.value,
        found.threshold_100p,
    )


def test_a_curve_by_hand():
    # The second is wrong; the last has no positive; three could be found.
    matches = scored([0.6, 0.9, 0.7, 0.8], [0, 1, 1, 0], [0, 1, 1, 1])
    points = curve(matches)
    assert points.thresholds.tolist() == [0.9, 0.8, 0.7, 0.6]
    assert points.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2])
    assert points.recall.tolist() == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3])
    found = decision(matches)
    # Trapezoids: 1/3 * 1 + 0 + 1/3 * (1/2 + 2/3) / 2; steps: 1/3 * 1 + 1/3 * 2/3.
    assert values(found) == pytest.approx((19 / 36, 5 / 9, 1 / 3, 2 / 3, 0.9))
    assert (found.queries, found.queries_without_positive) == (4, 1)


@pytest.mark.parametrize(
    ('matches', 'expected'),
    [
        (scored([0.3, 0.9, 0.5], [1, 1, 1]), (1, 1, 1, 1, 0.3)),
        # The surest is wrong: nothing is left of R@100P, and EP is at most a half.
        (scored([0.9, 0.8], [0, 1]), (1 / 8, 1 / 4, 0, 0, math.inf)),
        # So it is when it is as sure as a right one: no threshold parts them.
        (scored([0.9, 0.9], [1, 0]), (3 / 8, 1 / 4, 0, 1 / 4, math.inf)),
        (scored([0.9, 0.8], [0, 0]), (0, 0, 0, 0, math.inf)),
        # Something could be found, and nothing was.
        (scored([NAN, NAN], [0, 0]), (0, 0, 0, 0, math.inf)),
        # No positives, and no queries.
        (scored([0.9, 0.8], [0, 0], [0, 0]), (NAN, NAN, NAN, NAN, math.inf)),
        (scored([], []), (NAN, NAN, NAN, NAN, math.inf)),
    ],
)
def test_corners(matches, expected):
    assert values(decision(matches)) == pytest.approx(expected, nan_ok=True)


def test_a_query_without_a_match_is_a_miss_and_never_accepted():
    found = decision(scored([0.9, NAN], [1, 0]))
    assert found.recall_at_100p.value == 0.5
    assert found.queries_without_match == 1
    assert operating_point(scored([0.9, NAN], [1, 0]), -math.inf).accepted.value == 0.5


def test_impossible_matches_are_refused():
    with pytest.raises(ValueError, match='query 1 is correct but has no match or no positive'):
        scored([0.9, 0.8], [1, 1], [1, 0])
    with pytest.raises(ValueError, match='query 0'):
        scored([NAN], [1])
    with pytest.raises(ValueError, match=r'expected shape \(2,\)'):
        Scored(np.zeros(2), np.zeros(3, bool), np.zeros(2, bool))


def test_an_operating_point_by_hand():
    matches = scored([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 1], [1, 0, 1, 1])
    found = operating_point(matches, 0.7)  # inclusive
    assert (found.precision.value, found.recall.value) == pytest.approx((2 / 3, 2 / 3))
    assert (found.accepted.value, found.false_accepts) == (0.75, 1)
    assert math.isnan(operating_point(matches, 1.0).precision.value)


def test_a_threshold_moves_by_score_and_by_quantile():
    calibration = scored([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 1])
    darker = scored([0.6, 0.5, 0.4, 0.3], [1, 1, 0, 1])  # the same, 0.3 lower
    moved = threshold_transfer(calibration, darker)
    assert moved.calibration.threshold == 0.8
    assert moved.calibration.recall.value == 0.5
    assert moved.by_score.accepted.value == 0.0
    assert moved.by_quantile.threshold == 0.5
    assert (moved.by_quantile.precision.value, moved.by_quantile.recall.value) == (1.0, 0.5)
    lower = threshold_transfer(calibration, darker, precision=0.75)
    assert lower.calibration.threshold == 0.6
    assert lower.by_quantile.accepted.value == 1.0


def test_no_threshold_is_good_enough():
    moved = threshold_transfer(scored([0.9], [0]), scored([0.9], [1]))
    assert moved.by_score.threshold == moved.by_quantile.threshold == math.inf
    assert moved.by_quantile.accepted.value == 0.0


def test_drawing_twice_is_being_there_twice():
    rng = np.random.default_rng(0)
    confidence = rng.integers(0, 5, 60) / 5.0
    correct = rng.random(60) < confidence
    found = decision(scored(confidence, correct))
    assert found.average_precision.low < found.average_precision.value
    assert found.average_precision.value < found.average_precision.high
    twice = decision(scored(np.tile(confidence, 2), np.tile(correct, 2)))
    assert values(twice) == pytest.approx(values(found))
