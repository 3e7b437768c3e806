# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Images to local features by a vision transformer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from anyloc_ros.config import AUTO
from anyloc_ros.describe.backbones import BACKBONES, find_backbone
from anyloc_ros.describe.checkpoints import read_checkpoint
from anyloc_ros.describe.image import preparation
from anyloc_ros.describe.local_features import LocalFeatures
from anyloc_ros.describe.mask import check_size, mask_sha256
from anyloc_ros.describe.memory import by_halves
from anyloc_ros.describe.random_weights import random_seed_of, RandomWeights
from anyloc_ros.describe.transformer import Network
from anyloc_ros.describe.weights import locate
from anyloc_ros.errors import ConfigError
import numpy as np
import torch
from torch.nn.functional import normalize

_PRECISIONS = {'fp32': torch.float32, 'bf16': torch.bfloat16, 'fp16': torch.float16}


def resolve_device(device: str) -> torch.device:
    """
    Return the device of this name; 'auto' is CUDA where there is one, else the CPU.

    :raises ConfigError: CUDA is asked for and there is none.
    """
    available = torch.cuda.is_available()
    if device == AUTO:
        return torch.device('cuda' if available else 'cpu')
    if device == 'cuda' and not available:
        raise ConfigError(
            'device: cuda is asked for, but torch finds no CUDA device: install a torch with CUDA '
            'and check the driver, or set device to cpu'
        )
    return torch.device(device)


def resolve_precision(precision: str, device: torch.device) -> torch.dtype:
    """Return the number format of this name; 'auto' is fp32 on the CPU and fp16 on CUDA."""
    if precision == AUTO:
        precision = 'fp32' if device.type == 'cpu' else 'fp16'
    return _PRECISIONS[precision]


def load_network(
    backbone: str | Path,
    *,
    weights_path: str | Path = '',
    layer: int,
    facet: str,
    num_heads: int | None = None,
    stride: int | None = None,
    random_seed: int | None = None,
) -> Network:
    """
    Load as much of a network as the facet of the layer needs, in float32 on the CPU.

    `backbone` is a name of the table, or the path of a checkpoint whose network is then inferred;
    `layer` is -1 for the class token; `stride` in px is that of AnyLoc by default. With
    `random_seed`, or a `weights_path` of random:SEED, the weights are random: for shapes and
    costs, not for places. Never touches the network.

    :raises ConfigError: unknown backbone, layer or facet, or a stride that does not fit.
    :raises ModelError: missing, damaged or foreign weights.
    """
    if random_seed is None:
        random_seed = random_seed_of(weights_path)
    if random_seed is not None:
        source = RandomWeights(find_backbone(str(backbone)), random_seed)
    elif str(backbone) in BACKBONES or not Path(backbone).expanduser().exists():
        expected = find_backbone(str(backbone))
        source = read_checkpoint(locate(expected, weights_path), expected, num_heads)
    elif weights_path:
        raise ConfigError(
            f'weights_path: backbone {backbone} is a checkpoint already: leave out '
            f'weights_path, or give the backbone by name'
        )
    else:
        source = read_checkpoint(backbone, num_heads=num_heads)
    found = source.backbone
    stride = found.stride if stride is None else stride
    if stride != found.patch and (
        found.family == 'clip' or stride < 1 or found.patch % stride != 0
    ):
        raise ConfigError(
            f'stride: expected the patch of {found.name}, {found.patch} px, or a part of it (not '
            f'with CLIP), got {stride}'
        )
    network = Network(found, source.tensor, layer=layer, facet=facet, stride=stride)
    network.weights_sha256 = source.sha256(network.names)
    return network


class NetworkFeatures:
    """
    Images (H, W, 3) uint8 RGB to features (N, D) float32 of their patches, row by row.

    Features of DINOv2 are L2-normalised and those of DINO and CLIP are not, as published; a class
    token (1, D) never is. The network is taken over: it moves to the device and precision.
    `mask` (H, W) bool is of the camera's size; patches with less than half of their px inside are
    left out.
    """

    def __init__(
        self,
        network: Network,
        *,
        layer: int,
        facet: str,
        image_size: str,
        device: str = AUTO,
        precision: str = AUTO,
        mask: np.ndarray | None = None,
        normalise: bool | None = None,
    ) -> None:
        if facet != network.facet or layer not in (network.layer, -1):
            raise ConfigError(
                f'the network was loaded for facet {network.facet} of layer {network.layer}, got '
                f'{facet} of {layer}'
            )
        if mask is not None and facet == 'cls':
            raise ConfigError('mask_path: a class token is of the whole image, leave out the mask')
        self.network = network
        self.layer = network.layer
        self.facet = facet
        self.width = network.width
        self.image_size = image_size
        self.device = resolve_device(device)
        self.precision = resolve_precision(precision, self.device)
        patches = facet != 'cls'
        by_family = patches and network.backbone.family.startswith('dinov2')
        self.normalise = by_family if normalise is None else normalise
        self._preparation = preparation(network.backbone, image_size, network.stride)
        self._mask = mask
        if mask is not None:
            kept = self._preparation.kept_patches(mask)
            self._kept = torch.from_numpy(np.flatnonzero(kept)).to(self.device)
        network.place(self.device, self.precision)

    def extract(self, images: Sequence[np.ndarray]) -> list[torch.Tensor]:
        """
        Return the features (N, D) of each image, on the device.

        Images of one input size go through the network together, as far as memory allows it.

        :raises ImageError: an image is smaller than a patch.
        :raises ConfigError: an image is not of the size of the mask.
        :raises ModelError: the memory is not enough for one image.
        """
        with torch.inference_mode():
            return by_halves(self._extract_together, images)

    def locate(self, image: np.ndarray) -> LocalFeatures:
        """
        Return the features of an image (H, W, 3) uint8 RGB on the CPU, and where they are.

        It raises what `extract` does, and ConfigError for a class token, which is nowhere.
        """
        if self.facet == 'cls':
            raise ConfigError('a class token is of the whole image: it has no local features')
        features = self.extract([image])[0].cpu().numpy()
        return LocalFeatures(features, *self.places(image.shape[:2]))

    def places(self, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Return positions and sizes of the features of images of this size, see LocalFeatures."""
        positions = self._preparation.patch_centres(size)
        if self._mask is not None:
            positions = positions[self._kept.cpu().numpy()]
        wide = self.network.backbone.patch * size[1] / self._preparation.resized(size)[1]
        return positions, np.full(len(positions), wide)

    def patch_grid(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return (rows, columns) of patches for images of this size, before any mask."""
        return self._preparation.patch_grid(size)

    def settings(self) -> dict[str, str | int | float]:
        """Return everything the features depend on, device and precision apart."""
        return {
            'backbone': self.network.backbone.name,
            'layer': self.layer,
            'facet': self.facet,
            'image_size': self.image_size,
            'patch': self.network.backbone.patch,
            'stride': self.network.stride,
            'normalised': int(self.normalise),
            'mask_sha256': mask_sha256(self._mask),
            'weights_sha256': self.network.weights_sha256,
        }

    def prepare(self, image: np.ndarray) -> torch.Tensor:
        """
        Return the input (3, h, w) of the network for an image, on the device.

        :raises ImageError: the image is smaller than a patch.
        :raises ConfigError: the image is not of the size of the mask.
        """
        if self._mask is not None:
            check_size(self._mask, image)
        return self._preparation.prepare(image, self.device)

    def _extract_together(self, images: Sequence[np.ndarray]) -> list[torch.Tensor]:
        inputs = [self.prepare(image) for image in images]
        groups: dict[torch.Size, list[int]] = {}
        for index, pixels in enumerate(inputs):
            groups.setdefault(pixels.shape, []).append(index)
        features: list[torch.Tensor] = [torch.empty(0)] * len(inputs)
        for group in groups.values():
            with full_float32():
                batch = self.network(torch.stack([inputs[index] for index in group]))
            for index, rows in zip(group, self._finish(batch), strict=True):
                features[index] = rows
        return features

    def _finish(self, features: torch.Tensor) -> torch.Tensor:
        features = features.float()
        if self._mask is not None:
            features = features.index_select(1, self._kept)
        return normalize(features, dim=-1) if self.normalise else features


@contextmanager
def full_float32() -> Iterator[None]:
    """Keep float32 products in float32 (no TF32, no bf16) and put the program's choice back."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision('highest')
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
