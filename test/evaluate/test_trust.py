# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Answers counted against the truth: drives short enough to count by hand."""

import math
from types import SimpleNamespace

from anyloc_ros.evaluate.trust import (
    KIDNAPPED,
    KIDNAPPED_INTO_TWIN,
    longest_m,
    longest_run,
    OCCLUDED,
    recoveries,
    same_place,
    score,
    total,
    TrueFrame,
    ways_m,
)
from anyloc_ros.pose import Pose
import numpy as np
import pytest


def pose(x, yaw_deg=0.0):
    return Pose.from_xy_yaw(x, 0.0, math.radians(yaw_deg))


def answer(x, *, accepted=True, probability=0.95):
    """Return what the scorer looks at of an answer whose best reference is at `x`."""
    reference = SimpleNamespace(pose=pose(x))
    candidate = SimpleNamespace(reference=reference, probability=probability)
    return SimpleNamespace(accepted=accepted, candidates=(candidate,))


@pytest.mark.parametrize(
    ('reference', 'same'),
    [
        (pose(0), True),
        (pose(1.0), True),  # inclusive
        (pose(-1.01), False),
        (pose(0.5, 44.9), True),
        (pose(0.5, -45.1), False),
        (pose(0.0, 180), False),  # the way back is another place
    ],
)
def test_same_place(reference, same):
    assert same_place(pose(0), [reference]).tolist() == [same]


def test_headings_are_compared_across_the_cut():
    assert same_place(pose(0, 170), [pose(0, -170), pose(0, 120)]).tolist() == [True, False]


@pytest.mark.parametrize(
    ('flags', 'run', 'metres'),
    [
        ('', 0, 0.0),
        ('....', 0, 0.0),
        ('.#..', 1, 2.0),  # to the next image
        ('##.#', 2, 3.0),
        ('...#', 1, 0.0),  # nothing is known beyond the last image
        ('####', 4, 7.0),
    ],
)
def test_stretches(flags, run, metres):
    flags = np.array([flag == '#' for flag in flags], bool)
    assert longest_run(flags) == run
    # Ways between images: 1, 2, 4 m.
    assert longest_m(flags, np.array([0.0, 1.0, 3.0, 7.0])[: len(flags)]) == metres


def test_being_carried_is_not_driving():
    drive = [
        TrueFrame(pose(0), True),
        TrueFrame(pose(1), True),
        TrueFrame(pose(50), True, KIDNAPPED),
        TrueFrame(pose(52), True),
    ]
    assert ways_m(drive).tolist() == [0.0, 1.0, 1.0, 3.0]
    assert ways_m([]).tolist() == []


def test_recoveries_end_at_the_next_kidnapping():
    events = ['', KIDNAPPED, '', '', KIDNAPPED_INTO_TWIN, '', KIDNAPPED, '']
    good = np.array([1, 0, 0, 1, 0, 0, 1, 1], bool)
    driven_m = np.array([0.0, 1.0, 2.0, 4.0, 4.0, 5.0, 5.0, 6.0])
    assert recoveries(events, good, driven_m) == (
        (KIDNAPPED, 3.0),
        (KIDNAPPED_INTO_TWIN, math.inf),
        (KIDNAPPED, 0.0),
    )


def test_a_drive():
    drive = [
        (TrueFrame(pose(0), True), answer(0)),
        (TrueFrame(pose(1), True), answer(1, accepted=False, probability=0.5)),
        # Three metres later, at another place: false, though it is the only one that is sure.
        (TrueFrame(pose(2), True), answer(5)),
        (TrueFrame(pose(5), True, OCCLUDED), answer(5, accepted=False, probability=math.nan)),
        (TrueFrame(pose(6), True, OCCLUDED), answer(6)),
        # Off the route everything that is accepted is false.
        (TrueFrame(pose(7, 90), False), answer(7)),
        (TrueFrame(pose(7, 90), False), answer(7, accepted=False, probability=0.1)),
        (TrueFrame(pose(20), True, KIDNAPPED), answer(7, accepted=False, probability=0.9)),
        (TrueFrame(pose(22), True), answer(22)),
    ]
    found = score(*zip(*drive, strict=True))
    assert (found.images, found.false_accepts) == (9, 2)
    assert found.longest_false_m == 3.0
    assert found.recoveries_m == ((KIDNAPPED, 2.0),)
    assert (found.on_route, found.on_route_accepted) == (7, 3)
    assert (found.seen, found.seen_accepted) == (5, 2)
    assert (found.sure, found.sure_right, found.sure_on_route) == (6, 3, 5)
    twice = total([found, found])
    assert (twice.images, twice.false_accepts, twice.longest_false_m) == (18, 4, 3.0)
    assert (twice.sure, twice.sure_right, twice.sure_on_route) == (12, 6, 10)
    assert twice.median_recovery_m() == twice.median_recovery_m(KIDNAPPED) == 2.0
    assert math.isnan(twice.median_recovery_m(KIDNAPPED_INTO_TWIN))


def test_an_answer_without_a_candidate_is_neither_right_nor_sure():
    nothing = SimpleNamespace(accepted=False, candidates=())
    found = score([TrueFrame(pose(0), True)], [nothing])
    assert (found.on_route, found.on_route_accepted, found.sure) == (1, 0, 0)
