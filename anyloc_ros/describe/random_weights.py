# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Seeded random weights, which prove arithmetic, cost and plumbing but describe nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import hashlib
from pathlib import Path
import re

from anyloc_ros.describe.backbones import Backbone
import torch

_PATH = re.compile(r'random:(\d{1,9})')


def random_seed_of(weights_path: str | Path) -> int | None:
    """Return the seed of a `weights_path` of the form random:SEED, None of any other."""
    match = _PATH.fullmatch(str(weights_path))
    return int(match[1]) if match else None


@dataclass(frozen=True, slots=True)
class RandomWeights:
    """A source of weights like a Checkpoint; a tensor depends on seed, name and shape alone."""

    backbone: Backbone
    seed: int

    def tensor(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        """Return norms and scales of one, biases of zero, all else normal of deviation 0.02."""
        stem, _, leaf = name.rpartition('.')
        if leaf == 'bias':
            return torch.zeros(shape)
        if 'norm' in stem or leaf.startswith('scale'):
            return torch.ones(shape)
        digest = hashlib.sha256(f'{self.seed} {name}'.encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], 'little'))
        return torch.randn(shape, generator=generator).mul_(0.02)

    def sha256(self, names: Iterable[str]) -> str:
        """Return a text that says the weights are random."""
        return f'random:{self.seed}'
