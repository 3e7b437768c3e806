# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What SQLite says when something is wrong, said so that it helps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import sqlite3

from anyloc_ros.errors import MapError

_MEANINGS = {
    'is full': (
        '{path} cannot grow: the disk is full. What was stored before is kept; make room, then '
        'run: anyloc map finish {path}'
    ),
    'disk I/O': (
        '{path} cannot be written or read. What was stored before is kept; look after the disk, '
        'then run: anyloc map finish {path}'
    ),
    'locked': '{path} is being written by another process; stop it first',
    'readonly': '{path} is not writable; check its permissions, or whether it was opened to read',
    'unable to open': '{path} cannot be opened; check permissions of the file and its folder',
    'malformed': '{path} is damaged; use a copy of it or teach the route again',
    "codec can't decode": '{path} is damaged; use a copy of it or teach the route again',
    'not a database': '{path} is no SQLite file, so no map; expected a file of "anyloc teach"',
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite says into a MapError that names the file and what to do."""
    try:
        yield
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise MapError(_explanation(path, str(error))) from error


def damaged(path: Path, what: str) -> MapError:
    """Return the error for a map whose content contradicts itself."""
    return MapError(f'{path} is damaged: {what}; use a copy of it or teach the route again')


def _explanation(path: Path, error: str) -> str:
    for part, meaning in _MEANINGS.items():
        if part in error:
            return meaning.format(path=path) + f' ({error})'
    return f'{path}: {error}'
