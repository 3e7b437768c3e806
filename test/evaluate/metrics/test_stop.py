# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Stop and hold on drives of a few images, counted by hand."""

import math

from anyloc_ros.errors import ConfigError
from anyloc_ros.evaluate.metrics.stop import stop_outcome, stop_score, StopConfig, StopRun
import numpy as np
import pytest

CONFIG = StopConfig(hold_images=4, hold_needed=3, hold_s=10.0)


def run(s_m, at_goal, goal_s_m=8.0, *, step_s=1.0, rest_s_m=math.nan):
    s_m = np.array(s_m, float)
    flags = np.array([each == '#' for each in at_goal])
    return StopRun(np.arange(len(s_m)) * step_s, s_m, flags, goal_s_m, rest_s_m)


def outcome(*drive, config=CONFIG, **known):
    return stop_outcome(run(*drive, **known), config)


def test_a_false_stop_on_the_way():
    found = outcome(range(11), '...#....#..')
    assert found.stops_s_m == (3.0, 8.0)
    assert (found.false_stops, found.missed) == (1, False)
    assert (found.latency_s, found.overrun_m) == (0.0, 0.0)
    assert (found.progress, found.reached_m) == (3 / 8, 10.0)
    assert found.hold_failed is None  # it drove on: one image is no hold
    assert math.isnan(found.stop_err_m)


def test_a_goal_that_is_missed():
    found = outcome(range(11), '...........')
    assert (found.stops_s_m, found.missed, found.hold_failed) == ((), True, True)
    assert math.isnan(found.progress)
    assert math.isnan(found.latency_s)
    # A false stop before it does not help, nor a late one behind it.
    assert outcome(range(11), '...#.......').missed
    found = outcome(range(11), '.........#.')
    assert found.missed
    assert found.false_stops == 0
    # One that is raised too early and stands until there is false, and the goal is not missed.
    found = outcome(range(11), '.....####..')
    assert (found.false_stops, found.missed) == (1, False)
    assert math.isnan(found.latency_s)


def test_a_drive_that_ends_before_the_goal_has_not_missed_it():
    found = outcome(range(6), '...##.')
    assert (found.missed, found.hold_failed) == (False, None)
    assert found.stops_s_m == (3.0,)  # one stop, however long it is raised
    assert outcome(range(9), '.........').missed is False


@pytest.mark.parametrize(
    ('goal', 'latency', 'overrun'), [(8.25, 0.75, 0.75), (9.5, -0.5, -0.5), (9.0, 0.0, 0.0)]
)
def test_latency_is_from_truly_crossing_the_goal(goal, latency, overrun):
    config = StopConfig(stop_distance_m=1.0)
    found = outcome(range(11), '.........##', goal, config=config)
    assert (found.latency_s, found.overrun_m) == pytest.approx((latency, overrun))
    assert found.false_stops == 0


def test_a_stop_without_a_crossing_has_no_latency():
    found = outcome([6, 7, 7.8, 7.8], '..##')
    assert math.isnan(found.latency_s)
    assert math.isnan(found.overrun_m)


def test_a_stop_raised_only_after_some_images_in_a_row():
    config = StopConfig(raise_images=3)
    found = outcome(range(11), '.##.###....', config=config)
    assert found.stops_s_m == (6.0,)


@pytest.mark.parametrize(
    ('at_goal', 'failed'),
    [
        ('.##.###', False),  # 3 of the first 4
        ('.###...', False),  # what comes after them is another matter
        ('.#..###', True),  # 2 of the first 4
        ('....###', None),  # opened, and not over yet
        ('.......', True),  # never, on more than 4 images
        ('...####', False),
    ],
)
def test_holding(at_goal, failed):
    assert outcome([7, 8, 8, 8, 8, 8, 8], at_goal).hold_failed is failed


@pytest.mark.parametrize(('at_goal', 'failed'), [('.###', False), ('.##.', True), ('....', True)])
def test_a_slow_camera_has_fewer_images_in_the_time(at_goal, failed):
    # T = 2 s are 3 images at 1 Hz: 3/4 of them are 3.
    config = StopConfig(hold_images=4, hold_needed=3, hold_s=2.0)
    assert outcome([7, 8, 8, 8], at_goal, config=config).hold_failed is failed


def test_a_hold_that_never_opens():
    assert outcome([7, 8, 8, 8], '....').hold_failed is None  # 3 images and 2 s are not enough
    # It passed between two images.
    assert outcome([7, 9, 10], '...').hold_failed is True


def test_the_window_ends_where_the_robot_leaves_it():
    assert outcome([7.4, 7.5, 8.0, 8.5, 8.6], '####.').hold_failed is None
    slow = [7.4, 7.5, 7.8, 8.1, 8.4, 8.6]
    assert outcome(slow, '##..##').hold_failed is True
    assert outcome(slow, '.###.#').hold_failed is False


def test_several_drives():
    runs = [
        run(range(11), '...#....###', rest_s_m=8.3),
        run(range(11), '........###', rest_s_m=7.9),
        run(range(11), '...........'),
        run([7, 8, 8, 8, 8], '.####', rest_s_m=8.0),
    ]
    found = stop_score(runs, CONFIG)
    assert found.stop_err_m.bias.value == pytest.approx(0.2 / 3)
    assert found.stop_err_m.maximum == pytest.approx(0.3)
    assert found.stop_err_m.unknown == 1
    assert found.false_stops_per_run.value == 0.25
    assert found.false_stops_per_km.value == pytest.approx(1000 / 31)
    assert (found.with_false_stop.value, found.missed.value) == (0.25, 0.25)
    assert 0 < found.missed.low < 0.25 < found.missed.high < 1
    assert (found.hold_failed.value, found.hold_failed.count) == (0.5, 2)
    assert found.progress.value == pytest.approx((3 / 8 + 1 + 1) / 3)
    assert (found.latency_s.maximum, found.latency_s.unknown, found.runs) == (0.0, 1, 4)
    assert found.definition == CONFIG.definition()


def test_a_drive_that_ends_early_is_not_counted_where_it_says_nothing():
    passes = run([0, 5, 10], '...')  # 2 m behind the goal without a stop
    ends = run([0, 2, 4], '...')
    stops = run([0, 2, 4], '.#.')  # a false stop on the way
    score = stop_score([passes, ends, ends, stops], CONFIG)
    assert (score.missed.value, score.missed.count) == (1.0, 1)
    assert (score.with_false_stop.value, score.with_false_stop.count) == (0.5, 2)
    assert (score.false_stops_per_run.value, score.false_stops_per_run.count) == (0.5, 2)
    assert score.runs == 4


def test_no_drives():
    found = stop_score([], CONFIG)
    assert found.runs == 0
    assert math.isnan(found.missed.value)
    assert math.isnan(found.false_stops_per_km.value)


def test_the_definition_says_its_numbers():
    config = StopConfig(
        raise_images=7, stop_distance_m=0.31, hold_window_m=0.42, hold_images=13, hold_needed=11,
        hold_s=2.5,
    )  # fmt: skip
    for text in ('7 image', '0.31 m', '0.42 m', '13 images', '2.5 s', '11 of 13'):
        assert text in config.definition()


def test_what_contradicts_is_refused():
    with pytest.raises(ConfigError, match='hold_needed: expected at most hold_images = 5, got 6'):
        StopConfig(hold_images=5, hold_needed=6)
    with pytest.raises(ConfigError, match='hold_s'):
        StopConfig(hold_s=-1.0)
    with pytest.raises(ValueError, match='not empty'):
        run([], '')
    with pytest.raises(ValueError, match='got 1 unknown and 8'):
        run([1, math.nan], '..')
    with pytest.raises(ValueError, match='goal_s_m above 0'):
        run([1], '.', 0.0)
    with pytest.raises(ValueError, match=r'expected shape \(2,\)'):
        StopRun(np.zeros(2), np.zeros(3), np.zeros(2, bool), 1.0)
