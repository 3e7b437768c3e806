# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Early exit against the whole network of transformers, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

from anyloc_ros.describe import blocks as private
from anyloc_ros.describe import transformer
from anyloc_ros.describe.backbones import find_backbone
from anyloc_ros.describe.features import load_network
from anyloc_ros.describe.random_weights import RandomWeights
from anyloc_ros.describe.transformer import Network
from anyloc_ros.errors import ModelError
import pytest
import torch
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    Dinov2Config,
    Dinov2Model,
    ViTConfig,
    ViTModel,
)

SHAPE = {'width': 32, 'depth': 3, 'heads': 2}
CONFIG = {'hidden_size': 32, 'num_hidden_layers': 3, 'num_attention_heads': 2}
PROJECTIONS = {'query': 'q_proj', 'key': 'k_proj', 'value': 'v_proj'}


def ours(name, layer, facet, stride=None, **shape):
    """Return a small network of the family of a named one, with random weights."""
    backbone = replace(find_backbone(name), **(SHAPE | shape))
    source = RandomWeights(backbone, 0)

    def tensor(tensor_name, size):
        # Not ones and zeros: a norm or bias in the wrong place must show.
        return source.tensor(tensor_name, size) + source.tensor(f'more.{tensor_name}.more', size)

    return Network(
        backbone, tensor, layer=layer, facet=facet, stride=stride or backbone.stride
    ), tensor


def whole_outputs(network, tensor, blocks, pixels):
    """Run the blocks of a whole model on our embedding; return what hooks see of each."""
    names = {theirs: name for name, theirs in private._PRIVATE[network.backbone.family][3].items()}
    for index, block in enumerate(blocks):
        for key, parameter in block.named_parameters():
            stem, _, leaf = key.rpartition('.')
            name = names.get(key) or f'{names[stem]}.{leaf}'
            parameter.data = tensor(f'blocks.{index}.{name}', tuple(parameter.shape)).clone()
    seen = {}
    for index, block in enumerate(blocks):
        block.register_forward_hook(lambda m, a, out, i=index: seen.update({(i, 'token'): out}))
        for key, module in block.named_modules():
            for facet, projection in PROJECTIONS.items():
                if key.endswith(projection):
                    module.register_forward_hook(
                        lambda m, a, out, i=index, f=facet: seen.update({(i, f): out})
                    )
    hidden = network._embed(pixels)
    for block in blocks:
        hidden = block(hidden, None)
    return seen


@pytest.mark.parametrize('name', ['dinov2_vits14', 'dinov2_vitg14', 'dinov2_vits14_reg'])
@pytest.mark.parametrize('facet', ['query', 'key', 'value', 'token'])
@torch.inference_mode()
def test_early_exit_equals_the_whole_network_exactly(name, facet):
    network, tensor = ours(name, 1, facet)
    pixels = torch.randn(2, 3, 56, 70, generator=torch.Generator().manual_seed(0))
    swiglu = network.backbone.ffn == 'swiglu'
    model = Dinov2Model(
        Dinov2Config(**CONFIG, patch_size=14, use_swiglu_ffn=swiglu),
    ).eval()
    seen = whole_outputs(network, tensor, model.encoder.layer, pixels)
    first_patch = 1 + network.backbone.registers
    expected = seen[1, facet][:, first_patch:]
    torch.testing.assert_close(network(pixels), expected, rtol=0, atol=0)


@torch.inference_mode()
def test_dino_interleaves_heads_and_its_class_token_has_no_final_norm():
    pixels = torch.randn(1, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    network, tensor = ours('dino_vits16', 1, 'key')
    model = ViTModel(ViTConfig(**CONFIG, intermediate_size=128, layer_norm_eps=1e-6)).eval()
    seen = whole_outputs(network, tensor, model.layers, pixels)
    key = seen[1, 'key'][0, 1:]
    found = network(pixels)[0]
    for channel, head, index in ((0, 0, 0), (0, 1, 1), (5, 0, 10), (15, 1, 31)):
        torch.testing.assert_close(found[:, index], key[:, head * 16 + channel], rtol=0, atol=0)
    class_token, _ = ours('dino_vits16', -1, 'cls')
    torch.testing.assert_close(class_token(pixels)[0], seen[2, 'token'][0, :1], rtol=0, atol=0)


@torch.inference_mode()
def test_clip_class_token_is_the_image_embedding():
    """The whole model of transformers, its own embedding included."""
    network, tensor = ours('clip_vitb32', -1, 'cls', projection=20)
    config = CLIPVisionConfig(**CONFIG, intermediate_size=128, patch_size=32, projection_dim=20)
    model = CLIPVisionModelWithProjection(config).eval()
    vision = model.vision_model
    pixels = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    whole_outputs(network, tensor, vision.encoder.layers, pixels)
    named = {
        'class_token': vision.embeddings.class_embedding,
        'positions': vision.embeddings.position_embedding.weight,
        'patch.weight': vision.embeddings.patch_embedding.weight,
        'pre_norm.weight': vision.pre_layrnorm.weight,
        'pre_norm.bias': vision.pre_layrnorm.bias,
        'norm.weight': vision.post_layernorm.weight,
        'norm.bias': vision.post_layernorm.bias,
        'projection': model.visual_projection.weight,
    }
    for name, parameter in named.items():
        parameter.data = tensor(name, tuple(parameter.shape)).clone()
    expected = model(pixels).image_embeds
    assert expected.shape == (2, 20)
    torch.testing.assert_close(network(pixels)[:, 0], expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(ModelError, match='7x7'):
        network(pixels[..., :192])


def test_nothing_behind_the_layer_is_kept():
    network = load_network('dinov2_vits14', layer=2, facet='value', random_seed=0)
    names = [name for name, _ in network.named_parameters()]
    assert not any(name.startswith('blocks.2') for name in names)
    block = 12 * 384**2 + 13 * 384 + 2 * 384  # weights, biases and norms, and two scales
    embedding = 384 + 384 * 3 * 14 * 14 + 384
    third = 384**2 + 384 + 2 * 384
    assert sum(x.numel() for x in network.parameters()) == 2 * block + embedding + third
    assert not any(x.is_meta for x in network.parameters())
    assert not any(x.requires_grad for x in network.parameters())


def test_positions_are_resized_once_for_a_camera(monkeypatch):
    network, _ = ours('dinov2_vits14', 0, 'value')
    calls = []
    resize = transformer.resize_positions
    monkeypatch.setattr(
        transformer, 'resize_positions', lambda *a: calls.append(a[2]) or resize(*a)
    )
    for height in (56, 56, 70, 56):
        network(torch.zeros(1, 3, height, 56))
    assert calls == [(4, 4), (5, 4), (4, 4)]
    network.place(torch.device('cpu'), torch.bfloat16)
    assert network(torch.zeros(1, 3, 56, 56)).dtype == torch.float32
    assert network._positions.dtype == torch.float32


@torch.inference_mode()
def test_bf16_attention_is_near_by_either_kernel(monkeypatch):
    pixels = torch.randn(1, 3, 140, 140, generator=torch.Generator().manual_seed(0))
    exact = ours('dinov2_vits14', 2, 'value')[0](pixels)
    network, _ = ours('dinov2_vits14', 2, 'value')
    network.place(torch.device('cpu'), torch.bfloat16)
    plain = network(pixels).float()
    monkeypatch.setattr(private, '_PLAIN_MAX_SCORES', 0)
    fused = network(pixels).float()
    assert not torch.equal(plain, fused)
    for near in (plain, fused):
        assert torch.cosine_similarity(near, exact, dim=-1).min() > 0.999


def test_another_transformers_is_refused_by_version(monkeypatch):
    for installed in ('5.0.0', '5.24.0'):
        monkeypatch.setattr(private, 'version', lambda name, v=installed: v)
        with pytest.raises(ModelError, match=rf'{installed} is installed.*5\.23\.0'):
            ours('dinov2_vits14', 0, 'value')
    monkeypatch.undo()
    parts = ('dinov2', 'Dinov2Config', 'Dinov2Renamed', private._DINOV2_PARTS)
    monkeypatch.setitem(private._PRIVATE, 'dinov2', parts)
    with pytest.raises(ModelError, match=r'Dinov2Renamed.*5\.23\.0'):
        ours('dinov2_vits14', 0, 'value')
    parts = ('dinov2', 'Dinov2Config', 'Dinov2Layer', {'norm1': 'norm1'})
    monkeypatch.setitem(private._PRIVATE, 'dinov2', parts)
    with pytest.raises(ModelError, match='unknown weight'):
        ours('dinov2_vits14', 0, 'value')
