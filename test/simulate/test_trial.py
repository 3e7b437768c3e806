# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What happens on a trial, and that the truth tells it as it is."""

from collections import Counter
from itertools import pairwise
import math

from anyloc_ros.evaluate.trust import (
    EXCURSION,
    KIDNAPPED,
    KIDNAPPED_INTO_TWIN,
    LIGHT_CHANGE,
    OCCLUDED,
)
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.course import Course, exits
from anyloc_ros.simulate.occlusion import occlude, OCCLUSIONS
from anyloc_ros.simulate.plan import TWIN_CENTRE
from anyloc_ros.simulate.run import RunConfig
from anyloc_ros.simulate.trial import Trial, TWIN_APART_M
import numpy as np
import pytest

TINY = Camera(64, 48)
CARRIED = (KIDNAPPED, KIDNAPPED_INTO_TWIN)
SEEDS = range(5)


@pytest.fixture(scope='module')
def trials(twin_world):
    return [Trial(twin_world, seed, TINY) for seed in SEEDS]


@pytest.fixture(scope='module')
def driven(trials):
    """All images of the shortest of the trials."""
    return list(min(trials, key=lambda trial: len(trial.truth)).frames())


def test_the_seed_alone_decides(twin_world, trials):
    again = Trial(twin_world, 3, TINY)
    assert again.truth == trials[3].truth != trials[4].truth
    first, same = next(again.frames()), next(trials[3].frames())
    assert (first.image == same.image).all()
    assert (first.stamp_ns, first.odometry) == (same.stamp_ns, same.odometry)


@pytest.mark.parametrize('number', SEEDS)
def test_everything_happens(trials, number):
    trial = trials[number]
    images = Counter(frame.event for frame in trial.truth)
    assert (images[KIDNAPPED], images[KIDNAPPED_INTO_TWIN], images[LIGHT_CHANGE]) == (2, 1, 1)
    # 1 to 5 s at 4 Hz; it stands until the next image.
    assert 4 <= images[OCCLUDED] <= 21
    assert all(frame.on_route for frame in trial.truth if frame.event != EXCURSION)
    away = [not frame.on_route for frame in trial.truth]
    assert sum(away) >= 16


@pytest.mark.parametrize('number', SEEDS)
def test_it_is_carried_to_a_place_that_looks_different(twin_world, trials, number):
    for last, frame in pairwise(trials[number].truth):
        here, there = last.pose, frame.pose
        if frame.event in CARRIED:
            double = 2 * TWIN_CENTRE[0] - here.x, 2 * TWIN_CENTRE[1] - here.y
            # Both swing by 0.3 m to the sides, and half a step lies between the images.
            assert math.dist(double, (there.x, there.y)) > TWIN_APART_M - 0.15
            assert here.distance_to(there) > TWIN_APART_M - 0.15
        if frame.event == KIDNAPPED_INTO_TWIN:
            assert any(
                part.x0 - 0.1 <= there.x <= part.x1 and part.y0 <= there.y <= part.y1
                for part in twin_world.twins
            )


def test_the_wheels_feel_every_move_but_being_carried(trials, driven):
    drift = max(trial.run.odometry_drift for trial in trials)
    for last, frame in pairwise(driven):
        true_m = last.truth.pose.distance_to(frame.truth.pose)
        felt_m = last.odometry.distance_to(frame.odometry)
        if frame.truth.event in CARRIED:
            assert felt_m < 0.3 < true_m
        else:
            assert true_m <= felt_m + 1e-3
            assert felt_m <= true_m * (1 + drift) + 1e-3
            assert true_m < 0.3
        assert frame.stamp_ns - last.stamp_ns == 250_000_000


def test_light_changes_at_once_and_stays(driven):
    at = next(n for n, frame in enumerate(driven) if frame.truth.event == LIGHT_CHANGE)
    before, after = (driven[n].image.astype(float).mean() for n in (at - 1, at))
    assert not 0.85 < after / before < 1.15


def test_the_hidden_view_hardly_changes(driven):
    hidden = [frame.image.astype(float) for frame in driven if frame.truth.event == OCCLUDED]
    for last, image in pairwise(hidden):
        # Noise has a standard deviation of 4, a mean absolute difference of 4.5; the rest moves.
        assert np.median(np.abs(image - last)) < 6


def test_every_exit_is_free_and_comes_back(twin_world):
    run = RunConfig(lateral_m=0.3, heading_deg=5.0, seed=3)
    ways = exits(twin_world.route, np.random.default_rng(0))
    assert len(ways) == 5
    eye = Camera(8, 8)
    for way in ways:
        course = Course(twin_world.route, run, 5)
        course.follow(way.s)
        last = course.steps[-1].pose
        course.go_aside(way.points, EXCURSION)
        assert course.steps[-1].pose.distance_to(last) < 0.06
        out = [step.pose for step in course.steps if step.event == EXCURSION]
        for pose in out[::5]:
            twin_world.render(pose, eye)
        assert max(pose.distance_to(last) for pose in out) > 2.0
        for one, two in pairwise(out):
            assert one.distance_to(two) < 0.06
            assert abs(math.remainder(two.yaw - one.yaw, math.tau)) < math.radians(3.1)


def test_turning_round_ends_where_it_says(twin_world):
    course = Course(twin_world.route, RunConfig(), 5)
    course.follow(20.0)
    before = course.s
    course.turn_round(4.0, EXCURSION)
    assert course.s == pytest.approx(before - 4.0, abs=0.06)
    back = [step.pose for step in course.steps if step.event == EXCURSION]
    backwards = [pose for pose in back if math.cos(pose.yaw - course.steps[-1].pose.yaw) < -0.99]
    assert backwards[0].distance_to(backwards[-1]) == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize('kind', OCCLUSIONS)
def test_occlusions_hide_most_of_the_view(kind):
    view = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    kept = view.copy()
    for seed in range(5):
        hidden = occlude(view, kind, seed)
        assert (hidden == occlude(view, kind, seed)).all()
        assert hidden.shape == view.shape
        assert hidden.dtype == np.uint8
        assert (hidden == view).all(axis=2).mean() < 0.4
    assert (view == kept).all()
