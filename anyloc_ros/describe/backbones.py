# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The networks by name: their shapes, and where their published weights are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from anyloc_ros.config import nearest
from anyloc_ros.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Backbone:
    """
    A vision transformer: its shape, and where its weights are published.

    `family` is 'dinov2', 'dinov2_reg' (with register tokens), 'dino' or 'clip'; `ffn` is 'mlp' or
    'swiglu'; `grid` is the side of the square of trained positions, in patches; `projection` is
    the width of the CLIP image embedding. `sha256` is that of the published file; where none is
    known it is empty, and the first download is recorded instead.
    """

    name: str
    family: str
    width: int
    depth: int
    heads: int
    patch: int
    grid: int
    ffn: str = 'mlp'
    epsilon: float = 1e-6
    registers: int = 0
    projection: int = 0
    hub_id: str = ''
    file: str = ''
    url: str = ''
    sha256: str = ''

    @property
    def hidden(self) -> int:
        """Return the width inside the feed-forward part of a block."""
        if self.ffn == 'mlp':
            return 4 * self.width
        # Two thirds of the MLP, rounded up to a multiple of 8: DINOv2's SwiGLU.
        return (4 * self.width * 2 // 3 + 7) // 8 * 8

    @property
    def stride(self) -> int:
        """Return the step between patches in px: AnyLoc halves it for DINO's patches of 8."""
        return 4 if self.family == 'dino' and self.patch == 8 else self.patch


_PUBLISHER = 'https://dl.fbaipublicfiles.com'
_HUB = 'https://huggingface.co'
_SIZES = {'s': ('small', 384, 12, 6), 'b': ('base', 768, 12, 12), 'l': ('large', 1024, 24, 16)}
_SIZES |= {'g': ('giant', 1536, 40, 24)}

_DINOV2_SHA256 = {
    'vits14': 'b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9',
    'vitb14': '0b8b82f85de91b424aded121c7e1dcc2b7bc6d0adeea651bf73a13307fad8c73',
    'vitl14': 'd5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428',
    'vitg14': 'baf8467e50af277596bbbafa06887c177ee899ab46033649c383577d7e9309d3',
    'vits14_reg4': 'f433177089a681826f849f194ece3bb48f4d63fb38d32fc837e3dc7a4e5641fb',
    'vitb14_reg4': '73182a088cf94833c94b1666d1c99e02fe87e2007bff57b564fb6206e25dba71',
    'vitl14_reg4': '36e4deffbaef061a2576705b0c36f93621e2ae20bf6274694821b0b492551b51',
    'vitg14_reg4': '746ecb8c6301c645c5c855be91687d274587d6e48fdaec4a729753160b34a283',
}


def _dinov2(size: str, registers: int) -> Backbone:
    words, width, depth, heads = _SIZES[size]
    folder = f'dinov2_vit{size}14'
    stem = f'vit{size}14_reg4' if registers else f'vit{size}14'
    file = f'dinov2_{stem}_pretrain.pth'
    return Backbone(
        name=f'{folder}_reg' if registers else folder,
        family='dinov2_reg' if registers else 'dinov2',
        width=width,
        depth=depth,
        heads=heads,
        patch=14,
        grid=37,
        ffn='swiglu' if size == 'g' else 'mlp',
        registers=registers,
        hub_id=f'facebook/dinov2-{"with-registers-" if registers else ""}{words}',
        file=file,
        url=f'{_PUBLISHER}/dinov2/{folder}/{file}',
        sha256=_DINOV2_SHA256[stem],
    )


def _dino(size: str, patch: int) -> Backbone:
    _, width, depth, heads = _SIZES[size]
    stem = f'dino_{"deitsmall" if size == "s" else "vitbase"}{patch}_pretrain'
    return Backbone(
        name=f'dino_vit{size}{patch}',
        family='dino',
        width=width,
        depth=depth,
        heads=heads,
        patch=patch,
        grid=224 // patch,
        hub_id=f'facebook/dino-vit{size}{patch}',
        file=f'{stem}.pth',
        url=f'{_PUBLISHER}/dino/{stem}/{stem}.pth',
    )


def _clip(size: str, patch: int) -> Backbone:
    # OpenAI's own files are TorchScript programs, which are not read here: the publisher's
    # conversion on the hub is plain tensors.
    words, width, depth, heads = _SIZES[size]
    hub_id = f'openai/clip-vit-{words}-patch{patch}'
    return Backbone(
        name=f'clip_vit{size}{patch}',
        family='clip',
        width=width,
        depth=depth,
        heads=heads,
        patch=patch,
        grid=224 // patch,
        epsilon=1e-5,
        projection=768 if size == 'l' else 512,
        hub_id=hub_id,
        file=f'clip-vit-{words}-patch{patch}.bin',
        url=f'{_HUB}/{hub_id}/resolve/main/pytorch_model.bin',
    )


BACKBONES: Mapping[str, Backbone] = MappingProxyType(
    {
        backbone.name: backbone
        for backbone in (
            *(_dinov2(size, registers) for registers in (0, 4) for size in 'sblg'),
            *(_dino(size, patch) for size in 'sb' for patch in (8, 16)),
            *(_clip(size, patch) for size, patch in (('b', 32), ('b', 16), ('l', 14))),
        )
    }
)
"""
Every network that is known by name.

The CLIP class token is the image embedding (final norm and projection): AnyLoc's CLIP-CLS calls
`encode_image`, with ViT-B/32 as its program's default.
"""


def find_backbone(name: str) -> Backbone:
    """
    Return the network of this name.

    :raises ConfigError: unknown name, with the nearest known one.
    """
    if name not in BACKBONES:
        raise ConfigError(f'unknown backbone {name!r}{nearest(name, BACKBONES)}')
    return BACKBONES[name]
