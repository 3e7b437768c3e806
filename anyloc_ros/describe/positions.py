# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Position embeddings for a grid of patches other than the trained one."""

from __future__ import annotations

import math

from anyloc_ros.errors import ModelError
import torch
from torch.nn.functional import interpolate


def resize_positions(
    positions: torch.Tensor, family: str, grid: tuple[int, int], size: tuple[int, int]
) -> torch.Tensor:
    """
    Return positions (1 + rows * columns, D) float32 for a grid, from trained (1 + G * G, D).

    `size` is that of the input in px. The rules are those of the published networks: bicubic in
    float32; DINO and DINOv2 by a scale factor of (n + 0.1) / G, register models to the size, with
    antialiasing. CLIP takes only its own grid.
    """
    trained = math.isqrt(len(positions) - 1)
    if math.prod(grid) == len(positions) - 1 and size[0] == size[1]:
        return positions
    if family == 'clip':
        raise ModelError(f'CLIP takes a grid of {trained}x{trained} patches, got {grid}')
    square = positions[1:].T.reshape(1, -1, trained, trained)
    if family == 'dinov2_reg':
        resized = interpolate(square, grid, mode='bicubic', antialias=True)
    else:
        # The 0.1 keeps floor(G * factor) from falling one short of n; it shifts the samples
        # slightly, and the networks are published with that shift.
        factors = tuple((n + 0.1) / trained for n in grid)
        resized = interpolate(square, scale_factor=factors, mode='bicubic')
    return torch.cat((positions[:1], resized[0].flatten(1).T))
