# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The loop with localizers that are right, wrong or silent, and once with the real one."""

from dataclasses import replace
import math

from anyloc_ros.config import (
    DescribeConfig,
    LocalizeConfig,
    MonitorConfig,
    TeachConfig,
    VerifyConfig,
)
from anyloc_ros.evaluate.metrics.closed_loop import SuccessConfig
from anyloc_ros.localize.recognizer import open_recognizer
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.closed_loop.day import Day
from anyloc_ros.simulate.closed_loop.repeat import repeat
from anyloc_ros.simulate.closed_loop.run import ARRIVED, COLLIDED, LoopConfig, STEP_S
from anyloc_ros.simulate.closed_loop.score import outcome_of
from anyloc_ros.simulate.closed_loop.teach import teach_route
from anyloc_ros.simulate.closed_loop.wheels import WheelsConfig
import numpy as np
import pytest

SUCCESS = SuccessConfig()
DEPTH_M = 4.0
"""How far away things are for the localizer that knows the truth; the controller guesses 3 m."""


def knowing(world, taught, setup, seed, far_m=0.0):
    """
    Return what a localizer says that knows where the robot is, from the start and odometry.

    The route begins with 15 m of straight corridor along x.

    :param far_m: it names the reference so far ahead of the robot.
    """
    start = Day(world, taught.camera, seed, taught.goal_s_m, setup.loop.start_offset_m).start
    begin = world.route.pose_at(0.0)

    def say(number, odometry):
        turned = start.yaw + odometry.yaw - begin.yaw
        cos, sin = math.cos(start.yaw - begin.yaw), math.sin(start.yaw - begin.yaw)
        dx, dy = odometry.x - begin.x, odometry.y - begin.y
        s_m = start.x + cos * dx - sin * dy - begin.x
        left_m = start.y + sin * dx + cos * dy - begin.y
        row = int(np.clip(round((s_m + far_m) / 0.5), 0, 16))
        shift_rad = turned + math.atan(left_m / DEPTH_M)
        return row, turned, taught.camera.focal_px * math.tan(shift_rad)

    return say


@pytest.mark.parametrize('seed', [0, 1])
def test_by_right_answers_it_gets_to_the_goal(world, taught, told, setup, seed):
    localizer = told(knowing(world, taught, setup, seed))
    run = repeat(world, taught, localizer, setup, seed)
    assert run.ended == ARRIVED and outcome_of(run).succeeded(SUCCESS)
    assert abs(run.left_m[0]) == pytest.approx(0.3) and abs(run.left_m[-1]) < 0.03
    assert np.abs(run.left_m).max() < 0.31  # it never went to the wrong side
    assert run.s_m[-1] == pytest.approx(8.0, abs=0.15)
    # 8 m, some waiting at first, braking, and 2.5 s at the goal.
    assert 8 / 0.7 + 2.5 < run.seconds[-1] < 8 / 0.7 + 8
    assert run.driven_m[-1] == pytest.approx(8.0, abs=0.5)
    standing = run.driven_m >= run.driven_m[-1] - 0.01
    assert standing.sum() * STEP_S > 2.0
    assert {(i.shape, i.dtype) for i in localizer.seen} == {((24, 32, 3), np.dtype('uint8'))}


def test_both_sides_come_up(world, taught):
    sides = {
        round(Day(world, taught.camera, seed, 8.0, 0.3).start.y - 1.2, 2) for seed in range(10)
    }
    assert sides == {0.3, -0.3}


def test_every_image_is_kept_with_its_truth(world, taught, told, setup):
    run = repeat(world, taught, told(knowing(world, taught, setup, 1)), setup, 1)
    assert [image.number for image in run.images] == list(range(len(run.images)))
    for image in run.images:
        # 5 Hz are 4 steps, 0.1 s are 2.
        assert image.taken == 4 * image.number and image.heard == image.taken + 2
        assert image.stamp_ns - run.images[0].stamp_ns == image.number * 200_000_000
        assert image.true_pose.x == run.x[image.taken]
        assert image.at_goal == (image.answer.match.reference.id == 23)
    assert run.images[0].permit == 'stop' and run.images[-1].permit == 'stop'
    assert {image.permit for image in run.images[1:-15]} == {'drive'}
    late = run.images[len(run.images) // 2]
    # With odometry that is right it knows where it is to the distance of references.
    assert late.believed.distance_to(late.true_pose) < 0.3
    assert run.dropped == 0


def test_the_same_seed_gives_the_same_run(world, taught, told, setup):
    drifting = replace(setup, wheels=WheelsConfig())
    localizers = [told(knowing(world, taught, drifting, 3)) for _ in range(2)]
    runs = [repeat(world, taught, localizer, drifting, 3) for localizer in localizers]
    for name in ('x', 'y', 'yaw', 's_m', 'left_m', 'correction_rad'):
        assert getattr(runs[0], name).tobytes() == getattr(runs[1], name).tobytes()
    for one, two in zip(*(localizer.seen for localizer in localizers), strict=True):
        assert one.tobytes() == two.tobytes()
    assert [i.odometry for i in runs[0].images] == [i.odometry for i in runs[1].images]


def test_another_seed_is_another_day(world, taught, setup):
    days = [Day(world, taught.camera, seed, 8.0, 0.3) for seed in (3, 4)]
    images = [day.image(world.route.pose_at(1.0), 1.0, 0) for day in days]
    assert images[0].tobytes() != images[1].tobytes() and days[0].start != days[1].start


@pytest.mark.parametrize('rate_hz', [5.0, 0.3])
def test_an_image_can_be_rendered_again(world, taught, told, setup, rate_hz):
    """Also where images lie 2 m apart and more; in this run somebody walks ahead."""
    setup = replace(setup, loop=LoopConfig(speed_mps=1.4, rate_hz=rate_hz))
    localizer = told(knowing(world, taught, setup, 2))
    run = repeat(world, taught, localizer, setup, 2)
    day = Day(world, taught.camera, 2, 8.0, 0.3)
    assert run.ended == ARRIVED
    for seen in run.images[:: round(rate_hz) or 1]:
        again = day.image(seen.true_pose, float(run.s_m[seen.taken]), seen.number)
        assert again.tobytes() == localizer.seen[seen.number].tobytes(), seen.number


@pytest.mark.parametrize(
    ('say', 'reason'),
    [
        (lambda number, odometry: None, 'no match yet'),  # never knows
        (lambda number, odometry: (4, 0.0, 0.0), 'the place jumped'),  # always the same place
        (lambda number, odometry: (8 * (number % 3), 0.0, 0.0), 'the place jumped'),  # anything
        (lambda number, odometry: (0, 0.0, 0.0) if number < 5 else None, 'no match for'),
    ],
)
def test_by_wrong_answers_it_stops(world, taught, told, setup, say, reason):
    run = repeat(world, taught, told(say), setup, 1)
    assert reason in run.ended
    outcome = outcome_of(run)
    assert outcome.aborted and not outcome.succeeded(SUCCESS)
    assert run.driven_m[-1] < 6.5
    stood = run.seconds >= run.seconds[-1] - 8.5
    assert np.ptp(run.driven_m[stood]) < 1e-3  # before it gave up
    assert run.correction_rad[-1] == 0


def test_a_goal_seen_at_the_start_is_a_false_stop(world, taught, told, setup):
    run = repeat(world, taught, told(lambda number, odometry: (16, 0.0, 0.0)), setup, 1)
    assert run.ended == ARRIVED and run.s_m[-1] < 0.5
    assert not outcome_of(run).succeeded(SUCCESS)


def test_answers_that_lead_into_a_wall_end_in_a_collision(world, taught, told, setup):
    """It is told that it stands far left, whatever it does."""
    say = knowing(world, taught, setup, 1)

    def wrong(number, odometry):
        row, _, _ = say(number, odometry)
        return row, 0.3, taught.camera.focal_px * 0.9

    run = repeat(world, taught, told(wrong), setup, 1)
    assert run.ended == COLLIDED and outcome_of(run).collided
    # A corridor of 2.4 m, and a robot of 0.25 m.
    assert run.y[-1] < 0.3 and abs(run.left_m[-1]) > 0.8


def test_a_slow_localizer_drops_images(world, taught, told, setup):
    slow = replace(setup, loop=LoopConfig(speed_mps=0.7, rate_hz=10.0, latency_s=0.22))
    run = repeat(world, taught, told(knowing(world, taught, slow, 1)), slow, 1)
    # 0.22 s are 5 steps of 50 ms, images come each 2: an answer each 5 steps, about the newest.
    heard = np.diff([image.heard for image in run.images])
    assert set(heard.tolist()) == {5}
    assert {image.heard - image.taken for image in run.images[1:]} == {5, 6}
    assert run.dropped > len(run.images)
    assert run.ended == ARRIVED


def test_it_can_be_ended(world, taught, told, setup):
    ticks = []

    def tick():
        ticks.append(0)
        if len(ticks) == 30:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        repeat(world, taught, told(lambda number, odometry: None), setup, 1, tick=tick)
    assert len(ticks) == 30


@pytest.fixture(scope='module')
def lesson(world, tmp_path_factory):
    path = tmp_path_factory.mktemp('loop') / 'route.anyloc'
    method = DescribeConfig(method='RootSIFT-VLAD', num_words=16)
    return teach_route(world, path, Camera(128, 96), 4.0, method, TeachConfig(), WheelsConfig())


def test_a_map_has_what_odometry_told(world, lesson):
    assert lesson.s_m == pytest.approx(np.arange(0.0, 4.01, 0.5))
    with PlaceMap.open_to_read(lesson.path) as place_map:
        references = place_map.keyframes()
    assert [reference.id for reference in references] == lesson.ids.tolist()
    away_m = [
        reference.pose.distance_to(world.route.pose_at(s))
        for reference, s in zip(references, lesson.s_m.tolist(), strict=True)
    ]
    # A drift of some 1 %, and the slips there may be.
    assert away_m[0] < 0.01 < away_m[-1] < 0.3


def test_the_real_localizer_leads_it_to_the_goal(world, lesson, setup):
    setup = replace(setup, loop=LoopConfig(speed_mps=0.7, rate_hz=2.5), wheels=WheelsConfig())
    recognizer = open_recognizer(
        lesson.path,
        LocalizeConfig(top_k=1),
        monitor=MonitorConfig(),
        verify=VerifyConfig('patches'),
    )
    assert not recognizer.problems
    run = repeat(world, lesson, recognizer, setup, 2)
    assert run.ended == ARRIVED and outcome_of(run).succeeded(SUCCESS)
    assert abs(run.left_m[-1]) < 0.15 < abs(run.left_m[0])
    assert np.mean([image.answer.accepted for image in run.images]) > 0.8
