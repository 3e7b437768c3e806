# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The figures of repeat runs, on runs that are written down by hand."""

import csv
from dataclasses import replace
import io
import math

from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.metrics.closed_loop import SuccessConfig
from anyloc_ros.evaluate.metrics.stop import StopConfig
from anyloc_ros.localize.recognizer import Candidate, Recognition
from anyloc_ros.simulate.closed_loop.figures import loop_figures, ORDER
from anyloc_ros.simulate.closed_loop.record import record_of
from anyloc_ros.simulate.closed_loop.run import ARRIVED, COLLIDED, LoopImage, LoopRun, Setup
from anyloc_ros.simulate.closed_loop.score import loop_score, outcome_of
from anyloc_ros.simulate.closed_loop.words import loop_sentences, per_run
import numpy as np
import pytest

SUCCESS, STOP = SuccessConfig(), StopConfig()
LIMITS = FiguresConfig(), SUCCESS, STOP


def answer(references, row, accepted):
    candidate = Candidate(references[row], 0.5, 0.9)
    return Recognition(
        0, (candidate,), accepted, 'LOCALIZED', '', math.nan, 0.1, False, 0.0, 0.0, 1.0, 1.0, 1.0,
        1.0,
    )  # fmt: skip


@pytest.fixture
def driven(world, told):
    """
    Return a function that makes a run of 8 m at 1 m/s, as it was.

    Images are taken each 5 steps and heard 2 later.
    """
    references = told(None).references

    def make(left_m, *, ended=ARRIVED, rows=lambda s: round(2 * s), until_m=8.0, wrong=()):
        steps = round(until_m / 0.05) + 1
        s_m = np.arange(steps) * 0.05
        left_m = np.asarray(left_m(s_m)) * np.ones(steps)
        poses = [world.route.pose_at(*pair) for pair in zip(s_m, left_m, strict=True)]
        images = []
        for number, taken in enumerate(range(0, steps - 2, 5)):
            row = rows(s_m[taken])
            accepted = number not in wrong
            pose = poses[taken]
            images.append(
                LoopImage(
                    number, taken * 50_000_000, taken, taken + 2, pose, pose, pose,
                    answer(references, row, accepted), accepted and row == 16, 'drive',
                )
            )  # fmt: skip
        x, y, yaw = np.array([(pose.x, pose.y, pose.yaw) for pose in poses]).T
        return LoopRun(
            3, Setup(), tuple(images), x, y, yaw, s_m, left_m, s_m, -left_m,
            goal_s_m=8.0,
            goal_m=math.hypot(8.0 - s_m[-1], left_m[-1]),
            goal_rad=0.0,
            ended=ended,
            dropped=0,
        )  # fmt: skip

    return make


def test_success_is_counted(driven):
    runs = [
        driven(lambda s: 0.1),
        driven(lambda s: 0.55 * (s > 3.98)),  # left the corridor half way
        driven(lambda s: 0.2, ended=COLLIDED, until_m=6.0),
        driven(lambda s: 0.0, ended='stood for 10 s', until_m=2.0),
        driven(lambda s: 0.0, until_m=7.0),  # stopped 1 m early
    ]
    found = loop_score(runs, SUCCESS, STOP, 0.1)
    assert [outcome_of(run).succeeded(SUCCESS) for run in runs] == [True] + [False] * 4
    assert (found.repeat.success.value, found.repeat.success.count) == (0.2, 5)
    assert found.ends == {'arrived': 3, 'collided': 1, 'stood for 10 s': 1}
    assert found.repeat.interventions == 2 and found.repeat.driven_m == pytest.approx(31.0)
    assert found.repeat.failures_per_km.value == pytest.approx(2 / 0.031)
    # 8 m without a failure, then failures after 4, 6, 2 and 7 m.
    assert found.distance_to_failure_m.value == pytest.approx(27 / 4)
    assert found.distance_to_failure_m.low < 27 / 4 < found.distance_to_failure_m.high
    assert found.most_m.value == pytest.approx((0.1 + 0.55 + 0.2) / 5)
    # Those that arrived rested at 8, 8 and 7 m.
    assert found.stop.stop_err_m.bias.value == pytest.approx(-1 / 3)
    assert found.stop.stop_err_m.unknown == 2


def test_runs_that_did_not_fail_tell_a_least_distance_to_it(driven):
    found = loop_score([driven(lambda s: 0.1)] * 3, SUCCESS, STOP, 0.1)
    assert found.distance_to_failure_m.value == found.distance_to_failure_m.high == math.inf
    # exp(-3.69) = 0.025: so many failures would be expected.
    assert found.distance_to_failure_m.low == pytest.approx(24 / 3.68888, rel=1e-3)
    assert found.stop.false_stops_per_run.high == pytest.approx(3.68888 / 3, rel=1e-5)


def test_standing_is_no_way(driven):
    run = driven(lambda s: np.maximum(0.5 - 0.1 * s, 0.0))
    names = ('x', 'y', 'yaw', 's_m', 'left_m', 'driven_m', 'correction_rad')
    held = {n: np.append(np.repeat(getattr(run, n)[:1], 200), getattr(run, n)) for n in names}
    moved, stood = (loop_score([each], SUCCESS, STOP, 0.1) for each in (run, replace(run, **held)))
    assert stood.cross_m.rmse.value == pytest.approx(moved.cross_m.rmse.value)


def test_the_way_back_to_the_path(driven):
    found = loop_score([driven(lambda s: np.maximum(0.5 - 0.1 * s, 0.0))], SUCCESS, STOP, 0.1)
    assert found.settle_m.median.value == pytest.approx(4.0, abs=0.051)
    assert found.convergence.value == pytest.approx(-0.1)
    # A triangle of 5 m in 8 m: mean square 0.25 / 3 * 5 / 8.
    assert found.cross_m.rmse.value == pytest.approx(math.sqrt(0.25 / 3 * 5 / 8), rel=0.03)
    assert found.cross_m.maximum == 0.5
    assert found.sign_error.wrong.value == 0


def test_steering_away_is_counted(driven):
    run = driven(lambda s: np.where(s < 4, 0.3, 0.05))
    run.correction_rad[:20] = 0.1  # to the left, where the path is to the right
    found = loop_score([run], SUCCESS, STOP, 0.1)
    # Heard at 2, 7, 12, ...: four of the first 20 steps, of 16 before 4 m.
    assert found.sign_error.wrong.value == pytest.approx(4 / 16)


def test_the_figures_of_the_same_runs(world, taught, driven):
    runs = [
        driven(lambda s: 0.2),
        driven(lambda s: -0.2, rows=lambda s: min(round(2 * s) + 4 * (s > 4), 16)),
        driven(lambda s: 0.0, wrong=range(8, 16)),
    ]
    record = record_of('name', {'method': 'M'}, world, taught, runs, 1.0)
    figures = loop_figures(record, runs, *LIMITS)
    headline = figures.headline()
    assert list(headline) == [name for name in ORDER if name in headline]
    images = len(runs[0].images)
    assert images == 32 and len(record.answers.rows) == 96
    assert (np.diff(record.answers.stamps_ns) > 0).all()
    # In the second run the answers of 4 to 7 m are 2 m ahead, then less, and right from 7 m on:
    # images are 0.25 m apart, so those at 4.25 to 6.75 are wrong, 11 of them.
    assert headline['recall_at_1'].value == pytest.approx(1 - 11 / 96)
    assert headline['accepted'].value == pytest.approx(1 - 8 / 96)
    # From one run to the next it is carried: no jump. The second jumps once by 2 m.
    assert figures.jumps.jumps == 1
    # 11 images until the next right one are 2.75 m; 8 images are 2 m.
    assert headline['longest_lost_m'].value == pytest.approx((0 + 2.75 + 2.0) / 3)
    assert headline['longest_lost_s'].value == pytest.approx((0 + 2.75 + 2.0) / 3)
    # 0.25 m from one image to the next at 0.2 m/s: references are named by the nearest.
    assert headline['repeat_success'].value == 1
    assert headline['false_stop_per_run'].value == pytest.approx(1 / 3)
    assert headline['latency_p95_ms'].value == pytest.approx(100.0)
    assert headline['xte_rms_m'].value == pytest.approx(0.2 * math.sqrt(2 / 3))
    assert figures.groups()['closed_loop']['loop'] is figures.loop
    said = loop_sentences(figures)
    assert said[0].startswith('3 of 3 runs succeeded: 1 [')
    assert said[-1] == (
        'No run failed on 24 m, which rules out no more than a failure each 6.51 m.'
    )
    # Of 5 candidates nobody knows whether the tenth would have been right.
    assert list(figures.recall.at) == list(figures.recall.at_answerable) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ('rests_m', 'said'),
    [
        ((8.2, 8.1), 'On average it rested 0.15 m past the goal [0.1, 0.2], 0.20 m'),
        ((7.9, 7.8), 'On average it rested 0.15 m before the goal [0.1, 0.2], 0.20 m'),
        ((8.0, 7.8), 'On average it rested 0.10 m before the goal [0, 0.2], 0.20 m'),
        ((), 'It never came to rest at a goal.'),
    ],
)
def test_where_it_rested_is_said_by_its_side(world, taught, driven, rests_m, said):
    runs = [driven(lambda s: 0.1, until_m=rest_m) for rest_m in rests_m]
    runs = runs or [driven(lambda s: 0.1, ended=COLLIDED)]
    record = record_of('name', {'method': 'M'}, world, taught, runs, 1.0)
    sentences = loop_sentences(loop_figures(record, runs, *LIMITS))
    assert [each for each in sentences if each.startswith(said)]


def test_the_report_knows_that_there_are_several_runs(world, taught, driven):
    pytest.importorskip('matplotlib', reason='the extra "report" is not installed')
    pytest.importorskip('jinja2', reason='the extra "report" is not installed')
    from anyloc_ros.evaluate.report.plots_path import way
    from anyloc_ros.evaluate.report.run_report import run_report

    runs = [driven(lambda s: 0.2), driven(lambda s: 0.0, wrong=range(8, 16))]
    record = record_of('name', {'method': 'M'}, world, taught, runs, 1.0)
    # From one run to the next the robot is carried: 7.75 m to the last image of each.
    assert way(record)[0][-1] == pytest.approx(2 * 7.75, abs=0.01)
    html = run_report(record, loop_figures(record, runs, *LIMITS), {}, [])
    row = html.partition('<code>longest_lost_m</code>')[2].partition('</tr>')[0]
    assert 'The longest way without a right accepted answer, mean over the runs.' in row


def test_truth_is_where_the_robot_was_along_the_route(world, taught, driven):
    run = driven(lambda s: 0.4)
    record = record_of('name', {}, world, taught, [run], 0.5)
    # At 1 m: the references at 0.5, 1 and 1.5 m.
    assert record.truth.positives[4] == {1, 2, 3}
    assert record.truth.positions[4].tolist() == list(run.images[4].true_pose.position)
    assert record.taught.positions[2].tolist() == list(world.route.pose_at(1.0).position)
    assert record.answers.times_ms['total'].tolist() == [100.0] * 32


def test_a_table_of_runs(driven):
    runs = [driven(lambda s: 0.1), driven(lambda s: 0.3, ended=COLLIDED, until_m=2.0)]
    rows = list(csv.DictReader(io.StringIO(per_run(runs, SUCCESS, STOP))))
    assert [row['success'] for row in rows] == ['1', '0']
    assert rows[0]['driven_m'] == '8.0' and rows[1]['ended'] == 'collided'
    assert [row['distance_to_failure_m'] for row in rows] == ['', '2.0']
    assert (rows[0]['settle_m'], rows[1]['settle_m'], rows[1]['stop_err_m']) == ('0.0', 'inf', '')
