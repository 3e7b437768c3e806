# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Opening and closing the SQLite file under a map.

Written with a write-ahead log and `synchronous=FULL` (a commit survives a power cut), by one
process at a time. Closing folds the log into the file: a closed map is one file. Read with
`mode=ro`, which changes no byte. See https://www.sqlite.org/wal.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import sqlite3

from anyloc_ros.errors import MapError
from anyloc_ros.mapping import schema
from anyloc_ros.mapping.sqlite_errors import translated


def resolved(path: str | Path) -> Path:
    """Return the absolute path of the file itself: SQLite names its side files after that."""
    return Path(os.path.expanduser(path)).resolve()


def beside(path: Path, ending: str) -> Path:
    """Return the path with an ending behind its whole name, as SQLite names its side files."""
    return path.with_name(path.name + ending)


def open_to_read(path: Path) -> sqlite3.Connection:
    """
    Open a closed map so that no byte of it can change.

    :raises MapError: missing, no map, another version, damaged, or not closed properly.
    """
    header = schema.check_header(path)
    # Bytes 18 and 19 are 2 while the log is in use; closing a map sets them back to 1.
    logged = header[18:20] != b'\x01\x01'
    if logged or any(_has_content(beside(path, ending)) for ending in ('-wal', '-journal')):
        raise MapError(
            f'{path} was not closed: it is being taught now, or the program was killed. A part of '
            f'it may still be in {path.name}-wal; recover it with: anyloc map finish {path}'
        )
    return _open(path, 'ro')


def open_to_write(path: Path) -> sqlite3.Connection:
    """
    Open a map for this process alone; what a killed process left in the log is recovered.

    :raises MapError: missing, no map, another version, damaged, in use, or not writable.
    """
    schema.check_header(path)
    return _open(path, 'rw')


def close_written(path: Path, connection: sqlite3.Connection) -> None:
    """
    Fold the log into the file, so that the map is one file, and close.

    :raises MapError: the disk is full; nothing is lost, the log stays beside the map.
    """
    try:
        with translated(path):
            if connection.in_transaction:
                connection.execute('ROLLBACK')
            connection.execute('PRAGMA wal_checkpoint(TRUNCATE)')
            _set_journal(path, connection, 'delete')
    finally:
        connection.close()


@contextmanager
def transaction(path: Path, connection: sqlite3.Connection) -> Iterator[None]:
    """
    Write all that happens inside, or nothing of it.

    :raises MapError: it could not be written.
    """
    with translated(path):
        connection.execute('BEGIN IMMEDIATE')
        try:
            yield
            connection.execute('COMMIT')
        except BaseException:
            # SQLite has already rolled back some errors, a full disk among them.
            if connection.in_transaction:
                connection.execute('ROLLBACK')
            raise


def _open(path: Path, mode: str) -> sqlite3.Connection:
    with translated(path):
        # One thread at a time uses a map, but a node closes it from another one.
        connection = sqlite3.connect(
            f'{path.resolve().as_uri()}?mode={mode}',
            uri=True,
            isolation_level=None,
            timeout=1.0,
            check_same_thread=False,
        )
        try:
            connection.execute('PRAGMA trusted_schema=OFF')
            connection.execute('PRAGMA cell_size_check=ON')
            if mode == 'rw':
                connection.execute('PRAGMA locking_mode=EXCLUSIVE')
                _set_journal(path, connection, 'wal')
                connection.execute('PRAGMA synchronous=FULL')
                connection.execute('PRAGMA foreign_keys=ON')
                # Takes the lock now, and finds out that a file is read-only.
                connection.execute('BEGIN IMMEDIATE')
                connection.execute('ROLLBACK')
            schema.check_tables(path, connection)
            if mode == 'rw':
                schema.check_structure(path, connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _set_journal(path: Path, connection: sqlite3.Connection, mode: str) -> None:
    # SQLite answers with the mode it is in, and does not fail when it stayed in the old one.
    (answer,) = connection.execute(f'PRAGMA journal_mode={mode}').fetchone()
    if answer != mode:
        raise MapError(f'{path}: SQLite stays in journal mode {answer}, expected {mode}')


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False
