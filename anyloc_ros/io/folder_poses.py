# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Which poses and stamps belong to the images of a folder.

The first that is found is taken and said in the notes: the pose file given by name; poses.csv,
else the one CSV file with a pose header; the one TUM or KITTI file (.txt, .tum, .kitti); UTM file
names; EXIF GPS; NAME_odometry_camera.json.

The rows of a pose file meet the images by name where they have one; by stamp where the file
names are stamps; else the first row is the first image, and there must be as many of both.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
import re

from anyloc_ros.errors import SourceError
from anyloc_ros.io.image_poses import exif_gps, FolderPoses, odometry_json, utm_names, without
from anyloc_ros.io.pose_files import (
    pose_file_form,
    PoseRow,
    read_pose_file,
    stamp_from_seconds,
)
from anyloc_ros.io.samples import PoseSample

_ROW_SUFFIXES = ('.txt', '.tum', '.kitti')
_NS_OF_UNIT = {16: 1000, 19: 1}
"""Whole numbers of microseconds and nanoseconds since 1970, by their digits."""


def find_poses(folder: Path, names: list[str], poses_file: str) -> FolderPoses | None:
    """
    Return the poses of the images, None when the folder has none.

    :raises SourceError: several pose files, or one that is damaged or does not fit the images.
    """
    file = Path(poses_file) if poses_file else _pose_file_in(folder)
    if file:
        form, rows = read_pose_file(file)
        return _match(file, form, rows, names)
    return utm_names(folder, names) or exif_gps(folder, names) or odometry_json(folder, names)


def stamps_from_names(names: list[str]) -> list[int] | None:
    """Return the stamps (ns) that the file names are, None when one of them is none."""
    stamps_ns = []
    for name in names:
        stem = name[: name.rindex('.')]
        if re.fullmatch(r'[0-9]+\.[0-9]+', stem):
            stamps_ns.append(stamp_from_seconds(stem))
        elif re.fullmatch('[1-9][0-9]*', stem) and len(stem) in _NS_OF_UNIT:
            stamps_ns.append(int(stem) * _NS_OF_UNIT[len(stem)])
        else:
            return None
    return stamps_ns


def _pose_file_in(folder: Path) -> Path | None:
    named = folder / 'poses.csv'
    if named.is_file():
        return named
    files = sorted(path for path in folder.iterdir() if path.is_file())
    tables = [path for path in files if path.suffix == '.csv' and pose_file_form(path) == 'CSV']
    rows = [
        path
        for path in files
        if path.suffix in _ROW_SUFFIXES and pose_file_form(path) in ('TUM', 'KITTI')
    ]
    found = tables or rows
    if len(found) > 1:
        raise SourceError(
            f'{folder}: several pose files: {", ".join(path.name for path in found)}; '
            'choose one with --poses-file'
        )
    return found[0] if found else None


def _match(file: Path, form: str, rows: list[PoseRow], names: list[str]) -> FolderPoses:
    note = f'poses from {file.name} ({form})'
    has_stamps = rows[0].stamp_ns is not None
    if rows[0].name:
        return _match_by_name(file, note, rows, names)
    if has_stamps and stamps_from_names(names):
        track = [PoseSample(row.stamp_ns, row.pose) for row in rows]
        return FolderPoses(
            note + ', by stamp', [], track=sorted(track, key=lambda sample: sample.stamp_ns)
        )
    if len(rows) != len(names):
        raise SourceError(
            f'{file}: expected a row for each of the {len(names)} images, got {len(rows)}; else '
            'the rows need the names of the images, or the file names must be stamps'
        )
    stamps_ns = [row.stamp_ns for row in rows] if has_stamps else None
    return FolderPoses(note + ', by order', [row.pose for row in rows], stamps_ns)


def _match_by_name(file: Path, note: str, rows: list[PoseRow], names: list[str]) -> FolderPoses:
    _refuse(file, 'rows name no image of the folder', {row.name for row in rows} - set(names))
    by_name = {row.name: row for row in rows}
    if len(by_name) < len(rows):
        seen = Counter(row.name for row in rows)
        _refuse(file, 'images stand in two rows', {name for name in seen if seen[name] > 1})
    found = [by_name.get(name) for name in names]
    stamps_ns = None
    if rows[0].stamp_ns is not None:
        _refuse(file, 'images have no row and so no stamp', set(names) - set(by_name))
        stamps_ns = [row.stamp_ns for row in found]
    poses = [row and row.pose for row in found]
    return FolderPoses(note + ', by name' + without(poses, 'a row'), poses, stamps_ns)


def _refuse(file: Path, what: str, names: set[str]) -> None:
    if names:
        first = ', '.join(repr(name) for name in sorted(names)[:3])
        raise SourceError(f'{file}: {len(names)} {what}, the first are {first}')
