# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Gaps, blur, featureless and aliased stretches of a map, and what is said of them."""

from __future__ import annotations

from functools import partial

from anyloc_ros.config import TeachConfig
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.images import encode_image, StoredImage
from anyloc_ros.mapping.teach import TeachSession
from anyloc_ros.mapping.watch import WeakSpotWatch
from anyloc_ros.mapping.weak_spots import gaps, weak_spots
from anyloc_ros.pose import Pose
import cv2
import numpy as np
import pytest

SECOND = 10**9


def shelf(seed):
    """Return boxes (120, 160, 3) in all colours."""
    rng = np.random.default_rng(seed)
    image = np.zeros((120, 160, 3), np.uint8)
    for _ in range(60):
        x, y, w, h = rng.integers((0, 0, 4, 4), (160, 120, 30, 30))
        cv2.rectangle(image, (x, y), (x + w, y + h), rng.integers(256, size=3).tolist(), -1)
    return image


def blurred(seed):
    return cv2.GaussianBlur(shelf(seed), (0, 0), 3.0)


WALL = np.full((120, 160, 3), 90, np.uint8)


@pytest.fixture(name='along')
def _along(reference):
    """Return what makes references of a route at these x (m) and times (s)."""

    def keyframes(xs, seconds=None, route=0):
        seconds = range(len(xs)) if seconds is None else seconds
        return [
            reference(
                i,
                route=route,
                stamp_ns=int(s * SECOND),
                pose=None if x is None else Pose(x, 0.0),
                odometry_m=x,
            )
            for i, (x, s) in enumerate(zip(xs, seconds, strict=True))
        ]

    return keyframes


def texts(spots):
    return [spot.text for spot in spots]


def test_a_gap_in_the_way(along):
    keyframes = along([0.0, 0.5, 1.0, 1.5, 2.0, 5.0, 5.5, 6.0, 6.5])
    (spot,) = gaps(keyframes)
    assert (spot.kind, spot.text) == ('gap', 'route 0, index 4 to 5: 3.0 m without a reference')
    assert (spot.stretch.first_id, spot.stretch.last_id, spot.stretch.length_m) == (4, 5, 3.0)


def test_three_usual_steps_are_no_gap(along):
    assert gaps(along([0.0, 0.5, 1.0, 1.5, 2.0, 3.5, 4.0, 4.5, 5.0])) == []


def test_turning_on_the_spot_makes_no_gaps_of_the_usual_steps(along):
    # Half of the references are due to turns.
    assert gaps(along([0.0, 0.01, 0.02, 0.03, 0.04, 0.54, 1.04, 1.54, 2.04])) == []


def test_a_gap_in_time_where_there_are_no_poses(along):
    seconds = [0, 1, 2, 3, 4, 10, 11, 12, 13]
    (spot,) = gaps(along([None] * 9, seconds))
    assert spot.text == 'route 0, index 4 to 5: 6.0 s without a reference'
    # With poses time does not count: the robot may have stood.
    assert gaps(along(np.arange(9.0), seconds)) == []


def test_between_routes_there_is_no_gap(along):
    assert gaps(along([0.0, 1.0, 2.0]) + along([100.0, 101.0, 102.0], route=1)) == []


def judged(keyframes, images, **config):
    watch = WeakSpotWatch(TeachConfig(**config))
    return [texts(watch.judge(k, image)) for k, image in zip(keyframes, images, strict=True)]


def test_a_route_being_taught_is_judged_by_the_references_before(along):
    images = [shelf(i) for i in range(6)] + [blurred(6), blurred(7), WALL, shelf(9)]
    found = judged(along([0, 1, 2, 3, 4, 5, 6, 7, 8, 12]), images)
    assert found == [[]] * 6 + [
        ['route 0, index 6: blurred'],
        [],
        ['route 0, index 8: hardly anything to recognize, a bare wall or darkness'],
        ['route 0, index 8 to 9: 4.0 m without a reference'],
    ]


def test_the_first_references_may_be_of_a_camera_that_is_never_sharper(along):
    assert judged(along(range(9)), [blurred(i) for i in range(9)]) == [[]] * 9


def test_wide_steps_that_were_asked_for_are_no_gaps(along):
    keyframes = along([0, 1, 6, 7])
    assert judged(keyframes, [shelf(0)] * 4, keyframe_distance_m=2.0) == [[]] * 4
    assert sum(map(len, judged(keyframes, [shelf(0)] * 4))) == 1


def test_teaching_notes_and_tells_weak_spots(create, describer):
    told = []
    place_map = create()
    with (
        place_map,
        TeachSession(place_map, describer(), TeachConfig(), warned=told.append) as session,
    ):
        for _ in range(2):
            session.begin_route()
            for second in (0, 1, 2, 3, 9):
                session.add_pose(second * SECOND, Pose(float(second), 0.0))
                image = WALL if second == 2 else shelf(second)
                session.add_image(second * SECOND, partial(np.copy, image))
        events = place_map.events()
    expected = [
        f'route {route}, index {text}'
        for route in (0, 1)
        for text in (
            '2: hardly anything to recognize, a bare wall or darkness',
            '3 to 4: 6.0 m without a reference',
        )
    ]
    assert told == expected
    assert [(e.text, e.level) for e in events] == [(text, 'warning') for text in expected]


@pytest.fixture(name='fill_route')
def _fill_route(reference):
    """Return what stores references with images and descriptors (N, P)."""

    def run(place_map, images, descriptors):
        with place_map.transaction():
            for i, image in enumerate(images):
                stored = None if image is None else StoredImage(encode_image(image), 'jpeg')
                keyframe = reference(i, pose=Pose(float(i), 0.0), odometry_m=float(i))
                place_map.add_keyframe(keyframe, stored)
            place_map.set_descriptors(range(len(images)), descriptors, 'float32')

    return run


def twins():
    """Return descriptors (40, 256) of which 25 to 34 look like 5 to 14."""
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(40, 256))
    for i in range(1, 40):
        rows[i] += 0.8 * rows[i - 1]
    rows[25:35] = rows[5:15]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


ALIAS = 'route 0, index 5 to 14 (9.0 m) looks like route 0, index 25 to 34 (9.0 m), 20.0 m apart'


def test_a_map_tells_its_weak_spots(create, describer, fill_route):
    images = [shelf(i) for i in range(40)]
    images[10:13] = [blurred(i) for i in range(3)]
    images[20], images[30] = WALL, None
    with create() as place_map:
        fill_route(place_map, images, twins())
        # What looks alike is told of finished maps: half a map is not what robots drive by.
        assert [spot.kind for spot in weak_spots(place_map)] == ['featureless', 'blur']
        finish(place_map, describer(raw_width=256))
        stages = []
        spots = weak_spots(place_map, lambda stage, done, total: stages.append(stage))
        assert texts(spots) == [
            f'{ALIAS} (similarity 1.00)',
            'route 0, index 20: hardly anything to recognize, a bare wall or darkness',
            'route 0, index 10 to 12 (2.0 m): blurred',
        ]
        assert set(stages) == {'images', 'compare'}
        assert spots[0].apart_m == pytest.approx(20.0)
        assert (spots[0].stretch.first_id, spots[0].other.first_id) == (5, 25)


def test_finishing_notes_aliases_once(create, describer, fill_route):
    with create() as place_map:
        fill_route(place_map, [None] * 40, twins())
        finish(place_map, describer(raw_width=256))
        (event,) = place_map.events()
        assert (event.level, event.text) == ('warning', f'{ALIAS} (similarity 1.00)')
        with place_map.transaction():
            place_map.set_meta('state', 'recording')
        finish(place_map, describer(raw_width=256))
        assert place_map.events() == (event,)


def test_of_many_aliases_three_are_noted(create, describer, reference):
    rng = np.random.default_rng(6)
    rows = rng.normal(size=(160, 256))
    for i in range(1, 160):
        rows[i] += 0.8 * rows[i - 1]
    for number in range(5):
        stretch = np.arange(8)
        rows[stretch + 140 - 12 * number] = rows[stretch + 2 + 12 * number]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    with create() as place_map:
        with place_map.transaction():
            for i in range(160):
                place_map.add_keyframe(reference(i, pose=Pose(float(i), 0.0)), None)
            place_map.set_descriptors(range(160), rows, 'float32')
        finish(place_map, describer(raw_width=256))
        events = place_map.events()
        assert len(events) == 4
        assert events[-1].text == '2 more stretches look like others, see "anyloc map info"'
        assert len(weak_spots(place_map)) == 5
