# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The SQLite file of a map while it is open, and the values it keeps by name."""

from __future__ import annotations

from contextlib import AbstractContextManager
import json
from pathlib import Path
import sqlite3
from typing import Any

from anyloc_ros.mapping import database
from anyloc_ros.mapping.new_file import NewFile
from anyloc_ros.mapping.sqlite_errors import damaged, translated


class MapFile:
    """An open file: its place and its end, transactions, and values kept under keys."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        writable: bool,
        new_file: NewFile | None = None,
    ) -> None:
        self.path = path
        self._connection = connection
        self._writable = writable
        self._new_file = new_file

    @property
    def file(self) -> Path:
        """Return the file that is open now: not `path` in a new map before `place`."""
        return self._new_file.file if self._new_file else self.path

    def place(self) -> None:
        """Put a new map at its path, where an old one is replaced only now; else do nothing."""
        if self._new_file is None:
            return
        try:
            database.close_written(self.path, self._connection)
            self._new_file.take_place()
            self._new_file = None
        finally:
            self._connection = database.open_to_write(self.file)

    def checkpoint(self) -> None:
        """Fold the log into the file of a map that is being written, and go on."""
        with translated(self.path):
            self._connection.execute('PRAGMA wal_checkpoint(TRUNCATE)')

    def close(self) -> None:
        """Close the map; a written one is one file afterwards, one without its place is gone."""
        if not self._writable:
            self._connection.close()
            return
        self._writable = False
        try:
            database.close_written(self.path, self._connection)
        finally:
            if self._new_file is not None:
                self._new_file.remove()

    def transaction(self) -> AbstractContextManager[None]:
        """Return a context in which everything is written, or nothing; it does not nest."""
        return database.transaction(self.path, self._connection)

    def meta(self, key: str, kind: type = object) -> Any:
        """
        Return what is kept under a key, None when there is nothing.

        :raises MapError: it is not of this kind.
        """
        value = None
        for (text,) in self._all('SELECT value FROM meta WHERE key = ?', key):
            try:
                value = json.loads(text)
            except ValueError as error:
                raise damaged(self.path, f'its {key} is no JSON: {error}') from error
        if not isinstance(value, kind):
            raise damaged(self.path, f'its {key} is {value!r}')
        return value

    def set_meta(self, key: str, value: Any) -> None:
        """Keep a value that JSON can hold under a key."""
        self._all('INSERT OR REPLACE INTO meta VALUES (?, ?)', key, json.dumps(value))

    def _all(self, sql: str, *values: Any) -> list[tuple]:
        with translated(self.path):
            return self._connection.execute(sql, values).fetchall()

    def _one(self, sql: str) -> int:
        return self._all(sql)[0][0]
