# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What the worker processes do: images to local features, and to descriptors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer, Describer
from anyloc_ros.describe.features import NetworkFeatures
from anyloc_ros.describe.kmeans import even_share
from anyloc_ros.describe.memory import peak_gpu_bytes
from anyloc_ros.describe.methods import method_of
from anyloc_ros.describe.vocabulary import load_vocabulary
from anyloc_ros.errors import ImageError
from anyloc_ros.io.decode import decode_compressed
import numpy as np

RawImage = bytes | np.ndarray | None
"""A JPEG or PNG file, or else pixels (H, W, 3) uint8 RGB; None cannot be read."""

FEATURE_BYTES = 2**30
"""Local features a vocabulary is fit on at most, as when a map is finished."""


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """
    Descriptors of n images that go through the network together.

    :param descriptors: (n, P) float32, zero where the image cannot be read.
    :param readable: (n,) bool.
    :param times_ms: (n,) float32: the time of all n, shared evenly by those that can be read.
    :param peak_bytes: the most memory that the process has had, main and of a GPU, NaN if unknown.
    """

    descriptors: np.ndarray
    readable: np.ndarray
    times_ms: np.ndarray
    peak_bytes: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class KnownExtractor:
    """What a describer asks of an extractor before there is an image: width and settings."""

    width: int
    known: dict[str, str | int | float]

    def settings(self) -> dict[str, str | int | float]:
        """Return everything the features depend on."""
        return self.known


def look_up(config: DescribeConfig) -> tuple[list[KnownExtractor], str]:
    """Return what the extractors of a method are, and where and in which precision they run."""
    describer = _describer(config)
    extractors = (describer.extractor, *describer.others)
    known = [KnownExtractor(each.width, each.settings()) for each in extractors]
    first = extractors[0]
    if isinstance(first, NetworkFeatures):
        return known, f'{first.device.type} {str(first.precision).removeprefix("torch.")}'
    return known, 'cpu'


def without_network(config: DescribeConfig, known: Sequence[KnownExtractor]) -> Describer:
    """Return a describer that fits vocabularies and knows its width, but describes nothing."""
    first, *others = known
    describer = Describer(first, method_of(config), config, others=tuple(others))
    if describer.needs_vocabulary and config.vocabulary != 'map':
        return describer.with_vocabulary(load_vocabulary(config.vocabulary))
    return describer


def local_features(
    task: tuple[DescribeConfig, Sequence[RawImage], int, int],
) -> list[np.ndarray]:
    """
    Return the features (N, D) that images give to a vocabulary; none of one that is unreadable.

    :param task: the method, images, the number of the first of them, and how many there are in
        all.
    """
    config, images, first, total = task
    found = _together_or_apart(_describer(config).features, _readable(images))
    return [even_share(rows, total, first + row, FEATURE_BYTES) for row, rows in found.items()]


def describe(task: tuple[DescribeConfig, Path | None, Sequence[RawImage]]) -> Described:
    """
    Return the descriptors of images.

    :param task: the method, the file of its vocabulary where it was fit here, and the images.
    """
    config, vocabulary, images = task
    describer = _describer(config)
    if vocabulary is not None:
        describer = describer.with_vocabulary(load_vocabulary(vocabulary))
    descriptors = np.zeros((len(images), describer.width), np.float32)
    readable = np.zeros(len(images), bool)
    began = perf_counter()
    for row, found in _together_or_apart(describer.describe, _readable(images)).items():
        descriptors[row], readable[row] = found, True
    shared_ms = (perf_counter() - began) * 1e3 / max(readable.sum(), 1)
    times_ms = np.where(readable, shared_ms, np.nan).astype(np.float32)
    return Described(descriptors, readable, times_ms, (_peak_bytes(), peak_gpu_bytes()))


def pixels_of(image: RawImage) -> np.ndarray:
    """
    Return the pixels (H, W, 3) uint8 RGB.

    :raises ImageError: they cannot be read.
    """
    if image is None:
        raise ImageError('the image cannot be read')
    return decode_compressed(image) if isinstance(image, bytes) else image


def _readable(images: Sequence[RawImage]) -> dict[int, np.ndarray]:
    """Return the pixels of the images that can be read, by their place."""
    pixels = {}
    for row, image in enumerate(images):
        with suppress(ImageError):
            pixels[row] = pixels_of(image)
    return pixels


def _together_or_apart(
    work: Callable[[Sequence[np.ndarray]], Sequence[np.ndarray]], pixels: dict[int, np.ndarray]
) -> dict[int, np.ndarray]:
    """Return what the work gives for the images together, or for each that it can do alone."""
    if not pixels:
        return {}
    try:
        return dict(zip(pixels, work(list(pixels.values())), strict=True))
    except ImageError:
        if len(pixels) == 1:
            return {}
    apart = [_together_or_apart(work, {row: image}) for row, image in pixels.items()]
    return {row: found for one in apart for row, found in one.items()}


@lru_cache(maxsize=1)
def _describer(config: DescribeConfig) -> Describer:
    return build_describer(config)


def _peak_bytes() -> float:
    # Not getrusage: it counts what the parent had when it started this process. Linux only.
    try:
        status = Path('/proc/self/status').read_text(encoding='ascii', errors='replace')
    except OSError:
        return np.nan
    words = [line.split() for line in status.splitlines() if line.startswith('VmHWM:')]
    return float(words[0][1]) * 1024 if words else np.nan
