# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Arrays, texts and cells from a MATLAB 5 file, the form in which Oxford RobotCar was published.

The format is in MathWorks, MAT-File Format, chapter 1. What is read is what scipy.io.savemat makes
of arrays, names and lists of them: real full arrays, character arrays and cells, little-endian,
compressed or not. Everything else is refused; a size is believed only when the bytes are there.
"""

from __future__ import annotations

from collections.abc import Iterator
import math
from pathlib import Path
from typing import Any
import zlib

from anyloc_ros.errors import SourceError
import numpy as np

_HEADER_BYTES = 128
_INT32, _MATRIX, _COMPRESSED = 5, 14, 15
_NUMBERS = {1: 'i1', 2: 'u1', 3: '<i2', 4: '<u2', 5: '<i4', 6: '<u4', 7: '<f4', 9: '<f8',
            12: '<i8', 13: '<u8'}  # fmt: skip
"""Types of data elements, table 1-1."""
_TEXTS = {1: 'ascii', 2: 'ascii', 4: 'utf-16-le', 16: 'utf-8', 17: 'utf-16-le'}
_CELL, _CHAR = 1, 4
_CLASSES = {6: 'f8', 7: 'f4', 8: 'i1', 9: 'u1', 10: 'i2', 11: 'u2', 12: 'i4', 13: 'u4', 14: 'i8',
            15: 'u8'}  # fmt: skip
"""Classes of arrays, table 1-3."""
_COMPLEX = 0x0800
_DEPTH = 4


def read_mat(path: Path, wanted: str, max_bytes: int) -> Any:
    """
    Return a variable: numbers as an array, text as the list of its rows, cells as a list.

    :param max_bytes: for the file, and for the variable when it is compressed.
    :raises SourceError: too large, damaged, without the variable, or of an unknown form.
    """
    if path.stat().st_size > max_bytes:
        raise SourceError(f'{path} has {path.stat().st_size} bytes, expected up to {max_bytes}')
    data = path.read_bytes()
    if data[126:128] != b'IM':
        raise SourceError(
            f'{path}: expected a MATLAB 5 file, little-endian; write it again with '
            'save(..., "-v7") or scipy.io.savemat'
        )
    try:
        for kind, payload in _elements(memoryview(data)[_HEADER_BYTES:]):
            if kind == _COMPRESSED:
                kind, payload = next(_elements(_inflate(payload, max_bytes)), (0, payload))
            if kind != _MATRIX:
                raise ValueError(f'a variable of type {kind}')
            name, value = _matrix(payload, _DEPTH)
            if name == wanted:
                return value
    except (ValueError, zlib.error) as error:
        raise SourceError(f'{path}: a MATLAB file that cannot be read: {error}') from error
    raise SourceError(f'{path}: expected a variable {wanted} in this file')


def _elements(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield (type, payload) of the data elements, which are padded to 8 bytes."""
    position = 0
    while position < len(data):
        begin = position + 4
        word = int.from_bytes(data[position:begin], 'little')
        if word >> 16:  # the small form: length and type in one word, up to 4 bytes after it
            kind, size, step = word & 0xFFFF, word >> 16, 8
            if size > 4:
                raise ValueError(f'a small element of {size} bytes')
        else:
            kind, begin, size_at = word, position + 8, begin
            size = int.from_bytes(data[size_at:begin], 'little')
            # Compressed elements alone are not padded.
            step = 8 + size + (-size % 8 if kind != _COMPRESSED else 0)
        end = begin + size
        if end > len(data):
            raise ValueError(f'an element of {size} bytes where {len(data) - position} are left')
        yield kind, data[begin:end]
        position += step


def _inflate(data: memoryview, max_bytes: int) -> memoryview:
    stream = zlib.decompressobj()
    inflated = stream.decompress(data, max_bytes)
    if stream.unconsumed_tail:
        raise ValueError(f'more than {max_bytes} bytes compressed')
    return memoryview(inflated)


def _matrix(data: memoryview, depth: int) -> tuple[str, Any]:
    """Return (name, value) of a matrix element: flags, dimensions, name, content."""
    parts = _elements(data)
    flags = int.from_bytes(_next(parts)[1][:4], 'little')
    shape = _numbers(_INT32, _of_type(_next(parts), _INT32)).tolist()
    name = bytes(_next(parts)[1]).decode('ascii', 'replace')
    kind, count = flags & 0xFF, math.prod(shape)
    if not shape or min(shape) < 0 or flags & _COMPLEX:
        raise ValueError(f'{name or "a cell"}: dimensions {shape}, flags {flags:#x}')
    if kind == _CELL:
        if not depth:
            raise ValueError('cells in cells in cells')
        cells = [_matrix(_of_type(part, _MATRIX), depth - 1)[1] for part in parts]
        return name, _as_many(cells, count)
    content = _next(parts)
    if kind == _CHAR:
        if content[0] not in _TEXTS:
            raise ValueError(f'text of type {content[0]}')
        letters = _as_many(bytes(content[1]).decode(_TEXTS[content[0]]), count)
        rows = shape[0]
        return name, [letters[row::rows] for row in range(rows)] if letters else []
    if kind not in _CLASSES:
        raise ValueError(f'an array of class {kind}')
    numbers = _as_many(_numbers(*content), count)
    return name, numbers.reshape(shape, order='F').astype(_CLASSES[kind])


def _next(parts: Iterator[tuple[int, memoryview]]) -> tuple[int, memoryview]:
    part = next(parts, None)
    if part is None:
        raise ValueError('an array that ends too early')
    return part


def _of_type(part: tuple[int, memoryview], expected: int) -> memoryview:
    if part[0] != expected:
        raise ValueError(f'expected an element of type {expected}, got {part[0]}')
    return part[1]


def _numbers(kind: int, data: memoryview) -> np.ndarray:
    if kind not in _NUMBERS:
        raise ValueError(f'numbers of type {kind}')
    return np.frombuffer(data, _NUMBERS[kind])


def _as_many(values: Any, count: int) -> Any:
    if len(values) != count:
        raise ValueError(f'{len(values)} values where the dimensions say {count}')
    return values
