# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The map file a run is taught into."""

from functools import partial

from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import ConfigError, MapError
from anyloc_ros.mapping.opening import open_for_teaching
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.teach import TeachSession
import pytest


def test_appending_keeps_ids(teach, describer, picture):
    path = teach(seeds=range(3))
    config = TeachConfig(map_mode='append')
    with open_for_teaching(path, describer(), {}, config) as place_map:
        before = place_map.keyframes()
        with TeachSession(place_map, describer(), config, every_image=True) as made:
            for _ in range(2):
                made.begin_route()
                made.add_image(0, partial(picture, 9))
    with PlaceMap.open_to_read(path) as place_map:
        keyframes = place_map.keyframes()
    assert keyframes[:3] == before
    assert [(keyframe.id, keyframe.route, keyframe.index) for keyframe in keyframes[3:]] == [
        (3, 1, 0),
        (4, 2, 0),
    ]


def test_modes_of_opening(teach, describer, tmp_path):
    path = teach(seeds=range(3))
    with pytest.raises(MapError, match='append'):
        open_for_teaching(path, describer(), {}, TeachConfig(map_mode='create'))
    append = TeachConfig(map_mode='append')
    with pytest.raises(MapError, match='not found'):
        open_for_teaching(tmp_path / 'missing.anyloc', describer(), {}, append)
    other = describer(fingerprint={'network': 'other', 'cells': 16})
    with pytest.raises(MapError, match="network 'fake', this describer has network 'other'"):
        open_for_teaching(path, other, {}, append)
    with pytest.raises(MapError, match="frame 'map', map_frame is 'odom'"):
        open_for_teaching(path, describer(), {}, TeachConfig(map_mode='append', map_frame='odom'))
    # The map was closed again after each refusal.
    with open_for_teaching(path, describer(), {}, append) as place_map:
        assert len(place_map.keyframes()) == 3
    with open_for_teaching(path, other, {}, TeachConfig(map_mode='overwrite')) as place_map:
        assert place_map.keyframes() == []
        assert place_map.fingerprint == other.fingerprint


def test_a_map_vocabulary_needs_images(create, describer, tmp_path):
    fake = describer(needs_vocabulary=True)
    config = TeachConfig(store_images=False)
    with pytest.raises(ConfigError, match=r'store_images is false.*vocabulary file'):
        open_for_teaching(tmp_path / 'new.anyloc', fake, {}, config)
    assert list(tmp_path.iterdir()) == []
    with create('old.anyloc', fake) as place_map, pytest.raises(ConfigError, match='store_images'):
        TeachSession(place_map, fake, config)
