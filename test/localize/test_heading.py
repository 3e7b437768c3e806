# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Turns between two views of points whose places are known, by the textbook: q ~ R (X - t)."""

import math

from anyloc_ros.localize.heading import MIN_MATCHES, turn_between
import numpy as np
import pytest

PIXEL = 1 / 190
"""Of a camera 320 px wide that sees 80 degrees."""


def seen(points, *, left_deg=0.0, right_m=0.0, ahead_m=0.0, pitch_deg=0.0, roll_deg=0.0):
    """Return rays (N, 2) to points (right, down, ahead) of a camera that moved, then turned."""
    turn, pitch, roll = np.radians([left_deg, pitch_deg, roll_deg])
    cos, sin = math.cos(turn), math.sin(turn)
    about_down = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    cos, sin = math.cos(pitch), math.sin(pitch)
    about_right = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    cos, sin = math.cos(roll), math.sin(roll)
    about_ahead = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    moved = (points - [right_m, 0, ahead_m]) @ (about_ahead @ about_right @ about_down).T
    return moved[:, :2] / moved[:, 2:]


@pytest.fixture(scope='module')
def points():
    """Return 200 points all over the picture, 2 to 20 m ahead."""
    rng = np.random.default_rng(3)
    rays = rng.uniform((-0.8, -0.6, 1), (0.8, 0.6, 1), (200, 3))
    return rays * np.exp(rng.uniform(np.log(2), np.log(20), (200, 1)))


def noisy(rays, seed=0, px=0.2):
    return rays + np.random.default_rng(seed).normal(0, px * PIXEL, rays.shape)


@pytest.mark.parametrize('left_deg', [-20, -10, -2, 0, 2, 10, 20])
@pytest.mark.parametrize('right_m', [-0.3, 0.0, 0.3])
@pytest.mark.parametrize('ahead_m', [-0.25, 0.0, 0.25])
def test_a_turn_is_found_whatever_the_camera_moved(points, left_deg, right_m, ahead_m):
    reference = seen(points)
    query = seen(points, left_deg=left_deg, right_m=right_m, ahead_m=ahead_m)
    heading, sigma = turn_between(reference, noisy(query), PIXEL)
    assert math.degrees(heading) == pytest.approx(left_deg, abs=0.5)
    assert 0.19 < math.degrees(sigma) < 1.0


def test_a_camera_that_turned_left_sees_things_further_right(points):
    reference, query = seen(points), seen(points, left_deg=5)
    assert (query[:, 0] > reference[:, 0]).all()
    assert turn_between(reference, query, PIXEL)[0] > 0


def test_wrong_matches_do_not_count(points):
    query = noisy(seen(points, left_deg=7, right_m=0.3))
    query[::3] = np.random.default_rng(1).uniform(-0.8, 0.8, query[::3].shape)
    heading, _ = turn_between(seen(points), query, PIXEL)
    assert math.degrees(heading) == pytest.approx(7, abs=0.5)


def test_a_body_that_rocks_is_no_turn(points):
    query = noisy(seen(points, left_deg=4, right_m=0.2, pitch_deg=1.5, roll_deg=-1.0))
    heading, _ = turn_between(seen(points), query, PIXEL)
    assert math.degrees(heading) == pytest.approx(4, abs=0.5)


def test_a_camera_that_looks_down_sees_its_turn_all_but_whole(points):
    # Mounted 15 degrees down: the axis of the turn is no more the down of the camera.
    tilt = math.radians(15)
    cos, sin = math.cos(tilt), math.sin(tilt)
    mount = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])

    def tilted(rays):
        moved = np.column_stack([rays, np.ones(len(rays))]) @ mount.T
        return moved[:, :2] / moved[:, 2:]

    reference, query = seen(points), seen(points, left_deg=10, right_m=0.2)
    heading, _ = turn_between(tilted(reference), noisy(tilted(query)), PIXEL)
    assert math.degrees(heading) == pytest.approx(10, abs=0.6)


def test_sigma_tells_the_error_where_one_wall_is_all_there_is():
    # Before one wall, a turn and a step aside look nearly the same: often wrong, and it says so.
    rng = np.random.default_rng(5)
    wall = np.stack([rng.uniform(-2, 2, 80), rng.uniform(-1, 1, 80), np.full(80, 3.0)], axis=1)
    ratios = []
    for seed in range(40):
        left_deg, right_m = rng.uniform(-8, 8), rng.uniform(-0.3, 0.3)
        query = noisy(seen(wall, left_deg=left_deg, right_m=right_m), seed, px=0.3)
        heading, sigma = turn_between(seen(wall), query, PIXEL)
        ratios.append((math.degrees(heading) - left_deg) / math.degrees(sigma))
    assert np.sqrt(np.mean(np.square(ratios))) < 1.5


def test_few_matches_give_no_heading(points):
    few = seen(points[: MIN_MATCHES - 1])
    assert np.isnan(turn_between(few, few, PIXEL)).all()
    assert np.isnan(turn_between(np.empty((0, 2)), np.empty((0, 2)), PIXEL)).all()


def test_pixels_without_a_ray_do_not_count(points):
    query = noisy(seen(points, left_deg=6, right_m=0.2))
    query[:20] = np.nan
    query[20:40] = 1e6
    heading, _ = turn_between(seen(points), query, PIXEL)
    assert math.degrees(heading) == pytest.approx(6, abs=0.5)
    assert np.isnan(turn_between(seen(points), np.full((200, 2), np.nan), PIXEL)).all()


def test_the_same_matches_give_the_same_answer(points):
    query = noisy(seen(points, left_deg=3))
    assert turn_between(seen(points), query, PIXEL) == turn_between(seen(points), query, PIXEL)


def test_one_match_many_times_is_survived():
    heading, sigma = turn_between(np.zeros((20, 2)), np.zeros((20, 2)), PIXEL)
    assert math.isnan(heading) or sigma > math.radians(5)
