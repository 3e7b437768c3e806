# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The map file a run is taught into."""

from functools import partial

from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import ConfigError, ImageError, MapError, SourceError
from anyloc_ros.mapping.opening import open_for_teaching
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.teach import TeachSession
from anyloc_ros.pose import Pose
import pytest


def bad():
    raise ImageError('image/compressed: JPEG ends early')


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


@pytest.mark.parametrize('mode', ['create', 'overwrite'])
def test_a_new_map_takes_its_place_with_its_first_reference(
    teach, describer, picture, tmp_path, mode
):
    path = teach(seeds=range(3)) if mode == 'overwrite' else tmp_path / 'route.anyloc'
    config = TeachConfig(map_mode=mode)

    def now():
        # The header, 100 bytes, counts how often the file was opened to write.
        return path.read_bytes()[100:] if path.exists() else None

    before = now()
    # The source turns out to be damaged, or has no image that can be read.
    with (
        pytest.raises(SourceError),
        open_for_teaching(path, describer(), {}, config) as place_map,
        TeachSession(place_map, describer(), config) as made,
    ):
        made.begin_route()
        made.add_pose(0, Pose(0.0, 0.0), 'odom')
        made.add_image(0, bad, None, 'camera')
        assert now() == before
        raise SourceError('the bag ends here')
    assert now() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name] * (before is not None)

    with (
        open_for_teaching(path, describer(), {}, config) as place_map,
        TeachSession(place_map, describer(), config, every_image=True) as made,
    ):
        made.begin_route()
        assert now() == before
        made.add_pose(0, Pose(0.0, 0.0))
        for i in range(3):
            made.add_image(0, partial(picture, i))
            assert now() != before
    assert [file.name for file in tmp_path.iterdir()] == ['route.anyloc']
    with PlaceMap.open_to_read(path) as place_map:
        assert [keyframe.index for keyframe in place_map.keyframes()] == [0, 1, 2]
        assert len(place_map.descriptors()[0]) == 3


def test_a_file_that_came_before_the_first_reference_stays(describer, picture, tmp_path):
    path, config = tmp_path / 'route.anyloc', TeachConfig()
    with open_for_teaching(path, describer(), {}, config) as place_map:
        made = TeachSession(place_map, describer(), config, every_image=True)
        made.begin_route()
        path.write_bytes(b'mine')
        made.add_pose(0, Pose(0.0, 0.0))
        with pytest.raises(MapError, match=r'route\.anyloc exists'):
            made.add_image(0, partial(picture, 0))
    assert path.read_bytes() == b'mine'
    assert [file.name for file in tmp_path.iterdir()] == ['route.anyloc']


def test_a_map_vocabulary_needs_images(create, describer, tmp_path):
    fake = describer(needs_vocabulary=True)
    config = TeachConfig(store_images=False)
    with pytest.raises(ConfigError, match=r'store_images is false.*vocabulary file'):
        open_for_teaching(tmp_path / 'new.anyloc', fake, {}, config)
    assert list(tmp_path.iterdir()) == []
    with create('old.anyloc', fake) as place_map, pytest.raises(ConfigError, match='store_images'):
        TeachSession(place_map, fake, config)
