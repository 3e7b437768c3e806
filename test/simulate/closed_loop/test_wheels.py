# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""How wrong odometry is, against what its figures say."""

from dataclasses import replace
import math

from anyloc_ros.pose import Pose
from anyloc_ros.simulate.closed_loop.wheels import SLIP_M, Wheels, WheelsConfig
import numpy as np
import pytest

START = Pose.from_xy_yaw(3.0, -1.0, math.pi)
PERFECT = WheelsConfig(way_error=0.0, yaw_drift_deg=0.0, yaw_walk_deg=0.0, slips_per_100m=0.0)


def drive(config, seed, steps=200, way_m=0.05, turn_rad=0.0):
    """Return what the wheels told (steps, 2), and where they believe to be."""
    wheels = Wheels(START, config, (seed, 0))
    told = np.array([wheels.roll(way_m, turn_rad) for _ in range(steps)])
    return told, wheels.pose


def test_without_errors_they_tell_the_truth():
    told, pose = drive(PERFECT, 0)
    assert (told == (0.05, 0.0)).all()
    assert pose.position == pytest.approx((3.0 - 10.0, -1.0, 0.0))
    # A circle of radius 1 m in fine steps: half of it leads 2 m to the left.
    _, pose = drive(PERFECT, 0, steps=1000, way_m=math.pi / 1000, turn_rad=math.pi / 1000)
    assert (pose.x, pose.y) == pytest.approx((3.0, -3.0), abs=1e-4)
    assert abs(math.remainder(pose.yaw, math.tau)) < 1e-9


def test_the_scale_is_one_error_for_each_run():
    scales = []
    for seed in range(200):
        told, _ = drive(replace(PERFECT, way_error=0.1), seed, steps=3)
        assert np.ptp(told[:, 0]) == 0
        scales.append(told[0, 0] / 0.05 - 1)
    # 200 draws place the deviation within 5 % (one deviation), and the mean within 0.007.
    assert np.std(scales) == pytest.approx(0.1, rel=0.2)
    assert abs(np.mean(scales)) < 0.03


def test_the_heading_drifts_with_the_way():
    drifts = [
        drive(replace(PERFECT, yaw_drift_deg=1.0), seed)[0][:, 1].sum() for seed in range(200)
    ]
    # 10 m at a deviation of 1 degree on each.
    assert np.degrees(np.std(drifts)) == pytest.approx(10.0, rel=0.2)


def test_the_heading_walks_at_random():
    walked = [
        drive(replace(PERFECT, yaw_walk_deg=1.0), seed)[0][:, 1].sum() for seed in range(200)
    ]
    assert np.degrees(np.std(walked)) == pytest.approx(math.sqrt(10.0), rel=0.2)
    standing = Wheels(START, replace(PERFECT, yaw_walk_deg=1.0), (0, 0))
    assert standing.roll(0.0, 0.0) == (0.0, 0.0)


def test_slips_are_as_frequent_and_as_long_as_they_say():
    config = replace(PERFECT, slips_per_100m=10.0, slip_share=0.5, slip_deg=5.0)
    told, _ = drive(config, 1, steps=20_000)
    # 1000 m: 100 slips, give or take 10; each lasts SLIP_M unless the next one comes first.
    turns = told[:, 1][told[:, 1] != 0]
    assert 70 < len(turns) < 130
    assert np.degrees(np.std(turns)) == pytest.approx(5.0, rel=0.3)
    slipping = told[:, 0] > 0.05 + 1e-9
    assert told[slipping, 0] == pytest.approx(0.075)
    assert slipping.sum() * 0.05 == pytest.approx(len(turns) * SLIP_M, rel=0.25)


def test_the_seed_alone_decides():
    told, pose = drive(WheelsConfig(), 5)
    again, same = drive(WheelsConfig(), 5)
    other, _ = drive(WheelsConfig(), 6)
    assert (told == again).all() and pose == same
    assert (told != other).any()
