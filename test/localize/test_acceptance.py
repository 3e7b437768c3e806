# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Which references are one place, and when the best candidate is accepted."""

import math

from anyloc_ros.config import LocalizeConfig
from anyloc_ros.localize.acceptance import decide, Thresholds, thresholds
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


@pytest.mark.parametrize(
    ('similarities', 'accepted', 'reason'),
    [
        ([0.80, 0.79, 0.50], True, ''),
        ([0.59, 0.58, 0.10], False, 'similarity 0.590 is below 0.600'),
        ([0.80, 0.79, 0.75], False, 'margin 0.050 is below 0.100'),
        ([0.60, 0.55, 0.50], True, ''),  # both limits are inclusive (0.6 - 0.5 is above 0.1)
    ],
)
def test_the_best_must_be_similar_and_lead_over_other_places(similarities, accepted, reason):
    # Rows 4 and 5 are one place, row 9 is another.
    decision = decide(
        Thresholds(0.6, 0.1 - 1e-9), Places(ROUTE), np.array([4, 5, 9]), np.array(similarities)
    )
    assert decision.accepted is accepted
    assert reason in decision.reason
    assert decision.margin == pytest.approx(similarities[0] - similarities[2])


def test_nothing_to_choose_from():
    places = Places(ROUTE)
    decision = decide(Thresholds(0.1, 0.1), places, np.array([], int), np.array([]))
    assert not decision.accepted
    alone = decide(Thresholds(0.1, 0.1), places, np.array([4, 5]), np.array([0.9, 0.8]))
    assert alone.accepted
    assert math.isnan(alone.margin)


def test_automatic_thresholds_come_from_pairs_of_different_places():
    # Two places far apart, each of one reference, with similarity 0.6; a third, opposite to one.
    keyframes = _keyframes((0, 0, None), (0, 10, None), (0, 20, None))
    descriptors = np.array([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0]], np.float32)
    limits = thresholds(LocalizeConfig(), descriptors, Places(keyframes))
    pairs = np.array([0.6, -1.0, 0.6, -0.6, -1.0, -0.6])
    assert limits.similarity == pytest.approx(np.quantile(pairs, 0.95), abs=1e-6)
    assert limits.margin == pytest.approx(pairs.std() / 4, abs=1e-6)
    given = LocalizeConfig(accept_similarity=0.3, accept_margin=0.0)
    assert thresholds(given, descriptors, Places(keyframes)) == Thresholds(0.3, 0.0)


def test_a_map_of_one_place_accepts_nothing_until_told():
    places = Places(ROUTE[:3])
    limits = thresholds(LocalizeConfig(), np.eye(3, dtype=np.float32), places)
    decision = decide(limits, places, np.array([0]), np.array([1.0]))
    assert not decision.accepted
    assert 'set accept_similarity and accept_margin' in decision.reason
