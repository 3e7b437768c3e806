# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Files with one pose in each row.

CSV with a header, any order, further columns ignored:
 - which image: `name` (its file name), `stamp_ns` (whole number) or `stamp` (seconds);
 - where: `x,y[,z]` (m) with `yaw` (rad) or `qx,qy,qz,qw` or neither;
   `latitude,longitude[,altitude]` (degrees on WGS 84, m); `easting,northing[,zone][,altitude]`
   (m in a UTM grid, zone as in 33U).
TUM: `stamp x y z qx qy qz qw`, seconds and metres, separated by blanks (Sturm et al., IROS 2012).
KITTI: the upper 3x4 of a pose matrix, 12 numbers row by row (Geiger et al., CVPR 2012).

Lines that start with # are comments, except a CSV header. An empty CSV field is NaN (`z`: 0).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
import math
from pathlib import Path

from anyloc_ros.errors import SourceError
from anyloc_ros.io.samples import pose_of, Position
from anyloc_ros.pose import GeoPoint, Pose, UtmPoint
import cv2
import numpy as np
from numpy.typing import NDArray

# p_ros = OPTICAL @ p_camera: KITTI's camera looks along z with x right and y down, REP-103 has
# x forward, y left, z up.
_OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
_WHERE = ({'x', 'y'}, {'latitude', 'longitude'}, {'easting', 'northing'})
_LAST_STAMP_NS = 2**63 - 1
_QUATERNION = ('qx', 'qy', 'qz', 'qw')
FORMS = (
    'a CSV header (name, stamp or stamp_ns; x,y | latitude,longitude | easting,northing), '
    'TUM rows of 8 numbers or KITTI rows of 12'
)


@dataclass(frozen=True, slots=True)
class PoseRow:
    """One row; `name` is empty and `stamp_ns` None where the file does not say them."""

    pose: Position
    name: str = ''
    stamp_ns: int | None = None


def pose_file_form(path: Path) -> str:
    """Return CSV, TUM or KITTI by the header or first row, empty when it is none of them."""
    for _, line in _lines(path):
        if _is_header(line):
            return 'CSV'
        if not line.startswith('#'):
            numbers = all(_is_number(word) for word in line.split())
            return {8: 'TUM', 12: 'KITTI'}.get(len(line.split()), '') if numbers else ''
    return ''


def read_pose_file(path: Path) -> tuple[str, list[PoseRow]]:
    """
    Return the form and the rows of a pose file.

    :raises SourceError: no known form, or a bad row, with its line number.
    """
    form = pose_file_form(path)
    if not form:
        raise SourceError(f'{path}: expected {FORMS}')
    rows = {'CSV': _csv_rows, 'TUM': _tum_rows, 'KITTI': _kitti_rows}[form](path)
    if not rows:
        raise SourceError(f'{path}: the {form} file has no rows')
    return form, rows


def stamp_from_seconds(text: str) -> int:
    """
    Return nanoseconds of a decimal number of seconds, exactly: a float keeps only 0.2 us.

    :raises ValueError: no number, or not within 0 to 2**63 ns.
    """
    try:
        seconds = Decimal(text.strip())
        is_stamp = 0 <= seconds <= Decimal(_LAST_STAMP_NS).scaleb(-9)
    except InvalidOperation:  # no number, or NaN
        is_stamp = False
    if not is_stamp:
        raise ValueError(f'{text!r} is no stamp in seconds')
    return int((seconds * 1_000_000_000).to_integral_value())


def _csv_rows(path: Path) -> list[PoseRow]:
    lines = _lines(path)
    header = next(i for i, (_, line) in enumerate(lines) if _is_header(line))
    columns = _columns(lines[header][1])
    _check_columns(path, columns)
    rows = []
    for number, line in _without_comments(lines[slice(header + 1, None)]):
        try:
            fields = next(csv.reader([line], skipinitialspace=True))
            if len(fields) != len(columns):
                raise ValueError(f'{len(fields)} fields: {line[:80]}')
            rows.append(_csv_row(dict(zip(columns, fields, strict=True))))
        except (ValueError, csv.Error) as error:
            raise _bad_row(path, number, f'values of {",".join(columns)}', error) from error
    return rows


def _is_header(line: str) -> bool:
    return any(where <= set(_columns(line)) for where in _WHERE)


def _columns(line: str) -> list[str]:
    return [column.strip().strip('"').lower() for column in line.lstrip('#').split(',')]


def _check_columns(path: Path, columns: list[str]) -> None:
    if len(set(columns)) != len(columns):
        raise SourceError(f'{path}: a column stands twice in the header {",".join(columns)}')
    if sum(where <= set(columns) for where in _WHERE) > 1:
        raise SourceError(
            f'{path}: expected one of x,y | latitude,longitude | easting,northing in the header, '
            f'got several: {",".join(columns)}'
        )
    given = [name for name in _QUATERNION if name in columns]
    if len(given) not in (0, 4):
        raise SourceError(f'{path}: expected all of qx,qy,qz,qw, got {",".join(given)}')


def _csv_row(fields: dict[str, str]) -> PoseRow:
    stamp_ns = None
    if 'stamp_ns' in fields:
        stamp_ns = int(fields['stamp_ns'])
        if not 0 <= stamp_ns <= _LAST_STAMP_NS:
            raise ValueError(f'stamp_ns {stamp_ns} outside 0 to {_LAST_STAMP_NS}')
    elif 'stamp' in fields:
        stamp_ns = stamp_from_seconds(fields['stamp'])
    name = fields.get('name', '').strip()
    if 'name' in fields and not name:
        raise ValueError('an empty name')
    return PoseRow(_csv_pose(fields), name, stamp_ns)


def _csv_pose(fields: dict[str, str]) -> Position:
    def number(column: str, unknown: str = 'nan') -> float:
        return float(fields.get(column, '').strip() or unknown)

    if 'latitude' in fields:
        return GeoPoint(number('latitude'), number('longitude'), number('altitude'))
    if 'easting' in fields:
        zone = fields.get('zone', '').strip()
        return UtmPoint(number('easting'), number('northing'), zone, number('altitude'))
    x, y, z = number('x'), number('y'), number('z', '0')
    if 'qw' in fields:
        return pose_of(x, y, z, *(number(column) for column in _QUATERNION))
    return Pose.from_xy_yaw(x, y, number('yaw'), z) if 'yaw' in fields else Pose(x, y, z)


def _tum_rows(path: Path) -> list[PoseRow]:
    rows = []
    for number, line in _without_comments(_lines(path)):
        words = line.split()
        try:
            stamp_ns = stamp_from_seconds(words[0])
            x, y, z, qx, qy, qz, qw = map(float, words[1:])
        except ValueError as error:
            raise _bad_row(path, number, 'stamp x y z qx qy qz qw', line[:80]) from error
        rows.append(PoseRow(pose_of(x, y, z, qx, qy, qz, qw), stamp_ns=stamp_ns))
    return rows


def _kitti_rows(path: Path) -> list[PoseRow]:
    rows = []
    for number, line in _without_comments(_lines(path)):
        try:
            matrix = np.array([float(word) for word in line.split()]).reshape(3, 4)
        except ValueError as error:
            raise _bad_row(path, number, '12 numbers', line[:80]) from error
        rotation = matrix[:, :3]
        if np.isfinite(rotation).all() and not _is_rotation(rotation):
            raise _bad_row(path, number, 'a rotation in columns 1 to 3 of 4', line[:80])
        rows.append(PoseRow(_pose_from_optical(rotation, matrix[:, 3])))
    return rows


def _is_rotation(matrix: NDArray[np.float64]) -> bool:
    orthonormal = np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-2)
    return orthonormal and np.linalg.det(matrix) > 0


def _pose_from_optical(rotation: NDArray[np.float64], position: NDArray[np.float64]) -> Pose:
    """Return the pose, in REP-103 axes, of a camera given in camera axes: world and camera."""
    x, y, z = (_OPTICAL @ position).tolist()
    if not np.isfinite(rotation).all():
        return Pose(x, y, z)
    turn = cv2.Rodrigues(_OPTICAL @ rotation @ _OPTICAL.T)[0].ravel()  # axis times angle (rad)
    angle = float(np.linalg.norm(turn))
    axis = turn / angle if angle else turn
    return Pose(x, y, z, *(math.sin(angle / 2) * axis).tolist(), math.cos(angle / 2))


def _lines(path: Path) -> list[tuple[int, str]]:
    """Return `(line number, text)` of the lines that are not empty."""
    try:
        # What is no text cannot be a number or a known name: a row says so with its line.
        text = path.read_text(encoding='utf-8-sig', errors='replace')
    except OSError as error:
        raise SourceError(f'{path}: the pose file cannot be read: {error.strerror}') from error
    numbered = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in numbered if line]


def _without_comments(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    return [(number, line) for number, line in lines if not line.startswith('#')]


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _bad_row(path: Path, line: int, expected: str, got: object) -> SourceError:
    return SourceError(f'{path}, line {line}: expected {expected}, got {got}')
