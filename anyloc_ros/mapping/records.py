# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The values a map gives back: references, events, rows of the file and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math
from typing import Any

from anyloc_ros.pose import Pose


@dataclass(frozen=True, slots=True)
class Keyframe:
    """
    One reference: `id` for ever, and where it lies.

    `index` counts along its `route` from 0, `odometry_m` is the way since the route began (None
    before the first pose), `image_size` is (height, width) in pixels.
    """

    id: int  # noqa: A003 (the word of the interface; nothing here calls id())
    route: int
    index: int
    stamp_ns: int
    pose: Pose | None
    odometry_m: float | None
    image_size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth knowing later that happened while the map was made."""

    stamp_ns: int
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class TeachCounters:
    """
    What happened since the session began.

    `without_pose` counts images by the cause of a PoseLookup, see there.
    """

    images: int
    waiting: int
    keyframes: int
    without_pose: Mapping[str, int]
    bad_images: int
    rejected_poses: int
    jumps: int


FARTHEST_M = 1e9
"""No reference is further from the origin of its map: not even the Moon is."""

MAX_PIXELS = 100_000_000
"""Of an image that a map keeps: as many as a camera image may have."""

KEYFRAME_COLUMNS = (
    'id, route, route_index, stamp_ns, x, y, z, qx, qy, qz, qw, odometry_m, height, width'
)
"""What `keyframe_of_row` takes and `row_of_keyframe` gives: the first columns of the table."""


def keyframe_of_row(row: Sequence[Any]) -> Keyframe:
    """Return the reference of a row; a damaged row raises what Python does."""
    reference_id, route, index, stamp_ns = (int(value) for value in row[:4])
    pose = None
    if row[4] is not None:
        orientation = (math.nan if value is None else float(value) for value in row[7:11])
        pose = Pose(*(float(value) for value in row[4:7]), *orientation)
        if not all(abs(number) < FARTHEST_M for number in pose.position):
            raise ValueError(f'it lies at {pose.position}')
    odometry_m = None if row[11] is None else float(row[11])
    if odometry_m is not None and not abs(odometry_m) < FARTHEST_M:
        raise ValueError(f'the way to it is {odometry_m} m')
    size = (int(row[12]), int(row[13]))
    if min(size) < 1 or size[0] * size[1] > MAX_PIXELS:
        raise ValueError(f'its image has {size[0]}x{size[1]} pixels')
    return Keyframe(reference_id, route, index, stamp_ns, pose, odometry_m, size)


def row_of_keyframe(keyframe: Keyframe) -> tuple[int | float | None, ...]:
    """Return the row of a reference; unknown numbers are None."""
    pose = keyframe.pose
    numbers = (None,) * 7 if pose is None else (*pose.position, *pose.quaternion)
    return (
        keyframe.id,
        keyframe.route,
        keyframe.index,
        keyframe.stamp_ns,
        *(None if number is None or math.isnan(number) else number for number in numbers),
        keyframe.odometry_m,
        *keyframe.image_size,
    )
