# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Times, clocks and cost, counted by hand."""

import math

from anyloc_ros.evaluate.metrics.latency import (
    latency,
    map_cost,
    metres_per_estimate,
    stamp_latency,
    throughput,
)
import numpy as np
import pytest

MS = 1_000_000


def test_quantiles():
    found = latency(np.append(np.arange(101.0), math.nan))
    assert (found.p50.value, found.p95.value, found.p99.value) == (50.0, 95.0, 99.0)
    assert (found.maximum, found.unknown, found.p50.count) == (100.0, 1, 101)
    assert found.p50.low < 50.0 < found.p50.high
    assert math.isnan(latency(np.array([])).maximum)


def test_latency_is_from_the_stamp_of_the_image():
    # Simulated time begins at 0, wall time is far beyond what a float holds to the nanosecond.
    for start in (0, 1_790_000_000_123_456_789):
        images = start + np.array([0, 100, 200]) * MS
        found = stamp_latency(images, images + np.array([30, 40, 30]) * MS)
        assert found.times_ms.tolist() == [30.0, 40.0, 30.0]
        assert (found.before, found.stalled) == (0, 0)


def test_a_stalled_clock_tells_no_time():
    images = np.array([0, 100, 200, 300]) * MS
    found = stamp_latency(images, np.array([150, 150, 250, 250]) * MS)
    np.testing.assert_array_equal(found.times_ms, [150, math.nan, 50, math.nan])
    assert (found.before, found.stalled) == (1, 1)


def test_no_answers():
    assert stamp_latency(np.array([]), np.array([])).times_ms.shape == (0,)
    found = throughput(np.array([]), np.array([]), np.array([]), 100.0)
    assert math.isnan(found.rate_hz)


def test_an_image_without_an_answer_misses_its_deadline():
    stamps = np.arange(5) * 100 * MS
    answered = np.array([1, 1, 0, 1, 1], bool)
    times_ms = np.array([50, 100, math.nan, 101, math.nan])
    found = throughput(times_ms, answered, stamps, 100.0)
    assert found.rate_hz == pytest.approx(3 / 0.4)
    # The last was answered, nobody knows when.
    assert (found.deadline_miss.value, found.deadline_miss.count) == (0.5, 4)
    assert (found.dropped, found.images) == (1, 5)


def test_metres_on_one_estimate():
    found = metres_per_estimate(1.0, 5.0, 50.0, 0.5)
    assert found.metres_per_estimate == pytest.approx(0.25)
    assert found.enough
    assert not metres_per_estimate(1.1, 5.0, 50.0, 0.5).enough


def test_storage():
    found = map_cost(3_000_000, 120.0, 8192, 2)
    assert (found.map_bytes_per_m, found.descriptor_bytes) == (25_000.0, 16_384)
    assert math.isnan(map_cost(1, 0.0, 1, 2).map_bytes_per_m)
