# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Image to network input: resize, crop, normalise; and where its patches lie.

Everything is done on float tensors without rounding to uint8 and, unless asked for, without
antialiasing, as the published code does. An image is (H, W, 3) uint8 RGB; a size is always
(height, width) in px.
"""

from __future__ import annotations

from dataclasses import dataclass
import re

from anyloc_ros.describe.backbones import Backbone
from anyloc_ros.describe.local_features import rescale
from anyloc_ros.errors import ConfigError, ImageError
import numpy as np
import torch
from torch.nn.functional import avg_pool2d, interpolate

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_CLIP_SIDE = 224
_SIZE = re.compile(r'native|(?:(\d+)x(\d+)|max:(\d+))(\+antialias)?')


@dataclass(frozen=True, slots=True)
class Preparation:
    """
    How an image becomes the input of one network.

    'native' keeps the size, 'HxW' forces it (bilinear; nearest for DINO, as published), 'max:N'
    shrinks the longer side to N px (bicubic), never enlarges. '+antialias' filters while
    shrinking. What does not fill a patch is then cut off evenly around; DINO with 'HxW' is not
    cut, as published. CLIP has a rule of its own, 'native': the shorter side to 224 px, bicubic
    with antialiasing, and the central square.
    """

    patch: int
    stride: int
    family: str
    height: int = 0
    width: int = 0
    longer_side: int = 0
    antialias: bool = False

    def resized(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size after the resize, before the crop."""
        height, width = size
        if self.family == 'clip':
            shorter = min(size)
            return height * _CLIP_SIDE // shorter, width * _CLIP_SIDE // shorter
        if self.height:
            return self.height, self.width
        longer = max(size)
        if not 0 < self.longer_side < longer:
            return size
        scale = self.longer_side
        # The longer side is exact; the other is cut to a whole number, as in the published demo.
        return height * scale // longer, width * scale // longer

    def crop(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """
        Return (top, left, height, width) of the part of the resized image that is used.

        :raises ImageError: not one patch fits.
        """
        height, width = size
        if min(size) < self.patch:
            raise ImageError(
                f'image too small: {height}x{width} px after the resize, a patch is '
                f'{self.patch}x{self.patch} px; use a larger image or image_size'
            )
        if self.family == 'dino' and self.height:
            return 0, 0, height, width
        if self.family == 'clip':
            used_height = used_width = _CLIP_SIDE
        else:
            used_height, used_width = height - height % self.patch, width - width % self.patch
        # Python rounds halves to even, as the published crop does.
        top, left = round((height - used_height) / 2), round((width - used_width) / 2)
        return top, left, used_height, used_width

    def input_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size of the network input for images of this size."""
        return self.crop(self.resized(size))[2:]

    def patch_grid(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return (rows, columns) of patches for images of this size."""
        height, width = self.input_size(size)
        return (
            (height - self.patch) // self.stride + 1,
            (width - self.patch) // self.stride + 1,
        )

    def patch_centres(self, size: tuple[int, int]) -> np.ndarray:
        """Return (N, 2) x, y of the patches, row by row, in px of images of this size."""
        resized = self.resized(size)
        top, left = self.crop(resized)[:2]
        down, right = (np.arange(count) * self.stride for count in self.patch_grid(size))
        half = (self.patch - 1) / 2
        grid = np.stack(np.meshgrid(left + right + half, top + down + half), axis=-1)
        return rescale(grid.reshape(-1, 2), resized, size)

    def prepare(self, image: np.ndarray, device: torch.device) -> torch.Tensor:
        """
        Return the network input (3, h, w) float32.

        :raises ImageError: not one patch fits.
        """
        size = image.shape[:2]
        resized = self.resized(size)
        top, left, height, width = self.crop(resized)
        bottom, right = top + height, left + width
        pixels = torch.from_numpy(np.ascontiguousarray(image)).to(device).permute(2, 0, 1)
        if resized != size:
            pixels = self._resize(pixels[None].float() / 255, resized)[0]
            pixels = pixels[:, top:bottom, left:right]
        else:
            pixels = pixels[:, top:bottom, left:right].float() / 255
        mean, deviation = (
            pixels.new_tensor(x)[:, None, None]
            for x in (_CLIP if self.family == 'clip' else _IMAGENET)
        )
        return (pixels - mean) / deviation

    def _resize(self, pixels: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        if self.family == 'clip':
            pixels = interpolate(pixels, size, mode='bicubic', antialias=True)
            # CLIP's own preparation works on 8-bit images.
            return (pixels * 255).round().clamp(0, 255) / 255
        if self.height and self.family == 'dino' and not self.antialias:
            return interpolate(pixels, size, mode='nearest')
        mode = 'bilinear' if self.height else 'bicubic'
        return interpolate(pixels, size, mode=mode, antialias=self.antialias)

    def kept_patches(self, mask: np.ndarray) -> np.ndarray:
        """
        Return which patches (N,) bool have at least half of their px inside the mask (H, W).

        :raises ConfigError: none has.
        """
        resized = self.resized(mask.shape)
        top, left, height, width = self.crop(resized)
        inside = torch.from_numpy(mask)[None, None].float()
        if resized != mask.shape:
            inside = interpolate(inside, resized, mode='bilinear', antialias=True)
        bottom, right = top + height, left + width
        inside = inside[..., top:bottom, left:right]
        # 1e-4: an exact half must not fall to rounding.
        kept = avg_pool2d(inside, self.patch, self.stride).flatten().numpy() >= 0.5 - 1e-4
        if not kept.any():
            raise ConfigError('the mask leaves no patch of the image; white means use')
        return kept


def preparation(backbone: Backbone, image_size: str, stride: int) -> Preparation:
    """
    Return how images are prepared for a network, by an image size as in DescribeConfig.

    :raises ConfigError: not such a text, or a size CLIP cannot take.
    """
    match = _SIZE.fullmatch(image_size)
    if match is None:
        raise ConfigError(
            f'image_size: expected native, HxW or max:N, the latter two with +antialias if '
            f'wanted, got {image_size!r}'
        )
    if backbone.family == 'clip' and image_size != 'native':
        raise ConfigError(
            f'image_size: CLIP scales and crops to {_CLIP_SIDE}x{_CLIP_SIDE} px by itself, which '
            f'is called native here, got {image_size!r}'
        )
    height, width, longer_side = (int(x or 0) for x in match.groups()[:3])
    return Preparation(
        patch=backbone.patch,
        stride=stride,
        family=backbone.family,
        height=height,
        width=width,
        longer_side=longer_side,
        antialias=bool(match[4]),
    )
