# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where a run was at each of its images: true poses in the frame of a map, and odometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math
from pathlib import Path

from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.replay import max_speed_mps
from anyloc_ros.io.pose_files import read_pose_file
from anyloc_ros.io.samples import ImageSample, PoseSample
from anyloc_ros.io.source import Source
from anyloc_ros.localize.odometer import Odometer
from anyloc_ros.mapping.geodesy import Datum, is_on_earth
from anyloc_ros.mapping.poses import PoseBuffer
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
import numpy as np

UNKNOWN = (np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class Track:
    """
    The stamps of the images of a run, as they come, and its poses by stamp.

    :param max_speed_mps: above it two poses are a jump, see PoseBuffer.
    :param images: names of the files of the images, see `file_name`; empty where unknown.
    """

    stamps_ns: Sequence[int]
    poses: Sequence[PoseSample]
    max_speed_mps: float | None = None
    images: Sequence[str] = ()


def file_name(sample: ImageSample) -> str:
    """Return the name of the file of an image; '' in a bag, where it has that of its topic."""
    return '' if '/' in sample.name else sample.name


def read_track(source: Source) -> Track:
    """Return stamps and poses of a source; no image is decoded."""
    stamps_ns, poses, images = [], [], []
    for sample in source.samples():
        if isinstance(sample, ImageSample):
            stamps_ns.append(sample.stamp_ns)
            images.append(file_name(sample))
        else:
            poses.append(sample)
    return Track(stamps_ns, poses, max_speed_mps(source), images)


def with_pose_file(track: Track, path: str | Path) -> Track:
    """
    Return the images of a track with the poses of a file, which belong to them by stamp.

    :raises SourceError: the file cannot be used, or has no stamps.
    """
    form, rows = read_pose_file(Path(path))
    if rows[0].stamp_ns is None:
        raise SourceError(
            f'{path} ({form}) has no stamps, and nothing else says which pose is of '
            f'which image of a bag; give a TUM file or a CSV with stamps'
        )
    poses = [PoseSample(row.stamp_ns, row.pose) for row in rows]
    return replace(track, poses=sorted(poses, key=lambda sample: sample.stamp_ns))


def true_poses(track: Track, datum: Datum, teach: TeachConfig) -> list[Pose | None]:
    """
    Return the pose about `datum` at each image, interpolated, None where it is not known.

    :raises MapError: poses of another kind than those of the map.
    """
    buffer, used, found = PoseBuffer(teach, max_speed_mps=track.max_speed_mps), 0, []
    for stamp_ns in track.stamps_ns:
        while used < len(track.poses) and (
            buffer.newest_ns is None or buffer.newest_ns < stamp_ns
        ):
            sample = track.poses[used]
            if is_on_earth(sample.pose):
                buffer.add(sample.stamp_ns, datum.to_local(sample.pose))
            used += 1
        found.append(buffer.at(stamp_ns).pose)
    return found


def poses_on(datum: Datum | None, track: Track, teach: TeachConfig) -> list[Pose | None]:
    """Return the true poses on a map; none is known where the map has no poses itself."""
    if datum is None:
        return [None] * len(track.stamps_ns)
    return true_poses(track, datum, teach)


def odometry_of(track: Track, teach: TeachConfig, others: int = 0) -> np.ndarray | None:
    """
    Return (Q, 2) x, y in metres where odometry said that each image was, None without poses.

    As on a robot only poses up to the stamp of an image are known. NaN where it is not known.

    :param others: images of other drives that follow, of which nothing is known.
    """
    if not track.poses:
        return None
    odometer = Odometer(teach, max_speed_mps=track.max_speed_mps)
    used, found = 0, np.full((len(track.stamps_ns) + others, 2), np.nan)
    for number, stamp_ns in enumerate(track.stamps_ns):
        while used < len(track.poses) and track.poses[used].stamp_ns <= stamp_ns:
            sample = track.poses[used]
            odometer.add(sample.stamp_ns, sample.pose, sample.frame_id)
            used += 1
        pose = odometer.at(stamp_ns)
        if pose is not None:
            found[number] = pose.x, pose.y
    return found


def positions(
    source: Source, datum: Datum, teach: TeachConfig
) -> list[tuple[float, float, float]]:
    """Return (x, y, z) in metres about `datum` at the stamp of each image, NaN where unknown."""
    found = true_poses(read_track(source), datum, teach)
    return [UNKNOWN if pose is None else pose.position for pose in found]


def stamps_of(source: Source) -> list[int]:
    """Return the stamp of each image of a source."""
    return [sample.stamp_ns for sample in source.samples() if isinstance(sample, ImageSample)]


def numbers_of(references: Sequence[Keyframe], stamps_ns: Sequence[int]) -> dict[int, int]:
    """Return the number in the source of each reference id: bad images are not in the map."""
    numbers, number = {}, 0
    for reference in references:
        while stamps_ns[number] != reference.stamp_ns:
            number += 1
        numbers[reference.id] = number
        number += 1
    return numbers


def arrays_of(poses: Sequence[Pose | None]) -> tuple[np.ndarray, np.ndarray]:
    """Return positions (n, 3) in metres and yaws (n,) in rad, NaN where unknown."""
    where = [UNKNOWN if pose is None else pose.position for pose in poses]
    yaws = [math.nan if pose is None else pose.yaw for pose in poses]
    return np.array(where, float).reshape(-1, 3), np.array(yaws, float)
