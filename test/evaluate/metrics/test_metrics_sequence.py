# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What happens over time, on drives short enough to count by hand."""

import math

from anyloc_ros.evaluate.metrics.intervals import RUNS
from anyloc_ros.evaluate.metrics.sequence import (
    filter_gain,
    jump_rate,
    kidnap_recovery,
    Lock,
    longest_lost,
    LongestLost,
    time_to_lock,
    Track,
)
import numpy as np
import pytest

NAN = math.nan
SECONDS = np.arange(8) * 0.5
DRIVEN = np.arange(8) * 2.0


def flags(text):
    return np.array([each == '#' for each in text])


def line(*x):
    return np.column_stack([x, np.zeros(len(x))])


def test_jumps_are_what_odometry_does_not_explain():
    odometry = line(0, 2, 4, 6, 8, 10, 12, 14)
    estimated = line(0, 2, 5, NAN, 9, 30, 12, 14.0)
    # 9 to 30 and back 18: the wheels moved 2. Over the gap 5 to 9 they moved 4. 1 m is no jump.
    found = jump_rate(estimated, odometry, DRIVEN, limit_m=1.0)
    assert (found.jumps, found.driven_m) == (2, 14.0)
    assert found.per_100m.value == pytest.approx(200 / 14)
    assert found.pairs == 6
    assert jump_rate(estimated, odometry, DRIVEN, restarts=[5]).jumps == 1
    # From where it was before it was carried to the first estimate afterwards.
    estimated[5] = NAN
    estimated[6:] += 40
    assert jump_rate(estimated, odometry, DRIVEN).jumps == 1
    assert jump_rate(estimated, odometry, DRIVEN, restarts=[5]).jumps == 0


def test_nothing_driven_has_no_rate():
    found = jump_rate(line(0, 0), line(0, 0), np.zeros(2))
    assert math.isnan(found.per_100m.value)
    assert math.isnan(jump_rate(np.empty((0, 2)), np.empty((0, 2)), np.empty(0)).per_100m.value)


@pytest.mark.parametrize(
    ('good', 'expected'),
    [
        ('########', LongestLost(0.0, 0.0, 0)),
        ('#..#...#', LongestLost(1.5, 6.0, 3)),
        ('........', LongestLost(3.5, 14.0, 8)),
        ('####....', LongestLost(1.5, 6.0, 4)),
    ],
)
def test_longest_lost(good, expected):
    assert longest_lost(flags(good), SECONDS, DRIVEN) == expected


@pytest.mark.parametrize(
    ('good', 'expected'),
    [
        ('###.....', Lock(1.0, 4.0, 3)),
        ('##.##.##', Lock(math.inf, math.inf, -1)),
        ('##.###..', Lock(2.5, 10.0, 6)),
    ],
)
def test_a_lock_is_known_at_its_last_image(good, expected):
    assert time_to_lock(flags(good), SECONDS, DRIVEN, 3) == expected


def test_recovery_after_kidnappings():
    good = flags('####.###')
    found = kidnap_recovery([2, 5], good, SECONDS, DRIVEN, 2)
    # Right answers from before it was carried do not count.
    assert found.locks == (Lock(0.5, 2.0, 2), Lock(0.5, 2.0, 2))
    found = kidnap_recovery([3, 5], good, SECONDS, DRIVEN, 2, RUNS)
    assert found.locked.value == 0.5
    assert (found.metres.median.value, found.metres.unknown) == (2.0, 1)
    assert kidnap_recovery([], good, SECONDS, DRIVEN).locked.count == 0


def test_what_a_filter_changes():
    odometry = line(*DRIVEN)
    raw = Track(flags('#.##.###'), line(0, 99, 4, 6, 99, 10, 12, 14.0))
    filtered = Track(flags('..######'), line(NAN, NAN, 4, 6, 8, 10, 12, 14.0))
    found = filter_gain(raw, filtered, odometry, SECONDS, DRIVEN)
    assert (found.worse.value, found.better.value, found.gain.value) == (1 / 8, 1 / 8, 0.0)
    assert found.jumps_per_100m == pytest.approx(-400 / 14)
    assert (found.longest_lost_s, found.longest_lost_m) == (0.5, 2.0)
