# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""The facade on a map of images that one can tell apart by eye."""

import math
import shutil

from anyloc_ros.config import (
    DescribeConfig,
    LocalizeConfig,
    MonitorConfig,
    SequenceConfig,
    TeachConfig,
    VerifyConfig,
)
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.errors import ConfigError, ImageError, MapError
from anyloc_ros.localize.recognizer import open_recognizer, PlaceRecognizer
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.teach import TeachSession
from anyloc_ros.pose import Pose
import cv2
import numpy as np
import pytest

CONFIG = DescribeConfig(method='RootSIFT-GeM')
ALONE = SequenceConfig(filter='none')


def _picture(seed: int) -> np.ndarray:
    blocks = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), np.uint8)
    return cv2.resize(blocks, (160, 120), interpolation=cv2.INTER_NEAREST)


class Failing:
    """A describer that can use no image."""

    def describe(self, images):
        raise ImageError('it has no colours')


@pytest.fixture(scope='module')
def describer():
    return build_describer(CONFIG)


@pytest.fixture(scope='module')
def route(describer, tmp_path_factory):
    """Return a map of 20 places, 1 m apart, the 6th of which appears twice (references 5, 15)."""
    path = tmp_path_factory.mktemp('map') / 'route.anyloc'
    with PlaceMap.create(
        path, fingerprint=describer.fingerprint, describe_config={'method': CONFIG.method}
    ) as place_map:
        with TeachSession(place_map, describer, TeachConfig(), every_image=True) as session:
            session.begin_route()
            for i in range(20):
                session.add_pose(i, Pose.from_xy_yaw(float(i), 0.0, 0.0))
                picture = _picture(5 if i == 15 else i)
                session.add_image(i, lambda picture=picture: picture)
        finish(place_map, describer)
    return path


@pytest.fixture
def own_route(route, tmp_path):
    """Return a copy of the map that a test may change."""
    return shutil.copy(route, tmp_path / 'route.anyloc')


@pytest.fixture
def recognizer(route, describer):
    with PlaceMap.open_to_read(route) as place_map:
        return PlaceRecognizer(place_map, describer, LocalizeConfig())


def _drive(recognizer, *places):
    """Return the last answer of a drive along these references, a second each."""
    for second, place in enumerate(places):
        picture = _picture(5 if place == 15 else place)
        pose = Pose.from_xy_yaw(float(place), 0.0, 0.0)
        answer = recognizer.recognize(picture, second * 10**9, pose)
    return answer


def test_a_known_place_is_accepted_with_its_reference_when_three_images_agree(route):
    recognizer = open_recognizer(route, LocalizeConfig(top_k=3))
    first = recognizer.recognize(_picture(8), 77)
    assert first.stamp_ns == 77
    assert len(first.candidates) == 3
    assert first.candidates[0].reference.id == 8
    assert first.candidates[0].similarity > 0.99
    assert (first.match, first.accepted, first.state) == (None, False, 'SEARCHING')
    assert '1 of 3 images' in first.reason
    assert first.distance_since_accept_m is first.time_since_accept_s is None
    second = recognizer.recognize(_picture(9), 10**9)
    assert second.match is None
    answer = recognizer.recognize(_picture(10), 2 * 10**9)
    assert (answer.accepted, answer.state, answer.relocalized) == (True, 'LOCALIZED', False)
    assert answer.match is answer.candidates[0]
    assert answer.match.reference.id == 10
    assert answer.match.reference.pose.x == 10.0
    assert answer.match.probability > 0.9
    assert answer.off_route_probability < 0.1
    assert answer.margin > 0
    assert answer.time_since_accept_s == 0.0
    assert min(answer.describe_ms, answer.search_ms, answer.filter_ms) > 0
    assert math.isnan(answer.match.heading_rad)
    assert answer.match.inliers == -1


def test_one_image_is_enough_where_that_is_asked_for(route):
    recognizer = open_recognizer(
        route, LocalizeConfig(), sequence=ALONE, monitor=MonitorConfig(consecutive_accepts=1)
    )
    answer = recognizer.recognize(_picture(8), 0)
    assert answer.match.reference.id == 8
    assert answer.state == 'LOCALIZED'
    assert math.isnan(answer.match.probability)
    assert math.isnan(answer.off_route_probability)


@pytest.mark.parametrize(
    ('sequence', 'reason'),
    [(SequenceConfig(), 'probability'), (ALONE, 'another place is as similar')],
)
def test_a_place_that_looks_like_another_is_not_accepted(route, sequence, reason):
    recognizer = open_recognizer(
        route, LocalizeConfig(), sequence=sequence, monitor=MonitorConfig(consecutive_accepts=1)
    )
    for stamp_ns in range(5):
        answer = recognizer.recognize(_picture(5), stamp_ns, Pose.from_xy_yaw(5, 0, 0))
        assert {5, 15} <= {c.reference.id for c in answer.candidates}
        assert answer.match is None
        assert answer.state == 'SEARCHING'
        assert reason in answer.reason


def test_the_margin_is_found_beyond_the_candidates_asked_for(route):
    one, many = (
        open_recognizer(route, LocalizeConfig(top_k=top_k)).recognize(_picture(8), 0)
        for top_k in (1, 20)
    )
    assert (len(one.candidates), len(many.candidates)) == (1, 20)
    assert one.margin == many.margin
    # References 5 to 11 are one place with the 8th.
    elsewhere = [c.similarity for c in many.candidates if abs(c.reference.index - 8) > 3]
    assert one.margin == pytest.approx(one.candidates[0].similarity - max(elsewhere))


@pytest.mark.parametrize('index', ['hnsw', 'ivf'])
def test_approximate_search_answers_the_same_here(route, index):
    answer = open_recognizer(route, LocalizeConfig(index=index)).recognize(_picture(8), 0)
    assert answer.candidates[0].reference.id == 8


@pytest.mark.parametrize('sequence', [SequenceConfig(), ALONE])
def test_a_black_image_is_like_nothing(route, sequence):
    recognizer = open_recognizer(route, LocalizeConfig(), sequence=sequence)
    assert _drive(recognizer, 6, 7, 8).accepted
    answer = recognizer.recognize(np.zeros((9, 9, 3), np.uint8), 3 * 10**9)
    assert answer.match is None
    assert answer.candidates[0].similarity == 0.0


def test_an_image_that_cannot_be_described_is_noted_when_it_is_missed(recognizer):
    assert _drive(recognizer, 6, 7, 8).accepted
    recognizer.describer = Failing()
    with pytest.raises(ImageError, match='it has no colours'):
        recognizer.recognize(_picture(9), 3 * 10**9)
    answer = recognizer.missed(4 * 10**9, 'it has no colours', Pose.from_xy_yaw(8.5, 0, 0))
    assert answer.candidates == ()
    assert answer.match is None
    assert (answer.stamp_ns, answer.state) == (4 * 10**9, 'LOCALIZED')
    assert 'it has no colours' in answer.reason
    assert answer.distance_since_accept_m == 0.5
    assert answer.time_since_accept_s == 2.0
    # LOST comes after 10 s.
    assert recognizer.missed(13 * 10**9, 'dark').state == 'LOST'


def test_to_forget_is_to_search_anew(recognizer):
    assert _drive(recognizer, 6, 7, 8).state == 'LOCALIZED'
    recognizer.forget('the clock jumped')
    answer = _drive(recognizer, 9)
    assert answer.state == 'SEARCHING'
    assert answer.distance_since_accept_m is None


def test_a_start_tells_which_of_two_places_it_is(recognizer):
    recognizer.start_at(15)
    assert _drive(recognizer, 15).candidates[0].reference.id == 15
    recognizer.start_at(5)
    answer = _drive(recognizer, 5)
    assert answer.candidates[0].reference.id == 5
    assert answer.candidates[0].probability > 0.9
    recognizer.start_near(15.3, 0.2, 1.0)
    assert _drive(recognizer, 15).candidates[0].reference.id == 15


def test_starts_that_the_map_does_not_know(recognizer):
    with pytest.raises(ConfigError, match=r'start_index 20 is not on route 0.*it has 0 to 19'):
        recognizer.start_at(20)
    with pytest.raises(ConfigError, match=r'start_index 3 is not on route 1.*no such route'):
        recognizer.start_at(3, route=1)
    with pytest.raises(ConfigError, match=r'30\.0 m from the nearest reference'):
        recognizer.start_near(3.0, 30.0, 1.0)


def test_live_limits_are_taken_up_without_forgetting(recognizer):
    assert _drive(recognizer, 6, 7, 8).accepted
    strict = LocalizeConfig(accept_margin=1.9)
    recognizer.set_limits(strict, SequenceConfig(), MonitorConfig())
    assert recognizer.config is strict
    answer = recognizer.recognize(_picture(9), 3 * 10**9, Pose.from_xy_yaw(9, 0, 0))
    # 1 m is a third of the way until it is LOST.
    assert (answer.accepted, answer.state) == (False, 'UNCERTAIN')
    recognizer.set_limits(LocalizeConfig(), SequenceConfig(), MonitorConfig())
    assert recognizer.recognize(_picture(10), 4 * 10**9, Pose.from_xy_yaw(10, 0, 0)).accepted


def test_verified_candidates_tell_how_much_agrees(route):
    recognizer = open_recognizer(
        route, LocalizeConfig(top_k=3), verify=VerifyConfig(verify='patches')
    )
    assert recognizer.problems == ['no headings: the map was taught without camera_info']
    first, *others = recognizer.recognize(_picture(8), 0).candidates
    assert first.inliers > 100
    assert first.shift_px == pytest.approx(0, abs=0.2)
    assert max(other.inliers for other in others) < first.inliers / 2


def test_a_reference_whose_image_is_damaged_is_no_candidate(own_route, describer):
    with PlaceMap.open_to_write(own_route) as place_map:
        place_map._all('DELETE FROM descriptors WHERE keyframe_id = 8')
    recognizer = open_recognizer(own_route, LocalizeConfig(top_k=20))
    assert [reference.id for reference in recognizer.references] == [*range(8), *range(9, 20)]
    answer = recognizer.recognize(_picture(9), 0)
    assert answer.candidates[0].reference.id == 9
    assert len(answer.candidates) == 19


def test_an_unfinished_map_is_refused(describer, tmp_path):
    path = tmp_path / 'r.anyloc'
    PlaceMap.create(
        path, fingerprint=describer.fingerprint, describe_config={'method': CONFIG.method}
    ).close()
    with pytest.raises(MapError, match='no references'):
        open_recognizer(path, LocalizeConfig())


def test_a_map_of_other_settings_than_the_describer_is_refused(own_route):
    with PlaceMap.open_to_write(own_route) as place_map, place_map.transaction():
        place_map.set_meta('fingerprint', place_map.fingerprint | {'gem_p': 5.0})
    with pytest.raises(MapError, match=r'gem_p 5\.0, this describer has gem_p 3\.0'):
        open_recognizer(own_route, LocalizeConfig())


@pytest.mark.parametrize(
    ('statement', 'message'),
    [
        ('DELETE FROM unrelated', 'no unrelated images are described'),
        ('UPDATE unrelated SET descriptor = zeroblob(20)', 'have width 10, expected 128'),
    ],
)
def test_a_map_that_does_not_know_what_is_unrelated_is_damaged(own_route, statement, message):
    with PlaceMap.open_to_write(own_route) as place_map:
        place_map._all(statement)
    with pytest.raises(MapError, match=f'is damaged: .*{message}'):
        open_recognizer(own_route, LocalizeConfig())


def test_a_similarity_is_a_cosine_and_the_order_is_kept(route, describer, monkeypatch):
    with PlaceMap.open_to_read(route) as place_map:
        recognizer = PlaceRecognizer(
            place_map, describer, LocalizeConfig(top_k=20), sequence=ALONE
        )
    # References in float16 are a little longer or shorter than 1.
    raw = np.linspace(-1.00002, 1.00003, 20).astype(np.float32)
    monkeypatch.setattr(recognizer.index, 'similarities', lambda descriptor: raw)
    found = recognizer.recognize(_picture(3), 0).candidates
    assert [candidate.reference.index for candidate in found] == list(range(19, -1, -1))
    assert (found[0].similarity, found[-1].similarity) == (1.0, -1.0)
