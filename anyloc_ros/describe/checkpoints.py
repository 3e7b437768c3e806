# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Reading weights: the publishers' checkpoint files and hub folders, under one set of names.

Read are `.pth` and `.bin` (torch, restricted to tensors) and `.safetensors`, with the names of
the DINOv2 and DINO code or of the hub's transformers layout, old and new. The names here:
`class_token (D,)`, `register_tokens (R, D)`, `positions (1 + G * G, D)`, `patch.weight`,
`patch.bias`, `blocks.N.PART`, `norm.weight`, `norm.bias`, and for CLIP `pre_norm.*` and
`projection`; a PART is one of the right-hand sides of the tables below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
import re

from anyloc_ros.describe.backbones import Backbone
from anyloc_ros.describe.infer import infer_backbone, SHAPE_FIELDS
from anyloc_ros.describe.torch_files import read_torch, why_not_plain
from anyloc_ros.describe.weights import HUB_FILES, MAX_BYTES
from anyloc_ros.errors import ModelError
from safetensors import safe_open, SafetensorError
import torch

_SAMPLES = 4096
_QKV = ('query', 'key', 'value')

# Names of a block, in the publishers' code and on the hub. A tuple: the tensor holds these parts
# one after the other along its first axis.
_BLOCK_NAMES: dict[str, str | tuple[str, ...]] = {
    'norm1': 'norm1',
    'layernorm_before': 'norm1',
    'layer_norm1': 'norm1',
    'attn.qkv': _QKV,
    **{f'attention.attention.{x}': x for x in _QKV},
    **{f'attention.{x[0]}_proj': x for x in _QKV},
    **{f'self_attn.{x[0]}_proj': x for x in _QKV},
    'attn.proj': 'output',
    'attention.output.dense': 'output',
    'attention.o_proj': 'output',
    'self_attn.out_proj': 'output',
    'ls1.gamma': 'scale1',
    'layer_scale1.lambda1': 'scale1',
    'norm2': 'norm2',
    'layernorm_after': 'norm2',
    'layer_norm2': 'norm2',
    'mlp.fc1': 'fc1',
    'intermediate.dense': 'fc1',
    'mlp.fc2': 'fc2',
    'output.dense': 'fc2',
    'mlp.w12': ('gate', 'up'),
    'mlp.weights_in': ('gate', 'up'),
    'mlp.gate_proj': 'gate',
    'mlp.up_proj': 'up',
    'mlp.w3': 'down',
    'mlp.weights_out': 'down',
    'mlp.down_proj': 'down',
    'ls2.gamma': 'scale2',
    'layer_scale2.lambda1': 'scale2',
}
_OTHER_NAMES = {
    'cls_token': 'class_token',
    'embeddings.cls_token': 'class_token',
    'embeddings.class_embedding': 'class_token',
    'register_tokens': 'register_tokens',
    'embeddings.register_tokens': 'register_tokens',
    'pos_embed': 'positions',
    'embeddings.position_embeddings': 'positions',
    'embeddings.position_embedding': 'positions',
    'patch_embed.proj': 'patch',
    'embeddings.patch_embeddings.projection': 'patch',
    'embeddings.patch_embedding': 'patch',
    'pre_layrnorm': 'pre_norm',
    'norm': 'norm',
    'layernorm': 'norm',
    'post_layernorm': 'norm',
    'visual_projection': 'projection',
}
_MODEL_PREFIX = re.compile(r'(dinov2|dinov2_with_registers|vit|vision_model)\.')
_BLOCK = re.compile(r'(?:blocks|layers|encoder\.layers?)\.(\d+)\.(.+)')
# In the files, but no part of a descriptor: masked training, the text half of CLIP, an untrained
# pooling layer.
_UNUSED = re.compile(
    r'mask_token|embeddings\.mask_token|pooler\..*|text_model\..*|text_projection\..*|'
    r'logit_scale|embeddings\.position_ids'
)


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Weights under the names above, each float and on the CPU, and the network they make."""

    path: Path
    backbone: Backbone
    tensors: Mapping[str, torch.Tensor]

    def tensor(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        """
        Return one tensor in float32.

        :raises ModelError: it is missing, has another shape or values that are not finite.
        """
        tensor = self.tensors.get(name)
        if tensor is None:
            raise ModelError(f'{self.path}: tensor {name} is missing, expected shape {shape}')
        if tuple(tensor.shape) != shape:
            raise ModelError(
                f'{self.path}: tensor {name} has shape {tuple(tensor.shape)}, '
                f'{self.backbone.name} expects {shape}'
            )
        tensor = tensor.float()
        if not torch.isfinite(tensor).all():
            raise ModelError(
                f'{self.path}: tensor {name} has values that are not finite: the file is damaged, '
                f'fetch it again'
            )
        return tensor

    def sha256(self, names: Iterable[str]) -> str:
        """
        Return a checksum of the named tensors that does not depend on the kind of file.

        It covers names, shapes and up to 4096 values of each, evenly spread: it tells networks
        and trainings apart in a moment, it does not prove that a file is undamaged.
        """
        digest = hashlib.sha256()
        for name in sorted(names):
            tensor = self.tensors[name]
            digest.update(f'{name} {tuple(tensor.shape)}\n'.encode())
            sample = tensor.reshape(-1)[:: max(1, tensor.numel() // _SAMPLES)]
            digest.update(sample.float().contiguous().numpy().astype('<f4').tobytes())
        return digest.hexdigest()


def read_checkpoint(
    path: str | Path, expected: Backbone | None = None, num_heads: int | None = None
) -> Checkpoint:
    """
    Read a checkpoint file, or a hub folder with `config.json` and its weights.

    The tensors are views of the file where the format allows it: nothing is copied until a
    network takes its part.

    :raises ModelError: unreadable, damaged or foreign file, not the `expected` network, or an
        unknown network whose number of heads is not given.
    """
    path = Path(path).expanduser()
    file = _file_of(path)
    tensors = _renamed(file, _read(file))
    if num_heads is None and path.is_dir():
        num_heads = _heads_of(path)
    backbone = infer_backbone(file, {k: tuple(v.shape) for k, v in tensors.items()}, num_heads)
    if expected is not None:
        _compare(file, backbone, expected)
        backbone = expected
    return Checkpoint(file, backbone, tensors)


def _file_of(path: Path) -> Path:
    if path.is_dir():
        for name in HUB_FILES:
            if (path / name).is_file():
                return path / name
        raise ModelError(f'{path}: the folder has no {" or ".join(HUB_FILES)}')
    if not path.is_file():
        raise ModelError(f'{path}: no such checkpoint file or folder')
    return path


def _read(file: Path) -> Mapping[str, object]:
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise ModelError(f'{file}: {size} bytes; checkpoints have at most {MAX_BYTES}')
    if file.suffix == '.safetensors':
        try:
            with safe_open(file, framework='pt') as reader:
                return {name: reader.get_tensor(name) for name in reader.keys()}  # noqa: SIM118
        except (OSError, RuntimeError, ValueError, LookupError, SafetensorError) as error:
            raise ModelError(
                f'{file}: no readable checkpoint ({size} bytes), truncated or damaged; fetch it '
                f'again. The reader says: {str(error)[:200]}'
            ) from None
    read = read_torch(file, 'checkpoint', mapped=True)
    if not isinstance(read, Mapping):
        raise ModelError(f'{file}: expected named tensors, got {type(read).__name__}')
    return read


def _renamed(file: Path, read: Mapping[str, object]) -> dict[str, torch.Tensor]:
    """Return the tensors under our names, fused ones taken apart."""
    tensors: dict[str, torch.Tensor] = {}
    file_bytes = file.stat().st_size
    for key, tensor in read.items():
        name = _MODEL_PREFIX.sub('', str(key), count=1)
        if _UNUSED.fullmatch(name):
            continue
        targets = _targets(name)
        if not targets:
            raise ModelError(
                f'{file}: {key!r} belongs to no DINOv2, DINO or CLIP network of known layout'
            )
        reason = why_not_plain(tensor, file_bytes)
        if reason or not tensor.ndim:
            raise ModelError(f'{file}: {key} {reason or "is one number, expected an array"}')
        tensor = tensor.detach()
        if len(tensor) % len(targets):
            raise ModelError(
                f'{file}: {key} has shape {tuple(tensor.shape)}, expected {len(targets)} equal '
                f'parts along the first axis'
            )
        # Tokens and positions are published with one or two leading axes of length 1.
        if targets[0] == 'class_token':
            tensor = tensor.reshape(-1)
        elif targets[0] in ('positions', 'register_tokens') and tensor.ndim == 3:
            tensor = tensor.flatten(0, 1)
        for target, part in zip(targets, tensor.chunk(len(targets)), strict=True):
            if target in tensors:
                raise ModelError(f'{file}: {key} and another key both hold {target}')
            tensors[target] = part
    return tensors


def _targets(name: str) -> tuple[str, ...]:
    """Return our names of what a published tensor holds, none when it is unknown."""
    block = _BLOCK.fullmatch(name)
    prefix, name = (f'blocks.{block[1]}.', block[2]) if block else ('', name)
    table = _BLOCK_NAMES if block else _OTHER_NAMES
    stem, _, leaf = name.rpartition('.')
    if name in table:
        stem, suffix = name, ''
    elif stem in table and leaf in ('weight', 'bias'):
        suffix = f'.{leaf}'
    else:
        return ()
    parts = table[stem]
    if parts in ('positions', 'projection'):
        suffix = ''
    return tuple(f'{prefix}{x}{suffix}' for x in ([parts] if isinstance(parts, str) else parts))


def _heads_of(folder: Path) -> int | None:
    try:
        config = json.loads((folder / 'config.json').read_text(encoding='utf-8'))
        heads = config.get('vision_config', config).get('num_attention_heads')
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f'{folder}/config.json: cannot be read: {error}') from None
    return heads if type(heads) is int else None


def _compare(file: Path, found: Backbone, expected: Backbone) -> None:
    for name in (*SHAPE_FIELDS, 'heads'):
        ours, theirs = getattr(expected, name), getattr(found, name)
        if ours != theirs:
            raise ModelError(
                f'{file}: {name} is {theirs}, {expected.name} expects {ours}; give the weights of '
                f'{expected.name} or another backbone'
            )
