# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What becomes of a calibration when other maps are made of a map, and when it grows."""

from functools import partial

from anyloc_ros.config import TeachConfig
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.merge import merge
from anyloc_ros.mapping.place_map import ON_ROUTE_SCORE, PlaceMap
from anyloc_ros.mapping.rebuild import rebuild
from anyloc_ros.mapping.teach import TeachSession
from anyloc_ros.mapping.unrelated import CALIBRATED, GIVEN, PACKAGE
import numpy as np
import pytest

LEFT_OUT = 'route.anyloc was calibrated, this map is not: see "anyloc map calibrate"'


@pytest.fixture
def calibrated(teach, describer, picture):
    """Return the file of a finished map with what a calibration keeps in it."""
    path = teach()
    with PlaceMap.open_to_write(path) as place_map:
        finish(place_map, describer())
        given = describer().describe([picture(seed) for seed in range(30, 33)])
        with place_map.transaction():
            place_map.set_unrelated(GIVEN, given, 'float32')
            place_map.set_meta(ON_ROUTE_SCORE, 12.5)
            place_map.set_meta(CALIBRATED, '40 images of tuesday')
    return path


def _is_not_calibrated(place_map):
    place_map.require_finished()
    assert place_map.unrelated(PACKAGE).shape == place_map.unrelated().shape == (64, 48)
    assert place_map.meta(ON_ROUTE_SCORE) is place_map.meta(CALIBRATED) is None
    warnings = [event.text for event in place_map.events() if event.level == 'warning']
    assert warnings == [LEFT_OUT]


@pytest.mark.parametrize('number', [0, 1])
def test_a_merged_map_is_not_calibrated(calibrated, teach, describer, tmp_path, number):
    other = teach('other.anyloc', seeds=(7, 8))
    with PlaceMap.open_to_write(other) as place_map:
        finish(place_map, describer())
    paths = [calibrated, other]
    new = tmp_path / 'all.anyloc'
    with PlaceMap.open_to_read(paths[number]) as a, PlaceMap.open_to_read(paths[1 - number]) as b:
        assert merge([a, b], new) == 0
    with PlaceMap.open_to_read(new) as place_map:
        _is_not_calibrated(place_map)


def test_a_merged_map_that_is_left_to_finish_is_not_calibrated(
    calibrated, teach, describer, tmp_path
):
    new = tmp_path / 'all.anyloc'
    with (
        PlaceMap.open_to_read(calibrated) as first,
        PlaceMap.open_to_read(teach('other.anyloc', seeds=(7,))) as unfinished,
    ):
        merge([first, unfinished], new)
    with PlaceMap.open_to_write(new) as place_map:
        assert place_map.state == 'recording'
        finish(place_map, describer())
        _is_not_calibrated(place_map)


def test_a_rebuilt_map_is_not_calibrated(calibrated, describer, tmp_path):
    new = tmp_path / 'new.anyloc'
    with PlaceMap.open_to_read(calibrated) as source:
        rebuild(source, new, describer(), {})
    with PlaceMap.open_to_read(new) as place_map:
        _is_not_calibrated(place_map)


def test_a_map_that_grows_stays_calibrated(calibrated, describer, picture):
    with PlaceMap.open_to_write(calibrated) as place_map:
        before = place_map.unrelated()
        config = TeachConfig(map_mode='append')
        with TeachSession(place_map, describer(), config, every_image=True) as session:
            session.begin_route()
            session.add_image(10**12, partial(picture, 9))
        finish(place_map, describer())
        assert len(place_map.keyframes()) == 6
        place_map.require_finished()
        assert np.array_equal(place_map.unrelated(), before)
        assert place_map.meta(ON_ROUTE_SCORE) == 12.5
        assert place_map.meta(CALIBRATED) == '40 images of tuesday'
