# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Poses that come with each image: in its file name, in its EXIF data, in a JSON beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
import json
from pathlib import Path
import re
from typing import Any

from anyloc_ros.errors import SourceError
from anyloc_ros.io.exif import gps_point
from anyloc_ros.io.samples import pose_of, PoseSample, Position
from anyloc_ros.pose import UtmPoint

ODOMETRY_SUFFIX = '_odometry_camera.json'
_ZONE = re.compile('0?([1-9]|[1-5][0-9]|60)([C-HJ-NP-X])')


@dataclass(frozen=True, slots=True)
class FolderPoses:
    """
    What is known of the poses of a folder.

    `poses` and `stamps_ns` have one entry for each image, or `poses` is empty and `track` holds
    poses with stamps of their own.
    """

    note: str
    poses: list[Position | None]
    stamps_ns: list[int] | None = None
    track: list[PoseSample] = field(default_factory=list)
    pose_frame: str = ''
    camera_frame: str = ''


def utm_names(folder: Path, names: list[str]) -> FolderPoses | None:
    """
    Read `@easting@northing@zone number@zone letter@...`, the file names of VPR data sets.

    The zone may be missing. Returns None when no name starts with @.

    :raises SourceError: some names have that form and others have not.
    """
    if not any(name.startswith('@') for name in names):
        return None
    poses: list[Position | None] = []
    for name in names:
        fields = [text.strip() for text in name.split('@')]
        found = _ZONE.fullmatch(''.join(fields[3:5]))
        zone = found[1] + found[2] if found else ''
        try:
            point = UtmPoint(float(fields[1]), float(fields[2]), zone)
        except (IndexError, ValueError):
            raise SourceError(
                f'{folder}: expected @easting@northing@ in every file name, got {name!r}; '
                'rename it or take it out of the folder'
            ) from None
        poses.append(point)
    return FolderPoses('poses from UTM file names', poses)


def exif_gps(folder: Path, names: list[str]) -> FolderPoses | None:
    """Read the GPS position of each JPEG file, None when not one has it."""
    poses = [gps_point(folder / name) for name in names]
    if not any(poses):
        return None
    return FolderPoses('poses from EXIF GPS' + without(poses, 'a GPS position'), list(poses))


def odometry_json(folder: Path, names: list[str]) -> FolderPoses | None:
    """
    Read a nav_msgs/Odometry from NAME_odometry_camera.json beside each image, with its stamp.

    Returns None when not one image has such a file.

    :raises SourceError: some have it and others have not, or one is damaged.
    """
    files = [folder / (Path(name).stem + ODOMETRY_SUFFIX) for name in names]
    missing = [file.name for file in files if not file.is_file()]
    if len(missing) == len(files):
        return None
    if missing:
        raise SourceError(
            f'{folder}: {len(missing)} of {len(files)} images have no odometry file and therefore '
            f'no stamp, the first is {missing[0]}; add them or take these images out'
        )
    messages = [_read_odometry(file) for file in files]
    return FolderPoses(
        f'poses and stamps from NAME{ODOMETRY_SUFFIX}',
        [pose for pose, *_ in messages],
        [stamp_ns for _, stamp_ns, *_ in messages],
        pose_frame=messages[0][2],
        camera_frame=messages[0][3],
    )


def without(poses: list[Any], what: str) -> str:
    """Return the end of a note: how many images have no pose, nothing when all have one."""
    lacking = sum(pose is None for pose in poses)
    return f'; {lacking} of {len(poses)} images without {what}' if lacking else ''


def _read_odometry(file: Path) -> tuple[Position, int, str, str]:
    """Return `(pose, stamp_ns, frame_id, child_frame_id)`."""
    try:
        message = json.loads(file.read_bytes())
        header, pose = message['header'], message['pose']['pose']
        stamp_ns = int(header['stamp']['sec']) * 1_000_000_000 + int(header['stamp']['nanosec'])
        if not 0 <= stamp_ns < 2**63:
            raise ValueError(f'a stamp of {stamp_ns} ns')
        position = [float(pose['position'][axis]) for axis in 'xyz']
        orientation = [float(pose['orientation'][axis]) for axis in 'xyzw']
        frames = str(header['frame_id']), str(message['child_frame_id'])
    except OSError as error:
        raise SourceError(f'{file}: cannot be read: {error.strerror}') from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise SourceError(
            f'{file}: expected the JSON of a nav_msgs/Odometry: {type(error).__name__}: {error}'
        ) from error
    return pose_of(*position, *orientation), stamp_ns, *frames
