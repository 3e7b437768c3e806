# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Arrays of a run from what was answered and what is true, checked against numbers by hand."""

from __future__ import annotations

import math

from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import ConfigError, SourceError
from anyloc_ros.evaluate.records import (
    answers_of,
    check_truth,
    Numbered,
    Said,
    taught_of,
    truth_of,
    with_off_map,
)
from anyloc_ros.evaluate.whereabouts import odometry_of, Track, true_poses, with_pose_file
from anyloc_ros.io.samples import PoseSample
from anyloc_ros.mapping.geodesy import Datum
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
import numpy as np
import pytest

NAN = math.nan
SECOND = 10**9


def keyframe(id_: int, x: float | None, route: int = 0) -> Keyframe:
    pose = None if x is None else Pose.from_xy_yaw(x, 2.0, 0.5)
    return Keyframe(id_, route, id_, id_, pose, None, (4, 4))


@pytest.fixture
def taught():
    """Return references 3, 5 and 9 at x = 0, unknown, 4 m; the last one of another route."""
    return taught_of([keyframe(3, 0.0), keyframe(5, None), keyframe(9, 4.0, route=1)])


def test_references(taught):
    assert taught.ids.tolist() == [3, 5, 9]
    assert taught.routes.tolist() == [0, 0, 1]
    np.testing.assert_array_equal(taught.positions, [[0, 2, 0], [NAN] * 3, [4, 2, 0]])
    np.testing.assert_allclose(taught.yaws_rad, [0.5, NAN, 0.5])


def test_answers_name_rows_and_what_is_not_known_is_said_so(taught):
    best = Said([9, 3], [0.8, 0.4], True, 0.9, 0.1, 40, -3.5, 0.2, 0.01, 'LOCALIZED')
    unread = Said([], [], False, state='LOST')
    answers = answers_of([7, 8, 9, 10], [best, None, unread, Said([5], [0.3], False)], taught, {})
    assert answers.rows.tolist() == [[2, 0], [-1, -1], [-1, -1], [1, -1]]
    np.testing.assert_array_equal(
        answers.similarities, [[0.8, 0.4], [NAN, NAN], [NAN, NAN], [0.3, NAN]]
    )
    assert answers.accepted.tolist() == [True, False, False, False]
    assert answers.answered.tolist() == [True, False, False, True]
    assert answers.inliers.tolist() == [40, -1, -1, -1]
    assert answers.states == ['LOCALIZED', '', '', '']
    for name, value in (
        ('probabilities', 0.9), ('off_route', 0.1), ('shift_px', -3.5), ('heading_rad', 0.2),
        ('heading_sigma', 0.01),
    ):  # fmt: skip
        np.testing.assert_array_equal(getattr(answers, name), [value, NAN, NAN, NAN])
    assert answers.stamps_ns.tolist() == [7, 8, 9, 10]
    assert answers.best().tolist() == [2, -1, -1, 1]


def test_twenty_candidates_are_kept(taught):
    answers = answers_of([0], [Said([3] * 30, [0.5] * 30, False)], taught, {})
    assert answers.rows.shape == (1, 20)


def test_nothing_was_answered(taught):
    answers = answers_of([1, 2], [None, None], taught, {})
    assert answers.rows.shape == (2, 0)
    assert answers.best().tolist() == [-1, -1]


def test_a_truth_counts_images_and_a_bad_one_keeps_its_number(taught):
    # Images 0, 2 and 3 of four became references, image 1 could not be read.
    numbered = Numbered({3: 0, 5: 2, 9: 3}, 4)
    truth = truth_of('frames:1', taught, numbered, [Pose(0.0, 2.0)] * 5)
    # By hand: query q allows images q - 1 to q + 1, and image 1 is no row.
    expected = [{0}, {0, 1}, {1, 2}, {1, 2}, {2}]
    assert truth.positives == [frozenset(rows) for rows in expected]
    assert np.isnan(truth.positions).all(), 'only a radius says that both are in one frame'
    assert truth.rule == 'within 1 frame'
    assert truth.on_map is None


def test_a_radius_is_inclusive_and_keeps_the_poses(taught):
    numbered = Numbered({3: 0, 5: 1, 9: 2}, 3)
    poses = [Pose.from_xy_yaw(3.0, 2.0, 1.0), None, Pose(1.5, 2.0), Pose(20.0, 0.0)]
    truth = truth_of('radius:3', taught, numbered, poses)
    assert truth.positives == [frozenset(rows) for rows in ({0, 2}, (), {0, 2}, ())]
    np.testing.assert_array_equal(truth.positions[:, 0], [3.0, NAN, 1.5, 20.0])
    np.testing.assert_allclose(truth.yaws_rad, [1.0, NAN, NAN, NAN])
    further = with_off_map(truth, 2)
    assert further.positives == [*truth.positives, frozenset(), frozenset()]
    assert further.on_map.tolist() == [True] * 4 + [False] * 2
    assert further.positions.shape == (6, 3) and np.isnan(further.positions[4:]).all()
    assert with_off_map(truth, 0).on_map is None


def test_a_list_is_named_by_its_file(taught, tmp_path):
    (tmp_path / 'truth.csv').write_text('0,2\n1,0,1\n')
    truth = truth_of(
        f'list:{tmp_path}/truth.csv', taught, Numbered({3: 0, 5: 1, 9: 2}, 3), [None, None]
    )
    assert truth.positives == [frozenset({2}), frozenset({0, 1})]
    assert truth.rule == 'as listed in truth.csv'


@pytest.mark.parametrize(
    ('text', 'error', 'said'),
    [
        ('radius:2', ConfigError, 'the references have no poses; .*--reference-poses FILE'),
        ('list:none.csv', SourceError, 'none.csv not found'),
        ('guess', ConfigError, 'expected frames:N'),
    ],
)
def test_a_truth_that_cannot_fit_is_found_before_the_work(text, error, said):
    posed = Track([0], [PoseSample(0, Pose(0.0, 0.0))])
    with pytest.raises(error, match=said):
        check_truth(text, posed, Track([0, 1], ()))
    check_truth('frames:1', posed, Track([0, 1], ()))
    with pytest.raises(ConfigError, match=r'the queries have no poses; .*--query-poses FILE'):
        check_truth('radius:2', Track([0, 1], ()), posed)


def test_poses_meet_images_by_stamp(tmp_path):
    table = tmp_path / 'truth.txt'
    table.write_text('3 6 0 0 0 0 0 1\n1 2 0 0 0 0 0 1\n2 4 0 0 0 0 0 1\n')
    track = with_pose_file(Track([SECOND, 5 * SECOND // 2, 4 * SECOND], ()), table)
    poses = true_poses(track, Datum(), TeachConfig(pose_max_gap_s=1.5))
    assert [pose and pose.x for pose in poses] == [2.0, 5.0, None]
    table.write_text('name,x,y\n1.png,0,0\n')
    with pytest.raises(SourceError, match='has no stamps'):
        with_pose_file(track, table)


def test_odometry_knows_only_what_came_before():
    poses = [PoseSample(n * SECOND // 10, Pose(float(n), -float(n))) for n in range(4)]
    stamps_ns = [0, SECOND // 10, SECOND // 4, SECOND]
    found = odometry_of(Track(stamps_ns, poses), TeachConfig(), others=1)
    # At 0.25 s the newest is that of 0.2 s; 0.7 s after the last one nothing is known.
    np.testing.assert_array_equal(found, [[0, 0], [1, -1], [2, -2], [NAN] * 2, [NAN] * 2])
    assert odometry_of(Track([0], ()), TeachConfig()) is None
