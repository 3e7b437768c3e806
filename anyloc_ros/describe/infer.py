# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Which network a set of named weights makes, from their shapes alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
import math
from pathlib import Path

from anyloc_ros.describe.backbones import Backbone, BACKBONES
from anyloc_ros.errors import ModelError

SHAPE_FIELDS = ('family', 'width', 'depth', 'patch', 'ffn', 'registers', 'grid', 'projection')


def infer_backbone(
    file: Path, shapes: Mapping[str, tuple[int, ...]], num_heads: int | None
) -> Backbone:
    """
    Return the network of these tensors, named as in `checkpoints`.

    A network of the table is recognised by its shapes; any other is named after its file. How
    many heads share the width cannot be seen from shapes: it comes from the table or `num_heads`.

    :raises ModelError: a tensor is missing or its shape makes no sense, the number of heads is
        unknown or does not fit.
    """

    def shape(name: str, axes: int) -> tuple[int, ...]:
        if name not in shapes:
            raise ModelError(f'{file}: no vision transformer of known layout: {name} is missing')
        if len(shapes[name]) != axes:
            raise ModelError(f'{file}: {name} has shape {shapes[name]}, expected {axes} axes')
        return shapes[name]

    (width,) = shape('class_token', 1)
    patch = shape('patch.weight', 4)[-1]
    registers = shape('register_tokens', 2)[0] if 'register_tokens' in shapes else 0
    positions = shape('positions', 2)[0] - 1
    grid = math.isqrt(max(0, positions))
    if grid * grid != positions or not grid:
        raise ModelError(f'{file}: positions has {positions + 1} rows, expected 1 + a square')
    if 'blocks.0.scale1' in shapes:
        family = 'dinov2_reg' if registers else 'dinov2'
    else:
        family = 'clip' if 'pre_norm.weight' in shapes else 'dino'
    blocks = {int(name.split('.')[1]) for name in shapes if name.startswith('blocks.')}
    if blocks != set(range(len(blocks))) or not blocks:
        raise ModelError(f'{file}: expected blocks numbered from 0, got {sorted(blocks)}')
    found = Backbone(
        name=file.stem,
        family=family,
        width=width,
        depth=len(blocks),
        heads=num_heads or 0,
        patch=patch,
        grid=grid,
        ffn='swiglu' if 'blocks.0.gate.weight' in shapes else 'mlp',
        epsilon=1e-5 if family == 'clip' else 1e-6,
        registers=registers,
        projection=shape('projection', 2)[0] if family == 'clip' else 0,
    )
    return _with_heads(file, found, num_heads)


def _with_heads(file: Path, found: Backbone, num_heads: int | None) -> Backbone:
    known = [
        backbone
        for backbone in BACKBONES.values()
        if all(getattr(backbone, x) == getattr(found, x) for x in SHAPE_FIELDS)
    ]
    if known:
        if num_heads not in (None, known[0].heads):
            raise ModelError(
                f'{file}: {known[0].name} has {known[0].heads} heads, got {num_heads}; leave out '
                f'--num-heads'
            )
        return known[0]
    if num_heads is None:
        raise ModelError(
            f'{file}: a network of width {found.width} and {found.depth} blocks is not among the '
            f'known ones, and the number of attention heads cannot be read from it: give '
            f'--num-heads'
        )
    if num_heads < 1 or found.width % num_heads:
        raise ModelError(
            f'{file}: {num_heads} heads do not divide the width {found.width}; correct --num-heads'
        )
    return replace(found, heads=num_heads)
