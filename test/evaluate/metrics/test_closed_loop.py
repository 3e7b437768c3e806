# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Repeat runs, counted by hand."""

from dataclasses import replace
import math

from anyloc_ros.evaluate.metrics.closed_loop import (
    convergence,
    correction_sign_error,
    cross_track,
    repeat_score,
    RepeatOutcome,
    settle_distance_m,
    SuccessConfig,
)
import numpy as np
import pytest

NAN = math.nan
CONFIG = SuccessConfig(goal_m=0.5, goal_deg=10.0, half_width_m=0.6)
GOOD = RepeatOutcome(
    goal_m=0.5, goal_rad=math.radians(351), max_cross_m=0.6, collided=False, aborted=False,
    interventions=0, driven_m=40.0, autonomous_m=40.0, length_m=30.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ('change', 'success'),
    [
        ({}, True),  # at every limit, and across the cut of the yaw
        ({'goal_m': 0.51}, False),
        ({'goal_m': NAN}, False),
        ({'goal_m': math.inf, 'goal_rad': math.inf}, False),
        ({'goal_rad': math.radians(11)}, False),
        ({'max_cross_m': 0.61}, False),
        ({'collided': True}, False),
        ({'aborted': True}, False),
        ({'interventions': 1}, False),
    ],
)
def test_success(change, success):
    assert replace(GOOD, **change).succeeded(CONFIG) is success


def test_several_runs():
    helped = replace(GOOD, interventions=2, driven_m=60.0, autonomous_m=45.0)
    broken = replace(GOOD, collided=True, aborted=True, driven_m=25.0, autonomous_m=25.0)
    short = replace(GOOD, driven_m=29.0, autonomous_m=29.0)  # it cut a corner
    found = repeat_score([GOOD, helped, broken, short], CONFIG)
    assert (found.success.value, found.success.count) == (0.5, 4)
    assert found.success.low < 0.5 < found.success.high
    assert found.autonomy.value == pytest.approx(139 / 154)
    assert found.mdbi_m.value == pytest.approx(77.0)
    assert found.mdbi_m.low < 77.0 < found.mdbi_m.high == math.inf
    assert found.failures_per_km.value == pytest.approx(1000 / 154)
    assert found.spl.value == pytest.approx((30 / 40 + 1) / 4)
    assert (found.runs, found.interventions, found.driven_m) == (4, 2, 154.0)
    for text in ('0.5 m', '10 degrees', '0.6 m'):
        assert text in found.definition


def test_no_intervention_and_no_run():
    found = repeat_score([GOOD], CONFIG)
    assert found.mdbi_m.value == found.mdbi_m.high == math.inf
    # 40 m without an event.
    assert found.mdbi_m.low == pytest.approx(40 / 3.68888, rel=1e-5)
    assert (found.failures_per_km.value, found.failures_per_km.low) == (0, 0)
    assert found.failures_per_km.high == pytest.approx(1000 * 3.68888 / 40, rel=1e-5)
    found = repeat_score([], CONFIG)
    assert math.isnan(found.success.value)
    assert math.isnan(found.mdbi_m.value)


def test_corrections_that_lead_away():
    left_m = np.array([0.5, 0.5, -0.5, -0.5, 0.5, 0.05, NAN])
    correction = np.array([-1.0, 1.0, 1.0, 1.0, NAN, 1.0, 1.0])
    found = correction_sign_error(left_m, correction, deadband_m=0.1)
    assert (found.wrong.value, found.idle.value) == (1 / 5, 1 / 5)
    assert (found.wrong.count, found.frames) == (5, 7)


def test_settling():
    driven_m = np.array([10.0, 11, 12, 13, 14])
    left_m = np.array([0.3, -0.1, 0.2, -0.05, 0.1])
    assert settle_distance_m(left_m, driven_m, 0.1) == 3.0
    assert settle_distance_m(left_m, driven_m, 0.3) == 0.0
    assert settle_distance_m(left_m, driven_m, 0.07) == math.inf
    assert settle_distance_m(np.array([0.0, NAN, 0, 0, 0]), driven_m, 0.1) == 2.0


def test_convergence_is_a_slope():
    way = np.arange(50.0)
    left_m = 0.5 - 0.01 * way
    found = convergence(np.where(way % 2, left_m, -left_m), way)
    assert found.value == pytest.approx(-0.01, abs=1e-12)
    assert math.isnan(found.low)  # all drawings agree
    assert math.isnan(convergence(np.array([0.1, NAN]), np.zeros(2)).value)


def test_cross_track_by_hand():
    found = cross_track(np.array([0.3, -0.4]))
    assert found.rmse.value == pytest.approx(math.sqrt(0.125))
    assert (found.bias.value, found.maximum) == pytest.approx((-0.05, 0.4))
