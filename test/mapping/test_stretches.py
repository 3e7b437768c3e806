# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Stretches that look alike, in maps whose likenesses are known."""

from __future__ import annotations

from dataclasses import replace

from anyloc_ros.mapping import stretches
from anyloc_ros.mapping.stretches import look_alikes
from anyloc_ros.pose import Pose
import numpy as np
import pytest

PLACES = 400
ALIAS = [*range(30), *range(200, 210), *range(10, 22), *range(300, 330)]
"""Places in driving order: references 40 to 51 look like 10 to 21, at other positions."""


@pytest.fixture(scope='module', name='views')
def _views():
    """Return (PLACES, 512): places d apart along the way have a similarity of 0.64^d or so."""
    rng = np.random.default_rng(1)
    views = rng.normal(size=(PLACES, 512))
    for place in range(1, PLACES):
        views[place] = 0.64 * views[place - 1] + 0.77 * views[place]
    return views


@pytest.fixture(name='seen')
def _seen(views):
    """Return what gives the descriptors of a drive past these places, each seen a little anew."""

    def descriptors(places):
        rng = np.random.default_rng(2)
        seen = views[list(places)] + 0.2 * rng.normal(size=(len(places), 512))
        return (seen / np.linalg.norm(seen, axis=1, keepdims=True)).astype(np.float32)

    return descriptors


@pytest.fixture(name='along')
def _along(reference):
    """Return what makes references at these x, after so much way; None is no pose."""

    def keyframes(xs, step_m=0.5):
        return [
            reference(i, pose=Pose(x, 0.0), odometry_m=i * step_m)
            if x is not None
            else reference(i)
            for i, x in enumerate(xs)
        ]

    return keyframes


def test_the_same_view_elsewhere_is_an_alias(seen, along):
    (found,) = look_alikes(along(0.5 * np.arange(len(ALIAS))), seen(ALIAS))
    assert (found.here.first_index, found.here.last_index) == (10, 21)
    assert (found.there.first_index, found.there.last_index) == (40, 51)
    assert (found.here.length_m, found.there.length_m) == (5.5, 5.5)
    assert (found.references, found.apart_m, found.revisit) == (12, 15.0, False)
    # Noise of 0.2 in every view: 1 / (1 + 0.2^2).
    assert found.similarity == pytest.approx(0.96, abs=0.02)


def test_the_same_place_again_is_none(seen, along):
    xs = [0.5 * place for place in ALIAS]
    assert look_alikes(along(xs), seen(ALIAS)) == []


def test_without_poses_it_may_be_a_second_visit(seen, along):
    (found,) = look_alikes(along([None] * len(ALIAS)), seen(ALIAS))
    assert (found.here.first_id, found.there.last_id) == (10, 51)
    assert (found.apart_m, found.here.length_m, found.revisit) == (None, None, True)


@pytest.mark.parametrize(('off_m', 'revisit'), [(8.0, True), (11.0, False)])
def test_poses_that_may_have_drifted_leave_it_open(seen, along, off_m, revisit):
    places = [*range(200), *range(300, 310), *range(20, 32)]
    keyframes = along(map(float, places), step_m=1.0)
    # 190 m lie between: a 20th of that is 9.5 m.
    keyframes[210:] = [replace(k, pose=Pose(k.pose.x, off_m)) for k in keyframes[210:]]
    (found,) = look_alikes(keyframes, seen(places))
    assert (found.apart_m, found.revisit) == (off_m, revisit)


def test_standing_still_is_one_place(seen, along):
    places = [*range(20), *[20] * 25, *range(21, 50)]
    assert look_alikes(along([None] * len(places)), seen(places)) == []


def test_single_coincidences_are_not_listed(seen, along):
    places = list(range(80))
    places[50], places[60], places[70] = 5, 15, 25
    assert look_alikes(along(0.5 * np.arange(80)), seen(places)) == []


def test_a_drive_back_is_not_listed(seen, along):
    places = [*range(40), *range(200, 210), *range(30, 10, -1)]
    assert look_alikes(along(0.5 * np.arange(len(places))), seen(places)) == []


def test_the_scale_is_that_of_the_map(seen, along):
    # All cosines from 0.95 on, as of pooled descriptors.
    seen_so = seen(ALIAS) * np.sqrt(0.05)
    narrow = np.pad(seen_so, ((0, 0), (0, 1)), constant_values=np.sqrt(0.95)).astype(np.float32)
    (found,) = look_alikes(along(0.5 * np.arange(len(ALIAS))), narrow)
    assert (found.here.first_index, found.there.first_index) == (10, 40)


def test_routes_are_compared_with_each_other(seen, along):
    # Ids alternate between the routes.
    keyframes = along([None] * 60)
    keyframes = [replace(k, route=k.id % 2, index=k.id // 2) for k in keyframes]
    places = np.array([[i, 100 + i] for i in range(30)])
    places[5:20, 1] = np.arange(8, 23)
    (found,) = look_alikes(keyframes, seen(places.ravel()))
    assert (found.here.route, found.here.first_index, found.here.last_index) == (0, 8, 22)
    assert (found.there.route, found.there.first_index, found.there.last_index) == (1, 5, 19)
    assert (found.there.first_id, found.there.last_id) == (11, 39)


def test_blocks_change_nothing(seen, along, monkeypatch):
    keyframes, descriptors = along(0.5 * np.arange(len(ALIAS))), seen(ALIAS)
    whole = look_alikes(keyframes, descriptors)
    monkeypatch.setattr(stretches, 'BLOCK', 7)
    heard = []
    found = look_alikes(keyframes, descriptors, lambda *now: heard.append(now))
    assert [(a.here, a.there) for a in found] == [(a.here, a.there) for a in whole]
    assert heard[0] == ('compare', 0, 82) and heard[-1] == ('compare', 82, 82)


@pytest.mark.parametrize('number', [0, 1, 2, 3, 8])
def test_a_small_map_has_none(seen, along, number):
    assert look_alikes(along([None] * number), seen(range(number))) == []


@pytest.mark.parametrize('value', [0.0, 1.0])
def test_a_map_of_one_picture_has_none(along, value):
    descriptors = np.zeros((30, 4), np.float32)
    descriptors[:, 0] = value
    assert look_alikes(along([None] * 30), descriptors) == []
