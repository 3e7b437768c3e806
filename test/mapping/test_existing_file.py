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


@pytest.mark.parametrize('has_links', [True, False])
def test_a_file_that_came_in_the_last_moment_is_not_replaced(
    create, tmp_path, monkeypatch, has_links
):
    path, link = tmp_path / 'route.anyloc', os.link

    def come_first(source, target):
        path.write_bytes(b'mine')
        if not has_links:
            raise PermissionError(1, 'Operation not permitted')
        link(source, target)

    monkeypatch.setattr(os, 'link', come_first)
    with pytest.raises(MapError, match=r'route\.anyloc exists'):
        create()
    assert files(tmp_path) == ['route.anyloc'] and path.read_bytes() == b'mine'


def test_a_folder_without_hard_links(create, fill, tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, 'Operation not permitted')

    monkeypatch.setattr(os, 'link', refuse)
    with create() as place_map:
        fill(place_map, 3)
    assert files(tmp_path) == ['route.anyloc']
    with PlaceMap.open_to_read(place_map.path) as place_map:
        assert len(place_map.keyframes()) == 3
    monkeypatch.setattr(os, 'replace', refuse)
    with pytest.raises(MapError, match='cannot be written: Operation not permitted'):
        create('other.anyloc')
    assert files(tmp_path) == ['route.anyloc']


def test_a_map_without_its_place(create, fill, tmp_path):
    with create() as place_map:
        fill(place_map, 3)
    path = place_map.path
    # The header, 100 bytes, counts how often the file was opened to write.
    before = path.read_bytes()[100:]
    with create(overwrite=True, placed=False) as place_map:
        fill(place_map, 1)
        assert path.read_bytes()[100:] == before
        assert place_map.info().size_bytes > 0 and place_map.info().file == str(path)
    assert files(tmp_path) == ['route.anyloc'] and path.read_bytes()[100:] == before
    with create(overwrite=True, placed=False) as place_map:
        fill(place_map, 1)
        # Another process goes on with the old map meanwhile.
        with PlaceMap.open_to_write(path) as old:
            with pytest.raises(MapError, match='is being written by another process'):
                place_map.place()
            assert len(old.keyframes()) == 3
        place_map.place()
        place_map.place()
        assert len(place_map.keyframes()) == 1
    assert files(tmp_path) == ['route.anyloc']
    with PlaceMap.open_to_read(path) as place_map:
        assert len(place_map.keyframes()) == 1


def test_files_of_others_with_a_similar_name_stay(create, tmp_path):
    others = ['route.anyloc.new', 'route.anyloc.new-journal', 'route.anyloc.unfinished']
    for name in others:
        (tmp_path / name).write_bytes(b'mine')
    create().close()
    create(overwrite=True).close()
    assert files(tmp_path) == ['route.anyloc', *others]
    assert {(tmp_path / name).read_bytes() for name in others} == {b'mine'}


def test_a_log_without_its_map_is_cleared_away(create, tmp_path):
    for ending in ('-wal', '-journal'):
        (tmp_path / f'route.anyloc{ending}').write_bytes(b'left over')
    create().close()
    assert files(tmp_path) == ['route.anyloc']
    with PlaceMap.open_to_read(tmp_path / 'route.anyloc') as place_map:
        assert place_map.keyframes() == []
