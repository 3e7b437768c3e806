# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Descriptors and vocabularies on disk, each in a file named by all that makes it what it is.

The files are safetensors, written whole or not at all. One that is damaged is told, and made
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import hashlib
from importlib.metadata import version
import json
import os
from pathlib import Path

from anyloc_ros import __version__
from anyloc_ros.describe.describer import Describer
from anyloc_ros.describe.vocabulary import load_vocabulary, save_vocabulary, Vocabulary
from anyloc_ros.errors import AnyLocError, ModelError
from anyloc_ros.evaluate.benchmark.describing import Described, RawImage
import cv2
import numpy as np
from safetensors import safe_open, SafetensorError
from safetensors.numpy import save

VERSIONS = {
    'anyloc': __version__,
    'torch': version('torch'),
    'transformers': version('transformers'),
    'opencv': cv2.__version__,
    'numpy': np.__version__,
}
"""What else decides the bits of a descriptor."""


def key_of(*parts: object) -> str:
    """Return the name of what these parts make: texts, numbers, lists and mappings of them."""
    text = json.dumps([VERSIONS, *parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def image_digest(image: RawImage) -> str:
    """Return a hash of the content of an image, of its file where that is a JPEG or PNG."""
    if image is None:
        return 'unreadable'
    if isinstance(image, bytes):
        return hashlib.sha256(image).hexdigest()
    pixels = np.ascontiguousarray(image)
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()


class Cache:
    """A folder of descriptors and vocabularies; `say` hears of files that were damaged."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say

    def describes(self, key: str) -> bool:
        """Return whether there are descriptors of this name, damaged or not."""
        return self._descriptors_file(key).is_file()

    def descriptors(self, key: str, count: int, width: int) -> Described | None:
        """Return the descriptors of this name, None where there are none or they are damaged."""
        path = self._descriptors_file(key)
        if not path.is_file():
            return None
        try:
            return _read(path, count, width)
        except (SafetensorError, OSError, ValueError, KeyError) as error:
            self._say(f'{path} is damaged ({error}): its descriptors are made again')
            path.unlink(missing_ok=True)
            return None

    def keep(self, key: str, found: Described) -> None:
        """Write descriptors; AnyLocError where that cannot be done."""
        arrays = {
            'descriptors': found.descriptors,
            'readable': found.readable,
            'times_ms': found.times_ms,
            'peak_bytes': np.array(found.peak_bytes, np.float64),
        }
        with self._whole(self._descriptors_file(key)) as path:
            path.write_bytes(save(arrays, metadata={'sha256': _digest(arrays)}))

    def vocabulary(self, key: str, describer: Describer) -> Describer | None:
        """Return the describer with the vocabulary of this name, None where there is none."""
        path = self.vocabulary_file(key)
        if not path.is_file():
            return None
        try:
            return describer.with_vocabulary(load_vocabulary(path))
        except ModelError as error:
            self._say(f'{error}: it is fit again')
            path.unlink(missing_ok=True)
            return None

    def keep_vocabulary(self, key: str, vocabulary: Vocabulary) -> None:
        """Write a vocabulary; AnyLocError where that cannot be done."""
        with self._whole(self.vocabulary_file(key)) as path:
            save_vocabulary(vocabulary, path)

    def vocabulary_file(self, key: str) -> Path:
        """Return the path of the vocabulary of this name."""
        return self._folder / f'vocabulary-{key}.safetensors'

    def _descriptors_file(self, key: str) -> Path:
        return self._folder / f'descriptors-{key}.safetensors'

    @contextmanager
    def _whole(self, path: Path) -> Iterator[Path]:
        """Give a path to write, which takes the place of the other when all is written."""
        unfinished = path.with_name(f'.{os.getpid()}.{path.name}')
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                yield unfinished
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
        except OSError as error:
            raise AnyLocError(
                f'{path} cannot be written: {error.strerror}; free space or give another --out'
            ) from error


def _read(path: Path, count: int, width: int) -> Described:
    """Return what `keep` wrote; the reader compares all sizes with that of the file first."""
    expected = {
        'descriptors': (count, width),
        'readable': (count,),
        'times_ms': (count,),
        'peak_bytes': (2,),
    }
    with safe_open(path, framework='numpy') as file:
        metadata = file.metadata() or {}
        for name, shape in expected.items():
            found = tuple(file.get_slice(name).get_shape())
            if found != shape:
                raise ValueError(f'{name}: expected shape {shape}, got {found}')
        arrays = {name: file.get_tensor(name) for name in expected}
    if metadata.get('sha256') != _digest(arrays):
        raise ValueError('its checksum is another one')
    return Described(
        arrays['descriptors'],
        arrays['readable'],
        arrays['times_ms'],
        tuple(arrays['peak_bytes'].tolist()),
    )


def _digest(arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f'{name} {arrays[name].dtype} {arrays[name].shape}\n'.encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()
