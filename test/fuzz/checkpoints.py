# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Malformed checkpoints: torch files old and new, safetensors, folders of the hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from anyloc_ros.describe.backbones import Backbone
from anyloc_ros.describe.features import load_network, NetworkFeatures
from anyloc_ros.describe.random_weights import RandomWeights
from anyloc_ros.describe.transformer import Network
from mutate import damaged
import numpy as np
from safetensors.torch import save_file
from tensors import lying_safetensors, odd_tensor, other_archive, renamed, torch_file
import torch

EXPECTED = 'ModelError ConfigError'
TINY = Backbone('tiny', 'dinov2', width=8, depth=2, heads=2, patch=14, grid=2)
PUBLISHED = {
    'class_token': 'cls_token',
    'positions': 'pos_embed',
    'patch.weight': 'patch_embed.proj.weight',
    'patch.bias': 'patch_embed.proj.bias',
}
IMAGE = np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8)


def prepare(folder: Path) -> dict[str, Any]:
    """Return the tensors of a network under their published names, and files of them."""
    asked: dict[str, torch.Tensor] = {}
    weights = RandomWeights(TINY, 0)

    def take(name: str, shape: tuple[int, ...]) -> torch.Tensor:
        asked[name] = weights.tensor(name, shape)
        return asked[name]

    Network(TINY, take, layer=1, facet='token', stride=14)
    tensors = {}
    for name, tensor in asked.items():
        stem, _, leaf = name.rpartition('.')
        if stem.endswith('.query'):
            parts = [asked[f'{stem[:-5]}{x}.{leaf}'] for x in ('query', 'key', 'value')]
            tensors[f'{stem[:-6]}.attn.qkv.{leaf}'] = torch.cat(parts)
        elif not stem.endswith(('.key', '.value')):
            name = name.replace('.output.', '.attn.proj.').replace('.fc', '.mlp.fc')
            name = name.replace('.scale1', '.ls1.gamma').replace('.scale2', '.ls2.gamma')
            tensors[PUBLISHED.get(name, name)] = tensor
    torch.save(tensors, folder / 'tiny.pth')
    torch.save(tensors, folder / 'old.pth', _use_new_zipfile_serialization=False)
    save_file(tensors, folder / 'tiny.safetensors')
    names = ('tiny.pth', 'tiny.safetensors', 'old.pth')
    load_network(folder / 'tiny.pth', layer=1, facet='key', num_heads=2)
    return {'tensors': tensors} | {name: (folder / name).read_bytes() for name in names}


def attempt(rng: np.random.Generator, good: dict[str, Any], folder: Path) -> None:
    """Load one malformed checkpoint; what is accepted must be a network that runs."""
    name = ('tiny.pth', 'tiny.safetensors', 'old.pth')[rng.choice(3, p=(0.5, 0.35, 0.15))]
    path = folder / f'bad.{name.split(".")[-1]}'
    way = rng.integers(8)
    if way < 2 and name != 'tiny.safetensors':
        tensors = dict(good['tensors'])
        for key in rng.choice(list(tensors), rng.integers(1, 3), replace=False):
            tensors[str(key)] = odd_tensor(rng, tensors[str(key)])
        torch_file(rng, tensors, path)
    elif way < 4 and name != 'tiny.safetensors':
        torch_file(rng, renamed(rng, good['tensors']), path)
    elif way < 4:
        path.write_bytes(lying_safetensors(rng, good[name]))
    elif way == 4:
        other_archive(rng, good[name], path)
    else:
        path.write_bytes(damaged(rng, good[name]))
    heads: int | None = 2
    if not rng.integers(8):
        path, heads = _as_folder(rng, path, folder / 'hub'), None
    network = load_network(path, layer=1, facet='key', num_heads=heads)
    extractor = NetworkFeatures(network, layer=1, facet='key', image_size='native', device='cpu')
    (features,) = extractor.extract([IMAGE])
    assert features.shape[1] == network.width and features.ndim == 2


def _as_folder(rng: np.random.Generator, path: Path, folder: Path) -> Path:
    """Put the file into a folder of the hub's layout, whose config may be anything."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    name = 'model.safetensors' if path.suffix == '.safetensors' else 'pytorch_model.bin'
    (folder / name).write_bytes(path.read_bytes())
    heads = (2, 0, -2, 3, 2**70, 2.0, '2', None, [2], {'num_attention_heads': 2}, True)
    config: object = {'num_attention_heads': heads[rng.integers(len(heads))]}
    configs = (config, {'vision_config': config}, {'vision_config': 3}, [], 3, None)
    text = json.dumps(configs[rng.choice(6, p=(0.5, 0.3, 0.05, 0.05, 0.05, 0.05))]).encode()
    (folder / 'config.json').write_bytes(text if rng.integers(3) else damaged(rng, text))
    return folder
