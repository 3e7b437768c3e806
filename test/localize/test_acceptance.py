# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Which references are one place, and when the best candidate of one image is accepted."""

import math

from anyloc_ros.localize.acceptance import decide, learned_thresholds, SAMPLED, Thresholds
from anyloc_ros.localize.places import Places
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
import numpy as np
import pytest


def _keyframes(*places: tuple[int, int, float | None]) -> list[Keyframe]:
    """Return references from (route, index, x in metres or None)."""
    return [
        Keyframe(i, route, index, i, None if x is None else Pose(x, 0.0), None, (1, 1))
        for i, (route, index, x) in enumerate(places)
    ]


ROUTE = _keyframes(*((0, i, None) for i in range(10)))


def test_neighbours_along_a_route_are_one_place():
    same = Places(ROUTE).same(4, np.arange(10))
    assert np.flatnonzero(same).tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_another_route_is_another_place_unless_it_passes_there():
    # 1 m from reference to reference: 3 m around is one place.
    keyframes = _keyframes(*((0, i, float(i)) for i in range(8)), (1, 0, 7.0), (1, 1, 8.0))
    same = Places(keyframes).same(0, np.arange(10))
    assert np.flatnonzero(same).tolist() == [0, 1, 2, 3]
    same = Places(keyframes).same(5, np.arange(10))
    assert np.flatnonzero(same).tolist() == [2, 3, 4, 5, 6, 7, 8, 9]


def test_a_loop_that_closes_is_one_place():
    keyframes = _keyframes(*((0, i, float(min(i, 20 - i))) for i in range(21)))
    assert Places(keyframes).same(0, np.array([20]))[0]
    assert not Places(ROUTE).same(0, np.array([9]))[0]


def test_places_are_near_in_space_and_adjoin_if_they_face_the_same_way():
    poses = [
        Pose.from_xy_yaw(0.0, 0.0, 0.0),
        Pose.from_xy_yaw(1.0, 0.0, 3.0),
        Pose.from_xy_yaw(2.0, 0.0, -0.7),
        Pose.from_xy_yaw(3.0, 4.0, 0.0),
        Pose(2.0, 1.0),
        None,
    ]
    keyframes = [Keyframe(i, 0, i, i, pose, None, (1, 1)) for i, pose in enumerate(poses)]
    places = Places(keyframes)
    # Of the steps 1, 1, sqrt(17) and sqrt(10).
    assert places.step_m == pytest.approx((1 + math.sqrt(10)) / 2)
    assert places.away_m(0, 3) == 5.0
    assert places.away_m(0, 5) == math.inf
    assert places.away_from(3.0, 0.0)[:4] == pytest.approx([3.0, 2.0, 1.0, 4.0])
    assert math.isnan(places.away_from(3.0, 0.0)[5])
    # Within 6.2 m: turned by 3 rad, by 0.7 rad, by nothing, not known, nowhere.
    assert [places.adjoin(0, other) for other in range(1, 6)] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ('similarity', 'margin', 'accepted', 'reason'),
    [
        (0.80, 0.30, True, ''),
        (0.59, 0.48, False, 'similarity 0.590 is below 0.600'),
        (0.80, 0.05, False, 'another place is as similar: margin 0.050 is below 0.100'),
        (0.80, -0.2, False, 'margin -0.200 is below 0.100'),
        (0.60, 0.10, True, ''),  # both limits are inclusive
        (0.80, math.nan, True, ''),  # the map shows no other place
    ],
)
def test_the_best_must_be_similar_and_lead_over_other_places(similarity, margin, accepted, reason):
    decision = decide(Thresholds(0.6, 0.1), similarity, margin)
    assert decision.accepted is accepted
    assert (decision.reason == '') == accepted
    assert reason in decision.reason


def test_automatic_thresholds_come_from_pairs_of_different_places():
    # Two places far apart, each of one reference, with similarity 0.6; a third, opposite to one.
    keyframes = _keyframes((0, 0, None), (0, 10, None), (0, 20, None))
    descriptors = np.array([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0]], np.float32)
    limits = learned_thresholds(descriptors, Places(keyframes))
    pairs = np.array([0.6, -1.0, 0.6, -0.6, -1.0, -0.6])
    assert limits.similarity == pytest.approx(np.quantile(pairs, 0.95), abs=1e-6)
    assert limits.margin == pytest.approx(pairs.std() / 4, abs=1e-6)


def test_neighbours_do_not_count_for_the_thresholds():
    # References 0 to 3 are alike, and so are 4 to 7; of the pairs further apart than three
    # positions (0 and 4, 0 and 5, ... 3 and 7) all have similarity 0.25.
    descriptors = np.repeat([[1.0, 0.0], [0.25, math.sqrt(1 - 0.25**2)]], 4, axis=0)
    limits = learned_thresholds(descriptors.astype(np.float32), Places(ROUTE[:8]))
    assert limits.similarity == pytest.approx(0.25)
    assert limits.margin == pytest.approx(0.0, abs=1e-6)


def test_a_large_map_is_sampled_evenly():
    # Two halves that differ.
    count = 10 * SAMPLED
    keyframes = _keyframes(*((0, i, None) for i in range(count)))
    descriptors = np.zeros((count, 2), np.float32)
    half = count // 2
    descriptors[:half, 0] = 1.0
    descriptors[half:, 1] = 1.0
    limits = learned_thresholds(descriptors, Places(keyframes))
    assert limits.similarity == 1.0
    # Half of the pairs are 1, half are 0: a deviation of 0.5, of which a quarter.
    assert limits.margin == pytest.approx(0.125, rel=0.01)


def test_a_map_of_one_place_accepts_nothing_until_told():
    limits = learned_thresholds(np.eye(3, dtype=np.float32), Places(ROUTE[:3]))
    told = Thresholds(0.9, limits.margin), Thresholds(limits.similarity, 0.1)
    for unknown in (limits, *told):
        decision = decide(unknown, 1.0, math.nan)
        assert not decision.accepted
        assert 'set accept_similarity and accept_margin' in decision.reason
    assert decide(Thresholds(0.9, 0.1), 1.0, math.nan).accepted
