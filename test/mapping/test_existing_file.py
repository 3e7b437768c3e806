# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A new map where a file is already."""

import os

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.place_map import PlaceMap
import pytest


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_create_refuses_an_existing_file(create, tmp_path):
    create().close()
    before = (tmp_path / 'route.anyloc').read_bytes()
    with pytest.raises(MapError, match=r'route\.anyloc exists.*append.*overwrite'):
        create()
    assert (tmp_path / 'route.anyloc').read_bytes() == before


def test_overwrite_replaces_a_map(create, fill, tmp_path):
    with create() as place_map:
        fill(place_map, 3)
    with create(overwrite=True) as place_map:
        assert place_map.keyframes() == []
    assert files(tmp_path) == ['route.anyloc']


def test_overwrite_keeps_the_old_map_when_the_new_one_cannot_be_made(create, fill, monkeypatch):
    with create() as place_map:
        fill(place_map, 3)

    def fail(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'replace', fail)
    with pytest.raises(MapError, match='No space left on device'):
        create(overwrite=True)
    assert files(place_map.path.parent) == ['route.anyloc']
    with PlaceMap.open_to_read(place_map.path) as old:
        assert len(old.keyframes()) == 3


def test_overwrite_never_replaces_what_is_no_map(create, tmp_path):
    bag = tmp_path / 'route.anyloc'
    bag.write_bytes(b'#ROSBAG V2.0')
    with pytest.raises(MapError, match='is no map of anyloc and is not overwritten'):
        create(overwrite=True)
    assert bag.read_bytes() == b'#ROSBAG V2.0'


def test_overwrite_replaces_a_damaged_map(create, fill):
    with create() as place_map:
        fill(place_map, 50)
    content = bytearray(place_map.path.read_bytes())
    content[200:] = os.urandom(len(content) - 200)
    place_map.path.write_bytes(content)
    with create(overwrite=True) as place_map:
        assert place_map.keyframes() == []


def test_what_a_killed_process_left_while_it_made_a_map_is_cleared_away(create, tmp_path):
    for ending in ('.new', '.new-journal', '-wal', '-journal'):
        (tmp_path / f'route.anyloc{ending}').write_bytes(b'left over')
    create().close()
    assert files(tmp_path) == ['route.anyloc']
    with PlaceMap.open_to_read(tmp_path / 'route.anyloc') as place_map:
        assert place_map.keyframes() == []
