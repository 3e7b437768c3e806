# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Arrays in the map file: descriptors, vocabulary, whitening.

All are little-endian, in C order. What a row declares is compared with the bytes it has before an
array is made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
import json
from pathlib import Path
import sqlite3
from typing import TYPE_CHECKING

from anyloc_ros.mapping.sqlite_errors import damaged
import numpy as np

if TYPE_CHECKING:
    from anyloc_ros.describe.vocabulary import Vocabulary
    from anyloc_ros.describe.whitening import Whitening

DTYPES = {'float16': np.dtype('<f2'), 'float32': np.dtype('<f4')}

MAX_WIDTH = 2**20
"""Longest row that is read; the widest descriptor of the method has 2^16 numbers or so."""


def read_descriptors(path: Path, connection: sqlite3.Connection) -> tuple[np.ndarray, np.ndarray]:
    """
    Return reference ids (M,) int64, ascending, and their descriptors (M, P) float32.

    :raises MapError: widths that differ, unknown number formats, references that do not exist.
    """
    count, width = _count_and_width(path, connection, 'descriptors')
    (strays,) = connection.execute(
        'SELECT COUNT(*) FROM descriptors WHERE keyframe_id NOT IN (SELECT id FROM keyframes)'
    ).fetchone()
    if strays:
        raise damaged(path, f'{strays} descriptors belong to no reference')
    ids = np.empty(count, np.int64)
    descriptors = np.empty((count, width), np.float32)
    rows = connection.execute(
        'SELECT keyframe_id, dtype, descriptor FROM descriptors ORDER BY keyframe_id'
    )
    for row, (reference_id, dtype, blob) in enumerate(rows):
        ids[row] = reference_id
        descriptors[row] = np.frombuffer(blob, DTYPES[dtype])
    _check_finite(path, 'its descriptors', descriptors)
    return ids, descriptors


def read_unrelated(path: Path, connection: sqlite3.Connection, origin: str | None) -> np.ndarray:
    """Return the descriptors (N, P) float32 of unrelated images, of one origin or of all."""
    count, width = _count_and_width(path, connection, 'unrelated')
    _, expected = _count_and_width(path, connection, 'descriptors')
    if count and width != expected:
        raise damaged(path, f'its unrelated descriptors have width {width}, expected {expected}')
    rows = connection.execute('SELECT origin, dtype, descriptor FROM unrelated ORDER BY id')
    found = [
        np.frombuffer(blob, DTYPES[dtype]) for of, dtype, blob in rows if origin in (None, of)
    ]
    descriptors = np.array(found, np.float32).reshape(len(found), width if count else 0)
    _check_finite(path, 'its unrelated descriptors', descriptors)
    return descriptors


def write_unrelated(
    connection: sqlite3.Connection, origin: str, descriptors: np.ndarray, dtype: str
) -> None:
    """Store descriptors (N, P) of unrelated images; those of the same origin are replaced."""
    connection.execute('DELETE FROM unrelated WHERE origin = ?', (origin,))
    rows = np.ascontiguousarray(descriptors, DTYPES[dtype])
    connection.executemany(
        'INSERT INTO unrelated (origin, dtype, descriptor) VALUES (?, ?, ?)',
        ((origin, dtype, row.tobytes()) for row in rows),
    )


def _count_and_width(path: Path, connection: sqlite3.Connection, table: str) -> tuple[int, int]:
    count, widths = 0, set()
    # SQLite knows the length of a BLOB without reading it.
    for dtype, number, least, most in connection.execute(
        'SELECT dtype, COUNT(*), MIN(LENGTH(descriptor)), MAX(LENGTH(descriptor)) '
        f'FROM {table} GROUP BY dtype'
    ):
        if dtype not in DTYPES:
            raise damaged(path, f'descriptors in {dtype!r}, expected {" or ".join(DTYPES)}')
        count += number
        widths |= {least / DTYPES[dtype].itemsize, most / DTYPES[dtype].itemsize}
    if count and (len(widths) > 1 or not 1 <= min(widths) <= MAX_WIDTH or min(widths) % 1):
        listed = ', '.join(f'{width:g}' for width in sorted(widths))
        raise damaged(path, f'its descriptors have widths {listed}, expected one')
    return count, int(min(widths, default=0))


def write_descriptors(
    connection: sqlite3.Connection, ids: Sequence[int], descriptors: np.ndarray, dtype: str
) -> None:
    """Store descriptors (M, P) for these references; one that has a descriptor gets the new."""
    rows = np.ascontiguousarray(descriptors, DTYPES[dtype])
    connection.executemany(
        'INSERT OR REPLACE INTO descriptors VALUES (?, ?, ?)',
        ((int(i), dtype, row.tobytes()) for i, row in zip(ids, rows, strict=True)),
    )


def read_vocabulary(path: Path, connection: sqlite3.Connection) -> Vocabulary | None:
    """
    Return the vocabulary, None when the map has none.

    :raises MapError: its bytes do not fit what it declares.
    """
    row = connection.execute(
        'SELECT num_words, width, origin, sha256, words FROM vocabulary'
    ).fetchone()
    if row is None:
        return None
    # Imported here: that room brings torch, and a look at a map needs none.
    from anyloc_ros.describe.vocabulary import Vocabulary

    num_words, width, origin, sha256, words = row
    array = _array(path, 'the vocabulary', words, (num_words, width))
    try:
        known = json.loads(origin)
    except ValueError as error:
        raise damaged(path, f'the origin of its vocabulary is no JSON: {error}') from error
    if not isinstance(known, dict):
        raise damaged(path, f'the origin of its vocabulary is {known!r}')
    vocabulary = Vocabulary(array, known)
    if vocabulary.sha256 != sha256:
        raise damaged(path, 'the checksum of its vocabulary is wrong')
    return vocabulary


def write_vocabulary(connection: sqlite3.Connection, vocabulary: Vocabulary) -> None:
    """Store the vocabulary of the map."""
    connection.execute(
        'INSERT INTO vocabulary VALUES (0, ?, ?, ?, ?, ?)',
        (
            *vocabulary.words.shape,
            json.dumps(dict(vocabulary.origin)),
            vocabulary.sha256,
            np.ascontiguousarray(vocabulary.words, '<f4').tobytes(),
        ),
    )


def read_whitening(path: Path, connection: sqlite3.Connection) -> Whitening | None:
    """
    Return the whitening, None when the map has none.

    :raises MapError: its bytes do not fit what it declares.
    """
    row = connection.execute(
        'SELECT dim, width, sha256, mean, projection FROM whitening'
    ).fetchone()
    if row is None:
        return None
    from anyloc_ros.describe.whitening import Whitening

    dim, width, sha256, mean, projection = row
    whitening = Whitening(
        _array(path, 'the mean of the whitening', mean, (width,)),
        _array(path, 'the projection of the whitening', projection, (dim, width)),
    )
    if whitening.sha256 != sha256:
        raise damaged(path, 'the checksum of its whitening is wrong')
    return whitening


def write_whitening(connection: sqlite3.Connection, whitening: Whitening) -> None:
    """Store the whitening of the map."""
    connection.execute(
        'INSERT INTO whitening VALUES (0, ?, ?, ?, ?, ?)',
        (
            *whitening.projection.shape,
            whitening.sha256,
            np.ascontiguousarray(whitening.mean, '<f4').tobytes(),
            np.ascontiguousarray(whitening.projection, '<f4').tobytes(),
        ),
    )


def _array(path: Path, what: str, blob: bytes, shape: tuple[int, ...]) -> np.ndarray:
    if not all(1 <= length <= MAX_WIDTH for length in shape):
        raise damaged(path, f'{what} has the shape {shape}')
    expected = 4 * int(np.prod(shape, dtype=np.int64))
    if len(blob) != expected:
        raise damaged(path, f'{what} has {len(blob)} bytes, expected {expected}')
    # A copy: arrays over bytes are read-only, and torch warns of those.
    array = np.frombuffer(blob, '<f4').reshape(shape).astype(np.float32)
    _check_finite(path, what, array)
    return array


def _check_finite(path: Path, what: str, array: np.ndarray) -> None:
    # By sums: no second array of the size of a large map, and one number that is none spoils all.
    with np.errstate(invalid='ignore'):
        sums = np.sum(array, axis=-1, dtype=np.float64)
    if not np.isfinite(sums).all():
        raise damaged(path, f'{what} are not finite numbers')
