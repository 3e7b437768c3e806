# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Malformed maps: read whole, localized on, finished again, as every tool and node would."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from functools import partial
import json
import math
from pathlib import Path
import shutil
import sqlite3
from typing import Any

from anyloc_ros.config import DescribeConfig, LocalizeConfig, TeachConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.errors import MapError
from anyloc_ros.localize.recognizer import open_recognizer
from anyloc_ros.mapping.export import EXPORTS
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.method import describer_of
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.schema import TABLES
from anyloc_ros.mapping.teach import open_for_teaching, TeachSession
from anyloc_ros.pose import Pose
import cv2
from mutate import damaged
import numpy as np

EXPECTED = 'MapError ModelError ConfigError ImageError'
PLACES = 8
FULL_MAPS = {'words.anyloc': 'RootSIFT-VLAD', 'gem.anyloc': 'RootSIFT-GeM'}

NUMBERS = (0, 1, -1, 7, 2**31, 2**32, 2**62, -(2**63), 2**63 - 1)
REALS = (0.0, -1.0, 1e-320, 1e300, -1e300, math.inf, -math.inf)
VALUES = (None, True, 0, -1, 1e308, '', 'x', 'map', [], {}, [1, 2], {'a': {}}, 'é' * 9, 2**70)
"""What meta may hold besides what it should."""


def scene(place: int) -> np.ndarray:
    """Return the image of a place."""
    coarse = np.random.default_rng(place).integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_CUBIC)


def prepare(folder: Path) -> list[Path]:
    """Return good maps, with and without words and whitening, finished and not."""
    made = []
    for name, method in FULL_MAPS.items():
        describer = build_describer(DescribeConfig(method=method, num_words=4))
        path, config = folder / name, TeachConfig()
        with open_for_teaching(path, describer, asdict(describer.config), config) as place_map:
            with TeachSession(place_map, describer, config) as session:
                session.begin_route()
                for place in range(PLACES):
                    session.add_pose(place * 10**9, Pose.from_xy_yaw(float(place), 0.0, 0.0))
                    session.add_image(place * 10**9, partial(scene, place))
            place_map.checkpoint()
            shutil.copy(path, folder / f'unfinished {name}')
            finish(place_map, describer, whitening_dim=3 if describer.needs_vocabulary else 0)
        made += [path, folder / f'unfinished {name}']
    return made


def attempt(rng: np.random.Generator, good: list[Path], folder: Path) -> None:
    """Use one malformed map in every way; what is accepted must give sound answers."""
    for old in folder.glob('bad.anyloc*'):
        old.unlink()
    path = folder / 'bad.anyloc'
    shutil.copy(good[rng.choice(len(good), p=(0.4, 0.1, 0.4, 0.1))], path)
    ways = (_bytes, _bytes, _values, _values, _values, _meta, _arrays, _arrays, _schema, _foreign)
    ways[rng.integers(len(ways))](rng, path)
    if not rng.integers(4):
        _write(path)
    with PlaceMap.open_to_read(path) as place_map:
        place_map.info()
        for keyframe in place_map.keyframes():
            place_map.image(keyframe.id)
        ids, descriptors = place_map.descriptors()
        assert len(ids) == len(descriptors) and np.isfinite(descriptors).all()
        vocabulary, whitening = place_map.vocabulary(), place_map.whitening()
        assert vocabulary is None or np.isfinite(vocabulary.words).all()
        assert whitening is None or np.isfinite(whitening.projection).all()
        for export in EXPORTS.values():
            with suppress(MapError):  # not every good map can be exported in every form
                export(place_map)
    recognizer = open_recognizer(path, LocalizeConfig())
    answer = recognizer.recognize(scene(3), 1)
    assert all(math.isfinite(candidate.similarity) for candidate in answer.candidates)


def _write(path: Path) -> None:
    with PlaceMap.open_to_write(path) as place_map:
        finish(place_map, describer_of(place_map))


# Ways to spoil a map.


def _bytes(rng: np.random.Generator, path: Path) -> None:
    path.write_bytes(damaged(rng, path.read_bytes()))


def _foreign(rng: np.random.Generator, path: Path) -> None:
    """Make another program's database, at times with the number of a map in its header."""
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute('CREATE TABLE meta (key TEXT, value BLOB)')
    connection.execute('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)')
    if rng.integers(2):
        connection.execute(f'PRAGMA application_id={int.from_bytes(b"ALoc", "big")}')
        connection.execute(f'PRAGMA user_version={rng.integers(3)}')
    connection.commit()
    connection.close()


def _schema(rng: np.random.Generator, path: Path) -> None:
    table, other = (tuple(TABLES)[i] for i in rng.choice(len(TABLES), 2, replace=False))
    statements = (
        (f'DROP TABLE {table}',),
        (
            f'ALTER TABLE {table} RENAME TO aside',
            f'ALTER TABLE {other} RENAME TO {table}',
            f'ALTER TABLE aside RENAME TO {other}',
        ),
        (f'ALTER TABLE {table} ADD COLUMN more INTEGER',),
        (f'CREATE TRIGGER t AFTER INSERT ON {table} BEGIN DELETE FROM {other}; END',),
        (f'DROP TABLE {table}', f'CREATE VIEW {table} AS SELECT * FROM {other}'),
        (f'CREATE INDEX more ON {table} (1)',),
        (f'PRAGMA user_version={rng.integers(2, 2**31)}',),
        ('PRAGMA application_id=7',),
        (f'DELETE FROM {table}',),
        ('PRAGMA journal_mode=WAL',),
    )
    _alter(path, [(text, ()) for text in statements[rng.integers(len(statements))]])


def _values(rng: np.random.Generator, path: Path) -> None:
    """Write hostile values into one column, at times of another type than the table allows."""
    columns = {
        'keyframes': 'id route route_index stamp_ns x y z qx qy qz qw odometry_m height width '
        'image_format image',
        'descriptors': 'keyframe_id dtype descriptor',
        'vocabulary': 'num_words width origin sha256 words',
        'whitening': 'dim width sha256 mean projection',
        'events': 'id stamp_ns level text',
    }
    table = tuple(columns)[rng.integers(len(columns))]
    names = columns[table].split()
    column = names[rng.integers(len(names))]
    kinds = (
        NUMBERS[rng.integers(len(NUMBERS))],
        REALS[rng.integers(len(REALS))],
        ('', 'float16', 'float32', 'jpeg', '{', 'é\0x')[rng.integers(6)],
        rng.bytes(int(rng.integers(0, 99))),
        None,
    )
    value = kinds[rng.integers(len(kinds))]
    where = '' if rng.integers(3) else ' WHERE rowid = (SELECT MAX(rowid) FROM {table})'
    statement = f'UPDATE OR IGNORE {table} SET {column} = ?' + where.format(table=table)
    _alter(path, [(statement, (value,))], strict=bool(rng.integers(2)))


def _meta(rng: np.random.Generator, path: Path) -> None:
    """Replace what is known of the map, or a part of it."""
    connection = sqlite3.connect(path)
    known = dict(connection.execute('SELECT key, value FROM meta'))
    connection.close()
    keys = (*known, 'datum', 'camera', 'camera_info', 'off_route')
    key = keys[rng.integers(len(keys))]
    value: Any = VALUES[rng.integers(len(VALUES))]
    try:
        inside = json.loads(known.get(key, '0'))
    except ValueError:
        inside = 0
    if isinstance(inside, dict) and inside and rng.integers(3):
        part = tuple(inside)[rng.integers(len(inside))]
        value = inside | {part: value}
    text = json.dumps(value)
    if not rng.integers(4):
        text = damaged(rng, text.encode()).decode('utf-8', 'replace')
    _alter(path, [('INSERT OR REPLACE INTO meta VALUES (?, ?)', (key, text))])


def _arrays(rng: np.random.Generator, path: Path) -> None:
    """Put numbers that are none into an array, with a checksum that says they are right."""
    bad = (np.nan, np.inf, -np.inf, 1e38, 65504.0, 0.0)[rng.integers(6)]
    connection = sqlite3.connect(path)
    if rng.integers(2):
        rows = connection.execute('SELECT keyframe_id, dtype, descriptor FROM descriptors')
        for key, dtype, blob in rows.fetchall()[: int(rng.integers(1, PLACES + 1))]:
            array = np.frombuffer(blob, dtype).copy()
            start = rng.integers(len(array))
            array[start:] = np.clip(bad, -65504, 65504)
            if not np.isfinite(bad):
                array[rng.integers(len(array))] = bad
            statement = 'UPDATE descriptors SET descriptor = ? WHERE keyframe_id = ?'
            connection.execute(statement, (array.tobytes(), key))
    else:
        _spoil_words(rng, connection, bad)
    connection.commit()
    connection.close()


def _spoil_words(rng: np.random.Generator, connection: sqlite3.Connection, bad: float) -> None:
    from anyloc_ros.describe.vocabulary import Vocabulary
    from anyloc_ros.describe.whitening import Whitening

    for words, number, width in connection.execute(
        'SELECT words, num_words, width FROM vocabulary'
    ):
        array = np.frombuffer(words, '<f4').reshape(number, width).copy()
        array[rng.integers(number), rng.integers(width)] = bad
        connection.execute(
            'UPDATE vocabulary SET words = ?, sha256 = ?',
            (array.tobytes(), Vocabulary(array).sha256),
        )
    for mean, rows, dim, width in connection.execute(
        'SELECT mean, projection, dim, width FROM whitening'
    ):
        array = np.frombuffer(rows, '<f4').reshape(dim, width).copy()
        array[rng.integers(dim), rng.integers(width)] = bad
        whitening = Whitening(np.frombuffer(mean, '<f4'), array)
        connection.execute(
            'UPDATE whitening SET projection = ?, sha256 = ?', (array.tobytes(), whitening.sha256)
        )


def _alter(path: Path, statements: list[tuple[str, tuple]], *, strict: bool = True) -> None:
    """Execute statements; with `strict` false, values of any type can be put into any column."""
    if not strict:
        _swap_in_schema(path, ' STRICT', ' /**/')
    connection = sqlite3.connect(path)
    try:
        for statement, values in statements:
            connection.execute(statement, values)
    except sqlite3.Error:
        pass  # SQLite itself allows no such map
    connection.commit()
    connection.close()
    if not strict:
        _swap_in_schema(path, ' /**/', ' STRICT')


def _swap_in_schema(path: Path, old: str, new: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute('PRAGMA writable_schema=ON')
    connection.execute('UPDATE sqlite_master SET sql = REPLACE(sql, ?, ?)', (old, new))
    connection.commit()
    connection.close()
