# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The covariance of an accepted match, by hand."""

from __future__ import annotations

import math

from anyloc_ros.localize.recognizer import Candidate
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
from anyloc_ros.ros.estimate import covariance, TURN_RAD, usual_step_m
import numpy as np
import pytest


def reference(number, pose, route=0):
    """Return a reference at a pose."""
    return Keyframe(number, route, number, number, pose, None, (4, 4))


def at(x, y=0.0, yaw=0.0):
    """Return a candidate at a place."""
    return Candidate(reference(0, Pose.from_xy_yaw(x, y, yaw)), 0.9)


def test_one_candidate_has_the_spacing_of_the_map():
    result = covariance([at(3.0)], [True], step_m=0.5)
    turn = TURN_RAD**2
    assert np.allclose(result, np.diag([0.25, 0.25, 0.25, turn, turn, turn]))


def test_the_spread_is_about_the_published_pose_and_leaves_other_places_out():
    candidates = [at(0.0), at(1.0, yaw=0.2), at(2.0, yaw=-0.1), at(50.0)]
    result = covariance(candidates, [True, True, True, False], step_m=0.5)
    assert result[0, 0] == pytest.approx(0.25 + (0 + 1 + 4) / 3)
    assert result[1, 1] == pytest.approx(0.25)
    assert result[5, 5] == pytest.approx(TURN_RAD**2 + (0.04 + 0.01) / 3)


def test_it_is_never_zero_and_a_turn_through_pi_is_small():
    result = covariance([at(0.0, yaw=3.1), at(0.0, yaw=-3.1)], [True, True], step_m=0.0)
    assert result.diagonal().min() > 0
    assert result[5, 5] == pytest.approx(TURN_RAD**2 + (math.tau - 6.2) ** 2 / 2)


def test_without_an_orientation_any_heading_is_possible():
    candidate = Candidate(reference(0, Pose(1.0, 2.0)), 0.9)
    assert covariance([candidate], [True], 0.5)[5, 5] == pytest.approx(math.pi**2)


def test_the_usual_step_is_along_routes_and_between_poses():
    steps = [(0, 0.0), (0, 1.0), (0, 1.5), (1, 90.0), (1, 90.5)]
    keyframes = [
        reference(n, Pose.from_xy_yaw(x, 0.0, 0.0), route) for n, (route, x) in enumerate(steps)
    ]
    assert usual_step_m(keyframes) == 0.5
    assert usual_step_m(keyframes[:1]) == 0.0
    assert usual_step_m([reference(0, None), reference(1, None)]) == 0.0
