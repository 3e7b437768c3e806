# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The same route under another method."""

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.rebuild import rebuild
from anyloc_ros.pose import GeoPoint
import numpy as np
import pytest


def test_the_same_method_gives_the_same_map(teach, describer, tmp_path):
    path, new = teach(), tmp_path / 'new.anyloc'
    with PlaceMap.open_to_write(path) as place_map:
        place_map.set_meta('camera_frame', 'front')
        finish(place_map, describer())
    before = path.read_bytes()
    with PlaceMap.open_to_read(path) as source:
        rebuild(source, new, describer(), {'method': 'Again'})
        with PlaceMap.open_to_read(new) as target:
            target.require_finished()
            assert target.keyframes() == source.keyframes()
            assert [target.image(i) for i in range(5)] == [source.image(i) for i in range(5)]
            assert np.array_equal(target.descriptors()[1], source.descriptors()[1])
            assert (target.method, target.map_frame) == ('Again', 'map')
            assert target.datum == source.datum
            assert target.meta('camera_frame') == source.meta('camera_frame') == 'front'
            assert target.events()[-1].text == 'rebuilt from route.anyloc'
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ['new.anyloc', 'route.anyloc']


def test_another_method(teach, describer, tmp_path):
    path = teach(sample=lambda second: GeoPoint(48.0 + second * 1e-4, 11.0))
    fake = describer(needs_vocabulary=True, fingerprint={'network': 'other'})
    with PlaceMap.open_to_read(path) as source:
        rebuild(source, tmp_path / 'new.anyloc', fake, {}, whitening_dim=2)
        with PlaceMap.open_to_read(tmp_path / 'new.anyloc') as target:
            target.compare({'network': 'other'})
            assert target.descriptors()[1].shape == (5, 2)
            assert target.datum == source.datum
            assert target.vocabulary().origin == {'rows': 80}


def test_a_map_without_images_and_an_existing_file(teach, describer, tmp_path):
    path = teach(store_images=False)
    with PlaceMap.open_to_read(path) as source:
        with pytest.raises(MapError, match='keeps no image of reference 0'):
            rebuild(source, tmp_path / 'new.anyloc', describer(), {})
        with pytest.raises(MapError, match=r'route\.anyloc exists; name another file'):
            rebuild(source, path, describer(), {})
    assert [file.name for file in tmp_path.iterdir()] == ['route.anyloc']


def test_a_file_that_came_during_the_copy_is_not_replaced(teach, describer, tmp_path):
    new = tmp_path / 'new.anyloc'
    with PlaceMap.open_to_read(teach()) as source, pytest.raises(MapError, match='exists'):
        rebuild(source, new, describer(), {}, progress=lambda *_: new.write_bytes(b'mine'))
    assert new.read_bytes() == b'mine'
    assert sorted(file.name for file in tmp_path.iterdir()) == ['new.anyloc', 'route.anyloc']


def test_an_interrupted_copy_leaves_nothing_and_an_interrupted_finish_a_map(
    teach, describer, tmp_path
):
    new = tmp_path / 'new.anyloc'

    def stop(stage, done, _):
        if (stage, done) == wanted:
            raise KeyboardInterrupt

    with PlaceMap.open_to_read(teach()) as source:
        wanted = ('copy', 3)
        with pytest.raises(KeyboardInterrupt):
            rebuild(source, new, describer(), {}, progress=stop)
        assert [file.name for file in tmp_path.iterdir()] == ['route.anyloc']
        wanted = ('describe', 5)
        with pytest.raises(KeyboardInterrupt):
            rebuild(source, new, describer(), {}, progress=stop)
    with PlaceMap.open_to_write(new) as target:
        assert target.state == 'recording' and len(target.keyframes()) == 5
        finish(target, describer())
        assert target.undescribed() == []
