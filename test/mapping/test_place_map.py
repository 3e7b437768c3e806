# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The map file: what it keeps, and every way it may be refused."""

import math
import os
import sqlite3

from anyloc_ros import __version__
from anyloc_ros.errors import MapError
from anyloc_ros.mapping.geodesy import Datum
from anyloc_ros.mapping.images import StoredImage
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.pose import GeoPoint, Pose
import numpy as np
import pytest

SIZE = (48, 64)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_stored_comes_back(create, reference):
    keyframes = [
        reference(0, stamp_ns=2**62, pose=Pose(1.5, -2.5, 0.25, 0.0, 0.6, 0.0, 0.8)),
        reference(1, pose=Pose(1.0, 2.0, 3.0), odometry_m=4.25),
        reference(2, stamp_ns=-5, image_size=(480, 640)),
        reference(2**40, route=7, index=0),
    ]
    with create(map_frame='odom') as place_map:
        with place_map.transaction():
            for keyframe in keyframes:
                place_map.add_keyframe(keyframe, StoredImage(b'\0\xff bytes', 'png'))
            place_map.add_event(17, 'warning', "it's '; DROP TABLE events;")
        path = place_map.path
        assert place_map.next_id() == 2**40 + 1 and place_map.next_route() == 8
    with PlaceMap.open_to_read(path) as place_map:
        read = place_map.keyframes()
        assert read[0] == keyframes[0] and read[2:] == keyframes[2:]
        # NaN is not equal to itself: compare the position without orientation by its parts.
        assert read[1].pose.position == (1.0, 2.0, 3.0) and not read[1].pose.has_orientation
        assert math.isnan(read[1].pose.qx) and read[1].odometry_m == 4.25
        assert place_map.image(2) == StoredImage(b'\0\xff bytes', 'png')
        assert place_map.map_frame == 'odom'
        assert place_map.events()[0].text == "it's '; DROP TABLE events;"


def test_info(create, reference):
    with create() as place_map:
        with place_map.transaction():
            for i, way in enumerate([1.0, 1.5, 3.0]):
                place_map.add_keyframe(reference(i, odometry_m=way), None)
            for i, way in enumerate([0.0, 4.0]):
                more = {'odometry_m': way, 'image_size': (10, 20)}
                place_map.add_keyframe(reference(3 + i, route=1, index=i, **more), None)
            place_map.set_descriptors([0], np.eye(3)[:1], 'float16')
            place_map.set_meta('datum', Datum(GeoPoint(48.0, 11.0, 500.0)).to_json())
        path = place_map.path
    with PlaceMap.open_to_read(path) as place_map:
        info = place_map.info()
    assert (info.references, info.described, info.routes) == (5, 1, 2)
    # (3.0 - 1.0) + (4.0 - 0.0)
    assert info.length_m == 6.0
    assert (info.state, info.method, info.tool_version) == ('recording', 'Fake', __version__)
    assert info.datum == Datum(GeoPoint(48.0, 11.0, 500.0))
    assert info.image_sizes == ((10, 20), SIZE)
    assert info.size_bytes == path.stat().st_size and info.file == str(path)


def test_a_map_without_poses_has_no_length(create, fill):
    with create() as place_map:
        fill(place_map, 2)
        assert place_map.info().length_m is None


@pytest.mark.parametrize('dtype', ['float16', 'float32'])
def test_descriptors_come_back_in_one_array(create, dtype, reference):
    numbers = np.random.default_rng(0).normal(size=(4, 7)).astype(dtype)
    with create() as place_map:
        with place_map.transaction():
            for i in (3, 1, 2, 0):
                place_map.add_keyframe(reference(i), None)
            place_map.set_descriptors([3, 0, 2], numbers[[3, 0, 2]], dtype)
        ids, descriptors = place_map.descriptors()
        assert ids.dtype == np.int64 and ids.tolist() == [0, 2, 3]
        assert descriptors.dtype == np.float32
        assert np.array_equal(descriptors, numbers[[0, 2, 3]])
        assert place_map.undescribed() == [1]
        assert place_map.descriptor(1) is None
        assert np.array_equal(place_map.descriptor(2), numbers[2])


def test_a_closed_map_is_one_file_and_reading_changes_no_byte(create, tmp_path, fill):
    with create() as place_map:
        fill(place_map, 3)
        assert (tmp_path / 'route.anyloc-wal').stat().st_size > 0
        path = place_map.path
    assert files(tmp_path) == ['route.anyloc']
    before = path.read_bytes()
    with PlaceMap.open_to_read(path) as place_map:
        place_map.info(), place_map.descriptors(), place_map.image(1)
        with pytest.raises(MapError, match='not writable'):
            place_map.set_meta('state', 'finished')
        assert files(tmp_path) == ['route.anyloc']
    assert files(tmp_path) == ['route.anyloc'] and path.read_bytes() == before


def test_a_name_that_is_special_in_an_address(create, tmp_path, fill):
    name = 'a?mode=rw#b%41 é.anyloc'
    with create(name) as place_map:
        fill(place_map, 1)
    assert files(tmp_path) == [name]
    with PlaceMap.open_to_read(tmp_path / name) as place_map:
        assert len(place_map.keyframes()) == 1


def test_a_link_to_a_map(create, tmp_path, fill):
    (tmp_path / 'real').mkdir()
    create('real/route.anyloc').close()
    link = tmp_path / 'link.anyloc'
    link.symlink_to(tmp_path / 'real' / 'route.anyloc')
    with PlaceMap.open_to_write(link) as place_map:
        fill(place_map, 2)
        with pytest.raises(MapError, match='was not closed'):
            PlaceMap.open_to_read(link)
    with PlaceMap.open_to_read(link) as place_map:
        assert len(place_map.keyframes()) == 2


def test_what_fails_inside_a_transaction_leaves_nothing(create, fill, reference):
    with create() as place_map:
        fill(place_map, 1)
        with pytest.raises(KeyboardInterrupt), place_map.transaction():
            place_map.add_keyframe(reference(1), None)
            raise KeyboardInterrupt
        with pytest.raises(MapError, match='UNIQUE'), place_map.transaction():
            place_map.add_keyframe(reference(1), None)
            place_map.add_keyframe(reference(1), None)
        with pytest.raises(MapError, match='too large'), place_map.transaction():
            place_map.add_keyframe(reference(1, stamp_ns=2**63), None)
        assert [keyframe.id for keyframe in place_map.keyframes()] == [0]


def test_a_map_in_use_is_refused(create, tmp_path, fill):
    with create() as place_map:
        fill(place_map, 1)
        path = place_map.path
        with pytest.raises(MapError, match='being written by another process'):
            PlaceMap.open_to_write(path)
        with pytest.raises(MapError, match='being written by another process'):
            create(overwrite=True)
        with pytest.raises(MapError, match=r'was not closed.*anyloc map finish'):
            PlaceMap.open_to_read(path)
    assert len(PlaceMap.open_to_read(path).keyframes()) == 1


def test_a_missing_file_a_folder_and_a_place_that_is_not_there(create, tmp_path):
    for way in (PlaceMap.open_to_read, PlaceMap.open_to_write):
        with pytest.raises(MapError, match=r'nothing\.anyloc not found.*anyloc teach'):
            way(tmp_path / 'nothing.anyloc')
        with pytest.raises(MapError, match='is a folder'):
            way(tmp_path)
    with pytest.raises(MapError, match=r'folder .*maps does not exist'):
        create('maps/route.anyloc')
    (tmp_path / 'folder').mkdir()
    with pytest.raises(MapError, match='is a folder; name a file'):
        create('folder', overwrite=True)


@pytest.mark.skipif(os.geteuid() == 0, reason='the superuser may write everywhere')
def test_places_that_cannot_be_written(create, tmp_path):
    create().close()
    (tmp_path / 'route.anyloc').chmod(0o444)
    with pytest.raises(MapError, match='not writable'):
        PlaceMap.open_to_write(tmp_path / 'route.anyloc')
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(MapError, match='cannot be'):
            create('other.anyloc')
        PlaceMap.open_to_read(tmp_path / 'route.anyloc').close()
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.parametrize(
    'content', [b'', b'short', b'\xff' * 5000, b'SQLite format 3\0' + bytes(84)]
)
def test_a_file_that_is_no_map(tmp_path, content):
    path = tmp_path / 'other'
    path.write_bytes(content)
    for way in (PlaceMap.open_to_read, PlaceMap.open_to_write):
        with pytest.raises(MapError, match='other is no map of anyloc'):
            way(path)
    assert files(tmp_path) == ['other'] and path.read_bytes() == content


def test_another_database(tmp_path):
    path = tmp_path / 'other.db'
    with sqlite3.connect(path) as connection:
        connection.execute('CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)')
    connection.close()
    with pytest.raises(MapError, match=r'other\.db is no map of anyloc'):
        PlaceMap.open_to_read(path)


@pytest.mark.parametrize('version', [0, 1, 3])
def test_a_map_of_another_version(create, tmp_path, version):
    create().close()
    path = tmp_path / 'route.anyloc'
    connection = sqlite3.connect(path)
    connection.execute(f'PRAGMA user_version={version}')
    connection.close()
    for way in (PlaceMap.open_to_read, PlaceMap.open_to_write):
        with pytest.raises(MapError, match=f'version {version}, this program reads version 2'):
            way(path)


def test_a_describer_of_another_method_is_named(create, describer):
    with create() as place_map:
        place_map.compare({'network': 'fake', 'cells': 16})
        with pytest.raises(MapError, match=r'cells 16, this describer has cells 8.*Fake.*rebuild'):
            place_map.compare({'network': 'fake', 'cells': 8})
        with pytest.raises(MapError, match='cells 16, this describer has cells None'):
            place_map.compare({'network': 'fake'})
        with pytest.raises(MapError, match='p None, this describer has p 3'):
            place_map.compare({'network': 'fake', 'cells': 16, 'p': 3})


def test_an_empty_and_an_unfinished_map_cannot_answer(create, fill, reference):
    with create() as place_map:
        with pytest.raises(MapError, match='has no references; teach a route'):
            place_map.require_finished()
        fill(place_map, 1)
        with pytest.raises(MapError, match='is not finished; run: anyloc map finish'):
            place_map.require_finished()
        place_map.set_meta('state', 'finished')
        with pytest.raises(MapError, match='no unrelated images are described'):
            place_map.require_finished()
        with place_map.transaction():
            place_map.set_unrelated('package', np.eye(3)[:2], 'float32')
        place_map.require_finished()
        with place_map.transaction():
            place_map.add_keyframe(reference(1), None)
        assert place_map.state == 'recording'


def test_a_reference_that_is_not_there(create):
    with create() as place_map, pytest.raises(MapError, match='has no reference 5'):
        place_map.image(5)
