# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Figures of runs that were counted and measured by hand."""

from dataclasses import replace
from itertools import pairwise
import math

from anyloc_ros.errors import ConfigError
from anyloc_ros.evaluate.ground_truth import read_vprbench
from anyloc_ros.evaluate.judge.basis import basis_of
from anyloc_ros.evaluate.judge.confidence import confidences
from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.frames import frames_of
from anyloc_ros.evaluate.judge.judge import figures_of
from anyloc_ros.evaluate.metrics.stop import StopConfig
import numpy as np
import pytest

NAN = math.nan
EXACT = {'rtol': 0, 'atol': 1e-9}
CONFIG = FiguresConfig()
LINE = [(x / 2, 0) for x in range(41)]
"""20 m straight ahead, a reference every 0.5 m."""


def along(x_m):
    """Return the row of the reference at x on the line."""
    return round(2 * x_m)


def test_recall_leaves_out_what_is_off_the_map(run):
    # Two references at one place; one query without a positive; one off the map.
    record = run(
        [(0, 0), (0, 0), (5, 0)],
        [(0, 1), (5, 1), (40, 0), (90, 90)],
        [(1, 2), (0, 2), (2, 0), (0, 1)],
        [{0, 1}, {2}, set(), set()],
        on_map=[1, 1, 1, 0],
    )
    found = figures_of(record, CONFIG)
    assert found.recall.at[1] == 1 / 3
    # There are two candidates each: more do not come.
    assert found.recall.at[2] == found.recall.at[20] == 2 / 3
    assert found.recall.at_answerable[1] == 1 / 2
    assert (found.recall.queries, found.recall.queries_without_positive) == (3, 1)
    assert list(found.recall.at) == list(range(1, 21))
    assert found.right.tolist() == [True, False, False, False]
    # Accepted off the map is wrong as well.
    assert found.accepted.precision.value == 1 / 4
    assert found.accepted.false_accepts == 3
    assert math.isnan(found.accepted.threshold)
    assert (found.novelty.on_map, found.novelty.off_map) == (3, 1)
    assert found.novelty.offmap_accept.value == 1.0


@pytest.mark.parametrize('known', [True, False])
def test_one_reference_and_one_query(run, known):
    places = [(0, 0)], [(3, 4)]
    record = run(*(places if known else ([(NAN, NAN)], [(NAN, NAN)])), [[0]], [{0}])
    found = figures_of(record, CONFIG)
    assert found.headline()['recall_at_1'].value == 1.0
    assert ('loc_err_median_m' in found.headline()) == known
    # A single place is no path.
    assert found.path is found.stop is found.sign_error is found.transfer is None
    if known:
        assert found.errors_m.tolist() == [5.0]
        assert found.far_hits.share.value == 1.0


def test_metres_by_hand(run):
    rows = [[along(2), along(4)], [along(9), along(9)], [along(15), -1], [-1, -1]]
    true = [(2, 1), (5, 3), (15, 0), (17, 0.5)]
    right = [{along(2)}, {along(5)}, {along(15)}, {along(17)}]
    record = run(LINE, true, rows, right, accepted=[True, True, False, False])
    found = figures_of(record, FiguresConfig(far_m=0.9))
    np.testing.assert_allclose(found.errors_m, [1, 5, 0, NAN], **EXACT)
    np.testing.assert_allclose(found.oracles_m, [1, 3, 0, 0.5], **EXACT)
    assert found.position.error.median.value == pytest.approx(3.0)
    assert found.position.error.maximum == 5.0
    assert found.excess_m.mean.value == pytest.approx((0 + 2) / 2)
    # A hit of 1 m is a far one, that of 0 m is not.
    assert (found.far_hits.share.value, found.far_hits.hits) == (0.5, 2)
    assert found.accuracy.within[1.0, math.inf].value == 1 / 4
    assert found.accuracy.within[5.0, math.inf].value == 2 / 4
    assert found.tolerance.recall[1.0].value == 2 / 4
    assert found.tolerance_unit == 'm'
    # The mean of the candidates at 2 and 4 m is 3 m.
    errors = found.pose_modes['EWB'].error
    assert errors.mean.value == pytest.approx((math.sqrt(2) + 5) / 2)
    assert found.pose_modes['top-1'] is found.position


def test_ahead_and_beside_a_straight_path(run):
    true = [(3.2, 0.3), (8.0, -0.4), (12.1, 0.0)]
    record = run(LINE, true, [[along(3)], [along(9.5)], [along(12)]])
    found = figures_of(record, CONFIG)
    np.testing.assert_allclose(found.along_m, [-0.2, 1.5, -0.1], **EXACT)
    np.testing.assert_allclose(found.cross_m, [-0.3, 0.4, 0.0], **EXACT)
    np.testing.assert_allclose(found.offsets_m, [0.3, -0.4, 0.0], **EXACT)
    assert found.path.along_m.bias.value == pytest.approx(0.4, abs=1e-9)
    assert found.path.offset_m.maximum == pytest.approx(0.4, abs=1e-9)


def test_out_and_back_is_open(run):
    back = [(x, 0) for x, _ in LINE[-2::-1]]
    # At 4 m on the way out and on the way back, without any heading.
    s_m = [4.0, *np.arange(5.0, 36.0, 1.0), 36.0]
    true = [(s if s <= 20 else 40 - s, 0.1) for s in s_m]
    rows = [[along(s + 0.5)] for s in s_m]
    found = figures_of(run(LINE + back, true, rows), CONFIG)
    np.testing.assert_allclose(found.along_m, 0.5, **EXACT)
    # Left of the way out is right of the way back; at the turning point it is either.
    lefts = [0.1 if s < 20 else -0.1 for s in s_m]
    np.testing.assert_allclose(found.offsets_m, np.where(np.equal(s_m, 20), 0.1, lefts), **EXACT)
    # Its end is not its beginning.
    home = figures_of(run(LINE + back, [*true, (0.2, 0)], [*rows, [0]]), CONFIG)
    assert home.along_m[-1] == pytest.approx(-39.8, abs=1e-9)


SQUARE = [(x / 2, 0) for x in range(20)] + [(10, y / 2) for y in range(20)]
SQUARE += [(10 - x, 10 - y) for x, y in SQUARE]
"""40 m round, from (0, 0) on; a step of 0.5 m is missing to its beginning."""


def on_square(s_m):
    s_m %= 40
    corners = [(0, 0), (10, 0), (10, 10), (0, 10)]
    (x, y), part = corners[int(s_m // 10)], s_m % 10
    ahead = [(1, 0), (0, 1), (-1, 0), (0, -1)][int(s_m // 10)]
    return x + part * ahead[0], y + part * ahead[1]


def test_a_loop_goes_on_at_its_beginning(run):
    true = [on_square(s) for s in (39.2, 39.8, 40.2)]
    found = figures_of(run(SQUARE, true, [[79], [0], [79]]), CONFIG)
    np.testing.assert_allclose(found.along_m, [0.3, 0.2, -0.7], **EXACT)


def test_a_figure_of_eight_is_followed_through_its_crossing(run):
    corners = np.array([(0, 0), (10, 10), (10, 0), (0, 10), (0, 0)], float)
    taught = np.concatenate(
        [a + (b - a) * np.linspace(0, 1, 20, endpoint=False)[:, None]
         for a, b in pairwise(corners)]
    )  # fmt: skip
    rows = np.arange(1, 79)
    true = (taught[rows] + taught[(rows + 1) % 80]) / 2
    found = figures_of(run(taught, true, rows[:, None]), CONFIG)
    half_m = np.linalg.norm(true - taught[rows], axis=1)
    np.testing.assert_allclose(found.along_m, -half_m, **EXACT)
    np.testing.assert_allclose(found.offsets_m, 0.0, **EXACT)


def test_a_carried_robot_is_found_again(run):
    # Far along the path it is out of the window around the place before.
    bend = [*LINE, *[(20, y / 2) for y in range(1, 41)]]
    bend += [(20 - x / 2, 20) for x in range(1, 41)]
    true = [(1.0, 0.2), (1.5, 0.2), (1.5, 19.8)]
    found = figures_of(run(bend, true, [[2], [3], [120]]), CONFIG)
    np.testing.assert_allclose(found.along_m, [0, 0, 60 - 58.5], **EXACT)
    np.testing.assert_allclose(found.offsets_m, [0.2, 0.2, 0.2], **EXACT)


def test_a_robot_that_drives_against_the_teaching_stays_on_its_leg(run):
    # The leg back is 20 m away, though it leads where the robot looks.
    bend = [*LINE, *[(20, y / 2) for y in range(1, 41)]]
    bend += [(20 - x / 2, 20) for x in range(1, 41)]
    true = [(8.2, -0.3), (7.7, -0.3)]
    found = figures_of(run(bend, true, [[16], [16]], true_yaws=math.pi), CONFIG)
    np.testing.assert_allclose(found.along_m, [-0.2, 0.3], **EXACT)
    np.testing.assert_allclose(found.offsets_m, [-0.3, -0.3], **EXACT)


def test_each_answer_is_placed_on_its_own_route(run):
    other = [(5, y / 2) for y in range(41)]
    record = run(
        LINE + other,
        [(2, 0.1), (5.2, 7.0), (3, 0)],
        [[along(3)], [41 + 12], [-1]],
        routes=[0] * 41 + [1] * 41,
    )
    found = figures_of(record, CONFIG)
    np.testing.assert_allclose(found.along_m, [1.0, -1.0, NAN], **EXACT)
    # East of a path to the north is right of it; without an answer the nearest route counts.
    np.testing.assert_allclose(found.offsets_m, [0.1, -0.2, 0.0], **EXACT)


def test_a_wrong_answer_on_another_route_does_not_move_the_robot(run):
    other = [(x, 30) for x, _ in LINE]
    record = run(
        LINE + other,
        [(2, 0.25), (5, 0.25), (6, 0.25)],
        [[along(2)], [41 + along(8)], [along(6)]],
        routes=[0] * 41 + [1] * 41,
        shift_px=[5.0, 5.0, 5.0],
    )
    found = figures_of(record, CONFIG)
    np.testing.assert_allclose(found.offsets_m, 0.25, **EXACT)
    # The answer is where it is, on the other route: 3 m ahead and 29.75 m to the left.
    np.testing.assert_allclose(found.along_m, [0, 3, 0], **EXACT)
    np.testing.assert_allclose(found.cross_m, [-0.25, 29.75, -0.25], **EXACT)
    assert found.path.offset_m.maximum == pytest.approx(0.25)
    # Left of its path it turns right each time.
    assert (found.sign_error.wrong.value, found.sign_error.wrong.count) == (0.0, 3)


def test_yaws_wrap(run):
    turned = [math.radians(-179), math.radians(10)]
    record = run(LINE, [(1, 0), (2, 0)], [[2], [4]], yaws=math.radians(179), true_yaws=turned)
    found = figures_of(record, CONFIG)
    np.testing.assert_allclose(found.turned_deg, [-2, 169], **EXACT)
    assert found.path.heading_deg.bias.value == pytest.approx(167 / 2, abs=1e-9)
    assert found.accuracy.within[0.25, 2.0].value == 0.5


@pytest.mark.parametrize(
    ('told', 'wrong', 'idle'),
    [
        # 0.3 m left twice, 0.3 m right twice. What is seen further right asks for a right turn.
        ({'heading_rad': [0.1, 0.1, -0.1, -0.1]}, 0.0, 0.0),
        ({'heading_rad': [-0.1, 0.1, 0.1, -0.1]}, 0.5, 0.0),
        ({'shift_px': [20, 20, -20, 20]}, 0.25, 0.0),
        ({'shift_px': [-20, -20, -20, 0], 'heading_rad': [0.1, NAN, NAN, NAN]}, 0.25, 0.25),
        ({'shift_px': [-20, -20, 20, 20], 'accepted': [False] * 4}, 0.0, 1.0),
    ],
)
def test_steering_by_the_answer(run, told, wrong, idle):
    true = [(1, 0.3), (2, 0.3), (3, -0.3), (4, -0.3), (5, 0.05)]
    told = {name: [*values, values[0]] for name, values in told.items()}
    found = figures_of(run(LINE, true, [[2], [4], [6], [8], [10]], **told), CONFIG).sign_error
    assert (found.wrong.value, found.idle.value, found.wrong.count) == (wrong, idle, 4)


def test_nothing_to_steer_by_is_not_said(run):
    found = figures_of(run(LINE, [(1, 0.3)], [[2]]), CONFIG)
    assert found.sign_error is None
    assert 'correction_sign_error' not in found.headline()


def test_jumps_lost_and_lock(run):
    x_m = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    best = [0, 1, 9, 3, -1, 12, 6, 7, 8, 9]
    rows = [[along(x) if x >= 0 else -1] for x in best]
    right = [{along(x)} for x in x_m]
    record = run(LINE, [(x, 0) for x in x_m], rows, right)
    found = figures_of(record, CONFIG)
    # 1 to 9 and 9 to 3 in steps of 1 m, 3 to 12 in 2 m, 12 to 6 in 1 m.
    assert (found.jumps.jumps, found.jumps.pairs) == (4, 8)
    assert found.headline()['jumps_per_100m'].value == pytest.approx(400 / 9)
    # Lost from image 4 to the right accept of image 6; by images 4 and 5.
    lost = found.longest_lost
    assert (lost.seconds, lost.metres, lost.images) == (2.0, 2.0, 2)
    # Images 6, 7 and 8 are the first three in a row.
    assert (found.lock.seconds, found.lock.metres, found.lock.images) == (8.0, 8.0, 9)
    # Odometry that saw the leaps: no jumps.
    leaps = [(x if x >= 0 else 4, 0) for x in best]
    same = run(LINE, [(x, 0) for x in x_m], rows, right, odometry=leaps)
    assert figures_of(same, CONFIG).jumps.jumps == 0


def test_without_real_time_no_second_is_said(run):
    record = run(
        LINE,
        [(x, 0) for x in range(5)],
        [[0]] * 5,
        real_time=False,
        times_ms={'total': np.ones(5)},
    )
    found = figures_of(record, CONFIG)
    assert math.isnan(found.longest_lost.seconds)
    assert found.longest_lost.metres == 4.0
    assert found.throughput is found.reach is None
    assert 'longest_lost_s' not in found.headline()
    assert found.headline()['latency_p95_ms'].value == 1.0


def test_off_map_queries_are_no_part_of_the_drive(run):
    rows = [[0], [2], [4], [0], [0]]
    record = run(
        LINE,
        [(0, 0), (1, 0), (2, 0), (NAN, NAN), (NAN, NAN)],
        rows,
        [{0}, {2}, {4}, set(), set()],
        on_map=[1, 1, 1, 0, 0],
        stamps_ns=np.array([0, 1, 2, 0, 1]) * 10**9,
    )
    found = figures_of(record, CONFIG)
    assert (found.longest_lost.images, found.lock.images) == (0, 3)
    assert found.tolerance.queries == 3


def test_each_figure_says_from_how_many_it_is(run):
    # Five queries, the last one off the map: the third and fourth are rejected.
    record = run(
        LINE,
        [(0, 0), (1, 0), (2, 0), (3, 0), (NAN, NAN)],
        [[0], [2], [4], [6], [0]],
        [{0}, {2}, {4}, set(), set()],
        accepted=np.array([True, True, False, False, True]),
        on_map=[1, 1, 1, 1, 0],
    )
    counts = {name: each.count for name, each in figures_of(record, CONFIG).headline().items()}
    assert counts['recall_at_1'] == 4
    assert counts['far_hits'] == 3
    assert (counts['accepted'], counts['accepted_precision']) == (5, 3)
    assert counts['loc_err_median_m'] == 2
    assert counts['jumps_per_100m'] == 1  # from one accepted answer to the next
    assert counts['longest_lost_m'] == counts['longest_lost_s'] == 4


def test_what_the_filter_gained(run):
    true, right = [(x, 0) for x in range(4)], [{0}, {2}, {4}, {6}]
    raw = run(LINE, true, [[0], [20], [4], [30]]).answers
    record = run(LINE, true, [[0], [2], [9], [6]], right, raw=raw)
    found = figures_of(record, CONFIG).gain
    assert (found.better.value, found.worse.value, found.gain.value) == (0.5, 0.25, 0.25)
    # Raw: lost at image 1, and from image 3 to the end; filtered at image 2 only.
    assert found.longest_lost_s == found.longest_lost_m == 0.0


def test_the_filter_made_worse_what_is_wrong_not_what_it_rejects(run):
    true, right = [(x, 0) for x in range(4)], [{0}, {2}, {4}, {6}]
    raw = run(LINE, true, [[0], [2], [4], [30]]).answers
    accepted = np.array([False, False, True, True])
    record = run(LINE, true, [[0], [2], [4], [6]], right, raw=raw, accepted=accepted)
    found = figures_of(record, CONFIG)
    assert (found.gain.better.value, found.gain.worse.value) == (0.25, 0.0)
    single, filtered = found.gain_counts['raw'], found.gain_counts['filtered']
    assert (single.right, single.accepted_rightly, single.accepted_wrongly) == (3, 3, 1)
    assert (filtered.right, filtered.accepted_rightly, filtered.accepted_wrongly) == (4, 2, 0)
    # Lost is who has no right accepted answer: 1 m at the end before, 2 m at the beginning now.
    assert found.gain.longest_lost_m == 2.0


def test_stops_on_the_way_and_at_the_goal(run):
    x_m = np.arange(0, 20.01, 0.5)
    best = x_m.copy()
    best[10] = 20.0  # at 5 m it names the goal
    found = figures_of(run(LINE, [(x, 0) for x in x_m], [[along(x)] for x in best]), CONFIG)
    outcome = found.stop.outcomes[0]
    assert outcome.stops_s_m == (5.0, 20.0)
    assert (outcome.false_stops, outcome.missed, outcome.progress) == (1, False, 0.25)
    assert found.headline()['false_stop_per_run'].value == 1.0
    assert 'within' in found.definitions['stop']


@pytest.mark.parametrize('spacing_m', [0.1, 0.25, 0.5, 1.0])
def test_perfect_answers_stop_in_time_and_hold(run, spacing_m):
    count = round(20 / spacing_m) + 1
    taught = [(spacing_m * row, 0) for row in range(count)]
    # Up to the goal at 0.5 m/s and 10 Hz, and there it stays.
    x_m = np.minimum(np.arange(0.013, 21.5, 0.05), 20.0)
    rows = np.round(x_m / spacing_m).astype(int)[:, None]
    stamps_ns = np.arange(len(x_m)) * 10**8
    outcome = figures_of(run(taught, [(x, 0) for x in x_m], rows, stamps_ns=stamps_ns), CONFIG)
    outcome = outcome.stop.outcomes[0]
    assert (outcome.false_stops, outcome.missed, outcome.hold_failed) == (0, False, False)
    assert len(outcome.stops_s_m) == 1


def test_a_goal_on_the_way_that_is_passed(run):
    x_m = np.arange(0, 12.01, 0.5)
    true, rows = [(x, 0) for x in x_m], [[along(x)] for x in x_m]
    goal = FiguresConfig(goals='116')  # 8 m
    assert not figures_of(run(LINE, true, rows), goal).stop.outcomes[0].missed
    strict = FiguresConfig(goals='116', stop_similarity=0.95)
    missed = figures_of(run(LINE, true, rows), strict).stop
    assert missed.outcomes[0].missed
    assert missed.outcomes[0].hold_failed
    rejected = run(LINE, true, rows, accepted=np.zeros(len(x_m), bool))
    assert figures_of(rejected, goal).stop.missed.value == 1.0
    with pytest.raises(ConfigError, match='no reference 7; its ids are 100 to 140'):
        figures_of(run(LINE, true, rows), FiguresConfig(goals='7'))
    assert figures_of(run(LINE, true, rows), FiguresConfig(goals='116,116')).stop.runs == 1
    gap = [*LINE[:16], (NAN, NAN), *LINE[17:]]
    with pytest.raises(ConfigError, match='not known where reference 116 is'):
        figures_of(run(gap, true, rows), goal)


def test_a_goal_that_was_never_reached_is_not_called_met(run):
    # 16 m before the goal the drive ends.
    x_m = np.arange(0, 4.01, 0.5)
    true, rows = [(x, 0) for x in x_m], [[along(x)] for x in x_m]
    found = figures_of(run(LINE, true, rows), CONFIG)
    assert found.stop.runs == 1
    for name in ('false_stop_per_run', 'missed_stop', 'hold_window_fail'):
        assert name not in found.headline()
    # Beside a goal that was passed, it is in no share.
    both = figures_of(run(LINE, true, rows), FiguresConfig(goals='104,140', stop_similarity=0.95))
    assert (both.stop.runs, both.stop.missed.value, both.stop.missed.count) == (2, 1.0, 1)
    assert both.headline()['false_stop_per_run'].count == 1
    # A stop on the way is false all the same.
    rows[4] = [40]
    early = figures_of(run(LINE, true, rows), CONFIG).headline()
    assert early['false_stop_per_run'].value == 1.0
    assert 'missed_stop' not in early
    assert 'the last reference of each route; --set goals=ID,ID' in found.definitions['stop']


def test_a_goal_behind_the_robot_is_not_judged(run):
    record = run(LINE, [(12, 0), (13, 0)], [[24], [26]])
    assert figures_of(record, FiguresConfig(goals='110')).stop is None
    assert figures_of(record, FiguresConfig(goals='100')).stop is None


def test_a_loop_ends_where_the_next_lap_begins(run):
    # It begins 0.2 m before the start: that is not behind the goal, which is at 39.5 m.
    s_m = np.arange(-0.2, 39.6, 0.4)
    rows = [[min(max(round(s * 2), 0), 79)] for s in s_m]
    found = figures_of(run(SQUARE, [on_square(s) for s in s_m], rows), CONFIG).stop
    assert found.outcomes[0].false_stops == 0
    assert found.outcomes[0].reached_m == pytest.approx(39.4, abs=1e-9)
    assert found.outcomes[0].stops_s_m == pytest.approx([39.4], abs=1e-9)


def test_goals_of_two_routes_at_one_place_are_one(run):
    twice = LINE + LINE
    x_m = [*np.arange(0, 20.01, 0.5), 20, 20]
    # The answers change between both runs through the same place.
    rows = [[along(x) + 41 * (n % 2)] for n, x in enumerate(x_m)]
    record = run(
        twice, [(x, 0) for x in x_m], rows, routes=[0] * 41 + [1] * 41, yaws=0.0, true_yaws=0.0
    )
    found = figures_of(record, CONFIG).stop
    assert (found.runs, found.outcomes[0].stops_s_m) == (1, (20.0,))


def test_images_without_time_have_no_latency(run):
    x_m = np.arange(0, 20.01, 0.5)
    true, rows = [(x, 0) for x in x_m], [[along(x)] for x in x_m]
    config, stop = FiguresConfig(goals='130'), StopConfig(stop_distance_m=1.0, hold_s=0.5)
    timed = figures_of(run(LINE, true, rows), config, stop).stop
    untimed = figures_of(run(LINE, true, rows, real_time=False), config, stop).stop
    assert timed.outcomes[0].latency_s == -1.0
    assert timed.outcomes[0].hold_failed is False
    assert math.isnan(untimed.outcomes[0].latency_s)
    # Three images near the goal are fewer than 10, and no time says that they are enough.
    assert untimed.outcomes[0].hold_failed is None
    assert untimed.outcomes[0].overrun_m == timed.outcomes[0].overrun_m == -0.5


def window(row, tolerance, references):
    return set(range(max(row - tolerance, 0), min(row + tolerance + 1, references)))


@pytest.mark.parametrize('tolerance', [0, 2])
def test_frames_are_told_from_their_tolerance(tolerance):
    rows = [0, 1, 5, 8, 9, 4]
    positives = [window(row, tolerance, 10) for row in rows]
    assert frames_of(positives, 10).tolist() == rows
    np.testing.assert_array_equal(frames_of([*positives, set()], 10), [*rows, NAN])


@pytest.mark.parametrize(
    'positives',
    [
        [set(), set()],
        [{1, 3}],
        [{1, 2}],
        [{0, 1, 2}],  # the middle may be 0, 1 or 2
        [{4, 5, 6}, {5, 6}],
        [{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {3, 4, 5}],
    ],
)
def test_other_truths_have_no_frames(positives):
    assert frames_of(positives, 10) is None


def test_figures_in_frames(run):
    unknown = [(NAN, NAN)] * 10
    best = [0, 1, 5, 3, 4, 5, 9, -1]
    record = run(
        unknown, unknown[:8], [[row] for row in best], [window(q, 2, 10) for q in range(8)]
    )
    found = figures_of(record, CONFIG)
    # Off by 3 frames at image 2 and 6; no answer at image 7.
    assert found.tolerance_unit == 'frames'
    assert [found.tolerance.recall[n].value for n in (0, 2, 3, 10)] == [5 / 8, 5 / 8, 7 / 8, 7 / 8]
    assert (found.frame_error.maximum, found.frame_error.unknown) == (3.0, 1)
    np.testing.assert_array_equal(found.errors_frames, [0, 0, 3, 0, 0, 0, 3, NAN])
    assert found.position is found.far_hits is found.path is found.jumps is None
    assert found.recall.at[1] == 5 / 8


def test_frames_of_a_real_set(data):
    right = read_vprbench(data / 'corridor' / 'ground_truth_new.npy', 111, 111)
    assert frames_of(right, 111).tolist() == list(range(111))


def test_confidences_that_need_no_more_than_the_ranking(run):
    distances = np.array([(0.5, 0.7), (0.4, 0.6)])
    record = run(
        LINE,
        [(0, 0), (3, 0)],
        [[0, 2], [6, 7]],
        similarities=1 - distances**2 / 2,
        probabilities=[0.8, 0.6],
        inliers=[30, -1],
    )
    found = confidences(record, basis_of(record, record.answers))
    np.testing.assert_allclose(found['similarity'], [0.875, 0.92])
    np.testing.assert_allclose(found['pa'], [-5 / 7, -2 / 3])
    np.testing.assert_allclose(found['margin'], [0.12, 0.1])
    # Weights 1 : 1/e, the references 1 m and 0.5 m apart.
    spread = math.exp(-1) / (1 + math.exp(-1)) ** 2
    np.testing.assert_allclose(found['sue'], [-spread, -spread / 4])
    np.testing.assert_array_equal(found['inliers'], [30, NAN])
    assert set(figures_of(record, CONFIG).confidence) == set(found)


def test_what_is_not_known_has_no_quality(run):
    record = run(LINE, [(0, 0)] * 3, [[0], [1], [-1]], [{0}] * 3)
    found = figures_of(record, CONFIG)
    assert list(found.confidence) == ['similarity']
    assert found.calibration is found.novelty is found.gain is found.cost is None
    # Matches whose similarity is not known are no matches to choose a threshold by.
    silent = run(LINE, [(0, 0)] * 3, [[0], [1], [2]], [{0}] * 3, similarities=[[NAN]] * 3)
    found = figures_of(silent, CONFIG)
    assert found.decision.queries_without_match == 3
    assert found.recall.at[1] == found.accepted.precision.value == 1 / 3


def test_time_and_cost(run):
    record = run(
        LINE,
        [(x, 0) for x in range(5)],
        [[0]] * 5,
        times_ms={'total': np.array([100, 200, 300, NAN, 1500]), 'search': np.full(5, NAN)},
        answered=[1, 1, 1, 0, 1],
        costs={'map_bytes': 4000.0, 'descriptor_bytes': 1024.0},
    )
    found = figures_of(record, CONFIG)
    assert list(found.latency) == ['total']
    # The budget is the second between two images: one is late, one is missing.
    assert (found.throughput.budget_ms, found.throughput.deadline_miss.value) == (1000.0, 0.4)
    assert found.throughput.rate_hz == 3 / 4
    # 95 % of 100, 200, 300 and 1500 ms lie below 300 + 0.85 * 1200.
    assert found.reach.metres_per_estimate == pytest.approx(1 * (4 / 3 + 1.32))
    assert found.reach.limit_m == 0.25
    assert (found.cost.map_bytes_per_m, found.cost.descriptor_bytes) == (200.0, 1024)
    assert figures_of(record, FiguresConfig(budget_ms=250.0)).throughput.deadline_miss.value == 0.6
    nowhere = replace(record.taught, positions=np.full((41, 3), NAN))
    unknown = figures_of(replace(record, taught=nowhere), CONFIG).cost
    assert math.isnan(unknown.route_m) and math.isnan(unknown.map_bytes_per_m)
    # Nothing is late by a clock that stands still.
    record = replace(record, answers=replace(record.answers, stamps_ns=np.zeros(5, int)))
    assert figures_of(record, CONFIG).throughput is None


def test_arrays_that_do_not_belong_together(run):
    with pytest.raises(ValueError, match=r'accepted: expected shape \(1,\), got \(2,\)'):
        figures_of(run(LINE, [(0, 0)], [[0]], accepted=[True, True]), CONFIG)
    with pytest.raises(ValueError, match='rows: expected -1 to 40, got 41 to 41'):
        figures_of(run(LINE, [(0, 0)], [[41]], [set()]), CONFIG)
    with pytest.raises(ValueError, match='accepted: query 1 has no best reference'):
        figures_of(run(LINE, [(0, 0)] * 2, [[0], [-1]], accepted=[True, True]), CONFIG)


def test_a_run_of_nothing(run):
    for rows in (np.empty((0, 20)), np.empty((3, 0))):
        found = figures_of(
            run(LINE, [(0, 0)] * len(rows), rows, accepted=np.zeros(len(rows), bool)), CONFIG
        )
        assert found.position is found.jumps is None


def test_headings_against_their_sigma(run):
    # A match that faces 0.5 rad; the robot 0.6, 0.6, 0.4 and, not accepted, 2.0.
    found = figures_of(
        run(
            [(0, 0), (1, 0)],
            [(0, 0)] * 4,
            [(0,)] * 4,
            yaws=0.5,
            true_yaws=[0.6, 0.6, 0.4, 2.0],
            heading_rad=[0.1, 0.2, 0.1, 0.0],
            heading_sigma=[0.1, 0.1, 0.05, 0.1],
            accepted=[True, True, True, False],
        ),
        CONFIG,
    )
    # Errors 0, 0.1 and 0.2: squares over variance 0, 1 and 16; only the last beyond 1.96 sigma.
    assert found.heading.nees.value == pytest.approx(17 / 3, abs=1e-9)
    assert found.heading.coverage_95.value == pytest.approx(2 / 3, abs=1e-9)
    assert (found.heading.nees.count, found.heading.unknown) == (3, 1)


def test_headings_without_a_truth_are_not_judged(run):
    record = run([(0, 0)], [(0, 0)], [(0,)], heading_rad=[0.1], heading_sigma=[0.1])
    found = figures_of(record, CONFIG)
    assert found.heading is None
