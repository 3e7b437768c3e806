# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
What a map file looks like inside, and whether a file does.

The header: https://www.sqlite.org/fileformat2.html#the_database_header
"""

from __future__ import annotations

from collections.abc import Mapping
import json
from pathlib import Path
import sqlite3
from typing import Any

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.sqlite_errors import damaged

APPLICATION_ID = int.from_bytes(b'ALoc', 'big')
VERSION = 2

TABLES = {
    'meta': 'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT',
    'keyframes': (
        'CREATE TABLE keyframes (id INTEGER PRIMARY KEY, route INTEGER NOT NULL, '
        'route_index INTEGER NOT NULL, stamp_ns INTEGER NOT NULL, x REAL, y REAL, z REAL, '
        'qx REAL, qy REAL, qz REAL, qw REAL, odometry_m REAL, height INTEGER NOT NULL, '
        'width INTEGER NOT NULL, image_format TEXT, image BLOB, '
        'UNIQUE (route, route_index)) STRICT'
    ),
    'descriptors': (
        'CREATE TABLE descriptors (keyframe_id INTEGER PRIMARY KEY REFERENCES keyframes (id), '
        'dtype TEXT NOT NULL, descriptor BLOB NOT NULL) STRICT'
    ),
    'vocabulary': (
        'CREATE TABLE vocabulary (id INTEGER PRIMARY KEY CHECK (id = 0), num_words INTEGER '
        'NOT NULL, width INTEGER NOT NULL, origin TEXT NOT NULL, sha256 TEXT NOT NULL, '
        'words BLOB NOT NULL) STRICT'
    ),
    'whitening': (
        'CREATE TABLE whitening (id INTEGER PRIMARY KEY CHECK (id = 0), dim INTEGER NOT NULL, '
        'width INTEGER NOT NULL, sha256 TEXT NOT NULL, mean BLOB NOT NULL, '
        'projection BLOB NOT NULL) STRICT'
    ),
    'unrelated': (
        'CREATE TABLE unrelated (id INTEGER PRIMARY KEY, origin TEXT NOT NULL, '
        'dtype TEXT NOT NULL, descriptor BLOB NOT NULL) STRICT'
    ),
    'events': (
        'CREATE TABLE events (id INTEGER PRIMARY KEY, stamp_ns INTEGER NOT NULL, '
        'level TEXT NOT NULL, text TEXT NOT NULL) STRICT'
    ),
}

HEADER_BYTES = 100
_PAGE_BYTES = 16384
"""Descriptors and images span many pages: larger ones than the usual 4096 are read faster."""


def make_tables(connection: sqlite3.Connection, meta: Mapping[str, Any]) -> None:
    """Write the empty tables, all or none of them."""
    connection.execute(f'PRAGMA page_size={_PAGE_BYTES}')
    connection.execute('PRAGMA synchronous=FULL')
    connection.execute('BEGIN')
    connection.execute(f'PRAGMA application_id={APPLICATION_ID}')
    connection.execute(f'PRAGMA user_version={VERSION}')
    for statement in TABLES.values():
        connection.execute(statement)
    rows = [(key, json.dumps(value)) for key, value in meta.items()]
    connection.executemany('INSERT INTO meta VALUES (?, ?)', rows)
    connection.execute('COMMIT')


def check_header(path: Path) -> bytes:
    """Return the first 100 bytes of a file that is a map of this version."""
    if path.is_dir():
        raise MapError(f'{path} is a folder; expected a map file of "anyloc teach"')
    try:
        with path.open('rb') as file:
            header = file.read(HEADER_BYTES)
    except FileNotFoundError as error:
        raise MapError(f'map {path} not found; teach it first: anyloc teach SOURCE') from error
    except OSError as error:
        raise MapError(f'map {path} cannot be read: {error.strerror}') from error
    if not is_map(header):
        raise MapError(f'{path} is no map of anyloc; expected a file that "anyloc teach" made')
    version = int.from_bytes(header[60:64], 'big')
    if version != VERSION:
        raise MapError(
            f'{path} is a map of version {version}, this program reads version {VERSION}; use the '
            f'anyloc_ros that made it, or teach the route again'
        )
    return header


def is_map(header: bytes) -> bool:
    """Return whether a file that begins so is a map, of whatever version."""
    known = header[:16] == b'SQLite format 3\0' and len(header) == HEADER_BYTES
    return known and int.from_bytes(header[68:72], 'big') == APPLICATION_ID


def check_tables(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a file with other tables, or with views and triggers beside them."""
    rows = connection.execute('SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL')
    if dict(rows.fetchall()) != TABLES:
        raise damaged(path, f'its tables are not those of version {VERSION}')


def check_structure(path: Path, connection: sqlite3.Connection) -> None:
    """Look through the whole file before anything is added to it."""
    answer = connection.execute('PRAGMA quick_check(1)').fetchone()[0]
    if answer != 'ok':
        raise damaged(path, answer)
