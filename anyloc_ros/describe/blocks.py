# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The blocks of transformers: their parts, loaded one by one and run from here.

The insides of transformers are private. This is the only file that touches them, and it accepts
only versions that were tested. The parts are run here and not by transformers, which cannot sum
in float32 around products in half precision.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from anyloc_ros.describe.backbones import Backbone
from anyloc_ros.errors import ModelError
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

TESTED_VERSIONS = ('5.20.2', '5.23.0')
"""The first is the last one for Python 3.10."""

Take = Callable[[str, tuple[int, ...]], torch.Tensor]

# In bf16 on a CPU plain products are faster than torch's fused attention (1.6 times at 530 tokens)
# but hold all scores, here at most 64 MiB of them.
_PLAIN_MAX_SCORES = 2**25

# Per family: module, configuration, block and the names inside a block.
_DINOV2_PARTS = {
    'norm1': 'norm1',
    'query': 'attention.q_proj',
    'key': 'attention.k_proj',
    'value': 'attention.v_proj',
    'output': 'attention.o_proj',
    'scale1': 'layer_scale1.lambda1',
    'norm2': 'norm2',
    'fc1': 'mlp.fc1',
    'fc2': 'mlp.fc2',
    'gate': 'mlp.gate_proj',
    'up': 'mlp.up_proj',
    'down': 'mlp.down_proj',
    'scale2': 'layer_scale2.lambda1',
}
_VIT_PARTS = _DINOV2_PARTS | {'norm1': 'layernorm_before', 'norm2': 'layernorm_after'}
_CLIP_PARTS = {
    'norm1': 'layer_norm1',
    'query': 'self_attn.q_proj',
    'key': 'self_attn.k_proj',
    'value': 'self_attn.v_proj',
    'output': 'self_attn.out_proj',
    'norm2': 'layer_norm2',
    'fc1': 'mlp.fc1',
    'fc2': 'mlp.fc2',
}
_PRIVATE = {
    'dinov2': ('dinov2', 'Dinov2Config', 'Dinov2Layer', _DINOV2_PARTS),
    'dinov2_reg': ('dinov2', 'Dinov2Config', 'Dinov2Layer', _DINOV2_PARTS),
    'dino': ('vit', 'ViTConfig', 'ViTLayer', _VIT_PARTS),
    'clip': ('clip', 'CLIPVisionConfig', 'CLIPEncoderLayer', _CLIP_PARTS),
}


class Blocks:
    """
    Makes and runs the blocks of one network.

    `take(name, shape)` below gives the weights, under the names of `checkpoints`.
    """

    def __init__(self, backbone: Backbone) -> None:
        self._make, self._parts = _private(backbone)
        self._heads = backbone.heads
        self._scaled = backbone.family.startswith('dinov2')

    def load(self, index: int, take: Take) -> nn.Module:
        """Return block `index` with its weights."""
        return self._load(index, take, tuple(self._parts))

    def load_facet(self, index: int, take: Take, facet: str) -> tuple[nn.Module, nn.Module]:
        """Return the first norm and one projection of a block; nothing else of it is loaded."""
        block = self._load(index, take, ('norm1', facet))
        return self.part(block, 'norm1'), self.part(block, facet)

    def part(self, block: nn.Module, name: str) -> nn.Module:
        """Return a part of a block by our name."""
        return block.get_submodule(self._parts[name])

    def run(self, block: nn.Module, hidden: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Return the output of a block for hidden (B, T, D) float32, its products in `dtype`."""
        normed = self.part(block, 'norm1')(hidden).to(dtype)
        query, key, value = (
            self.part(block, x)(normed).unflatten(-1, (self._heads, -1)).transpose(1, 2)
            for x in ('query', 'key', 'value')
        )
        attended = _attend(query, key, value).transpose(1, 2).flatten(2)
        update = self.part(block, 'output')(attended).float()
        hidden = hidden + (update * block.layer_scale1.lambda1 if self._scaled else update)
        normed = self.part(block, 'norm2')(hidden).to(dtype)
        update = block.mlp(normed).float()
        return hidden + (update * block.layer_scale2.lambda1 if self._scaled else update)

    def _load(self, index: int, take: Take, wanted: tuple[str, ...]) -> nn.Module:
        with torch.device('meta'):
            block = self._make()
        ours = {theirs: name for name, theirs in self._parts.items()}
        state: dict[str, torch.Tensor] = {}
        for theirs, empty in block.state_dict().items():
            stem, _, leaf = theirs.rpartition('.')
            name = ours.get(theirs) or (f'{ours[stem]}.{leaf}' if stem in ours else '')
            if not name:
                raise _wrong_version(f'a block has the unknown weight {theirs}')
            if name.split('.')[0] in wanted:
                state[theirs] = take(f'blocks.{index}.{name}', tuple(empty.shape))
        block.load_state_dict(state, strict=False, assign=True)
        return block


def _attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Return softmax(q k^T / sqrt(d)) v for (B, heads, T, d)."""
    batch, heads, tokens, channels = query.shape
    small = batch * heads * tokens * tokens <= _PLAIN_MAX_SCORES
    if small and query.dtype == torch.bfloat16 and query.device.type == 'cpu':
        return ((query * channels**-0.5) @ key.mT).softmax(-1) @ value
    return scaled_dot_product_attention(query, key, value)


def _private(backbone: Backbone) -> tuple[Callable[[], nn.Module], dict[str, str]]:
    """Return a function that makes a block, and the names inside it."""
    try:
        installed = version('transformers')
    except PackageNotFoundError:
        raise _wrong_version('it is not installed') from None
    if installed not in TESTED_VERSIONS:
        raise _wrong_version(f'{installed} is installed')
    module, config_name, block_name, parts = _PRIVATE[backbone.family]
    shape = {
        'hidden_size': backbone.width,
        'num_attention_heads': backbone.heads,
        'layer_norm_eps': backbone.epsilon,
    }
    if backbone.family.startswith('dinov2'):
        shape['use_swiglu_ffn'] = backbone.ffn == 'swiglu'
    else:
        shape['intermediate_size'] = backbone.hidden
    package = f'transformers.models.{module}'
    try:
        config = getattr(import_module(f'{package}.configuration_{module}'), config_name)(**shape)
        block = getattr(import_module(f'{package}.modeling_{module}'), block_name)
    except (ImportError, AttributeError) as error:
        raise _wrong_version(str(error)) from None
    return lambda: block(config), parts


def _wrong_version(what: str) -> ModelError:
    oldest, newest = TESTED_VERSIONS
    return ModelError(
        f'transformers: {what}; this program works with {newest}, and on Python 3.10 with '
        f'{oldest}: pip install transformers=={newest}'
    )
