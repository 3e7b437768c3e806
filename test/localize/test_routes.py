# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where a belief goes when the robot moves, in numbers one can compute by hand."""

import math

from anyloc_ros.config import SequenceConfig
from anyloc_ros.localize.places import Places
from anyloc_ros.localize.routes import along_route_m, Motion, motion_between, Routes
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
import numpy as np
import pytest

WINDOW = SequenceConfig(window_back=1, window_ahead=3, motion_sigma=0.2)


def keyframes(*routes):
    """Return references of routes given by the pose and the way in metres of each, or None."""
    made = []
    for route, places in enumerate(routes):
        for index, (pose, way_m) in enumerate(places):
            made.append(Keyframe(len(made), route, index, 0, pose, way_m, (1, 1)))
    return made


def straight(*along_m, y=0.0):
    """Return places along x."""
    return [(Pose.from_xy_yaw(x, y, 0.0), x) for x in along_m]


def circle(count, *, half=False):
    """Return places around a circle, 1 m from each to the next and from the last to the first."""
    turn = math.tau / count / (2 if half else 1)
    radius = 0.5 / math.sin(turn / 2)
    places = []
    for i in range(count):
        angle = turn * i
        pose = Pose.from_xy_yaw(
            radius * math.cos(angle), radius * math.sin(angle), angle + math.pi / 2
        )
        places.append((pose, float(i)))
    return places


def bare(count):
    """Return places of which nothing is known."""
    return [(None, None)] * count


def routes_of(*routes, config=WINDOW):
    references = keyframes(*routes)
    return Routes(references, Places(references), config)


def one_hot(size, *rows):
    mass = np.zeros(size)
    mass[list(rows)] = 1.0
    return mass


def ahead(way_m, turn_rad=0.0):
    return Motion(way_m, turn_rad)


def moved(routes, size, row, motion):
    """Return where the mass of one row goes, by row."""
    spread = routes.spread(one_hot(size, row), motion)
    return {int(i): pytest.approx(spread[i]) for i in np.flatnonzero(spread > 1e-12)}


# Motion of the base.


def test_the_way_ahead_is_along_the_heading_before():
    before = Pose.from_xy_yaw(1.0, 2.0, math.pi / 2)
    after = Pose.from_xy_yaw(1.0, 2.5, math.pi / 2 + 0.1)
    assert motion_between(before, after) == ahead(0.5, pytest.approx(0.1))
    assert motion_between(before, Pose.from_xy_yaw(1.0, 1.5, math.pi / 2)).ahead_m == -0.5
    # An arc: 3 m aside and 4 m ahead are a way of 5 m.
    assert motion_between(before, Pose.from_xy_yaw(-2.0, 6.0, math.pi)).ahead_m == 5.0


def test_turns_take_the_short_way():
    a, b = Pose.from_xy_yaw(0, 0, 3.0), Pose.from_xy_yaw(0, 0, -3.0)
    assert motion_between(a, b) == ahead(0.0, pytest.approx(math.tau - 6.0))


def test_positions_without_headings_go_ahead():
    motion = motion_between(Pose(3.0, 0.0, 1.0), Pose(0.0, 0.0, 5.0))
    assert motion == ahead(5.0)
    assert motion_between(Pose.from_xy_yaw(3, 0, 0), Pose(0.0, 0.0)) == ahead(3.0)


# Without odometry: -1 .. +3 references.


def test_a_window_is_even_and_cut_at_the_ends():
    routes = routes_of(bare(10))
    assert moved(routes, 10, 4, None) == dict.fromkeys([3, 4, 5, 6, 7], 1 / 5)
    assert moved(routes, 10, 0, None) == dict.fromkeys([0, 1, 2, 3], 1 / 4)
    assert moved(routes, 10, 8, None) == dict.fromkeys([7, 8, 9], 1 / 3)
    assert moved(routes, 10, 9, None) == dict.fromkeys([8, 9], 1 / 2)


def test_a_window_larger_than_the_route():
    config = SequenceConfig(window_back=0, window_ahead=50)
    routes = routes_of(bare(3), bare(1), config=config)
    assert moved(routes, 4, 1, None) == {1: 1 / 2, 2: 1 / 2}
    assert moved(routes, 4, 3, None) == {3: 1.0}


def test_a_window_goes_round_a_loop():
    routes = routes_of(circle(12))
    assert moved(routes, 12, 10, None) == dict.fromkeys([9, 10, 11, 0, 1], 1 / 5)
    assert moved(routes, 12, 0, None) == dict.fromkeys([11, 0, 1, 2, 3], 1 / 5)


def test_a_way_there_and_back_is_no_loop():
    # It ends where it began, but faces the other way.
    there = [(Pose.from_xy_yaw(x, 0.0, 0.0), x) for x in range(8)]
    back = [(Pose.from_xy_yaw(7 - x, 0.5, math.pi), 8.0 + x) for x in range(8)]
    routes = routes_of(there + back)
    assert moved(routes, 16, 15, None) == dict.fromkeys([14, 15], 1 / 2)
    # 15 m +- 1 m, of which the last one takes all beyond 14.5 m.
    assert moved(routes, 16, 15, ahead(2.0)) == {14: 0.25, 15: 0.75}


def test_routes_do_not_mix():
    routes = routes_of(straight(0, 1, 2), straight(0, 1, 2, y=0.5), bare(2))
    mass = np.array([0.1, 0, 0.2, 0, 0.3, 0, 0.4, 0])
    for motion in (None, ahead(1.0), ahead(-5.0)):
        spread = routes.spread(mass, motion)
        assert [spread[:3].sum(), spread[3:6].sum(), spread[6:].sum()] == pytest.approx(
            [0.3, 0.3, 0.4]
        )


@pytest.mark.parametrize('motion', [None, *(ahead(x) for x in (0, 0.3, 1.7, -2.2, 40, -1e9, 1e9))])
@pytest.mark.parametrize('route', [straight(0, 0.1, 0.2, 3, 3, 7, 9), circle(17), bare(5)])
def test_the_sum_stays_and_nothing_is_negative(route, motion):
    mass = np.random.default_rng(2).random(len(route)) ** 9
    spread = routes_of(route).spread(mass, motion)
    assert spread.sum() == pytest.approx(mass.sum())
    assert (spread >= 0).all()
    assert spread.shape == mass.shape


# With odometry: the way, give or take two sigma (0.4 of it) and one usual step.


def test_the_belief_moves_by_the_way_driven():
    # The usual step is 1 m. 6 m +- 2.4 m from 2 m: 5.6 to 10.4 m, cut at 6.5, 7.5, 8.5 and 9.5.
    routes = routes_of(straight(*range(13)))
    inner = dict.fromkeys([7, 8, 9], 1 / 4.8)
    assert moved(routes, 13, 2, ahead(6.0)) == {6: 0.9 / 4.8, **inner, 10: 0.9 / 4.8}
    # 1 m +- 1 m, for a step is the least.
    assert moved(routes, 13, 2, ahead(1.0)) == {2: 0.25, 3: 0.5, 4: 0.25}


@pytest.mark.parametrize('step_m', [0.3, 0.5, 0.8, 1.2])
def test_short_steps_move_the_belief_as_far_as_the_robot(step_m):
    routes = routes_of(straight(*range(60)))
    mass = one_hot(60, 10)
    for _ in range(8):
        mass = routes.spread(mass, ahead(step_m))
    assert mass @ np.arange(60) == pytest.approx(10 + 8 * step_m, abs=1e-9)


def test_the_spacing_of_references_does_not_matter():
    # The median step is 1 m; from 1 m by 2 m +- 1 m to 2 .. 4 m.
    routes = routes_of(straight(0, 1, 2, 2.25, 2.5, 2.75, 4, 5, 6, 7, 9))
    cells_m = {2: 0.125, 3: 0.25, 4: 0.25, 5: 0.75, 6: 0.625}
    assert moved(routes, 11, 1, ahead(2.0)) == {row: m / 2 for row, m in cells_m.items()}


def test_driving_backwards():
    routes = routes_of(straight(*range(10)))
    assert moved(routes, 10, 8, ahead(-2.0)) == {5: 0.25, 6: 0.5, 7: 0.25}


def test_a_route_stops_at_its_ends():
    routes = routes_of(straight(*range(10)))
    # 9 m, the end, +- 2.8 m; then +- 2 m; then 0 m +- 1.6 m.
    far = {6: 0.3 / 5.6, 7: 1 / 5.6, 8: 1 / 5.6, 9: 3.3 / 5.6}
    assert moved(routes, 10, 8, ahead(7.0)) == far
    assert moved(routes, 10, 8, ahead(5.0)) == {7: 0.125, 8: 0.25, 9: 0.625}
    assert moved(routes, 10, 1, ahead(-4.0)) == {0: 2.1 / 3.2, 1: 1 / 3.2, 2: 0.1 / 3.2}


def test_the_way_goes_round_a_loop_any_number_of_times():
    # 20 references and 20 m around; the usual step is 1 m.
    routes = routes_of(circle(20))
    assert moved(routes, 20, 18, ahead(1.7)) == {19: 0.4, 0: 0.5, 1: 0.1}
    assert moved(routes, 20, 18, ahead(2.3)) == {19: 0.1, 0: 0.5, 1: 0.4}
    assert moved(routes, 20, 1, ahead(-2.3)) == {18: 0.4, 19: 0.5, 0: 0.1}
    # 21.7 m with 1 % error are still +- 1 m: one lap and 1.7 m.
    exact = routes_of(circle(20), config=SequenceConfig(motion_sigma=0.01))
    assert moved(exact, 20, 18, ahead(21.7)) == {19: 0.4, 0: 0.5, 1: 0.1}
    assert moved(exact, 20, 3, ahead(-42.3)) == {0: 0.4, 1: 0.5, 2: 0.1}


@pytest.mark.parametrize('way_m', [25.0, -30.0, 1e3, 1e12])
def test_a_way_that_may_end_anywhere_on_a_loop(way_m):
    spread = routes_of(circle(20)).spread(one_hot(20, 4), ahead(way_m))
    assert spread == pytest.approx(np.full(20, 1 / 20))


def test_in_a_gap_of_the_map_the_nearest_reference_takes_it():
    # Nothing is between 3 m and 13 m; steps are 1 m.
    routes = routes_of(straight(0, 1, 2, 3, 13, 14, 15, 16))
    assert moved(routes, 8, 3, ahead(2.0)) == {3: 1.0}
    assert moved(routes, 8, 3, ahead(2.4)) == {3: 1.0}
    # 9.5 m +- 2.6 m: 1.1 of 5.2 m lie before the middle at 8 m.
    assert moved(routes, 8, 3, ahead(6.5)) == {3: 1.1 / 5.2, 4: 4.1 / 5.2}
    # 8 m +- 3.2 m reach from 7.8 to 14.2 m.
    assert moved(routes, 8, 3, ahead(8.0)) == {3: 0.2 / 6.4, 4: 5.5 / 6.4, 5: 0.7 / 6.4}
    assert moved(routes, 8, 4, ahead(-3.0)) == {4: 1.0}
    assert moved(routes, 8, 4, ahead(-6.5)) == {3: 4.1 / 5.2, 4: 1.1 / 5.2}


def test_a_map_without_distances_moves_by_images():
    for route in (bare(10), [*bare(1), *straight(*range(1, 10))], [*straight(*[0] * 10)]):
        routes = routes_of(route)
        assert moved(routes, 10, 4, ahead(2.5)) == dict.fromkeys([3, 4, 5, 6, 7], 1 / 5)


@pytest.mark.parametrize(
    ('measured', 'expected'),
    [
        ([5.0, 6.0, 8.5], [0.0, 1.0, 3.5]),
        ([5.0, 4.0, 8.0], [0.0, 0.0, 3.0]),
        ([5.0, None, 8.0], None),
        ([5.0, 5.0], None),
        ([5.0], None),
    ],
)
def test_the_way_along_a_route_begins_at_zero_and_grows(measured, expected):
    along_m = along_route_m(keyframes([(None, way_m) for way_m in measured]))
    assert (None if along_m is None else along_m.tolist()) == expected


# Does one place follow from another?


@pytest.mark.parametrize(
    ('later', 'ahead_m', 'follows'),
    [
        # 10 m +- 4 m for odometry, +- 3 m for the place: 3 m to 17 m ahead of 5 m.
        (8, 10.0, True),
        (7, 10.0, False),
        (22, 10.0, True),
        (23, 10.0, False),
        # Without motion +- 1 m and +- 3 m.
        (1, 0.0, True),
        (0, 0.0, False),
        (9, 0.0, True),
        (10, 0.0, False),
        # 5 m back are +- 2 m and 3 m.
        (0, -5.0, True),
        (5, -5.0, True),
        (6, -5.0, False),
        # Nothing known of the way: 2 images are 2 back and 6 ahead, and 3 for the place.
        (0, None, True),
        (14, None, True),
        (15, None, False),
    ],
)
def test_what_follows_on_one_route(later, ahead_m, follows):
    routes = routes_of(straight(*range(30)))
    assert routes.continues(5, later, ahead_m, 2) is follows


def test_what_follows_counts_images_where_the_map_has_no_distances():
    routes = routes_of(bare(40))
    # One image: 1 back and 3 ahead, and 3 for the place.
    assert [row for row in range(40) if routes.continues(20, row, None, 1)] == [*range(16, 27)]
    assert [row for row in range(40) if routes.continues(20, row, 0.0, 1)] == [*range(16, 27)]


def test_what_follows_on_a_loop():
    routes = routes_of(circle(20))
    # 2.1 m ahead of 18 m, +- 1 m and +- 3 m: from 16.1 to 24.1 m, or 4.1 m.
    assert [row for row in range(20) if routes.continues(18, row, 2.1, 1)] == [
        *range(5),
        *range(17, 20),
    ]
    assert routes.continues(1, 19, -2.1, 1)
    assert not routes.continues(1, 10, 2.1, 1)
    assert routes.continues(18, 4, None, 1)
    assert not routes.continues(18, 5, None, 1)
    assert routes.continues(1, 17, None, 1)
    assert not routes.continues(1, 16, None, 1)
    # An open route does not go on at its beginning.
    half = routes_of(circle(20, half=True))
    assert not half.continues(18, 0, 2.0, 1)


def test_another_route_follows_where_it_passes():
    beside = straight(*range(10), y=1.0)
    routes = routes_of(straight(*range(10)), beside, bare(3))
    # 3 usual steps are 3 m: (dx, 1 m) is within for dx up to 2 m.
    assert [row for row in range(10, 23) if routes.continues(5, row, 0.0, 1)] == [*range(13, 18)]
    assert [row for row in range(10, 23) if routes.continues(5, row, None, 1)] == [*range(13, 18)]
    # After 4 m it may be 6 m away, in any direction.
    assert [row for row in range(10, 20) if routes.continues(2, row, 4.0, 1)] == [*range(10, 18)]
