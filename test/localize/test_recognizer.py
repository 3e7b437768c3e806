# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""The facade on a map of images that one can tell apart by eye."""

from anyloc_ros.config import DescribeConfig, LocalizeConfig, TeachConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.errors import MapError
from anyloc_ros.localize.recognizer import open_recognizer
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.teach import TeachSession
from anyloc_ros.pose import Pose
import cv2
import numpy as np
import pytest

CONFIG = DescribeConfig(method='RootSIFT-GeM')


def _picture(seed: int) -> np.ndarray:
    blocks = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), np.uint8)
    return cv2.resize(blocks, (160, 120), interpolation=cv2.INTER_NEAREST)


@pytest.fixture(scope='module')
def describer():
    return build_describer(CONFIG)


@pytest.fixture
def route(describer, tmp_path):
    """Return a map of 20 places, 1 m apart, the 6th of which appears twice (references 5, 15)."""
    path = tmp_path / 'route.anyloc'
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


def test_a_known_place_is_accepted_with_its_reference(route):
    recognizer = open_recognizer(route, LocalizeConfig(top_k=3))
    answer = recognizer.recognize(_picture(8), 77)
    assert answer.stamp_ns == 77
    assert len(answer.candidates) == 3
    assert answer.match.reference.id == 8
    assert answer.match.reference.pose.x == 8.0
    assert answer.match.similarity > 0.99
    assert answer.state == 'LOCALIZED'
    assert answer.decision.margin > 0


def test_a_place_that_looks_like_another_is_not_accepted(route):
    answer = open_recognizer(route, LocalizeConfig()).recognize(_picture(5), 0)
    assert {c.reference.id for c in answer.candidates[:2]} == {5, 15}
    assert answer.match is None
    assert answer.state == 'SEARCHING'
    assert 'another place is as similar' in answer.decision.reason


def test_the_margin_is_found_beyond_the_candidates_asked_for(route):
    answer = open_recognizer(route, LocalizeConfig(top_k=1)).recognize(_picture(8), 0)
    assert len(answer.candidates) == 1
    assert answer.decision.margin == pytest.approx(
        open_recognizer(route, LocalizeConfig(top_k=20)).recognize(_picture(8), 0).decision.margin
    )


@pytest.mark.parametrize('index', ['hnsw', 'ivf'])
def test_approximate_search_answers_the_same_here(route, index):
    answer = open_recognizer(route, LocalizeConfig(index=index)).recognize(_picture(8), 0)
    assert answer.candidates[0].reference.id == 8


def test_a_black_image_is_like_nothing(route):
    answer = open_recognizer(route, LocalizeConfig()).recognize(np.zeros((9, 9, 3), np.uint8), 0)
    assert answer.match is None
    assert answer.candidates[0].similarity == 0.0


def test_an_unfinished_map_is_refused(describer, tmp_path):
    path = tmp_path / 'r.anyloc'
    PlaceMap.create(
        path, fingerprint=describer.fingerprint, describe_config={'method': CONFIG.method}
    ).close()
    with pytest.raises(MapError, match='no references'):
        open_recognizer(path, LocalizeConfig())


def test_a_map_of_other_settings_than_the_describer_is_refused(route):
    with PlaceMap.open_to_write(route) as place_map, place_map.transaction():
        place_map.set_meta('fingerprint', place_map.fingerprint | {'gem_p': 5.0})
    with pytest.raises(MapError, match=r'gem_p 5\.0, this describer has gem_p 3\.0'):
        open_recognizer(route, LocalizeConfig())
