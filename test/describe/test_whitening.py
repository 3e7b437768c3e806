# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Whitening against an independent computation by singular values."""

from anyloc_ros.describe.whitening import fit_whitening
from anyloc_ros.errors import ConfigError
import numpy as np
import pytest
import torch


@pytest.mark.parametrize('shape', [(40, 200), (200, 40)])
def test_it_equals_the_textbook(shape):
    x = np.random.default_rng(0).standard_normal(shape) * np.linspace(3, 1, shape[1])
    mean = x.mean(axis=0)
    _, s, vt = np.linalg.svd(x - mean, full_matrices=False)
    expected = (x - mean) @ vt[:8].T / s[:8] * np.sqrt(shape[0] - 1)
    whitening = fit_whitening(x.astype(np.float32), 8)
    ours = (x - whitening.mean) @ whitening.projection.T
    # The sign of a component is free.
    np.testing.assert_allclose(np.abs(ours), np.abs(expected), atol=2e-3)
    np.testing.assert_allclose(np.cov(ours.T), np.eye(8), atol=1e-3)


def test_whitened_descriptors_have_unit_length():
    x = np.random.default_rng(1).standard_normal((30, 12)).astype(np.float32)
    y = fit_whitening(x, 4).apply(torch.from_numpy(x))
    assert y.shape == (30, 4)
    np.testing.assert_allclose(y.norm(dim=1).numpy(), 1.0, atol=1e-6)


def test_more_dimensions_than_the_references_span_are_refused():
    x = np.random.default_rng(2).standard_normal((6, 50)).astype(np.float32)
    with pytest.raises(ConfigError, match='span only 5 dimensions'):
        fit_whitening(x, 6)
    fit_whitening(x, 5)
    with pytest.raises(ConfigError, match='span only 0 dimensions'):
        fit_whitening(np.ones((6, 50), np.float32), 1)
