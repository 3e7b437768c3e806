# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A new map file, made beside its place: what is there stays until the new one is complete.

A process that is killed in between leaves the old file, or none, at the place, and a hidden file
`.NAME.XXXXXXXX.new` beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
import os
from pathlib import Path
import secrets
import sqlite3
from typing import Any

from anyloc_ros.errors import MapError
from anyloc_ros.mapping import schema
from anyloc_ros.mapping.database import beside, close_written, open_to_write
from anyloc_ros.mapping.sqlite_errors import translated


class NewFile:
    """
    A map without references under a name of its own.

    :param place: where it is to be, see `database.resolved`.
    :param meta: what the table meta holds from the start.
    :raises MapError: something is at `place` that may not be replaced, or it cannot be written.
    """

    def __init__(self, place: Path, meta: Mapping[str, Any], *, overwrite: bool) -> None:
        _check_place(place, overwrite=overwrite)
        self.file = place.with_name(f'.{place.name}.{secrets.token_hex(4)}.new')
        self._place = place
        self._overwrite = overwrite
        try:
            with translated(place):
                connection = sqlite3.connect(self.file, isolation_level=None)
                try:
                    schema.make_tables(connection, meta)
                finally:
                    connection.close()
        except BaseException:
            self.remove()
            raise

    def take_place(self) -> None:
        """
        Give the closed file its final name, so that a power cut does not undo it.

        :raises MapError: something came there that may not be replaced, or it cannot be written.
        """
        _check_place(self._place, overwrite=self._overwrite)
        try:
            for ending in ('-wal', '-journal'):
                # A log of a map that was there would be replayed into this one.
                beside(self._place, ending).unlink(missing_ok=True)
            if self._overwrite:
                os.replace(self.file, self._place)
            else:
                _rename_without_replacing(self.file, self._place)
            folder = os.open(self._place.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except FileExistsError as error:
            raise _exists(self._place) from error
        except OSError as error:
            raise MapError(f'{self._place} cannot be written: {error.strerror}') from error

    def remove(self) -> None:
        """Delete the file if it has not taken its place."""
        for ending in ('', '-wal', '-journal'):
            with suppress(OSError):
                beside(self.file, ending).unlink(missing_ok=True)


def _rename_without_replacing(source: Path, target: Path) -> None:
    """Rename a file; FileExistsError when the name is taken, also by a process of this moment."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        # Without hard links (FAT, some network drives) an empty file holds the name meanwhile.
        target.open('xb').close()
        try:
            os.replace(source, target)
        except BaseException:
            target.unlink()
            raise
    else:
        source.unlink()


def _check_place(place: Path, *, overwrite: bool) -> None:
    if not place.parent.is_dir():
        raise MapError(f'{place}: the folder {place.parent} does not exist; make it first')
    if place.is_dir():
        raise MapError(f'{place} is a folder; name a file, for example {place / "route.anyloc"}')
    if place.exists():
        if not overwrite:
            raise _exists(place)
        _check_replaceable(place)


def _exists(place: Path) -> MapError:
    return MapError(
        f'{place} exists; name another file for the new map; when teaching, map_mode append adds '
        f'a route to it and map_mode overwrite replaces it'
    )


def _check_replaceable(path: Path) -> None:
    """
    Refuse to replace what is no map, or one that is in use or protected.

    A mistyped name must not cost a bag or a checkpoint. A log beside the old map is folded into
    it here, so that the map is still whole when the new one cannot be made.
    """
    try:
        with path.open('rb') as file:
            header = file.read(schema.HEADER_BYTES)
    except OSError as error:
        raise MapError(f'{path} cannot be read: {error.strerror}') from error
    if not schema.is_map(header):
        raise MapError(f'{path} is no map of anyloc and is not overwritten; name another file')
    try:
        close_written(path, open_to_write(path))
    except MapError as error:
        # What remains is a map that is damaged or of another version: that may be replaced.
        if isinstance(error.__cause__, sqlite3.OperationalError):
            raise
