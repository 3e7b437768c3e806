# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a SOURCE of the command line is, and how to open one."""

from __future__ import annotations

from collections.abc import Iterator
import os
from pathlib import Path
import re
from typing import Any, Protocol

from anyloc_ros.errors import SourceError
from anyloc_ros.io.bag import BagSource
from anyloc_ros.io.folder import FolderSource
from anyloc_ros.io.samples import ImageSample, PoseSample

_STORAGE_SUFFIXES = ('.db3', '.mcap')
_EXPECTED = (
    'a SOURCE is a rosbag2 folder or its .mcap or .db3 file, a folder of images, or '
    'FOLDER:FIRST-LAST (1-based, natural order)'
)


class Source(Protocol):
    """A recorded run: images and raw poses in time order."""

    name: str
    has_stamps: bool
    """Whether images were stamped by the recording; else stamps are made from a rate."""
    has_poses: bool
    calibration: Any | None
    """The sensor_msgs/CameraInfo of the camera, where one was recorded."""
    notes: list[str]
    """What was chosen, counted or left out, for people; complete when samples() has ended."""

    def __len__(self) -> int:
        """Return the number of images."""
        ...

    def samples(self) -> Iterator[ImageSample | PoseSample]:
        """Yield all samples by stamp, poses first; each call starts anew and gives the same."""
        ...


def open_source(
    text: str | Path,
    *,
    rate_hz: float = 10.0,
    image_topic: str = '',
    pose_topic: str = '',
    poses_file: str = '',
    with_poses: bool = True,
) -> Source:
    """
    Return the bag, the folder, or the part FOLDER:FIRST-LAST of a folder that `text` names.

    `rate_hz` gives stamps to images that have none. The topics are for bags, `poses_file` is for
    folders; empty text lets the source choose. Without `with_poses` those of a bag are not read.

    :raises SourceError: nothing of that kind is there, or it cannot be used.
    """
    path, span = _split_range(str(text))
    storage = bag_storage(path)
    if storage is None and not path.is_dir():
        ros1 = ': a ROS 1 bag; convert it with "rosbags-convert"' if path.suffix == '.bag' else ''
        raise SourceError(f'{path}{ros1 or " is no bag and no folder"}; {_EXPECTED}')
    if storage is not None:
        if span or poses_file:
            raise SourceError(f'{path} is a bag: a range and --poses-file are for image folders')
        return BagSource(
            storage,
            name=str(text),
            image_topic=image_topic,
            pose_topic=pose_topic if with_poses else None,
        )
    if image_topic or pose_topic:
        raise SourceError(f'{path} is a folder of images: topics are for bags')
    first, last = span or (1, None)
    return FolderSource(
        path,
        name=str(text),
        first=first,
        last=last,
        rate_hz=rate_hz,
        poses_file=poses_file,
    )


def _split_range(text: str) -> tuple[Path, tuple[int, int] | None]:
    path = Path(text)
    if os.path.exists(text):  # False, unlike Path.exists, also for a name that cannot exist
        return path, None
    folder, colon, span = text.rpartition(':')
    if not colon or not os.path.exists(folder):
        raise SourceError(f'{text} does not exist; {_EXPECTED}')
    found = re.fullmatch('([0-9]{1,9})-([0-9]{1,9})', span)
    if not found:
        raise SourceError(f'{text}: expected FIRST-LAST after {folder}:, got {span!r}')
    return Path(folder), (int(found[1]), int(found[2]))


def bag_storage(path: Path) -> Path | None:
    """Return what holds the messages: the folder, or a file; None when it is no bag."""
    if path.is_file():
        return path if path.suffix in _STORAGE_SUFFIXES else None
    if os.path.isfile(path / 'metadata.yaml'):
        return path
    # A recorder that was killed leaves its file without the metadata.
    files = sorted(file for file in path.glob('*') if file.suffix in _STORAGE_SUFFIXES)
    if len(files) > 1:
        raise SourceError(
            f'{path}: {len(files)} bag files without metadata.yaml; make it with '
            f'"ros2 bag reindex {path}"'
        )
    return files[0] if files else None
