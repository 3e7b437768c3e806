# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A vision transformer up to one layer and facet: nothing after it is computed, or kept in memory.

Embedding and positions are done here: transformers resizes positions by another rule than the
published networks, and cannot stop early.

Sources: DINOv2, https://arxiv.org/abs/2304.07193, its registers, https://arxiv.org/abs/2309.16588,
DINO, https://arxiv.org/abs/2104.14294, CLIP, https://arxiv.org/abs/2103.00020.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from anyloc_ros.describe.backbones import Backbone
from anyloc_ros.describe.blocks import Blocks, Take
from anyloc_ros.describe.positions import resize_positions
from anyloc_ros.errors import ConfigError
import torch
from torch import nn
from torch.nn.functional import layer_norm, linear, unfold

FACETS = ('query', 'key', 'value', 'token', 'cls')


class Network(nn.Module):
    """
    One output of a vision transformer: pixels (B, 3, h, w) to features (B, N, D).

    `facet` 'query', 'key' and 'value' are the projections of block `layer` (zero-based) after its
    first norm, 'token' is the output of the block, 'cls' the class token: after the final norm
    (DINOv2), of the last block (DINO), or the image embedding (CLIP).

    `tensor(name, shape)` gives the weights one by one, under the names of `checkpoints`.
    """

    def __init__(
        self,
        backbone: Backbone,
        tensor: Take,
        *,
        layer: int,
        facet: str,
        stride: int,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.layer = _checked_layer(backbone, layer, facet)
        self.facet = facet
        self.stride = stride
        self.names: list[str] = []
        self.weights_sha256 = ''
        # Of the last input size: a camera keeps its size, and its positions are resized once.
        self._resized: tuple[torch.Size, torch.Tensor] | None = None
        self.dtype = torch.float32
        self._tensor = tensor
        self._build()
        del self._tensor
        self.eval().requires_grad_(False)

    @property
    def width(self) -> int:
        """Return the number D of channels that come out."""
        return (self.facet == 'cls' and self.backbone.projection) or self.backbone.width

    def place(self, device: torch.device, dtype: torch.dtype) -> None:
        """
        Move to a device and do the products of the blocks in a number format.

        Norms, scales, tokens and the sum that runs through the blocks stay in float32: they cost
        little, and rounding that sum in every block is most of the error of half precision. So do
        the first and the last product, 2 % of the work of ViT-S and less of larger networks.
        """
        self._resized = None
        self.to(device)
        self.dtype = dtype
        for module in self.blocks.modules():
            if isinstance(module, nn.Linear):
                module.to(dtype)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return features (B, N, D), row by row of the patch grid; (B, 1, D) for 'cls'."""
        hidden = self._embed(pixels)
        for block in self.blocks:
            hidden = self._blocks.run(block, hidden, self.dtype)
        if self.facet == 'cls':
            return self._class_output(hidden[:, :1])
        if self.facet == 'token':
            return self._of_patches(hidden, 'token')
        # All tokens go through the projection: the product over fewer rows rounds differently.
        return self._of_patches(self.facet_projection(self.facet_norm(hidden)), self.facet)

    def outputs(
        self, pixels: torch.Tensor, wanted: Collection[tuple[int, str]]
    ) -> Iterator[tuple[tuple[int, str], torch.Tensor]]:
        """
        Yield several (layer, facet) and their features (B, N, D) of one pass, layer by layer.

        The network has to be loaded whole as far as they reach: for the facet 'token' of the
        deepest layer. In float32 they are what a network loaded for one of them gives; in half
        precision the projections are rounded more than there.
        """
        hidden = self._embed(pixels)
        for layer, block in enumerate(self.blocks):
            facets = [facet for facet in FACETS[:3] if (layer, facet) in wanted]
            if facets:
                normed = self._blocks.part(block, 'norm1')(hidden).to(self.dtype)
                for facet in facets:
                    features = self._blocks.part(block, facet)(normed).float()
                    yield (layer, facet), self._of_patches(features, facet)
            hidden = self._blocks.run(block, hidden, self.dtype)
            if (layer, 'token') in wanted:
                yield (layer, 'token'), self._of_patches(hidden, 'token')

    def _of_patches(self, features: torch.Tensor, facet: str) -> torch.Tensor:
        """Return (B, N, D) of the patches alone, channels in the published order."""
        first_patch = 1 + self.backbone.registers
        features = features[:, first_patch:]
        if facet != 'token' and self.backbone.family == 'dino':
            # As published for DINO: channel index = channel in head * heads + head.
            features = features.unflatten(-1, (self.backbone.heads, -1)).mT.flatten(-2)
        return features

    def _build(self) -> None:
        b = self.backbone
        self._register('class_token', (b.width,))
        if b.registers:
            self._register('register_tokens', (b.registers, b.width))
        self._register('patch.weight', (b.width, 3, b.patch, b.patch))
        if b.family == 'clip':
            self._register('pre_norm.weight', (b.width,))
            self._register('pre_norm.bias', (b.width,))
        else:
            self._register('patch.bias', (b.width,))
        self._positions = self._take('positions', (1 + b.grid * b.grid, b.width))
        self._blocks = Blocks(b)
        whole = self.layer + (self.facet in ('token', 'cls'))
        self.blocks = nn.ModuleList(self._blocks.load(index, self._take) for index in range(whole))
        if self.facet in ('query', 'key', 'value'):
            facet = self._blocks.load_facet(self.layer, self._take, self.facet)
            self.facet_norm, self.facet_projection = facet
        if self.facet == 'cls' and b.family != 'dino':
            self._register('norm.weight', (b.width,))
            self._register('norm.bias', (b.width,))
        if self.facet == 'cls' and b.projection:
            self._register('projection', (b.projection, b.width))

    def _take(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        self.names.append(name)
        # A copy: a network must not change or vanish with the file it was read from.
        return self._tensor(name, shape).clone(memory_format=torch.contiguous_format)

    def _register(self, name: str, shape: tuple[int, ...]) -> None:
        self.register_parameter(
            name.replace('.', '_'), nn.Parameter(self._take(name, shape), requires_grad=False)
        )

    def _embed(self, pixels: torch.Tensor) -> torch.Tensor:
        b = self.backbone
        rows, columns = ((side - b.patch) // self.stride + 1 for side in pixels.shape[-2:])
        # A matrix product, not a convolution: cuDNN's own switch for TF32 need not be known.
        patches = unfold(pixels, b.patch, stride=self.stride).transpose(1, 2)
        bias = None if b.family == 'clip' else self.patch_bias
        embedded = linear(patches, self.patch_weight.flatten(1), bias)
        class_token = self.class_token.expand(len(pixels), 1, -1)
        hidden = torch.cat((class_token, embedded), dim=1)
        hidden = hidden + self._positions_for((rows, columns), pixels.shape[-2:])
        if b.registers:
            registers = self.register_tokens.expand(len(pixels), -1, -1)
            hidden = torch.cat((hidden[:, :1], registers, hidden[:, 1:]), dim=1)
        if b.family == 'clip':
            weights = (self.pre_norm_weight, self.pre_norm_bias)
            hidden = layer_norm(hidden, (b.width,), *weights, b.epsilon)
        return hidden

    def _positions_for(self, grid: tuple[int, int], size: torch.Size) -> torch.Tensor:
        if self._resized is None or self._resized[0] != size:
            resized = resize_positions(self._positions, self.backbone.family, grid, size)
            self._resized = size, resized.to(self.class_token.device)
        return self._resized[1]

    def _class_output(self, token: torch.Tensor) -> torch.Tensor:
        if self.backbone.family == 'dino':
            return token
        weights = (self.norm_weight, self.norm_bias)
        token = layer_norm(token, (self.backbone.width,), *weights, self.backbone.epsilon)
        return linear(token, self.projection) if self.backbone.projection else token


def _checked_layer(backbone: Backbone, layer: int, facet: str) -> int:
    last = backbone.depth - 1
    if facet not in FACETS:
        raise ConfigError(f'facet: expected one of {", ".join(FACETS)}, got {facet!r}')
    if facet == 'cls':
        if layer not in (-1, last):
            raise ConfigError(
                f'layer: the class token of {backbone.name} comes after its last block, {last}, '
                f'got {layer}'
            )
        return last
    if not 0 <= layer <= last:
        raise ConfigError(f'layer: {backbone.name} has the blocks 0 to {last}, got {layer}')
    return layer
