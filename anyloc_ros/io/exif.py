# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The GPS position in the EXIF data of a JPEG file.

A bounded reader of what is needed of EXIF 2.32 (CIPA DC-008, section 4.6.6), because OpenCV
gives no metadata: the APP1 segment is a TIFF structure whose tag 0x8825 points to the GPS tags.
"""

from __future__ import annotations

from contextlib import suppress
import math
from pathlib import Path
import struct

from anyloc_ros.errors import SourceError
from anyloc_ros.io.image_header import JPEG_SCAN, jpeg_segments
from anyloc_ros.pose import GeoPoint

_APP1 = 0xE1
_GPS_IFD = 0x8825
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE, _ALTITUDE_REF, _ALTITUDE = range(1, 7)
# EXIF stands before the pixels, and a segment has at most 64 KiB.
_HEAD_BYTES = 1 << 17


def gps_point(path: Path) -> GeoPoint | None:
    """
    Return where a JPEG file says it was taken, None when it does not say it or is damaged there.

    EXIF counts altitude from the sea level, not from the ellipsoid; without one it is NaN.

    :raises SourceError: the file cannot be opened.
    """
    try:
        with path.open('rb') as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise SourceError(f'{path}: the image cannot be read: {error.strerror}') from error
    if not head.startswith(b'\xff\xd8'):
        return None
    for marker, start, end in jpeg_segments(head):
        if marker == JPEG_SCAN:
            return None
        if marker == _APP1 and head.startswith(b'Exif\0\0', start):
            tiff = start + 6
            try:
                return _gps_point(head[tiff:end])
            # Cut off, a tag missing, or 0/0, with which cameras write that they have no fix.
            except (struct.error, KeyError, ZeroDivisionError):
                return None
    return None


def _gps_point(tiff: bytes) -> GeoPoint:
    order = {b'II': '<', b'MM': '>'}[tiff[:2]]
    (first,) = struct.unpack_from(order + 'I', tiff, 4)
    (gps,) = struct.unpack(order + 'I', _entries(tiff, order, first)[_GPS_IFD])
    entries = _entries(tiff, order, gps)
    latitude = _degrees(tiff, order, entries[_LATITUDE])
    longitude = _degrees(tiff, order, entries[_LONGITUDE])
    altitude = math.nan
    if _ALTITUDE in entries:
        with suppress(ZeroDivisionError):  # 0/0: not known
            (altitude,) = _rationals(tiff, order, entries[_ALTITUDE], 1)
        altitude = -altitude if entries.get(_ALTITUDE_REF, b'')[:1] == b'\1' else altitude
    return GeoPoint(
        -latitude if entries[_LATITUDE_REF][:1] == b'S' else latitude,
        -longitude if entries[_LONGITUDE_REF][:1] == b'W' else longitude,
        altitude,
    )


def _entries(tiff: bytes, order: str, offset: int) -> dict[int, bytes]:
    """Return the four value bytes of each tag of a directory: a short value, or its offset."""
    (count,) = struct.unpack_from(order + 'H', tiff, offset)
    records = (
        struct.unpack_from(order + 'HHI4s', tiff, offset + 2 + 12 * i) for i in range(count)
    )
    return {tag: value for tag, _type, _count, value in records}


def _rationals(tiff: bytes, order: str, value: bytes, count: int) -> list[float]:
    (offset,) = struct.unpack(order + 'I', value)
    numbers = struct.unpack_from(f'{order}{2 * count}I', tiff, offset)
    return [numbers[i] / numbers[i + 1] for i in range(0, 2 * count, 2)]


def _degrees(tiff: bytes, order: str, value: bytes) -> float:
    degrees, minutes, seconds = _rationals(tiff, order, value, 3)
    return degrees + minutes / 60 + seconds / 3600
