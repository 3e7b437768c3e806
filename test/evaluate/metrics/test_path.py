# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Projection on taught paths that can be drawn on paper, exact to 1e-9."""

import math

from anyloc_ros.evaluate.metrics.path import TaughtPath
from anyloc_ros.evaluate.metrics.path_error import of_references, path_error
import numpy as np
import pytest

EXACT = {'rtol': 0, 'atol': 1e-9}
NAN = math.nan


def beside(corners, s_m, left_m):
    """Return points, and headings, that are `left_m` left of a polyline after `s_m`."""
    corners = np.array(corners, float)
    legs = np.diff(corners, axis=0)
    lengths = np.hypot(*legs.T)
    starts = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    points, yaws = [], []
    for s, left in zip(s_m, np.broadcast_to(left_m, np.shape(s_m)), strict=True):
        leg = max(number for number, start in enumerate(starts) if start <= s or number == 0)
        yaw = math.atan2(legs[leg][1], legs[leg][0])
        x, y = corners[leg] + (s - starts[leg]) * legs[leg] / lengths[leg]
        points.append((x - left * math.sin(yaw), y + left * math.cos(yaw)))
        yaws.append(yaw)
    return np.array(points), np.array(yaws)


def check(found, s_m, left_m):
    np.testing.assert_allclose(found.s_m, s_m, **EXACT)
    np.testing.assert_allclose(found.left_m, np.broadcast_to(left_m, np.shape(s_m)), **EXACT)


@pytest.mark.parametrize('degrees', [0, 37, 90, 180, -120])
@pytest.mark.parametrize('left_m', [0.0, 0.3, -0.7])
def test_straight(degrees, left_m):
    turn = math.radians(degrees)
    corners = [(2, 3), (2 + 10 * math.cos(turn), 3 + 10 * math.sin(turn))]
    path = TaughtPath(np.linspace(*corners, 21))
    # It goes on before the start and behind the end, as far as the window.
    s_m = np.linspace(-1.5, 11.5, 66)
    check(path.project(beside(corners, s_m, left_m)[0]), s_m, left_m)
    assert path.length_m == pytest.approx(10, abs=1e-9)


@pytest.mark.parametrize(
    ('ahead', 'point'),
    [((1, 0), (5, 1)), ((0, 1), (-1, 5)), ((-1, 0), (-5, -1)), ((0, -1), (1, -5))],
)
def test_left_is_left_as_rep_103_says(ahead, point):
    found = TaughtPath(np.array([(0, 0), np.multiply(ahead, 10)])).project(np.array([point]))
    check(found, [5], 1.0)


THERE_AND_BACK = [(0, 0), (10, 0), (0, 0)]


@pytest.mark.parametrize('left_m', [0.0, 0.1, -0.1])
def test_out_and_back_without_headings(left_m):
    path = TaughtPath(np.array(THERE_AND_BACK, float))
    s_m = np.arange(1, 200) / 10
    # At the turning point left of the one leg is right of the other.
    lefts = np.where(s_m == 10, 0.0, left_m)
    check(path.project(beside(THERE_AND_BACK, s_m, lefts)[0]), s_m, lefts)


def test_out_and_back_begun_anywhere_with_headings():
    path = TaughtPath(np.array(THERE_AND_BACK, float))
    for start in (3.0, 17.0):
        points, yaws = beside(THERE_AND_BACK, [start], -0.2)
        check(path.project(points, yaws), [start], -0.2)
    # Without a heading both legs are as near, and the earlier one is taken.
    check(path.project(points), [3.0], 0.2)
    check(path.project(points, start_s=16.5), [17.0], -0.2)


def test_headings_decide_against_going_on():
    # It turns round half-way: a robot that drives back on the way out is on the way back.
    path = TaughtPath(np.array(THERE_AND_BACK, float))
    points = np.array([(9.0, 0.0), (9.3, 0.0), (9.0, 0.0)])
    check(path.project(points, np.array([0.0, 0.0, math.pi])), [9.0, 9.3, 11.0], 0.0)


EIGHT = [(0, 0), (10, 10), (10, 0), (0, 10), (0, 0)]
"""It crosses itself at (5, 5)."""


@pytest.mark.parametrize('left_m', [0.0, 0.2, -0.2])
@pytest.mark.parametrize('with_yaw', [False, True])
def test_figure_of_eight(left_m, with_yaw):
    path = TaughtPath(np.array(EIGHT[:-1], float), closed=True)
    corners_s = np.cumsum([0, 10 * math.sqrt(2), 10, 10 * math.sqrt(2), 10])
    s_m = np.arange(1.0, corners_s[-1] - 1, 0.1)
    s_m = s_m[np.abs(s_m[:, None] - corners_s).min(axis=1) > 0.8]
    points, yaws = beside(EIGHT, s_m, left_m)
    found = path.project(points, yaws if with_yaw else None)
    check(found, s_m, left_m)
    # The place of the crossing is there twice.
    assert np.abs(s_m - 5 * math.sqrt(2)).min() < 0.1
    assert np.abs(s_m - (10 + 15 * math.sqrt(2))).min() < 0.1


SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]


def test_a_loop_through_its_beginning():
    path = TaughtPath(np.array(SQUARE[:-1], float), closed=True)
    assert path.length_m == 40.0
    s_m = np.arange(35.5, 44.5, 0.3)
    points, _ = beside(SQUARE, s_m % 40, 0.0)
    found = path.project(points)
    check(found, s_m % 40, 0.0)
    ahead = path.ahead_m((s_m + 0.5) % 40, s_m % 40)
    np.testing.assert_allclose(ahead, 0.5, **EXACT)
    np.testing.assert_allclose(path.ahead_m((s_m - 0.5) % 40, s_m % 40), -0.5, **EXACT)
    assert path.ahead_m([20.0], [0.0]).tolist() == [-20.0]
    # On an open path the beginning and the end are two places.
    assert TaughtPath(np.array(SQUARE)).ahead_m([0.2], [39.8]) == pytest.approx(-39.6)


def test_two_laps_are_two_places():
    laps = SQUARE[:-1] * 2 + SQUARE[:1]
    path = TaughtPath(np.array(laps, float))
    s_m = np.arange(0.2, 80, 0.7)
    check(path.project(beside(laps, s_m, 0.0)[0]), s_m, 0.0)


def test_outside_of_a_corner_is_as_far_as_it_is():
    path = TaughtPath(np.array([(0, 0), (10, 0), (10, 10)], float))
    found = path.project(np.array([(9.5, -0.3), (10.3, -0.4)]))
    check(found, [9.5, 10.0], [-0.3, -0.5])


def test_unknown_and_repeated_positions():
    taught = np.array([(0, 0), (0, 0), (NAN, 0), (2, 0), (2, 0), (5, 0)])
    path = TaughtPath(taught)
    np.testing.assert_array_equal(path.arc_m, [0, 0, NAN, 2, 2, 5])
    found = path.project(np.array([(1, 0.1), (NAN, NAN), (4, -0.1)]))
    check(found, [1, NAN, 4], [0.1, NAN, -0.1])
    for taught in ([(1, 1), (1, 1)], [(1, 1)], [(NAN, NAN)], np.empty((0, 2))):
        with pytest.raises(ValueError, match='expected 2 different ones'):
            TaughtPath(np.array(taught, float), closed=True)


def test_a_carried_robot_is_looked_for_everywhere():
    path = TaughtPath(np.array([(0, 0), (10, 0), (0, 5)], float))
    points = np.array([(1.0, 0.0), (2.0, 4.0)])
    lost = path.project(points)
    assert lost.s_m[1] < 10
    leg = math.hypot(10, 5)
    check(path.project(points, restarts=[1]), [1.0, 10 + 0.8 * leg], 0.0)


def test_estimates_are_projected_around_the_truth():
    path = TaughtPath(np.array(THERE_AND_BACK, float))
    points = np.array([(6.0, 0.0), (6.0, 0.0), (6.0, 0.0)])
    check(path.project(points, around_s=[5.0, 14.5, NAN]), [6.0, 14.0, NAN], [0, 0, NAN])


def test_errors_along_and_across():
    path = TaughtPath(np.column_stack([np.arange(11.0), np.zeros(11)]))
    true = path.project(np.array([(2.3, 0.1), (4.0, -0.2), (7.0, 0.3), (8.0, 0.0)]))
    answers = of_references(path, np.array([3, 3, 9, -1]))
    turned = np.array([math.radians(350), math.radians(-350), 0.0, NAN])
    accepted = np.array([1, 1, 0, 0], bool)
    along_m = path.ahead_m(answers.s_m, true.s_m)
    cross_m = answers.left_m - true.left_m
    found = path_error(along_m, cross_m, true.left_m, turned, accepted)
    # 0.7 m ahead and 1 m behind; where it stood left the answer is right of it.
    assert found.along_m.bias.value == pytest.approx(-0.15, abs=1e-9)
    assert found.along_m.rmse.value == pytest.approx(math.sqrt((0.49 + 1) / 2), abs=1e-9)
    assert found.along_m.maximum == pytest.approx(1.0, abs=1e-9)
    assert found.cross_m.bias.value == pytest.approx(0.05, abs=1e-9)
    assert found.cross_m.mean.value == pytest.approx(0.15, abs=1e-9)
    assert (found.along_m.unknown, found.queries) == (2, 4)
    assert found.offset_m.maximum == pytest.approx(0.3, abs=1e-9)
    # 350 degrees to the left are 10 to the right.
    assert found.heading_deg.bias.value == pytest.approx(0.0, abs=1e-9)
    assert found.heading_deg.median.value == pytest.approx(10.0, abs=1e-9)


def test_directions_of_a_path():
    path = TaughtPath(np.array(SQUARE[:-1], float), closed=True)
    quarter = math.pi / 2
    found = path.yaw_at(np.array([0.0, 9.9, 10.0, 25.0, 40.0, NAN]))
    np.testing.assert_allclose(found, [0, 0, quarter, math.pi, 0, NAN], **EXACT)
