# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Faults of map files: before a node opens them, and under it."""

from __future__ import annotations

import shutil
import sqlite3

from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.ros.qos import OUTPUT
from case import case
import panorama
from rig import Rig
from sensor_msgs.msg import Image

OWN = {'parameters': None}


def _copy(rig: Rig, name: str = 'copy.anyloc') -> str:
    return str(shutil.copy(rig.route, rig.folder / name))


@case('the map does not exist', 'NO_MAP', 'not found; teach it first', quick=True, **OWN)
def map_is_missing(rig: Rig) -> None:
    rig.start(map_path=str(rig.folder / 'none.anyloc'))


@case('no map is named', 'NO_MAP', 'map_path is empty', **OWN)
def map_is_not_named(rig: Rig) -> None:
    rig.start(map_path='')


@case('the map is a folder', 'NO_MAP', 'is a folder', **OWN)
def map_is_a_folder(rig: Rig) -> None:
    rig.start(map_path=str(rig.folder))


@case('the map is some other file', 'NO_MAP', 'is no map of anyloc', **OWN)
def map_is_foreign(rig: Rig) -> None:
    path = rig.folder / 'notes.anyloc'
    path.write_bytes(b'no map at all' * 100)
    rig.start(map_path=str(path))


@case('the map is the database of another program', 'NO_MAP', 'is no map of anyloc', **OWN)
def map_is_another_database(rig: Rig) -> None:
    connection = sqlite3.connect(rig.folder / 'notes.db')
    connection.execute('CREATE TABLE notes (text TEXT)')
    connection.commit()
    connection.close()
    rig.start(map_path=str(rig.folder / 'notes.db'))


@case('the map was made by a later version', 'NO_MAP', 'is a map of version 99', **OWN)
def map_is_of_another_version(rig: Rig) -> None:
    path = _copy(rig)
    connection = sqlite3.connect(path)
    connection.execute('PRAGMA user_version=99')
    connection.close()
    rig.start(map_path=path)


@case('the map was recorded and not finished', 'NO_MAP', 'anyloc map finish', **OWN)
def map_is_unfinished(rig: Rig) -> None:
    rig.start(map_path=str(panorama.teach(rig.folder / 'new.anyloc', finished=False)))


@case('the map is of another method', 'NO_MAP', "expected 'RootSIFT-GeM'", **OWN)
def map_is_of_another_method(rig: Rig) -> None:
    rig.start(method='RootSIFT-GeM')


@case('the end of the map is missing', 'NO_MAP', 'is damaged', **OWN)
def map_is_truncated(rig: Rig) -> None:
    path = rig.folder / 'short.anyloc'
    whole = rig.route.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    rig.start(map_path=str(path))


@case('a descriptor in the map is NaN', 'NO_MAP', 'not finite', **OWN)
def map_has_nan(rig: Rig) -> None:
    path = _copy(rig)
    connection = sqlite3.connect(path)
    (length,) = connection.execute('SELECT LENGTH(descriptor) FROM descriptors').fetchone()
    nan = b'\x00\x7e' * (length // 2)
    connection.execute('UPDATE descriptors SET descriptor = ? WHERE keyframe_id = 7', (nan,))
    connection.commit()
    connection.close()
    rig.start(map_path=path)


@case('the map is being taught by another process', 'NO_MAP', 'was not closed', **OWN)
def map_is_being_taught(rig: Rig) -> None:
    path = _copy(rig)
    with PlaceMap.open_to_write(path):
        rig.start(map_path=path)
        rig.ends('NO_MAP', 'was not closed')


@case('after a wrong map a good one is named, and the node is configured', 'LOCALIZED', **OWN)
def map_is_corrected(rig: Rig) -> None:
    rig.start(map_path=str(rig.folder / 'none.anyloc'))
    rig.ends('NO_MAP', 'not found')
    assert rig.phase == 'unconfigured'
    assert rig.set_parameter('map_path', str(rig.route)) == ''
    assert rig.change_state('configure') and rig.change_state('activate')


# Under a running localizer.


def _running(rig: Rig) -> str:
    """Run on a copy of the map, watched by somebody who looks at the pictures of it."""
    path = _copy(rig)
    rig.start(map_path=path)
    rig.remote.node.create_subscription(Image, 'localizer/match_image', lambda m: None, OUTPUT)
    rig.localize()
    return path


@case('the map is deleted while it is used', 'LOCALIZED', **OWN)
def map_is_deleted(rig: Rig) -> None:
    path = _running(rig)
    (rig.folder / 'copy.anyloc').unlink()
    rig.robot.drive(1.5)
    done, message = rig.call('load_map')
    assert not done and 'not found' in message and 'map before is still used' in message, path


@case('the map is cut off while it is used', 'LOCALIZED', **OWN)
def map_is_cut_off(rig: Rig) -> None:
    path = _running(rig)
    with open(path, 'r+b') as file:
        file.truncate(20_000)
    rig.robot.drive(1.5)
    done, message = rig.call('load_map')
    assert not done and 'damaged' in message and 'map before is still used' in message


@case('zeros are written over the map while it is used', 'LOCALIZED', **OWN)
def map_is_overwritten(rig: Rig) -> None:
    path = _running(rig)
    with open(path, 'r+b') as file:
        file.write(bytes(50_000))
    rig.robot.drive(1.5)
    done, message = rig.call('load_map')
    assert not done and 'no map of anyloc' in message


@case(
    'another map takes the place of the one in use, and `load_map` is called', 'LOCALIZED', **OWN
)
def map_is_replaced(rig: Rig) -> None:
    path = _running(rig)
    other = panorama.teach(rig.folder / 'other.anyloc', method='RootSIFT-GeM')
    other.replace(path)
    rig.robot.drive(1.0)
    before = rig.remote.status['map_fingerprint']
    assert rig.call('load_map') == (True, f'{path} is loaded')
    assert rig.robot.drive_until(lambda: rig.remote.status['map_fingerprint'] != before, 10.0)


@case('`map_path` is changed to what is no map, and `load_map` is called', 'LOCALIZED', **OWN)
def wrong_map_is_loaded(rig: Rig) -> None:
    rig.start()
    rig.localize()
    assert rig.set_parameter('map_path', '/dev/null') == ''
    done, message = rig.call('load_map')
    assert not done and 'is no map of anyloc' in message
