# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Intervals: by hand where a hand can, and against copies of the values where it cannot."""

import math

from anyloc_ros.evaluate.metrics.intervals import (
    bootstrap,
    drawings,
    event_rate,
    means,
    rate,
    Resampling,
    RUNS,
    share,
    shares,
    Weighted,
    wilson,
)
import numpy as np
import pytest


@pytest.mark.parametrize(
    ('successes', 'count', 'low', 'high'),
    [
        # Newcombe 1998, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 1 - 0.1170, 1.0),
    ],
)
def test_wilson_agrees_with_published_tables(successes, count, low, high):
    found = wilson(successes, count)
    assert found.value == successes / count
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)
    assert found.count == count


def test_wilson_of_nothing_and_of_nonsense():
    assert math.isnan(wilson(0, 0).value)
    with pytest.raises(ValueError, match='expected 0 to 3, got 4'):
        wilson(4, 3)


def test_drawings_are_whole_blocks_that_may_begin_anywhere():
    seen = set()
    for weights in drawings(25, Resampling(block=10, draws=200)):
        assert weights.sum() == 20  # two blocks fit
        steps = np.diff(np.append(weights, weights[0]))
        assert np.abs(steps).sum() <= 4  # two blocks have two begins and two ends
        seen.update(np.flatnonzero(weights).tolist())
    assert seen == set(range(25))


def test_the_interval_of_independent_values_is_that_of_the_normal_distribution():
    values = np.random.default_rng(1).normal(size=4000)
    found = means(values[:, None], np.ones(4000, bool), Resampling(block=1, draws=2000))[0]
    assert found.value == pytest.approx(values.mean(), abs=1e-12)
    assert found.high - found.low == pytest.approx(2 * 1.96 / math.sqrt(4000), rel=0.08)


def test_blocks_see_that_neighbours_are_alike():
    # 20 stretches of 50 equal values are 20 values, whatever their number says.
    values = np.repeat(np.random.default_rng(2).normal(size=20), 50)
    every = np.ones(1000, bool)
    blocks = means(values[:, None], every, Resampling(block=50))[0]
    singles = means(values[:, None], every, Resampling(block=1))[0]
    assert blocks.high - blocks.low > 4 * (singles.high - singles.low)


def test_a_seed_is_repeatable():
    values = np.arange(100.0)[:, None] ** 2
    every = np.ones(100, bool)
    assert means(values, every) == means(values, every)
    assert means(values, every) != means(values, every, Resampling(seed=1))


def test_too_few_values_have_no_interval():
    found = share(np.arange(19) > 0, np.ones(19, bool))
    assert found.value == 18 / 19
    assert math.isnan(found.low)
    found = share(np.ones(0, bool), np.ones(0, bool))
    assert math.isnan(found.value)
    assert found.count == 0


@pytest.mark.parametrize(
    ('known', 'block', 'trials'),
    [(40, 10, 4), (49, 10, 4), (19, 10, 1), (5, 10, 1), (5, 1, 5)],
)
def test_a_share_of_all_or_none_is_not_certain(known, block, trials):
    # Wilson where p = 1: the lower end is n / (n + z^2), z = 1.95996; 4 of 4: [0.510, 1].
    end = trials / (trials + 1.9599640**2)
    rows = np.arange(60) < known
    every, none = shares(np.stack([rows, ~rows], axis=1), rows, Resampling(block=block))
    assert (every.value, every.high, every.count) == (1.0, 1.0, known)
    assert (none.value, none.low, none.count) == (0.0, 0.0, known)
    assert (every.low, none.high) == pytest.approx((end, 1 - end), abs=1e-6)


def test_drawings_that_all_give_the_same_tell_no_interval():
    values = np.full(100, 0.1)
    values[50:] += np.arange(50)
    equal, other = means(np.stack([np.full(100, 0.1), values], axis=1), np.ones(100, bool))
    assert equal.value == pytest.approx(0.1)
    assert math.isnan(equal.low) and math.isnan(equal.high)
    assert other.low < other.value < other.high


def test_no_event_is_not_a_rate_of_0_for_certain():
    # exp(-3.6889) = 0.025: with 3.69 events expected, none comes in 2.5 % of cases.
    found = event_rate(np.zeros(4), np.array([0.5, 0.25, 0.25, 1.0]), RUNS)
    assert (found.value, found.low, found.count) == (0.0, 0.0, 4)
    assert found.high == pytest.approx(3.68888 / 2, abs=1e-5)
    assert event_rate(np.zeros(1), np.array([2.0])).high == found.high
    assert event_rate(np.array([1, 0, 5]), np.array([2.0, 0.0, 1.0]), RUNS) == rate(
        np.array([1, 0, 5]), np.array([2.0, 0.0, 1.0]), RUNS
    )
    assert math.isnan(event_rate(np.zeros(2), np.zeros(2), RUNS).high)


def test_only_known_values_count():
    found = share(np.array([True, True, False]), np.array([True, False, True]), RUNS)
    assert (found.value, found.count) == (0.5, 2)


def test_values_that_a_drawing_cannot_give_are_left_out():
    values, low, high = bootstrap(
        lambda weights: np.nan if weights[0] else 3.0, 10, Resampling(block=1, draws=50)
    )
    assert np.isnan(values[0])  # with every value there, there is no value
    assert np.isnan([low[0], high[0]]).all()


def test_rates_are_ratios_of_sums():
    found = rate(np.array([1, 0, 5]), np.array([2.0, 0.0, 1.0]), RUNS)
    assert found.value == 2.0
    assert math.isnan(rate(np.zeros(2), np.zeros(2), RUNS).value)


def test_resampling_refuses_nonsense():
    with pytest.raises(ValueError, match='expected 1 or more, got 0 and 500'):
        Resampling(block=0)


def test_weighted_quantiles_are_those_of_copies():
    rng = np.random.default_rng(3)
    wanted = np.array([0.0, 0.1, 0.5, 0.95, 1.0])
    for _ in range(50):
        values = rng.integers(0, 6, size=9).astype(float)
        values[rng.random(9) < 0.2] = np.nan
        weights = rng.integers(0, 4, size=9)
        copies = np.repeat(values, weights)
        copies = copies[np.isfinite(copies)]
        found = Weighted(values).quantiles(wanted, weights.astype(float))
        if not len(copies):
            assert np.isnan(found).all()
        else:
            np.testing.assert_allclose(found, np.quantile(copies, wanted), atol=1e-12)
