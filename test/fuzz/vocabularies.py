# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Malformed vocabulary files: ours, and of the form that AnyLoc publishes."""

from __future__ import annotations

from pathlib import Path

from anyloc_ros.describe.vocabulary import load_vocabulary, save_vocabulary, Vocabulary
from mutate import damaged
import numpy as np
from tensors import lying_safetensors, odd_tensor, other_archive, torch_file
import torch

EXPECTED = 'ModelError'
ORIGIN = {'backbone': 'dinov2_vits14', 'layer': 10, 'facet': 'value', 'seed': 42}


def prepare(folder: Path) -> dict[str, bytes]:
    """Return good files by their ending."""
    words = np.random.default_rng(0).standard_normal((8, 16)).astype(np.float32)
    save_vocabulary(Vocabulary(words, ORIGIN), folder / 'words.safetensors')
    torch.save(torch.from_numpy(words), folder / 'words.pt')
    old = folder / 'old.pt'
    torch.save(torch.from_numpy(words), old, _use_new_zipfile_serialization=False)
    return {
        '.safetensors': (folder / 'words.safetensors').read_bytes(),
        '.pt': (folder / 'words.pt').read_bytes(),
        'old.pt': old.read_bytes(),
    }


def attempt(rng: np.random.Generator, good: dict[str, bytes], folder: Path) -> None:
    """Load one malformed file; what is accepted must be words."""
    name = tuple(good)[rng.choice(3, p=(0.4, 0.4, 0.2))]
    data = good[name]
    path = folder / f'dinov2_vits14_l10_value_c8_urban_c_centers.{name.split(".")[-1]}'
    if name == '.safetensors' and rng.integers(2):
        path.write_bytes(lying_safetensors(rng, data))
    elif name == '.pt' and rng.integers(2):
        torch_file(rng, odd_tensor(rng, torch.ones(8, 16)), path)
    elif not rng.integers(6):
        other_archive(rng, data, path)
    else:
        path.write_bytes(damaged(rng, data))
    vocabulary = load_vocabulary(path)
    assert vocabulary.words.ndim == 2 and vocabulary.words.dtype == np.float32
    assert 0 < vocabulary.words.nbytes <= 16 * path.stat().st_size
    assert np.isfinite(vocabulary.words).all() and len(vocabulary.sha256) == 64
    vocabulary.check(ORIGIN, vocabulary.words.shape[1])
