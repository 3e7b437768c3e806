# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Several maps in one."""

from dataclasses import replace

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.images import decode_image
from anyloc_ros.mapping.merge import merge
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.pose import GeoPoint, UtmPoint
import numpy as np
import pytest


@pytest.fixture
def make(teach, describer):
    """Return what teaches and finishes a map, and opens it to read."""
    maps = []

    def run(name, fake=None, whitening_dim=0, **more):
        fake = fake or describer()
        path = teach(f'{name}.anyloc', fake, **more)
        with PlaceMap.open_to_write(path) as place_map:
            finish(place_map, fake, whitening_dim=whitening_dim)
        maps.append(PlaceMap.open_to_read(path))
        return maps[-1]

    yield run
    for place_map in maps:
        place_map.close()


def test_ids_of_the_first_stay_and_the_others_follow(make, tmp_path):
    sources = [make('a', seeds=range(3)), make('b', seeds=(7, 8)), make('c', seeds=(9,))]
    assert merge(sources, tmp_path / 'all.anyloc') == 0
    with PlaceMap.open_to_read(tmp_path / 'all.anyloc') as merged:
        merged.require_finished()
        keyframes = merged.keyframes()
        assert keyframes[:3] == sources[0].keyframes()
        assert [(k.id, k.route, k.index) for k in keyframes[3:]] == [
            (3, 1, 0),
            (4, 1, 1),
            (5, 2, 0),
        ]
        assert [k.pose.x for k in keyframes] == [0, 1, 2, 0, 1, 0]
        assert merged.image(4) == sources[1].image(1)
        expected = np.concatenate([source.descriptors()[1] for source in sources])
        assert np.array_equal(merged.descriptors()[1], expected)
        assert np.array_equal(merged.unrelated(), sources[0].unrelated())
        texts = [event.text for event in merged.events()]
        assert '2 references from b.anyloc: ids from 3 on, routes from 1 on' in texts


def test_other_words_are_described_again_with_those_of_the_first(make, describer, tmp_path):
    fake = describer(needs_vocabulary=True)
    sources = [make('a', fake, seeds=range(3)), make('b', fake, seeds=(7, 8))]
    assert merge(sources, tmp_path / 'all.anyloc') == 2
    words = sources[0].vocabulary()
    with PlaceMap.open_to_write(tmp_path / 'all.anyloc') as merged:
        assert merged.undescribed() == [3, 4] and merged.state == 'recording'
        finish(merged, fake, descriptor_dtype='float32')
        assert merged.vocabulary().sha256 == words.sha256
        images = [decode_image(merged.image(i).data) for i in (3, 4)]
        expected = fake.with_vocabulary(words).describe(images)
        assert np.array_equal(merged.descriptors()[1][3:], expected)
        assert np.array_equal(merged.unrelated(), sources[0].unrelated())


def test_equal_words_keep_descriptors_without_images(make, describer, picture, tmp_path):
    fake = describer(needs_vocabulary=True)
    ready = fake.with_vocabulary(fake.fit_vocabulary(fake.features([picture(0)])))
    sources = [make(name, ready, store_images=False) for name in 'ab']
    assert merge(sources, tmp_path / 'all.anyloc') == 0
    with PlaceMap.open_to_read(tmp_path / 'all.anyloc') as merged:
        assert len(merged.descriptors()[0]) == 10


def test_another_whitening_is_described_again(make, describer, tmp_path):
    sources = [make('a', whitening_dim=3), make('b')]
    assert merge(sources, tmp_path / 'all.anyloc') == 5
    with PlaceMap.open_to_write(tmp_path / 'all.anyloc') as merged:
        finish(merged, describer())
        assert merged.descriptors()[1].shape == (10, 3)


def test_what_cannot_be_merged(make, describer, tmp_path):
    first = make('a', whitening_dim=3)
    target = tmp_path / 'all.anyloc'
    with pytest.raises(MapError, match='keeps no image of reference 0 to describe it again'):
        merge([first, make('b', store_images=False)], target)
    other = make('c', describer(fingerprint={'network': 'other', 'cells': 16}))
    with pytest.raises(MapError, match="network 'fake', this describer has network 'other'"):
        merge([first, other], target)
    with pytest.raises(MapError, match='map has local poses and got a wgs84 one'):
        merge([first, make('d', sample=lambda second: GeoPoint(48.0, 11.0))], target)
    with pytest.raises(MapError, match=r'a\.anyloc exists; name another file'):
        merge([first, first], first.path)
    assert not [file for file in tmp_path.iterdir() if file.name.startswith('all')]


def test_poses_come_into_the_datum_of_the_first(make, tmp_path):
    # One degree of latitude at 48 degrees is 111.2 km: 1e-4 degrees are 11.12 m north.
    geo = [
        make(name, seeds=(1,), sample=lambda _, latitude=latitude: GeoPoint(latitude, 11.0, 500.0))
        for name, latitude in (('a', 48.0), ('b', 48.0001))
    ]
    merge(geo, tmp_path / 'geo.anyloc')
    with PlaceMap.open_to_read(tmp_path / 'geo.anyloc') as merged:
        assert merged.datum == geo[0].datum
        assert merged.keyframes()[0].pose.position == (0, 0, 0)
        x, y, z = merged.keyframes()[1].pose.position
        assert (x, y, z) == pytest.approx((0.0, 11.12, 0.0), abs=2e-3)
    utm = [
        make(name, seeds=(1,), sample=lambda _, east=east: UtmPoint(east, 53e5, '32U'))
        for name, east in (('c', 5e5), ('d', 5e5 + 7))
    ]
    merge(utm, tmp_path / 'utm.anyloc')
    with PlaceMap.open_to_read(tmp_path / 'utm.anyloc') as merged:
        assert [keyframe.pose.x for keyframe in merged.keyframes()] == [0.0, 7.0]


def test_a_map_without_poses_joins_one_with_a_datum(make, record, describer, tmp_path):
    path = record('bare.anyloc', describer(), 2)
    with PlaceMap.open_to_write(path) as place_map:
        finish(place_map, describer())
    with PlaceMap.open_to_read(path) as bare:
        geo = make('geo', seeds=(1,), sample=lambda _: GeoPoint(48.0, 11.0))
        merge([bare, geo], tmp_path / 'all.anyloc')
    with PlaceMap.open_to_read(tmp_path / 'all.anyloc') as merged:
        assert merged.datum == geo.datum
        first, _, last = merged.keyframes()
        assert first.pose is None and last.pose.position == (0, 0, 0)
        assert last == replace(geo.keyframes()[0], id=2, route=1, pose=last.pose)
