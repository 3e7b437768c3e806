# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""MATLAB files written here byte by byte are read back; others are refused, whatever they say."""

from __future__ import annotations

from pathlib import Path
import random
import struct
import zlib

from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.datasets.mat_file import read_mat
import numpy as np
import pytest

HEADER = b'MATLAB 5.0 MAT-file, written by a test'.ljust(124) + b'\x00\x01IM'
LIMIT = 10_000


def element(kind: int, payload: bytes, size: int | None = None) -> bytes:
    size = len(payload) if size is None else size
    return struct.pack('<II', kind, size) + payload + bytes(-len(payload) % 8)


def small(kind: int, payload: bytes) -> bytes:
    return struct.pack('<HH', kind, len(payload)) + payload.ljust(4, b'\0')


def matrix(class_: int, shape, content: bytes, name: bytes = b'', flags: int = 0) -> bytes:
    head = element(6, struct.pack('<II', class_ | flags, 0))
    dimensions = element(5, struct.pack(f'<{len(shape)}i', *shape))
    return element(14, head + dimensions + element(1, name) + content)


DOUBLES = matrix(6, (2, 3), element(9, np.arange(6.0).tobytes()), b'a')
BYTES_AS_DOUBLES = matrix(6, (1, 2), small(2, b'\x07\x08'), b'b')
TEXT = matrix(4, (2, 3), element(16, b'hbiyo '), b'c')  # column by column: hio, by
WIDE_TEXT = matrix(4, (1, 2), small(4, 'äß'.encode('utf-16-le')), b'd')
CELLS = matrix(1, (1, 2), DOUBLES + matrix(1, (1, 1), BYTES_AS_DOUBLES), b'e')


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(HEADER + content)
    return path


def test_numbers_text_and_cells(tmp_path):
    path = write(tmp_path / 'a.mat', DOUBLES + BYTES_AS_DOUBLES + TEXT + WIDE_TEXT + CELLS)
    assert read_mat(path, 'a', LIMIT).tolist() == [[0, 2, 4], [1, 3, 5]]
    b = read_mat(path, 'b', LIMIT)
    assert (b.tolist(), b.dtype) == ([[7, 8]], np.float64)
    assert read_mat(path, 'c', LIMIT) == ['hio', 'by ']
    assert read_mat(path, 'd', LIMIT) == ['äß']
    cells = read_mat(path, 'e', LIMIT)
    assert (cells[0].tolist(), cells[1][0].tolist()) == ([[0, 2, 4], [1, 3, 5]], [[7, 8]])


def test_compressed_variables(tmp_path):
    content = b''.join(element(15, zlib.compress(part))[: 8 + len(zlib.compress(part))]
                       for part in (DOUBLES, TEXT))  # fmt: skip
    path = write(tmp_path / 'a.mat', content)
    assert read_mat(path, 'a', LIMIT).shape == (2, 3)
    assert read_mat(path, 'c', LIMIT) == ['hio', 'by ']


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'expected a variable a'),
        (TEXT, 'expected a variable a'),
        (DOUBLES[:-8], 'bytes where'),
        (matrix(6, (2, 4), element(9, bytes(48)), b'a'), '6 values where the dimensions say 8'),
        (
            matrix(6, (2**31 - 1, 2**31 - 1), element(9, bytes(8)), b'a'),
            'the dimensions say 46116',
        ),
        (matrix(6, (-1, -1), element(9, bytes(8)), b'a'), 'dimensions'),
        (matrix(6, (1, 1), element(9, bytes(8)), b'a', 0x0800), 'flags 0x806'),
        (matrix(2, (1, 1), element(9, bytes(8)), b'a'), 'class 2'),
        (matrix(5, (1, 1), element(9, bytes(8)), b'a'), 'class 5'),
        (matrix(4, (1, 1), element(9, bytes(8)), b'a'), 'text of type 9'),
        (matrix(4, (1, 1), element(16, b'\xff'), b'a'), 'utf-8'),
        (matrix(6, (1, 1), element(9, bytes(7)), b'a'), 'multiple of element size'),
        (matrix(6, (1, 1), b'', b'a'), 'ends too early'),
        (element(9, bytes(8)), 'a variable of type 9'),
        (element(15, zlib.compress(bytes(LIMIT + 1))), f'more than {LIMIT} bytes'),
        (element(15, b'no zlib stream'), 'header check'),
    ],
)
def test_what_it_cannot_be_is_refused(tmp_path, content, message):
    with pytest.raises(SourceError, match=message):
        read_mat(write(tmp_path / 'a.mat', content), 'a', LIMIT)


def test_cells_end_at_some_depth(tmp_path):
    nested = DOUBLES
    for _ in range(8):
        nested = matrix(1, (1, 1), nested, b'a')
    with pytest.raises(SourceError, match='cells in cells'):
        read_mat(write(tmp_path / 'a.mat', nested), 'a', LIMIT)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / 'a.mat'
    path.write_bytes(b'\x89HDF\r\n\x1a\n'.ljust(256))  # what MATLAB calls version 7.3
    with pytest.raises(SourceError, match='expected a MATLAB 5 file'):
        read_mat(path, 'a', LIMIT)
    with pytest.raises(SourceError, match='expected up to 255'):
        read_mat(path, 'a', 255)


def test_damage_is_an_error_and_nothing_else(tmp_path):
    whole = HEADER + DOUBLES + CELLS + element(15, zlib.compress(TEXT))
    chance, refused = random.Random(0), 0
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(126, len(whole))] = chance.randrange(256)
        (tmp_path / 'a.mat').write_bytes(damaged)
        try:
            read_mat(tmp_path / 'a.mat', 'c', LIMIT)
        except SourceError:
            refused += 1
    assert refused > 200
