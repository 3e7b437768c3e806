# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Image files in a given order as a source, and the files that lie beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from anyloc_ros.errors import SourceError
from anyloc_ros.io.folder import image_names, read_image
from anyloc_ros.io.samples import ImageSample, PoseSample, Position

STEP_NS = 100_000_000
"""Image files have no stamps: they count as ten images per second, as folders do."""


class ImageFiles:
    """Image files, each with its position where one is known."""

    has_stamps = False
    calibration = None

    def __init__(self, name: str, paths: Sequence[Path], poses: Sequence[Position] = ()) -> None:
        """Take files that exist; `poses` has one for each, or is empty."""
        self.name = name
        self.has_poses = bool(poses)
        self.notes: list[str] = []
        self._paths = paths
        self._poses = poses

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._paths)

    def samples(self) -> Iterator[ImageSample | PoseSample]:
        """
        Yield each image after its position; an image is read when it is its turn.

        :raises SourceError: a file cannot be read.
        """
        for number, path in enumerate(self._paths):
            if self._poses:
                yield PoseSample(number * STEP_NS, self._poses[number])
            yield read_image(path, number * STEP_NS)


def images_in(folder: Path) -> list[Path]:
    """Return the image files of a folder in natural order; SourceError when it has none."""
    return [folder / name for name in image_names(folder)]


def named_images(folder: Path, names: Sequence[str], listed_in: str) -> list[Path]:
    """
    Return the image files that a file of the data set names, relative to `folder`.

    :raises SourceError: a name leads out of the folder, or some files are missing.
    """
    for name in names:
        if not name or '\0' in name or name.startswith('/') or '..' in PurePosixPath(name).parts:
            raise SourceError(
                f'{listed_in} names {name!r}: expected an image inside {folder}; correct the file'
            )
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise SourceError(
            f'{folder} lacks {len(missing)} of the {len(names)} images named in {listed_in}, the '
            f'first is {missing[0]}; unpack the data set again'
        )
    return [folder / name for name in names]


def require(title: str, folder: Path, parts: Mapping[str, str], way_out: str) -> None:
    """
    Check that a data set is in its folder.

    :param parts: what must be there, and what it is; names of folders end in /.
    :raises SourceError: what is missing, what is expected, and what to do (`way_out`).
    """
    missing = [
        name
        for name in parts
        if not ((folder / name).is_dir() if name.endswith('/') else (folder / name).is_file())
    ]
    if missing:
        state = f'lacks {", ".join(missing)}' if folder.is_dir() else 'is no folder'
        expected = ', '.join(f'{name} ({what})' for name, what in parts.items())
        raise SourceError(f'{title}: {folder} {state}; expected {expected}. {way_out}')


def small_text(path: Path, max_bytes: int) -> str:
    """Return the text of a file, SourceError when it is larger than it can be."""
    if path.stat().st_size > max_bytes:
        raise SourceError(
            f'{path} has {path.stat().st_size} bytes, expected at most {max_bytes}; it is not the '
            'file of this data set'
        )
    return path.read_text(encoding='utf-8-sig', errors='replace')
