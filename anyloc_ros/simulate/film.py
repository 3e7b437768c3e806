# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Frames to a GIF or MP4 file, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
import os
from pathlib import Path

from anyloc_ros.errors import AnyLocError, ConfigError
import cv2
import numpy as np

Colour = tuple[int, int, int]

_GIF_COLOURS = 64
"""Fewer look posterized; more make the grain of a camera cost twice as many bytes."""
_SAMPLED = 8


def check_film(path: Path) -> None:
    """
    Refuse a file that could not be written after minutes of work.

    :raises ConfigError: an ending other than .gif and .mp4, no such folder, no Pillow for a GIF.
    """
    if path.suffix.lower() not in ('.gif', '.mp4'):
        raise ConfigError(f'animation: expected a file that ends in .gif or .mp4, got {path.name}')
    if not path.parent.is_dir():
        raise ConfigError(f'animation: there is no folder {path.parent}; make it first')
    if path.suffix.lower() == '.gif' and find_spec('PIL') is None:
        raise ConfigError(
            'animation: a GIF needs Pillow: pip install "anyloc_ros[report]", or name a file that '
            'ends in .mp4'
        )


def write_film(
    path: Path, frames: Iterable[np.ndarray], frames_per_s: int, colours: Sequence[Colour] = ()
) -> None:
    """
    Write frames (H, W, 3) uint8 RGB of one size; a file there is replaced.

    An MP4 (MPEG-4 video) is written frame by frame. A GIF has one palette, and needs all frames
    in memory.

    :param colours: RGB that a GIF keeps exactly, for drawn lines.
    :raises ConfigError: see check_film.
    :raises AnyLocError: the file cannot be written.
    """
    check_film(path)
    kind = path.suffix.lower()
    unfinished = path.with_name(f'.{path.stem}.{os.getpid()}{kind}')
    try:
        if kind == '.gif':
            _write_gif(unfinished, frames, frames_per_s, colours)
        else:
            _write_mp4(unfinished, frames, frames_per_s)
        unfinished.replace(path)
    except OSError as error:
        raise AnyLocError(f'animation {path} cannot be written: {error.strerror}') from error
    finally:
        unfinished.unlink(missing_ok=True)


def _write_gif(
    path: Path, frames: Iterable[np.ndarray], frames_per_s: int, colours: Sequence[Colour]
) -> None:
    from PIL import Image

    pictures = [Image.fromarray(frame) for frame in frames]
    some = np.vstack([np.asarray(picture) for picture in pictures[::_SAMPLED]])
    wanted = _GIF_COLOURS - len(colours)
    found = Image.fromarray(some).quantize(wanted, method=Image.Quantize.MEDIANCUT)
    palette = Image.new('P', (1, 1))
    palette.putpalette(found.getpalette()[: 3 * wanted] + list(np.ravel(colours)))
    first, *others = (
        # Dithering would make noise of plain areas, and ten times the bytes.
        picture.quantize(palette=palette, dither=Image.Dither.NONE)
        for picture in pictures
    )
    first.save(
        path, save_all=True, append_images=others, duration=round(1000 / frames_per_s), loop=0
    )


def _write_mp4(path: Path, frames: Iterable[np.ndarray], frames_per_s: int) -> None:
    writer = None
    try:
        for frame in frames:
            if writer is None:
                size = frame.shape[1::-1]
                codec = cv2.VideoWriter_fourcc(*'mp4v')
                writer = cv2.VideoWriter(str(path), codec, frames_per_s, size)
                if not writer.isOpened():
                    raise AnyLocError(
                        f'animation {path.parent} cannot take an MP4: this OpenCV has no encoder '
                        f'for it, or nothing can be written there; name a file that ends in .gif'
                    )
            writer.write(np.ascontiguousarray(frame[..., ::-1]))
    finally:
        if writer is not None:
            writer.release()
