# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Aggregation against the reference code's output, the literal definition, and by hand."""

from anyloc_ros.describe.aggregate import gap, gem, gmp, vlad
import numpy as np
import pytest
import torch

FEATURES = 'tiny_dinov2/resized480x640/layer3/value'


@pytest.fixture(scope='module')
def reference(golden):
    features = torch.from_numpy(np.load(golden / 'features.npz')[FEATURES])
    outputs = dict(np.load(golden / 'aggregation.npz'))
    return features, torch.from_numpy(outputs['kmeans/centres_K8']), outputs


def _literal_vlad(features: np.ndarray, words: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Eq. (2) word by word and feature by feature, in float64."""
    blocks = []
    for k, word in enumerate(words):
        block = sum(weights[n, k] * (feature - word) for n, feature in enumerate(features))
        length = np.linalg.norm(block)
        blocks.append(block / length if length > 0 else block)
    whole = np.concatenate(blocks)
    return whole / np.linalg.norm(whole)


@pytest.mark.parametrize(
    ('key', 'temperature'), [('vlad/hard', 0.0), ('vlad/soft_equation2_temperature1', 1.0)]
)
def test_vlad_equals_the_reference(reference, key, temperature):
    features, words, outputs = reference
    ours = vlad(features, words, temperature=temperature).numpy()
    np.testing.assert_allclose(ours, outputs[key], atol=1e-6, rtol=0)


@pytest.mark.parametrize(('key', 'pool'), [('gem/p3_signed', gem), ('gap', gap), ('gmp', gmp)])
def test_pooling_equals_the_reference(reference, key, pool):
    features, _, outputs = reference
    np.testing.assert_allclose(pool(features).numpy(), outputs[key], atol=1e-6, rtol=0)


def test_vlad_equals_the_literal_definition_with_published_words(vocabularies):
    path = vocabularies / 'dinov2_vitg14_l31_value_c32_urban_c_centers.pt'
    words = torch.load(path, weights_only=True)
    rng = np.random.default_rng(7)
    features = rng.standard_normal((40, words.shape[1]))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    cosine = features @ (words / words.norm(dim=1, keepdim=True)).double().numpy().T
    hard = np.eye(len(words))[cosine.argmax(axis=1)]
    soft = np.exp(cosine / 0.1) / np.exp(cosine / 0.1).sum(axis=1, keepdims=True)
    for weights, temperature in ((hard, 0.0), (soft, 0.1)):
        expected = _literal_vlad(features, words.double().numpy(), weights)
        ours = vlad(torch.from_numpy(features).float(), words, temperature=temperature)
        np.testing.assert_allclose(ours.numpy(), expected, atol=1e-6)


def test_vlad_by_hand():
    words = torch.tensor([[0.5, 0.0], [0.0, 0.8], [-1.0, 0.0]])
    # (2, 0) has unit (1, 0): word 0, residual (0.5, 0). (0.6, 0.8): word 1, residual (0.6, 0).
    features = torch.tensor([[2.0, 0.0], [0.6, 0.8]])
    expected = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 0.0]) / np.sqrt(2)
    np.testing.assert_allclose(vlad(features, words).numpy(), expected, atol=1e-6)


def test_a_batch_is_its_images(reference):
    features, words, _ = reference
    batch = torch.stack([features[:700], features[800:1500]])
    for pool in (gap, gmp, gem, lambda x: vlad(x, words)):
        alone = torch.stack([pool(batch[0]), pool(batch[1])])
        torch.testing.assert_close(pool(batch), alone, atol=1e-6, rtol=0)


def test_gem_by_hand():
    features = torch.tensor([[2.0, -1.0, 0.0], [4.0, -1.0, 0.0]])
    # ((8 + 64) / 2) ** (1/3) = 36 ** (1/3)
    np.testing.assert_allclose(gem(features).numpy(), [36 ** (1 / 3), -1.0, 0.0], rtol=1e-6)
    np.testing.assert_allclose(gem(features, 1.0).numpy(), [3.0, -1.0, 0.0], rtol=1e-6)


def test_no_features_give_zero():
    assert not vlad(torch.zeros(0, 2), torch.eye(2)).any()
