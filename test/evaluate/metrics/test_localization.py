# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Errors in metres, counted by hand."""

import math

from anyloc_ros.evaluate.metrics.intervals import RUNS
from anyloc_ros.evaluate.metrics.localization import (
    accuracy,
    distances_m,
    excess_m,
    far_hits,
    frame_errors,
    image_shift_error,
    oracle_m,
    position_error,
)
from anyloc_ros.evaluate.metrics.pooling import (
    best_reference,
    cosine_weights,
    equal_weights,
    pooled,
)
from anyloc_ros.evaluate.metrics.spread import spread, wrap
from anyloc_ros.evaluate.metrics.trajectory import align, trajectory_error
from anyloc_ros.evaluate.metrics.uncertainty import entropy, l2, margin, pa, sue
import numpy as np
import pytest

NAN = math.nan


def test_spread_by_hand():
    found = spread(np.array([-1.0, 2.0, NAN, 3.0]))
    assert found.bias.value == pytest.approx(4 / 3)
    assert found.mean.value == pytest.approx(2.0)
    assert found.rmse.value == pytest.approx(math.sqrt(14 / 3))
    assert found.median.value == 2.0
    assert (found.p90.value, found.p95.value) == pytest.approx((2.8, 2.9))
    assert (found.maximum, found.unknown, found.mean.count) == (3.0, 1, 3)


def test_spread_of_nothing():
    for errors in ([], [NAN]):
        found = spread(np.array(errors))
        assert math.isnan(found.rmse.value)
        assert math.isnan(found.maximum)
        assert found.mean.count == 0


def test_spread_has_intervals_around_its_values():
    found = spread(np.random.default_rng(0).normal(1, 2, 500))
    for each in (found.bias, found.mean, found.rmse, found.median, found.p90, found.p95):
        assert each.low < each.value < each.high


@pytest.mark.parametrize(
    ('degrees', 'wrapped'),
    [(0, 0), (180, 180), (-180, 180), (181, -179), (-190, 170), (360, 0), (725, 5)],
)
def test_wrap(degrees, wrapped):
    assert math.degrees(wrap(math.radians(degrees))) == pytest.approx(wrapped, abs=1e-9)


def test_rejected_estimates_are_left_out_and_counted():
    true = np.array([(0.0, 0), (1, 0), (2, 0), (NAN, NAN)])
    estimated = np.array([(0.0, 3), (1, 0), (90, 0), (0, 0)])
    found = position_error(estimated, true, np.array([1, 1, 0, 1], bool))
    assert (found.error.maximum, found.error.median.value) == (3.0, 1.5)
    assert found.accepted.value == 0.75
    assert (found.error.unknown, found.queries, found.without_truth) == (2, 4, 1)
    with pytest.raises(ValueError, match='expected shape'):
        distances_m(estimated[:2], true)


def test_rejected_estimates_are_wrong_in_accuracy():
    errors = np.array([0.25, 0.25, 0.1, 0.3, NAN])
    turned = np.radians([2.0, 358.0, 0.0, -11.0, NAN])
    accepted = np.array([1, 1, 0, 1, 0], bool)
    judged = np.array([1, 1, 1, 1, 0], bool)
    found = accuracy(errors, turned, accepted, judged, (0.25, 0.5), (2.0, 10.0, math.inf))
    # Inclusive at exactly 0.25 m and 2 degrees, and across the cut of the yaw.
    assert {limits: each.value for limits, each in found.within.items()} == {
        (0.25, 2.0): 0.5,
        (0.25, 10.0): 0.5,
        (0.25, math.inf): 0.5,
        (0.5, 2.0): 0.5,
        (0.5, 10.0): 0.5,
        (0.5, math.inf): 0.75,
    }
    assert (found.queries, found.without_truth) == (5, 1)


def test_without_a_yaw_only_the_position_counts():
    found = accuracy(np.zeros(1), np.array([NAN]), np.array([True]), np.array([True]))
    assert found.within[(0.25, math.inf)].value == 1.0
    assert found.within[(25.0, 10.0)].value == 0.0


def test_what_the_spacing_of_the_map_costs():
    references = np.array([(0.0, 0), (10, 0), (NAN, 0)])
    true = np.array([(4.0, 3), (10, 0), (NAN, 0)])
    oracle = oracle_m(true, references)
    np.testing.assert_allclose(oracle, [5, 0, NAN])
    np.testing.assert_allclose(excess_m(np.array([6.0, 0, 1]), oracle), [1, 0, NAN])
    assert np.isnan(oracle_m(true, references[2:])).all()


def test_frames_of_a_map_of_every_third_image():
    np.testing.assert_array_equal(frame_errors(np.array([2, 0]) * 3, [7, NAN]), [1, NAN])


def test_hits_that_are_far_off():
    errors, hit = np.array([0.5, 2.0, 20.0, 30.0, NAN]), np.array([1, 1, 1, 0, 1], bool)
    found = far_hits(errors, hit, 2.0)
    assert found.share.value == pytest.approx(1 / 3)
    assert (found.hits, found.without_error) == (4, 1)


def test_image_shifts():
    found = image_shift_error(np.array([40, -8, NAN]), np.array([8.0, 25, 0]), 640, 80.0)
    assert found.px.maximum == 33.0
    assert found.deg.bias.value == pytest.approx(-0.5 * 80 / 640)
    assert found.within.value == pytest.approx(1 / 3)  # 32 is within, none is not


def test_positions_of_several_references():
    positions = np.array([(0.0, 0), (4, 0), (NAN, NAN), (9, 9)])
    rows = np.array([[0, 1, 2], [1, -1, -1], [2, -1, -1]])
    cosines = np.array([[1.0, 0.5, 0.9], [0.2, -np.inf, -np.inf], [0.9, -np.inf, -np.inf]])
    for weights, first in (
        (best_reference(rows), 0.0),
        (equal_weights(rows), 2.0),
        (cosine_weights(cosines), 4 / 257),  # 0.5 to the power of 8 is 1 / 256
    ):
        found = pooled(rows, weights, positions)
        np.testing.assert_allclose(found, [(first, 0), (4, 0), (NAN, NAN)])


def test_a_turned_and_shifted_trajectory_has_no_error():
    true = np.array([(0.0, 0), (2, 0), (2, 2), (5, 2), (5, 7)])
    turn = np.array([(0.0, 1), (-1, 0)])  # rows turned left by 90 degrees
    estimated = true @ turn + (3, -1)
    estimated = np.vstack([estimated, [(NAN, NAN)]])
    found = trajectory_error(estimated, np.vstack([true, [(0, 0)]]), step_m=2.0)
    assert found.ate.maximum == pytest.approx(0, abs=1e-9)
    assert found.rpe.maximum == pytest.approx(0, abs=1e-9)
    assert found.yaw_rad == pytest.approx(-math.pi / 2)
    assert found.ate.unknown == 1


def test_a_stretched_trajectory():
    true = np.array([(0.0, 0), (1, 0), (2, 0), (3, 0)])
    found = trajectory_error(true * 1.1, true, step_m=2.0, resampling=RUNS)
    assert found.rpe.bias.value == pytest.approx(0.1)
    assert found.rpe.bias.count == 2
    assert found.ate.rmse.value == pytest.approx(0.1 * math.sqrt(5) / 2)
    with pytest.raises(ValueError, match='expected 2 known pairs or more, got 1'):
        align(true[:1], true[:1])


def test_confidences_by_hand():
    cosines = np.array([[1.0, 0.5, 0.5], [0.5, -1.0, -np.inf], [1.0, 1.0, 0.0]])
    assert l2(cosines).tolist() == pytest.approx([0, -1, 0])
    assert pa(cosines).tolist() == pytest.approx([0, -0.5, -1])
    assert margin(cosines).tolist() == pytest.approx([0.5, 1.5, 0])
    assert np.isnan(pa(cosines[:, :1])).all()
    assert np.isnan(l2(np.array([[-np.inf]]))).all()
    beliefs = np.array([[1.0, 0, 0, 0], [0.25] * 4])
    assert entropy(beliefs).tolist() == pytest.approx([0, -math.log(4)])


def test_spatial_spread_by_hand():
    cosines = np.array([[1.0, 0.5, 0.5], [0.5, 0.5, 0.5], [-np.inf] * 3])
    places = np.array([[(0.0, 0), (3, 0), (NAN, 0)], [(0, 0), (3, 0), (0, 3)], [(0, 0)] * 3])
    # Distances 0 and 1, weights 2 : 1 about 1 m: 2/3 * 1 + 1/3 * 4; then three alike.
    found = sue(cosines, places, slope=math.log(2))
    np.testing.assert_allclose(found, [-2, -4, NAN], atol=1e-12)
    # Weights 1/2, 1/4, 1/4 about 2.25 m.
    places = np.array([[(0.0, 0), (3, 0), (6, 0)]])
    assert sue(cosines[:1], places, slope=math.log(2))[0] == pytest.approx(-6.1875)
    assert sue(cosines[:1], places, slope=1e6)[0] == 0.0  # nothing overflows
