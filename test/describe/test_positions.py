# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Position embeddings for other grids."""

from __future__ import annotations

from anyloc_ros.describe.positions import resize_positions
from anyloc_ros.errors import ModelError
import numpy as np
import pytest
import torch


def test_trained_grid_is_left_alone():
    positions = torch.randn(1 + 37 * 37, 4)
    for family in ('dinov2', 'dinov2_reg', 'dino', 'clip'):
        assert resize_positions(positions, family, (37, 37), (518, 518)) is positions


def cubic_weights(n_out, n_in, scale):
    """Return Keys' bicubic weights (a = -0.75) at (i + 0.5) / scale - 0.5, borders repeated."""

    def kernel(x):
        x = abs(x)
        if x <= 1:
            return 1.25 * x**3 - 2.25 * x**2 + 1
        return -0.75 * x**3 + 3.75 * x**2 - 6 * x + 3 if x < 2 else 0.0

    matrix = np.zeros((n_out, n_in))
    for i in range(n_out):
        at = (i + 0.5) / scale - 0.5
        for j in range(int(np.floor(at)) - 1, int(np.floor(at)) + 3):
            matrix[i, min(max(j, 0), n_in - 1)] += kernel(at - j)
    return matrix


@pytest.mark.parametrize(('family', 'side'), [('dinov2', 37), ('dino', 28)])
def test_scale_factor_has_the_published_tenth(family, side):
    positions = torch.randn(1 + side * side, 3, generator=torch.Generator().manual_seed(0))
    found = resize_positions(positions, family, (23, 40), (322, 560))
    rows, columns = (cubic_weights(n, side, (n + 0.1) / side) for n in (23, 40))
    square = positions[1:].double().numpy().reshape(side, side, 3)
    expected = np.einsum('ah,hwc,bw->abc', rows, square, columns).reshape(-1, 3)
    np.testing.assert_allclose(found[1:], expected, atol=2e-4)
    torch.testing.assert_close(found[0], positions[0], rtol=0, atol=0)
    without = np.einsum(
        'ah,hwc,bw->abc',
        *(cubic_weights(23, side, 23 / side), square),
        cubic_weights(40, side, 40 / side),
    )
    assert np.abs(found[1:].numpy() - without.reshape(-1, 3)).max() > 1e-2


def test_register_models_use_the_size_and_antialiasing():
    """A checkerboard averages out when it is shrunk with a filter, and only then."""
    board = torch.tensor([[(-1.0) ** (i + j)] for i in range(36) for j in range(36)])
    positions = torch.cat((torch.zeros(1, 1), board))
    smooth = resize_positions(positions, 'dinov2_reg', (12, 12), (168, 168))[1:]
    rough = resize_positions(positions, 'dinov2', (12, 12), (168, 168))[1:]
    assert smooth.abs().max() < 0.2 < rough.abs().max()


def test_clip_has_one_size():
    with pytest.raises(ModelError, match='7x7'):
        resize_positions(torch.zeros(50, 4), 'clip', (7, 8), (224, 256))
