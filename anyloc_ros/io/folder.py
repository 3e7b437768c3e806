# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A folder of images in natural order, with the poses that lie in it.

Stamps come with the poses (CSV, TUM, JSON), else from file names that are stamps (seconds with
decimals; 16 digits of microseconds or 19 of nanoseconds), else from the position in the folder
and a rate.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import partial
import heapq
from pathlib import Path
import re

from anyloc_ros.errors import ConfigError, SourceError
from anyloc_ros.io.decode import decode_compressed
from anyloc_ros.io.folder_poses import find_poses, stamps_from_names
from anyloc_ros.io.image_header import image_format
from anyloc_ros.io.image_poses import FolderPoses
from anyloc_ros.io.samples import ImageSample, PoseSample

OFFSET_NS = 10 * 10**9
"""How far `pose_time_offset_s` moves a pose at most."""

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.pgm', '.ppm')


class FolderSource:
    """Images of a folder and their poses, see open_source."""

    calibration = None

    def __init__(
        self,
        folder: Path,
        *,
        name: str = '',
        first: int = 1,
        last: int | None = None,
        rate_hz: float = 10.0,
        poses_file: str = '',
    ) -> None:
        """
        Find the images `first` to `last` (1-based, inclusive) and their poses; read no image.

        :raises SourceError: no images, a range outside the folder, a pose file that does not fit.
        :raises ConfigError: a rate outside 0.001 to 1e6 Hz.
        """
        if not 1e-3 <= rate_hz <= 1e6:
            raise ConfigError(f'rate_hz: expected a number from 0.001 to 1e6, got {rate_hz!r}')
        names = image_names(folder)
        last = len(names) if last is None else last
        if not 1 <= first <= last <= len(names):
            raise SourceError(
                f'{folder}: expected a range FIRST-LAST within 1-{len(names)}, the number of its '
                f'images, got {first}-{last}'
            )
        found = find_poses(folder, names, poses_file)
        self.has_poses = found is not None
        found = found or FolderPoses('no poses', [])
        stamps_ns = found.stamps_ns or stamps_from_names(names)
        self.has_stamps = stamps_ns is not None
        self.name = name or str(folder)
        self.notes = [found.note]
        if stamps_ns is None:
            stamps_ns = [round(index * 1e9 / rate_hz) for index in range(len(names))]
            self.notes.append(f'no stamps: taken as {rate_hz:g} images per second')
        if sorted(stamps_ns) != stamps_ns:
            self.notes.append('images are given in the order of stamps, not of file names')
        poses = found.poses or [None] * len(names)
        images = list(zip(stamps_ns, names, poses, strict=True))[slice(first - 1, last)]
        images.sort(key=lambda image: image[0])
        self._folder = folder
        self._camera_frame = found.camera_frame
        self._images = [(stamp_ns, name) for stamp_ns, name, _ in images]
        self._poses = [
            PoseSample(stamp_ns, pose, found.pose_frame)
            for stamp_ns, _, pose in images
            if pose is not None
        ] or _during(found.track, images[0][0] - OFFSET_NS, images[-1][0] + OFFSET_NS)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._images)

    def samples(self) -> Iterator[ImageSample | PoseSample]:
        """
        Yield poses and images by stamp, a pose before the image of the same stamp.

        :raises SourceError: an image file cannot be read. One that is damaged raises ImageError
          only when it is decoded.
        """
        images = (
            read_image(self._folder / name, stamp_ns, self._camera_frame)
            for stamp_ns, name in self._images
        )
        yield from heapq.merge(self._poses, images, key=lambda sample: sample.stamp_ns)


def read_image(path: Path, stamp_ns: int, frame_id: str = '') -> ImageSample:
    """
    Return the image of a file, not decoded.

    :raises SourceError: the file cannot be read. A damaged one raises ImageError when decoded.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f'{path}: the image cannot be read: {error.strerror}') from error
    encoded = data if image_format(data) in ('jpeg', 'png') else None
    return ImageSample(stamp_ns, path.name, frame_id, encoded, partial(decode_compressed, data))


def image_names(folder: Path) -> list[str]:
    """
    Return the image files of a folder in natural order: 1.jpg, 2.jpg, 10.jpg.

    :raises SourceError: it holds none, or it cannot be read.
    """
    try:
        inside = sorted(path.name for path in folder.iterdir() if not path.name.startswith('.'))
        pictures = [name for name in inside if name.lower().endswith(SUFFIXES)]
        names = [name for name in pictures if (folder / name).is_file()]
    except OSError as error:
        raise SourceError(f'{folder}: the folder cannot be read: {error.strerror}') from error
    if not names:
        held = ', '.join(inside[:8]) + (' ...' if len(inside) > 8 else '') if inside else 'nothing'
        raise SourceError(
            f'{folder}: expected images ({" ".join(SUFFIXES)}) in this folder, it holds {held}'
        )
    return sorted(names, key=_natural)


def _natural(name: str) -> tuple[list[str | int], str]:
    parts: list[str | int] = list(re.split('([0-9]+)', name.lower()))
    parts[1::2] = [int(digits) for digits in parts[1::2]]
    return parts, name


def _during(track: list[PoseSample], begin_ns: int, end_ns: int) -> list[PoseSample]:
    """Return the poses from begin to end, and one on each side to interpolate from."""
    stamps_ns = [sample.stamp_ns for sample in track]
    begin = max(bisect_right(stamps_ns, begin_ns) - 1, 0)
    end = bisect_left(stamps_ns, end_ns) + 1
    return track[begin:end]
