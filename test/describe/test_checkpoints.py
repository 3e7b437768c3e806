# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Checkpoints of every layout, and files that are none."""

from __future__ import annotations

import json

from anyloc_ros.describe import checkpoints
from anyloc_ros.describe.backbones import BACKBONES, find_backbone
from anyloc_ros.describe.checkpoints import read_checkpoint
from anyloc_ros.describe.features import load_network, NetworkFeatures
from anyloc_ros.describe.random_weights import RandomWeights
from anyloc_ros.errors import ModelError
import numpy as np
import pytest
from safetensors.torch import save_file
import torch

DINOV2 = ('tiny_dinov2', 'tiny_dinov2_swiglu', 'tiny_dinov2_reg4')


def published(golden, model='tiny_dinov2'):
    """Return the tensors of a golden network under their published names."""
    return torch.load(golden / f'{model}_pretrain.pth', weights_only=True)


def hub_names(tensors, kind):
    """Rename published tensors to the hub's layout, written out here by hand."""
    names = {
        'cls_token': 'embeddings.cls_token',
        'mask_token': 'embeddings.mask_token',
        'register_tokens': 'embeddings.register_tokens',
        'pos_embed': 'embeddings.position_embeddings',
        'patch_embed.proj': 'embeddings.patch_embeddings.projection',
        'norm': 'layernorm',
    }
    parts = {
        'attn.proj': 'attention.output.dense',
        'ls1.gamma': 'layer_scale1.lambda1',
        'ls2.gamma': 'layer_scale2.lambda1',
        'mlp.w12': 'mlp.weights_in',
        'mlp.w3': 'mlp.weights_out',
    }
    if kind == 'dino':
        parts |= {'norm1': 'layernorm_before', 'norm2': 'layernorm_after'}
        parts |= {'mlp.fc1': 'intermediate.dense', 'mlp.fc2': 'output.dense'}
    hub = {}
    for name, tensor in tensors.items():
        stem, leaf = name.rsplit('.', 1) if name.endswith(('weight', 'bias')) else (name, '')
        suffix = f'.{leaf}' if leaf else ''
        if not stem.startswith('blocks.'):
            hub[names[stem] + suffix] = tensor
            continue
        _, index, part = stem.split('.', 2)
        prefix = f'encoder.layer.{index}.'
        if part == 'attn.qkv':
            for facet, third in zip(('query', 'key', 'value'), tensor.chunk(3), strict=True):
                hub[f'{prefix}attention.attention.{facet}{suffix}'] = third.clone()
        else:
            hub[prefix + parts.get(part, part) + suffix] = tensor
    return hub


@pytest.mark.parametrize('model', [*DINOV2, 'tiny_dino'])
def test_hub_folder_and_published_file_make_the_same_network(golden, tmp_path, model):
    kind = 'dino' if model == 'tiny_dino' else 'dinov2'
    save_file(hub_names(published(golden, model), kind), tmp_path / 'model.safetensors')
    (tmp_path / 'config.json').write_text(json.dumps({'num_attention_heads': 4}))
    image = np.random.default_rng(0).integers(0, 256, (70, 84, 3), dtype=np.uint8)
    outputs, sums = [], []
    for path, heads in ((tmp_path, None), (golden / f'{model}_pretrain.pth', 4)):
        network = load_network(path, layer=2, facet='key', num_heads=heads)
        extractor = NetworkFeatures(network, layer=2, facet='key', image_size='native')
        outputs.append(extractor.extract([image])[0])
        sums.append(network.weights_sha256)
    torch.testing.assert_close(*outputs, rtol=0, atol=0)
    assert sums[0] == sums[1]


def test_checksum_depends_on_values_and_on_what_is_used(golden, tmp_path):
    def of(path, layer=1):
        return load_network(path, layer=layer, facet='value', num_heads=4).weights_sha256

    tensors = published(golden)
    torch.save(tensors, tmp_path / 'same.pth')
    tensors['blocks.3.mlp.fc1.weight'] += 1  # not part of layer 1
    torch.save(tensors, tmp_path / 'later.pth')
    tensors['blocks.0.norm1.bias'][0] += 1e-3
    torch.save(tensors, tmp_path / 'other.pth')
    reference = of(golden / 'tiny_dinov2_pretrain.pth')
    assert of(tmp_path / 'same.pth') == of(tmp_path / 'later.pth') == reference
    assert of(tmp_path / 'other.pth') != reference
    assert of(golden / 'tiny_dinov2_pretrain.pth', layer=2) != reference


@pytest.mark.parametrize(
    ('model', 'family', 'ffn', 'registers', 'patch', 'grid'),
    [
        ('tiny_dinov2', 'dinov2', 'mlp', 0, 14, 37),
        ('tiny_dinov2_swiglu', 'dinov2', 'swiglu', 0, 14, 37),
        ('tiny_dinov2_reg4', 'dinov2_reg', 'mlp', 4, 14, 37),
        ('tiny_dino', 'dino', 'mlp', 0, 8, 28),
    ],
)
def test_network_is_inferred_from_shapes(golden, model, family, ffn, registers, patch, grid):
    found = read_checkpoint(golden / f'{model}_pretrain.pth', num_heads=4).backbone
    assert (found.width, found.depth, found.heads) == (64, 4, 4)
    assert (found.family, found.ffn, found.registers) == (family, ffn, registers)
    assert (found.patch, found.grid, found.epsilon) == (patch, grid, 1e-6)


def test_known_network_needs_no_number_of_heads(tmp_path):
    """A file of the shapes of ViT-S/16 of DINO, which is the smallest of the table."""
    backbone = find_backbone('dino_vits16')
    weights = RandomWeights(backbone, 0)
    names = {'class_token': 'cls_token', 'positions': 'pos_embed'}
    shapes = {
        'class_token': (1, 1, 384),
        'positions': (1, 197, 384),
        'patch_embed.proj.weight': (384, 3, 16, 16),
        **{f'blocks.{i}.norm1.bias': (384,) for i in range(12)},
    }
    tensors = {names.get(n, n): weights.tensor(n, shape) for n, shape in shapes.items()}
    torch.save(tensors, tmp_path / 'any.pth')
    assert read_checkpoint(tmp_path / 'any.pth').backbone == BACKBONES['dino_vits16']
    with pytest.raises(ModelError, match='has 6 heads, got 5'):
        read_checkpoint(tmp_path / 'any.pth', num_heads=5)
    with pytest.raises(ModelError, match='family is dino, dinov2_vits14 expects dinov2'):
        read_checkpoint(tmp_path / 'any.pth', find_backbone('dinov2_vits14'))
    with pytest.raises(ModelError, match=r'patch.bias is missing.*\(384,\)'):
        load_network(tmp_path / 'any.pth', layer=0, facet='key')


def changed(golden, tmp_path, **changes):
    """Return a file of the golden network with tensors replaced, or removed where None."""
    tensors = published(golden)
    for key, value in changes.items():
        key = key.replace('__', '.')
        if value is None:
            del tensors[key]
        else:
            tensors[key] = value
    torch.save(tensors, tmp_path / 'changed.pth')
    return tmp_path / 'changed.pth'


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'cls_token': None}, 'class_token is missing'),
        ({'blocks__1__norm1__weight': None}, r'blocks.1.norm1.weight is missing.*\(64,\)'),
        ({'blocks__0__mlp__fc1__weight': torch.zeros(9, 64)}, r'fc1.weight has shape \(9, 64\)'),
        (
            {'blocks__0__attn__qkv__bias': torch.zeros(191)},
            r'qkv.bias has shape \(191,\).*3 equal',
        ),
        ({'blocks__0__norm1__bias': torch.full((64,), torch.nan)}, 'norm1.bias.*not finite'),
        ({'pos_embed': torch.zeros(1, 1371, 64)}, '1371 rows'),
        ({'pos_embed': torch.zeros(1, 1370, 64, dtype=torch.int32)}, 'int32'),
        ({'backbone__conv1__weight': torch.zeros(3)}, "'backbone.conv1.weight' belongs to no"),
        ({'embeddings__cls_token': torch.zeros(1, 1, 64)}, 'both hold class_token'),
        ({'blocks__9__norm1__bias': torch.zeros(64)}, r'numbered from 0.*9\]'),
        ({'patch_embed__proj__weight': torch.zeros(64, 588)}, 'expected 4 axes'),
    ],
)
def test_wrong_tensors_are_named(golden, tmp_path, changes, message):
    path = changed(golden, tmp_path, **changes)
    with pytest.raises(ModelError, match=message):
        load_network(path, layer=1, facet='value', num_heads=4)


def test_number_of_heads_must_fit(golden):
    for heads in (5, 0, -4):
        with pytest.raises(ModelError, match='--num-heads'):
            read_checkpoint(golden / 'tiny_dinov2_pretrain.pth', num_heads=heads)


def test_files_that_are_no_checkpoints(golden, tmp_path, monkeypatch):
    whole = (golden / 'tiny_dinov2_pretrain.pth').read_bytes()
    files = {
        'empty.pth': b'',
        'text.pth': b'<html>404</html>',
        'half.pth': whole[: len(whole) // 2],
        'tail.pth': whole[-4096:],
        'text.safetensors': b'not tensors at all',
        'half.safetensors': (2**40).to_bytes(8, 'little') + b'{}',
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ModelError, match=name):
            read_checkpoint(tmp_path / name, num_heads=4)
    torch.save([1, 2], tmp_path / 'list.pth')
    with pytest.raises(ModelError, match='got list'):
        read_checkpoint(tmp_path / 'list.pth')
    with pytest.raises(ModelError, match='no such'):
        read_checkpoint(tmp_path / 'missing.pth')
    with pytest.raises(ModelError, match=r'no model\.safetensors'):
        read_checkpoint(tmp_path)
    monkeypatch.setattr(checkpoints, 'MAX_BYTES', 1000)
    with pytest.raises(ModelError, match='at most 1000'):
        read_checkpoint(golden / 'tiny_dinov2_pretrain.pth')


class Planted:
    """Something that runs code when it is unpickled."""

    def __reduce__(self):
        return print, ('never',)


def test_code_in_a_file_is_not_run(tmp_path, capsys):
    torch.save({'cls_token': Planted()}, tmp_path / 'planted.pth')
    with pytest.raises(ModelError, match='planted'):
        read_checkpoint(tmp_path / 'planted.pth')
    assert 'never' not in capsys.readouterr().out


def test_file_of_before_torch_archives_is_read(golden, tmp_path):
    tensors = published(golden)
    torch.save(tensors, tmp_path / 'old.pth', _use_new_zipfile_serialization=False)
    old = load_network(tmp_path / 'old.pth', layer=1, facet='key', num_heads=4)
    new = load_network(golden / 'tiny_dinov2_pretrain.pth', layer=1, facet='key', num_heads=4)
    assert old.weights_sha256 == new.weights_sha256


def test_network_does_not_depend_on_its_file(golden, tmp_path):
    path = tmp_path / 'weights.pth'
    path.write_bytes((golden / 'tiny_dinov2_pretrain.pth').read_bytes())
    network = load_network(path, layer=1, facet='value', num_heads=4)
    before = network(torch.ones(1, 3, 28, 28))
    size = path.stat().st_size
    with path.open('r+b') as file:  # in place, as a careless copy does
        file.write(b'\0' * size)
    torch.testing.assert_close(network(torch.ones(1, 3, 28, 28)), before, rtol=0, atol=0)
