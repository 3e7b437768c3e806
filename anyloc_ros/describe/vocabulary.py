# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The words of VLAD, and the files they are kept in.

Two formats are read: ours (safetensors, with what the words were made from as metadata) and the
files AnyLoc publishes (`*_c_centers.pt`, one tensor, whose name says network, layer and facet).
The words of a published file are never normalised: their length belongs to the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
import hashlib
import json
from pathlib import Path
import re

from anyloc_ros.describe.torch_files import read_torch, why_not_plain
from anyloc_ros.errors import ModelError
import numpy as np
from safetensors import safe_open, SafetensorError
from safetensors.numpy import save_file
import torch

MAX_BYTES = 512 * 2**20
"""A vocabulary file above this size is refused unread."""

PUBLISHED_NAME = re.compile(
    r'(?P<backbone>dinov?2?_vit[a-z]+\d+)[_/]l(?P<layer>\d+)_(?P<facet>query|key|value|token)'
    r'_c(?P<num_words>\d+)[_/](?P<domain>\w+?)[_/]c_centers\.pt$'
)
"""Release files `dinov2_vitg14_l31_value_c32_urban_c_centers.pt` and their folder layout."""

_FORMAT = 'anyloc vocabulary 1'


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """
    Words (K, D) float32 and what they were made from.

    `origin` says for which features the words are meant: at least `backbone`, `layer` and `facet`
    of a network, as the extractor's settings name them; further keys tell how they were fit.
    """

    words: np.ndarray
    origin: Mapping[str, str | int | float] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Return the hash of the words: equal words have equal hashes whatever the file."""
        words = np.ascontiguousarray(self.words, '<f4')
        return hashlib.sha256(repr(words.shape).encode() + words.tobytes()).hexdigest()

    def check(self, settings: Mapping[str, object], width: int) -> None:
        """
        Refuse features of another kind.

        :raises ModelError: names what differs between these words and the features.
        """
        if self.words.shape[1] != width:
            raise ModelError(
                f'the vocabulary has words of width {self.words.shape[1]}, the features have '
                f'width {width}; use a vocabulary made for this method'
            )
        for name in ('backbone', 'layer', 'facet', 'weights_sha256', 'features'):
            ours, theirs = self.origin.get(name), settings.get(name)
            if ours is not None and theirs is not None and ours != theirs:
                raise ModelError(
                    f'the vocabulary was made for {name} {ours}, the method has {name} {theirs}; '
                    f'use a vocabulary made for this method'
                )


def save_vocabulary(vocabulary: Vocabulary, path: str | Path) -> None:
    """Write our format; the file must not exist."""
    path = Path(path)
    if path.exists():
        raise ModelError(f'{path} exists; a vocabulary is never overwritten: name another file')
    origin = json.dumps(dict(vocabulary.origin))
    try:
        save_file(
            {'words': np.ascontiguousarray(vocabulary.words)},
            path,
            metadata={'format': _FORMAT, 'origin': origin},
        )
    except (OSError, SafetensorError) as error:
        raise ModelError(f'{path} cannot be written: {error}') from error


def load_vocabulary(path: str | Path, origin: Mapping[str, object] | None = None) -> Vocabulary:
    """
    Read a vocabulary file of ours or a published one.

    :param origin: backbone, layer and facet of a published file whose name does not say them.
    :raises ModelError: missing, too large, damaged, of another format, or of unknown origin.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(
            f'vocabulary {path} not found; give "map", a .safetensors file of "anyloc vocabulary '
            f'fit", or a published *_c_centers.pt'
        )
    if path.stat().st_size > MAX_BYTES:
        raise ModelError(
            f'vocabulary {path} has {path.stat().st_size} bytes, more than the {MAX_BYTES} that a '
            f'vocabulary can have; is it a checkpoint?'
        )
    if path.suffix == '.safetensors':
        words, known = _read_ours(path)
    else:
        words, known = _read_published(path), origin or _origin_of_name(path)
    return Vocabulary(_checked(words, path), known)


def _read_ours(path: Path) -> tuple[np.ndarray, dict]:
    try:
        with safe_open(path, framework='numpy') as file:
            metadata = file.metadata() or {}
            if metadata.get('format') != _FORMAT or 'words' not in set(file.keys()):
                raise ModelError(f'{path} is a safetensors file but no vocabulary of anyloc')
            words, origin = file.get_tensor('words'), json.loads(metadata['origin'])
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise ModelError(f'vocabulary {path} is damaged: {error}') from error
    if not isinstance(origin, dict):
        raise ModelError(f'vocabulary {path} is damaged: its origin is {origin!r}')
    return words, origin


def _read_published(path: Path) -> np.ndarray:
    words = read_torch(path, 'vocabulary')
    if reason := why_not_plain(words, path.stat().st_size):
        raise ModelError(f'{path}: expected one tensor of words, this {reason}')
    return words.detach().to(torch.float32).numpy()


def _origin_of_name(path: Path) -> dict[str, str | int]:
    match = PUBLISHED_NAME.search(path.resolve().as_posix())
    if match is None:
        raise ModelError(
            f'{path.name} does not say which network, layer and facet its words are for; give '
            f'them: anyloc vocabulary import {path.name} --backbone NAME --layer L --facet FACET'
        )
    return {
        'backbone': match['backbone'],
        'layer': int(match['layer']),
        'facet': match['facet'],
        'algorithm': 'published by AnyLoc',
        'domain': match['domain'],
    }


def _checked(words: np.ndarray, path: Path) -> np.ndarray:
    if words.ndim != 2 or min(words.shape) < 1 or words.dtype != np.float32:
        raise ModelError(f'{path}: expected words (K, D) float32, got {words.shape} {words.dtype}')
    if not np.isfinite(words).all():
        raise ModelError(f'{path}: the words contain NaN or infinity; get the file again')
    return np.ascontiguousarray(words)
