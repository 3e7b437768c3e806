# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The cameras of a map: kept in copies of it, and never mixed up."""

from anyloc_ros.config import LocalizeConfig, TeachConfig
from anyloc_ros.errors import ConfigError, MapError
from anyloc_ros.localize.recognizer import open_recognizer
from anyloc_ros.mapping.cameras import camera_names, cameras_of, require_cameras
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.merge import merge
from anyloc_ros.mapping.opening import open_for_teaching
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.rebuild import rebuild
import pytest

KNOWN = {'cameras': ['front', 'rear'], 'camera': {'width': 64}, 'camera_info': {'k': [1.0]}}


@pytest.fixture
def make(teach, describer):
    """Return what teaches and finishes a map of some cameras, and gives the file."""

    def run(name, **known):
        path = teach(name)
        with PlaceMap.open_to_write(path) as place_map:
            for key, value in known.items():
                place_map.set_meta(key, value)
            finish(place_map, describer())
        return path

    return run


def test_names_of_cameras():
    assert camera_names('') == ()
    assert camera_names('front') == ('front',)
    assert camera_names('front,rear') == ('front', 'rear')
    with pytest.raises(ConfigError, match="names that differ, got 'a,b,a'"):
        camera_names('a,b,a')


def test_only_the_same_cameras_in_the_same_order(make):
    with PlaceMap.open_to_read(make('two.anyloc', **KNOWN)) as place_map:
        require_cameras(place_map, ['front', 'rear'])
        for others in ((), ('front',), ('rear', 'front'), ('front', 'rear', 'left')):
            with pytest.raises(MapError, match='taught with the cameras front, rear, expected'):
                require_cameras(place_map, others)
    with PlaceMap.open_to_read(make('one.anyloc')) as place_map:
        require_cameras(place_map, ())
        with pytest.raises(MapError, match='leave the parameter cameras empty'):
            require_cameras(place_map, ['front'])


def test_a_recording_of_one_camera_is_not_compared_with_a_map_of_several(make):
    with pytest.raises(MapError, match='expected one camera without a name'):
        open_recognizer(make('two.anyloc', **KNOWN), LocalizeConfig())


def test_teaching_keeps_them_and_appends_only_with_the_same(make, describer, tmp_path):
    path, append = tmp_path / 'new.anyloc', TeachConfig(map_mode='append')
    with open_for_teaching(path, describer(), {}, TeachConfig(), ('a', 'b')) as place_map:
        assert cameras_of(place_map) == ('a', 'b')
    path = make('two.anyloc', **KNOWN)
    with open_for_teaching(path, describer(), {}, append, ('front', 'rear')) as place_map:
        assert cameras_of(place_map) == ('front', 'rear')
    # Also where the number of views differs: the cameras are what people know.
    several = describer(fingerprint={**describer().fingerprint, 'views': 2})
    with pytest.raises(MapError, match='expected the cameras rear, front; set the parameter'):
        open_for_teaching(path, several, {}, append, ('rear', 'front'))


def test_a_rebuilt_map_knows_its_cameras(make, describer, tmp_path):
    new = tmp_path / 'new.anyloc'
    with PlaceMap.open_to_read(make('two.anyloc', **KNOWN)) as source:
        rebuild(source, new, describer(), {})
    with PlaceMap.open_to_read(new) as place_map:
        assert {key: place_map.meta(key) for key in KNOWN} == KNOWN


def test_maps_of_other_cameras_are_not_merged(make, tmp_path):
    swapped = KNOWN | {'cameras': ['rear', 'front']}
    maps = [
        PlaceMap.open_to_read(make(f'{name}.anyloc', **known))
        for name, known in (('a', KNOWN), ('b', KNOWN), ('c', swapped))
    ]
    try:
        with pytest.raises(MapError, match=r'c\.anyloc was taught with the cameras rear, front'):
            merge(maps, tmp_path / 'no.anyloc')
        merge(maps[:2], tmp_path / 'all.anyloc')
    finally:
        for place_map in maps:
            place_map.close()
    with PlaceMap.open_to_read(tmp_path / 'all.anyloc') as merged:
        assert {key: merged.meta(key) for key in KNOWN} == KNOWN
