# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The example guard: when a robot drives, slows down and stops. No ROS is needed."""

from __future__ import annotations

import importlib
import math
from pathlib import Path

from anyloc_ros.config import MonitorConfig
from anyloc_ros.localize.monitor import DOUBT_SHARE
from anyloc_ros.ros.matches import Match
import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / 'examples'


@pytest.fixture
def module(monkeypatch):
    """Return the example as a module."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module('guard')


@pytest.fixture
def guard(module):
    """Return a guard."""
    return module.Guard()


def answer(x: float = 0.0, *, accepted: bool = True) -> list[Match]:
    """Return the points of an answer with one candidate."""
    nan = math.nan
    return [Match(x, 0.0, 0.0, 0.0, 7, 7, 0, 0.5, nan, -1, nan, nan, nan, accepted=accepted)]


def rejected() -> list[Match]:
    """Return an answer without a match."""
    return answer(accepted=False)


def test_the_limits_are_those_of_the_localizer(module):
    guard, monitor = module.Limits(), MonitorConfig()
    assert (guard.stop_after_m, guard.stop_after_s) == (monitor.lost_after_m, monitor.lost_after_s)
    assert guard.stop_after_images == monitor.lost_after_frames
    assert guard.slow_after_images == DOUBT_SHARE * monitor.lost_after_frames
    assert guard.slow_after_m == DOUBT_SHARE * monitor.lost_after_m
    assert guard.slow_after_s == DOUBT_SHARE * monitor.lost_after_s


def test_before_the_first_match_it_stands(guard):
    assert guard.advise(100.0, 0.0) == ('stop', 'no answer yet')
    guard.on_matches(100.0, rejected(), 0.0)
    assert guard.advise(100.1, 0.0) == ('stop', 'no match yet')
    guard.on_matches(100.2, [], 0.0)
    assert guard.advise(100.3, 0.0) == ('stop', 'no match yet')


def test_it_drives_on_a_fresh_match(guard):
    guard.on_matches(100.0, answer(), 5.0)
    assert guard.advise(100.2, 5.2) == ('drive', '')


@pytest.mark.parametrize(
    ('way_m', 'expected'), [(5.75, 'drive'), (5.8, 'slow'), (8.0, 'slow'), (8.1, 'stop')]
)
def test_without_a_match_it_slows_down_and_stops_by_the_way(guard, way_m, expected):
    guard.on_matches(100.0, answer(), 5.0)
    guard.on_matches(101.0, rejected(), way_m)
    assert guard.advise(101.1, way_m)[0] == expected


@pytest.mark.parametrize(
    ('now_s', 'expected'), [(102.5, 'drive'), (102.6, 'slow'), (110.0, 'slow'), (110.1, 'stop')]
)
@pytest.mark.parametrize('way_m', [0.0, None])
def test_without_a_match_it_slows_down_and_stops_by_time(guard, way_m, now_s, expected):
    guard.on_matches(100.0, answer(), way_m)
    guard.on_matches(now_s, rejected(), way_m)
    assert guard.advise(now_s, way_m)[0] == expected


@pytest.mark.parametrize(
    ('images', 'expected'), [(4, 'drive'), (5, 'slow'), (19, 'slow'), (20, 'stop')]
)
def test_without_a_match_it_slows_down_and_stops_by_images(guard, images, expected):
    guard.on_matches(100.0, answer(), 0.0)
    for unread in range(images):
        guard.on_matches(100.1, [] if unread % 2 else rejected(), 0.0)
    assert guard.advise(100.2, 0.0)[0] == expected
    guard.on_matches(100.2, answer(), 0.0)
    guard.on_matches(100.3, rejected(), 0.0)
    assert guard.advise(100.4, 0.0)[0] == 'drive'


def test_one_match_lets_it_drive_again(guard):
    guard.on_matches(100.0, answer(), 0.0)
    guard.on_matches(120.0, rejected(), 0.0)
    assert guard.advise(120.0, 0.0) == ('stop', 'no match: 1 images, 0.0 m, 20.0 s')
    guard.on_matches(120.5, answer(), 0.0)
    assert guard.advise(120.6, 0.0)[0] == 'drive'


def test_silence_stops_it(guard):
    guard.on_matches(100.0, answer(), 0.0)
    assert guard.advise(101.0, 0.0)[0] == 'drive'
    assert guard.advise(101.2, 0.0) == ('stop', 'the newest answer is 1.2 s old')


def test_old_answers_stop_it_however_often_they_come(guard):
    for step in range(20):
        guard.on_matches(100.0 + step / 10, answer(), 0.0)
        assert guard.advise(102.0 + step / 10, 0.0)[0] == 'stop'


def test_the_same_answer_again_is_not_newer(guard):
    for now_s in (100.5, 101.0):
        guard.on_matches(100.0, answer(), 0.0)
        assert guard.advise(now_s, 0.0)[0] == 'drive'
    guard.on_matches(100.0, answer(), 0.0)
    assert guard.advise(101.5, 0.0)[0] == 'stop'


def test_answers_of_the_future_stop_it(guard):
    guard.on_matches(100.0, answer(), 0.0)
    assert guard.advise(99.95, 0.0)[0] == 'drive'
    assert guard.advise(99.0, 0.0) == ('stop', 'the newest answer is -1.0 s old')


def test_after_the_clock_was_set_back_it_waits_for_a_match(guard):
    guard.on_matches(100.0, answer(), 0.0)
    guard.on_matches(50.0, rejected(), 0.0)
    assert guard.advise(50.1, 0.0)[0] == 'stop'
    guard.on_matches(50.2, answer(), 0.0)
    assert guard.advise(50.3, 0.0)[0] == 'drive'


def test_a_jump_stops_it_until_the_controller_has_planned_anew(guard):
    guard.on_matches(100.0, answer(x=0.0), 0.0)
    guard.on_matches(101.0, answer(x=3.9), 1.0)
    assert guard.advise(101.1, 1.0)[0] == 'drive'
    guard.on_matches(102.0, answer(x=9.0), 2.0)
    guard.on_matches(102.1, answer(x=9.0), 2.0)
    assert guard.advise(102.2, 2.0) == (
        'stop',
        'the place jumped by 5.1 m while the robot went 1.0 m: plan from the new place',
    )
    guard.go_on()
    assert guard.advise(102.2, 2.0)[0] == 'drive'


def test_a_jump_is_not_seen_without_poses_or_odometry(guard):
    guard.on_matches(100.0, answer(x=0.0), None)
    guard.on_matches(100.1, answer(x=90.0), None)
    assert guard.advise(100.2, None)[0] == 'drive'
    guard.on_matches(100.2, answer(x=90.0), 0.0)
    guard.on_matches(100.3, answer(x=math.nan), 0.0)
    assert guard.advise(100.4, 0.0)[0] == 'drive'


@pytest.mark.parametrize(('way_m', 'way_now_m'), [(0.0, None), (None, 0.0)])
def test_where_the_way_since_the_match_is_not_known_it_stops(guard, way_m, way_now_m):
    guard.on_matches(100.0, answer(), way_m)
    expected = ('stop', 'odometry came or went since the last match')
    assert guard.advise(100.1, way_now_m) == expected
    guard.on_matches(100.2, answer(), way_now_m)
    assert guard.advise(100.3, way_now_m)[0] == 'drive'
