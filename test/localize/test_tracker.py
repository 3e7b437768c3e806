# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Drives along routes of random descriptors: what is accepted, and what is said of the rest."""

import math

from anyloc_ros.config import LocalizeConfig, MonitorConfig, SequenceConfig
from anyloc_ros.errors import ConfigError
from anyloc_ros.localize.acceptance import learned_thresholds
from anyloc_ros.localize.off_route import Novelty
from anyloc_ros.localize.places import Places
from anyloc_ros.localize.tracker import Tracker
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
import numpy as np
import pytest

WIDTH = 64
STEP_M = 0.5


def _unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


class Road:
    """
    A route of `count` references 0.5 m apart, and the images somebody takes there.

    `twins` are the starts and the length of two stretches that look the same.
    """

    def __init__(self, count=40, *, twins=None, loop=False, poses=True):
        self._rng = np.random.default_rng(0)
        self.count, self._loop = count, loop
        sights = self._rng.normal(size=(count, WIDTH))
        if twins is not None:
            first, second, length = twins
            source, target = slice(first, first + length), slice(second, second + length)
            sights[target] = sights[source]
        # What is ahead and behind is seen as well.
        around = [np.roll(sights, 1, axis=0), np.roll(sights, -1, axis=0)]
        if not loop:
            around[0][0] = around[1][-1] = 0
        self.descriptors = _unit(sights + 0.5 * around[0] + 0.5 * around[1])
        self.references = [
            Keyframe(i, 0, i, i, self.pose(i), i * STEP_M, (1, 1))
            if poses
            else Keyframe(i, 0, i, i, None, None, (1, 1))
            for i in range(count)
        ]
        self._unrelated = _unit(self._rng.normal(size=(64, WIDTH)))
        self.stamp_ns = 0

    def pose(self, at):
        """Return the pose of the base at a position along the route, in references."""
        if not self._loop:
            return Pose.from_xy_yaw(STEP_M * at, 0.0, 0.0)
        angle = math.tau * at / self.count
        radius = 0.5 * STEP_M / math.sin(math.pi / self.count)
        return Pose.from_xy_yaw(
            radius * math.cos(angle), radius * math.sin(angle), angle + math.pi / 2
        )

    def tracker(self, *, localize=None, sequence=None, monitor=None):
        places = Places(self.references)
        return Tracker(
            self.references,
            places,
            Novelty(self.descriptors, self._unrelated),
            learned_thresholds(self.descriptors, places),
            LocalizeConfig(**localize or {}),
            SequenceConfig(**sequence or {}),
            MonitorConfig(**monitor or {}),
        )

    def view(self, at, noise=0.4):
        """Return the descriptor of an image at a reference."""
        row = self.descriptors[at % self.count]
        return _unit(row + noise * self._rng.normal(size=WIDTH) / WIDTH**0.5)

    def elsewhere(self):
        """Return the descriptor of an image that shows nothing of the route."""
        return _unit(self._rng.normal(size=WIDTH))

    def see(self, tracker, descriptor, odometry=None, period_s=0.5):
        self.stamp_ns += round(period_s * 1e9)
        similarities = self.descriptors @ descriptor
        return tracker.observe(self.stamp_ns, descriptor, similarities, odometry)

    def miss(self, tracker, odometry=None, period_s=0.5):
        self.stamp_ns += round(period_s * 1e9)
        return tracker.blind(self.stamp_ns, 'black', odometry)

    def drive(self, tracker, places, *, odometry=True):
        """Return the estimates at these references."""
        return [
            self.see(tracker, self.view(at), self.pose(at) if odometry else None) for at in places
        ]


def states(estimates):
    return [estimate.verdict.state for estimate in estimates]


def accepted(estimates):
    """Return the rows that were accepted, None for the other images."""
    return [e.rows[0] if e.verdict.accepted else None for e in estimates]


@pytest.mark.parametrize('odometry', [True, False])
@pytest.mark.parametrize('name', ['bayes', 'window', 'none'])
def test_the_way_is_followed_from_the_third_image_on(name, odometry):
    road = Road()
    tracker = road.tracker(sequence={'filter': name})
    found = road.drive(tracker, range(5, 30), odometry=odometry)
    assert states(found) == ['SEARCHING'] * 2 + ['LOCALIZED'] * 23
    assert accepted(found) == [None, None, *range(7, 30)]
    assert not any(e.verdict.relocalized for e in found)
    assert found[0].verdict.distance_since_accept_m is None
    assert found[-1].verdict.distance_since_accept_m == 0.0


@pytest.mark.parametrize('name', ['bayes', 'window', 'none'])
def test_margin_and_probabilities(name):
    road = Road()
    tracker = road.tracker(sequence={'filter': name})
    (*_, last) = road.drive(tracker, range(5, 12), odometry=False)
    view = road.view(12, noise=0.0)
    last = road.see(tracker, view)
    similarities = np.sort(np.delete(road.descriptors @ view, range(9, 16)))
    assert last.margin == pytest.approx(1 - similarities[-1], abs=1e-5)
    if name == 'none':
        assert np.isnan([*last.probabilities, last.off_route]).all()
    else:
        assert last.probabilities[0] > 0.99
        assert last.off_route < 0.01


def test_two_places_that_look_alike_are_no_place_to_begin():
    road = Road(twins=(5, 25, 12))
    tracker = road.tracker()
    found = road.drive(tracker, range(26, 34))
    assert accepted(found) == [None] * 8
    assert set(states(found)) == {'SEARCHING'}
    for at, estimate in enumerate(found, start=26):
        assert {at, at - 20} <= set(estimate.rows)
        # Nothing tells them apart.
        both = [estimate.probabilities[estimate.rows.index(row)] for row in (at, at - 20)]
        assert both == pytest.approx([0.5, 0.5], abs=0.02)
    # Row 37 is there once only.
    found = road.drive(tracker, range(34, 40))
    assert accepted(found)[-1] == 39
    assert all(row in (None, at) for at, row in enumerate(accepted(found), start=34))


def test_a_robot_that_knows_its_place_passes_a_look_alike():
    road = Road(twins=(5, 25, 12))
    tracker = road.tracker()
    found = road.drive(tracker, range(18, 40))
    assert accepted(found)[3:] == list(range(21, 40))


def test_a_robot_that_was_told_its_place_begins_at_a_look_alike():
    road = Road(twins=(5, 25, 12))
    tracker = road.tracker()
    tracker.begin_at(28, 'told')
    found = road.drive(tracker, range(28, 34))
    assert accepted(found) == [None, None, 30, 31, 32, 33]
    tracker.begin_near(STEP_M * 8, 0.0, 0.5, 'told')
    found = road.drive(tracker, range(8, 14))
    assert accepted(found) == [None, None, 10, 11, 12, 13]


def test_a_robot_that_was_told_a_wrong_place_finds_its_own():
    road = Road()
    tracker = road.tracker()
    tracker.begin_at(5, 'told')
    found = road.drive(tracker, range(25, 35))
    assert accepted(found)[-5:] == list(range(30, 35))
    assert all(row in (None, at) for at, row in enumerate(accepted(found), start=25))


def test_to_begin_forgets_the_past():
    road = Road()
    tracker = road.tracker()
    road.drive(tracker, range(5, 12))
    tracker.begin('asked')
    found = road.drive(tracker, range(30, 33))
    assert states(found) == ['SEARCHING', 'SEARCHING', 'LOCALIZED']
    assert found[0].verdict.distance_since_accept_m is None
    assert not found[2].verdict.relocalized


def test_places_that_nobody_can_begin_near():
    road = Road()
    tracker = road.tracker()
    road.drive(tracker, range(5, 9))
    with pytest.raises(ConfigError, match=r'\(2\.00, 6\.00\) is 6\.0 m from the nearest'):
        tracker.begin_near(2.0, 6.0, 1.0, 'told')
    # The past is not forgotten then.
    assert accepted(road.drive(tracker, [9])) == [9]
    tracker.begin_near(2.0, 6.0, 1.3, 'told')
    bare = Road(poses=False).tracker()
    with pytest.raises(ConfigError, match='no positions; use start_index'):
        bare.begin_near(0.0, 0.0, 1.0, 'told')
    bare.begin_at(3, 'told')


@pytest.mark.parametrize('name', ['bayes', 'window', 'none'])
@pytest.mark.parametrize('odometry', [True, False])
def test_a_kidnapped_robot_says_where_it_was_found_anew(name, odometry):
    road = Road(80)
    tracker = road.tracker(sequence={'filter': name}, monitor={'lost_after_frames': 6})
    road.drive(tracker, range(5, 15), odometry=odometry)
    # Carried to row 60; odometry goes on as if it had driven from row 15.
    found = [
        road.see(tracker, road.view(at), road.pose(at - 45) if odometry else None)
        for at in range(60, 80)
    ]
    rows = accepted(found)
    first = next(i for i, row in enumerate(rows) if row is not None)
    assert 2 <= first <= 12
    assert rows[first:] == list(range(60 + first, 80))
    relocalized = [i for i, e in enumerate(found) if e.verdict.relocalized]
    assert relocalized == [first]
    # It never says that all is well before.
    assert 'UNCERTAIN' in states(found[:3]) or 'LOST' in states(found[:3])


def test_the_index_does_not_run_back_while_the_robot_goes_on():
    road = Road()
    for back in (0, 1, 2):
        tracker = road.tracker(sequence={'window_back': back})
        road.drive(tracker, range(5, 15), odometry=False)
        # References look alike; the image is most like the one three before.
        row = road.see(tracker, road.view(11, noise=0.1)).rows[0]
        assert 14 - back <= row <= 14
    row = road.see(tracker, road.view(15)).rows[0]
    assert row == 15


def test_the_index_runs_back_where_odometry_does():
    road = Road()
    tracker = road.tracker()
    road.drive(tracker, range(5, 15))
    found = road.drive(tracker, range(13, 4, -1))
    assert accepted(found) == list(range(13, 4, -1))


@pytest.mark.parametrize('name', ['bayes', 'window'])
def test_a_loop_goes_on_at_its_beginning(name):
    road = Road(loop=True)
    tracker = road.tracker(sequence={'filter': name})
    found = road.drive(tracker, range(30, 60))
    assert accepted(found)[2:] == [at % 40 for at in range(32, 60)]


@pytest.mark.parametrize('name', ['bayes', 'window'])
def test_at_standstill_the_place_stays(name):
    road = Road()
    tracker = road.tracker(sequence={'filter': name})
    road.drive(tracker, range(5, 12))
    for _ in range(30):
        estimate = road.see(tracker, road.view(11), road.pose(11))
        assert (estimate.rows[0], estimate.verdict.accepted) == (11, True)
        assert estimate.verdict.distance_since_accept_m == 0.0


def test_small_steps_add_up_to_a_motion():
    road = Road()
    tracker = road.tracker()
    road.drive(tracker, range(5, 9))
    # 0.05 m an image is below what counts as motion.
    for at in np.arange(8.0, 20.0, 0.1):
        estimate = road.see(tracker, road.view(round(at)), road.pose(at), period_s=0.05)
        assert estimate.verdict.accepted
        assert abs(estimate.rows[0] - at) <= 1.1


def test_small_steps_add_up_to_a_motion_while_nothing_is_seen():
    road = Road()
    tracker = road.tracker(monitor={'lost_after_frames': 100})
    road.drive(tracker, range(5, 9))
    for at in np.arange(8.0, 13.0, 0.1):
        road.miss(tracker, road.pose(at), period_s=0.01)
    # A black image leaves the belief as it is.
    assert road.see(tracker, np.zeros(WIDTH, np.float32), road.pose(13)).rows[0] >= 11


def test_odometry_that_comes_and_goes():
    road = Road()
    tracker = road.tracker()
    found = [
        road.see(tracker, road.view(at), None if at % 4 == 2 else road.pose(at))
        for at in range(5, 35)
    ]
    assert accepted(found)[2:] == list(range(7, 35))
    # Odometry that begins anew at another origin after a gap is no jump.
    road.see(tracker, road.view(35), None)
    moved = [
        road.see(tracker, road.view(at), Pose.from_xy_yaw(900.0 + STEP_M * at, 7.0, 0.0))
        for at in range(36, 40)
    ]
    assert accepted(moved) == list(range(36, 40))


def test_off_the_route_it_is_lost_in_time_and_says_so():
    road = Road()
    for name in ('bayes', 'window', 'none'):
        tracker = road.tracker(sequence={'filter': name})
        road.drive(tracker, range(5, 20))
        found = [
            road.see(tracker, road.elsewhere(), Pose.from_xy_yaw(9.5 + 0.3 * i, 0, 0))
            for i in range(1, 25)
        ]
        # A belief does not fall at once: the first images may be taken for the route.
        assert accepted(found)[4:] == [None] * 20
        assert states(found)[-1] == 'LOST'
        # 3 m at 0.3 m an image, and those that were accepted.
        assert states(found)[15] == 'LOST'
        if name != 'none':
            assert found[-1].off_route > 0.9
            assert 'off the route with probability' in found[-1].verdict.reason


def test_off_the_route_without_odometry_it_is_lost_after_so_many_images():
    road = Road()
    for name in ('bayes', 'window'):
        tracker = road.tracker(sequence={'filter': name}, monitor={'lost_after_s': 1000.0})
        road.drive(tracker, range(5, 20), odometry=False)
        found = [road.see(tracker, road.elsewhere()) for _ in range(26)]
        assert accepted(found)[6:] == [None] * 20
        assert states(found)[-1] == 'LOST'


def test_missed_images_reach_lost():
    road = Road()
    tracker = road.tracker(monitor={'lost_after_frames': 8})
    assert road.miss(tracker).state == 'SEARCHING'
    road.drive(tracker, range(5, 10))
    verdicts = [road.miss(tracker, road.pose(9)) for _ in range(8)]
    # A quarter of 8 images leaves it in doubt.
    assert [v.state for v in verdicts] == ['LOCALIZED', *['UNCERTAIN'] * 6, 'LOST']
    assert all(not v.accepted and 'black' in v.reason for v in verdicts)
    assert verdicts[-1].distance_since_accept_m == 0.0


@pytest.mark.parametrize('name', ['bayes', 'window'])
@pytest.mark.parametrize('odometry', [True, False])
def test_the_belief_goes_on_while_images_are_missed(name, odometry):
    road = Road()
    tracker = road.tracker(sequence={'filter': name})
    road.drive(tracker, range(5, 10), odometry=odometry)
    for at in range(10, 15):
        verdict = road.miss(tracker, road.pose(at) if odometry else None)
    assert verdict.distance_since_accept_m == (2.5 if odometry else None)
    (estimate,) = road.drive(tracker, [15], odometry=odometry)
    assert accepted([estimate]) == [15]
    assert not estimate.verdict.relocalized


def test_a_window_looks_nowhere_else_until_it_is_lost():
    road = Road()
    tracker = road.tracker(sequence={'filter': 'window'}, monitor={'lost_after_frames': 6})
    road.drive(tracker, range(5, 10), odometry=False)
    # Each image is a perfect one of row 35. -1 .. +3 references an image from row 9:
    for image in range(1, 6):
        estimate = road.see(tracker, road.view(35, noise=0.0), period_s=0.1)
        assert 9 - image <= estimate.rows[0] <= 9 + 3 * image
        assert not estimate.verdict.accepted
    estimate = road.see(tracker, road.view(35, noise=0.0))
    assert estimate.verdict.state == 'LOST'
    found = [road.see(tracker, road.view(35)) for _ in range(6)]
    assert accepted(found)[-1] == 35
    assert [e.verdict.relocalized for e in found].count(True) == 1


def test_an_image_that_resembles_another_place_more_is_not_accepted():
    road = Road()
    tracker = road.tracker()
    road.drive(tracker, range(5, 15))
    # A trace of row 15, and row 30 all over the place.
    view = _unit(0.5 * road.view(15, 0.0) + road.view(30, 0.0))
    estimate = road.see(tracker, view, road.pose(15))
    assert not estimate.verdict.accepted
    assert estimate.margin < 0 or estimate.rows[0] == 30


@pytest.mark.parametrize('name', ['bayes', 'window', 'none'])
@pytest.mark.parametrize(('top_k', 'count'), [(1, 40), (2, 40), (5, 40), (7, 3), (40, 40), (9, 1)])
def test_candidates_are_different_references_best_first(name, top_k, count):
    road = Road(count)
    tracker = road.tracker(localize={'top_k': top_k}, sequence={'filter': name})
    for at in range(min(12, count)):
        estimate = road.see(tracker, road.view(at))
        assert len(estimate.rows) == len(estimate.probabilities) == min(top_k, count)
        assert len(set(estimate.rows)) == len(estimate.rows)
        assert all(type(row) is int and 0 <= row < count for row in estimate.rows)
    if count == 40:
        assert estimate.rows[0] == 11


def test_a_second_place_is_shown_where_neighbours_would_fill_the_list():
    road = Road(twins=(5, 25, 12))
    tracker = road.tracker(localize={'top_k': 2})
    told = np.zeros(40)
    told[[8, 9, 28, 29]] = 1, 1, 3, 3
    tracker.begin('told', told, 28)
    # An image from between 28 and 29, or 8 and 9.
    estimate = road.see(tracker, _unit(1.02 * road.view(28, 0.0) + road.view(29, 0.0)))
    assert estimate.rows[0] == 28
    assert estimate.rows[1] in (8, 9)
    assert estimate.probabilities == pytest.approx([0.75, 0.25], abs=0.05)


def test_the_least_similarity_of_an_approximate_index_changes_nothing():
    road, same = Road(300), Road(300)
    tracker, other = road.tracker(), same.tracker()
    for at in range(40, 60):
        view = road.view(at)
        exact = road.see(tracker, view, road.pose(at))
        similarities = road.descriptors @ view
        known = np.argsort(-similarities)[:20]
        floored = np.full(300, similarities[known].min())
        floored[known] = similarities[known]
        estimate = other.observe(road.stamp_ns, view, floored, road.pose(at))
        assert estimate.verdict == exact.verdict
        assert estimate.rows[0] == exact.rows[0]


def test_a_long_route():
    road = Road(5000)
    tracker = road.tracker(localize={'top_k': 3})
    found = road.drive(tracker, range(4000, 4010))
    assert accepted(found)[2:] == list(range(4002, 4010))
    assert found[-1].probabilities[0] == pytest.approx(1 - found[-1].off_route, abs=1e-3)


@pytest.mark.parametrize('name', ['bayes', 'none'])
def test_given_limits_count_in_any_case_and_can_be_changed_on_the_way(name):
    road = Road()
    sequence = SequenceConfig(filter=name)
    strict = LocalizeConfig(accept_similarity=0.995)
    tracker = road.tracker(
        localize={'accept_similarity': 0.995, 'accept_margin': 0.0}, sequence={'filter': name}
    )
    found = road.drive(tracker, range(5, 10))
    assert accepted(found) == [None] * 5
    assert 'is below 0.995' in found[-1].verdict.reason
    tracker.set_limits(LocalizeConfig(), sequence, MonitorConfig(consecutive_accepts=1))
    assert accepted(road.drive(tracker, range(10, 13))) == [10, 11, 12]
    tracker.set_limits(LocalizeConfig(accept_margin=1.9), sequence, MonitorConfig())
    (estimate,) = road.drive(tracker, [13])
    assert accepted([estimate]) == [None]
    assert 'margin' in estimate.verdict.reason
    tracker.set_limits(strict, sequence, MonitorConfig())
    assert accepted([road.see(tracker, road.view(14, noise=0.0), road.pose(14))]) == [14]


def test_single_images_like_any_other_are_refused_unless_a_limit_was_given():
    road = Road()
    tracker = road.tracker(sequence={'filter': 'none'}, monitor={'consecutive_accepts': 1})
    told = road.tracker(
        localize={'accept_similarity': -1.0, 'accept_margin': 0.0},
        sequence={'filter': 'none'},
        monitor={'consecutive_accepts': 1},
    )
    refused = 0
    for _ in range(60):
        view = road.elsewhere()
        refused += not road.see(tracker, view).verdict.accepted
        assert told.observe(road.stamp_ns, view, road.descriptors @ view, None).verdict.accepted
    assert refused >= 57


@pytest.mark.parametrize('name', ['bayes', 'window', 'none'])
def test_a_black_image_is_never_a_match(name):
    road = Road()
    tracker = road.tracker(sequence={'filter': name})
    road.drive(tracker, range(5, 15))
    black = road.see(tracker, np.zeros(WIDTH, np.float32), road.pose(15))
    assert not black.verdict.accepted
    assert black.verdict.state == 'LOCALIZED'
    if name != 'none':
        assert 'nothing is to be seen' in black.verdict.reason
    assert accepted(road.drive(tracker, [16])) == [16]


def test_black_images_and_one_reference_break_nothing():
    for road in (Road(), Road(1), Road(2), Road(poses=False)):
        for name in ('bayes', 'window', 'none'):
            tracker = road.tracker(sequence={'filter': name})
            for at in range(12):
                view = np.zeros(WIDTH, np.float32) if at % 2 else road.view(at)
                estimate = road.see(tracker, view, road.pose(at) if at % 3 else None)
                if name != 'none':
                    assert np.isfinite([*estimate.probabilities, estimate.off_route]).all()
                    assert 0 <= estimate.off_route <= 1
            assert not math.isinf(estimate.margin)
