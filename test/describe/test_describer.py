# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""The composition, on features one can compute by hand."""

from dataclasses import replace

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer, Describer
from anyloc_ros.describe.methods import Method
from anyloc_ros.describe.vocabulary import save_vocabulary, Vocabulary
from anyloc_ros.describe.whitening import Whitening
from anyloc_ros.errors import ConfigError, ModelError
import numpy as np
import pytest


class MeanColours:
    """An extractor for tests: each image row becomes one feature, its mean colour."""

    width = 3

    def extract(self, images):
        return [image.mean(axis=1).astype(np.float32) for image in images]

    def settings(self):
        return {'backbone': 'colours', 'layer': -1, 'facet': ''}


def _describer(aggregation: str, words: int = 0, **config) -> Describer:
    method = Method('colours', -1, '', aggregation, words)
    return Describer(MeanColours(), method, DescribeConfig(**config))


def _rows(*colours: tuple[int, int, int]) -> np.ndarray:
    return np.repeat(np.array(colours, np.uint8)[:, None], 4, axis=1)


RED_BLUE = _rows((200, 0, 0), (0, 0, 100))


@pytest.mark.parametrize(
    ('aggregation', 'expected'),
    [
        ('gap', [100.0, 0.0, 50.0]),
        ('gmp', [200.0, 0.0, 100.0]),
        ('gem', [(200**3 / 2) ** (1 / 3), 0.0, (100**3 / 2) ** (1 / 3)]),
        ('cls', [100.0, 0.0, 50.0]),
    ],
)
def test_descriptors_are_pooled_and_of_unit_length(aggregation, expected):
    (descriptor,) = _describer(aggregation).describe([RED_BLUE])
    np.testing.assert_allclose(descriptor, expected / np.linalg.norm(expected), atol=1e-6)
    assert descriptor.dtype == np.float32


def test_vlad_needs_words_first():
    describer = _describer('vlad', 2)
    assert not describer.ready
    with pytest.raises(ModelError, match='needs a vocabulary before'):
        describer.describe([RED_BLUE])
    words = np.array([[0.5, 0.0, 0.0], [0.0, 0.0, 0.5]], np.float32)
    ready = describer.with_vocabulary(Vocabulary(words))
    (descriptor,) = ready.describe([RED_BLUE])
    # residuals (0.5, 0, 0) and (0, 0, 0.5), each brought to length 1, then the whole
    np.testing.assert_allclose(descriptor, np.array([1, 0, 0, 0, 0, 1]) / np.sqrt(2), atol=1e-6)
    assert not describer.ready


def test_soft_assignment_uses_the_temperature():
    words = Vocabulary(np.array([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]], np.float32))
    image = _rows((100, 80, 0), (20, 100, 0))
    warm, cold, hard = (
        _describer(aggregation, 2, soft_temperature=t).with_vocabulary(words).describe([image])[0]
        for aggregation, t in (('vlad_soft', 1.0), ('vlad_soft', 0.001), ('vlad', 1.0))
    )
    np.testing.assert_allclose(cold, hard, atol=1e-3)
    assert np.abs(warm - hard).max() > 0.1


def test_images_of_different_size_make_one_batch():
    describer = _describer('gap')
    small, large = _rows((9, 0, 0)), _rows((0, 9, 0), (0, 0, 9))
    together = describer.describe([small, large])
    alone = np.concatenate([describer.describe([small]), describer.describe([large])])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize('aggregation', ['gap', 'gmp', 'gem', 'vlad'])
def test_an_image_without_features_has_a_zero_descriptor(aggregation):
    describer = _describer(aggregation, 2)
    if aggregation == 'vlad':
        describer = describer.with_vocabulary(Vocabulary(np.eye(3, dtype=np.float32)[:2]))
    (descriptor,) = describer.describe([np.zeros((0, 4, 3), np.uint8)])
    assert not descriptor.any()


def test_a_fitted_vocabulary_says_what_it_was_made_from():
    describer = _describer('vlad', 2, vocabulary_seed=5)
    features = describer.features([RED_BLUE, RED_BLUE])
    vocabulary = describer.fit_vocabulary(features)
    assert vocabulary.words.shape == (2, 3)
    assert vocabulary.origin['backbone'] == 'colours'
    assert (vocabulary.origin['seed'], vocabulary.origin['images']) == (5, 2)
    assert vocabulary.origin['num_features'] == 4
    describer.with_vocabulary(vocabulary)
    with pytest.raises(ModelError, match='2 words, AnyLoc-VLAD-DINOv2-L expects 3'):
        _describer('vlad', 3).with_vocabulary(vocabulary)
    with pytest.raises(ModelError, match='backbone colours'):
        other = Vocabulary(vocabulary.words, {'backbone': 'dinov2_vits14'})
        describer.with_vocabulary(other)


def test_whitening_comes_last():
    swap = Whitening(np.zeros(3, np.float32), np.eye(3, dtype=np.float32)[::-1].copy())
    (descriptor,) = _describer('gap').with_whitening(swap).describe([RED_BLUE])
    np.testing.assert_allclose(descriptor, [50 / 12500**0.5, 0, 100 / 12500**0.5], atol=1e-6)


def test_an_image_without_features_stays_zero_when_whitened():
    whitening = Whitening(np.full(3, 0.5, np.float32), np.eye(3, dtype=np.float32))
    describer = _describer('gap').with_whitening(whitening)
    black = np.zeros((0, 4, 3), np.uint8)
    assert not describer.describe([black])[0].any()
    assert describer.describe([RED_BLUE])[0].any()


def test_numbers_that_overflow_are_no_descriptor():
    image = np.full((2, 4, 3), np.nan)
    with pytest.raises(ModelError, match='NaN or infinity: use precision fp32'):
        _describer('gap').describe([image])


def test_the_fingerprint_holds_what_a_descriptor_depends_on():
    plain = _describer('gem').fingerprint
    assert plain == {
        'backbone': 'colours', 'layer': -1, 'facet': '', 'aggregation': 'gem', 'gem_p': 3.0,
    }  # fmt: skip
    assert _describer('gem', gem_p=5.0).fingerprint['gem_p'] == 5.0
    assert _describer('vlad', 2).fingerprint['num_words'] == 2
    assert 'soft_temperature' in _describer('vlad_soft', 2).fingerprint
    assert 'gem_p' not in _describer('gap').fingerprint


def test_a_vocabulary_file_is_read_when_the_describer_is_built(tmp_path):
    path = tmp_path / 'words.safetensors'
    words = np.random.default_rng(0).standard_normal((4, 128)).astype(np.float32)
    save_vocabulary(Vocabulary(words, {'backbone': 'rootsift'}), path)
    config = DescribeConfig(method='RootSIFT-VLAD', num_words=4, vocabulary=str(path))
    assert np.array_equal(build_describer(config).vocabulary.words, words)
    assert not build_describer(replace(config, vocabulary='map')).ready
    with pytest.raises(ModelError, match='expects 8'):
        build_describer(replace(config, num_words=8))


def test_missing_weights_and_a_missing_mask_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setenv('HF_HOME', str(tmp_path))
    with pytest.raises(ModelError, match='anyloc weights fetch dinov2_vitl14'):
        build_describer(DescribeConfig())
    with pytest.raises(ConfigError, match='mask_path'):
        build_describer(DescribeConfig(method='RootSIFT-GeM', mask_path=str(tmp_path / 'no.png')))
