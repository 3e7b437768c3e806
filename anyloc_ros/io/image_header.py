# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What the first bytes of an image file say, read before anything is allocated for its pixels."""

from __future__ import annotations

from collections.abc import Iterator
import re

from anyloc_ros.errors import ImageError

_MAGIC = {'jpeg': b'\xff\xd8\xff', 'png': b'\x89PNG\r\n\x1a\n', 'bmp': b'BM'}
_PNM = re.compile(rb'P[2356]\s+(?:#[^\n]*\n\s*)*([0-9]{1,9})\s+(?:#[^\n]*\n\s*)*([0-9]{1,9})\s')
# SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC), which share the range.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_SCAN = 0xDA


def image_format(data: bytes) -> str:
    """Return jpeg, png, bmp or pnm by the magic number, empty when it is none of them."""
    for name, magic in _MAGIC.items():
        if data.startswith(magic):
            return name
    return 'pnm' if data[:1] == b'P' and data[1:2] in (b'2', b'3', b'5', b'6') else ''


def image_size(data: bytes) -> tuple[int, int]:
    """
    Return (height, width) in pixels that the header of an image file announces.

    :raises ImageError: no JPEG, PNG, BMP or PNM file, or a damaged or truncated one.
    """
    form = image_format(data)
    if not form:
        start = f'it starts with {data[:8].hex(" ")}' if data else 'it is empty'
        raise ImageError(f'expected a JPEG, PNG, BMP or PNM image, {start}')
    read = {'jpeg': _jpeg_size, 'png': _png_size, 'bmp': _bmp_size, 'pnm': _pnm_size}[form]
    size = read(data)
    if size is None or 0 in size:
        raise ImageError(f'the {form.upper()} header is damaged or truncated ({len(data)} bytes)')
    return size


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """
    Yield `(marker, start, end)` of the segments with a payload, ITU-T T.81 section B.1.1.

    Ends silently where the data end or are no JPEG any more; `end` may lie behind the data.
    """
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # a marker may be preceded by any number of fill bytes
            position += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # TEM, RSTn, SOI stand alone
            position += 2
            continue
        length = _big_endian(data, position + 2, 2)
        if length < 2:
            return
        yield marker, position + 4, position + 2 + length
        position += 2 + length


def _big_endian(data: bytes, start: int, size: int) -> int:
    end = start + size
    return int.from_bytes(data[start:end], 'big')


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    size = None
    for marker, start, end in jpeg_segments(data):
        if marker in _JPEG_FRAMES and start + 5 <= len(data):
            size = _big_endian(data, start + 1, 2), _big_endian(data, start + 3, 2)
        elif marker == JPEG_SCAN:
            # Older OpenCV fills what is missing with grey and reports nothing. In a scan FF is
            # always escaped, so that FF D9 can only be the end of the image.
            if data.find(b'\xff\xd9', end) < 0:
                raise ImageError(f'the JPEG is truncated: no end marker in {len(data)} bytes')
            return size
    return None


def _png_size(data: bytes) -> tuple[int, int] | None:
    if data[12:16] != b'IHDR':
        return None
    # OpenCV allocates what a chunk announces, up to 2 GiB, before it finds the file too short.
    position = 8
    while not data.startswith(b'\0\0\0\0IEND', position):
        position += 12 + _big_endian(data, position, 4)
        if position + 12 > len(data):
            raise ImageError(f'the PNG is truncated: no end chunk in {len(data)} bytes')
    return _big_endian(data, 20, 4), _big_endian(data, 16, 4)


def _bmp_size(data: bytes) -> tuple[int, int] | None:
    if len(data) < 26:
        return None
    if int.from_bytes(data[14:18], 'little') == 12:  # the header of OS/2 has 16-bit sizes
        return int.from_bytes(data[20:22], 'little'), int.from_bytes(data[18:20], 'little')
    width = int.from_bytes(data[18:22], 'little', signed=True)
    height = int.from_bytes(data[22:26], 'little', signed=True)  # negative: top row first
    return (abs(height), width) if width > 0 else None


def _pnm_size(data: bytes) -> tuple[int, int] | None:
    found = _PNM.match(data[:4096])
    return (int(found[2]), int(found[1])) if found else None
