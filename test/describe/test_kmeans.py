# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Clustering against the reference code's words and on groups one can see."""

from anyloc_ros.describe.kmeans import cosine_kmeans, even_share, faiss_kmeans, fit_words
from anyloc_ros.errors import ConfigError
import numpy as np
import pytest


def _two_directions() -> np.ndarray:
    angles = np.radians([0.0, 10.0, 90.0, 100.0])
    lengths = np.array([1.0, 5.0, 0.1, 2.0])
    return (np.stack([np.cos(angles), np.sin(angles)], 1) * lengths[:, None]).astype(np.float32)


def test_words_equal_the_reference(golden):
    features = np.load(golden / 'features.npz')['tiny_dinov2/native/layer3/value']
    expected = np.load(golden / 'aggregation.npz')['kmeans/centres_K8']
    np.testing.assert_allclose(cosine_kmeans(features, 8, 42), expected, atol=1e-4)


@pytest.mark.parametrize('kmeans', [cosine_kmeans, faiss_kmeans])
def test_words_are_plain_means_of_unit_features(kmeans, capfd):
    words = kmeans(np.repeat(_two_directions(), 30, axis=0), 2, 0)
    # The mean of two unit vectors 10 degrees apart has length cos(5 degrees).
    expected = np.cos(np.radians(5)) * np.array(
        [[np.cos(np.radians(5)), np.sin(np.radians(5))],
         [np.cos(np.radians(95)), np.sin(np.radians(95))]]
    )  # fmt: skip
    np.testing.assert_allclose(words[np.argsort(-words[:, 0])], expected, atol=1e-5)
    assert capfd.readouterr() == ('', '')


def test_a_word_that_loses_its_features_becomes_zero():
    # Both words start on the same direction; all features go to the first of them.
    words = cosine_kmeans(np.tile(np.array([[0.0, 3.0]], np.float32), (5, 1)), 2, 0)
    np.testing.assert_allclose(words, [[0.0, 1.0], [0.0, 0.0]], atol=1e-6)


def test_the_seed_decides():
    features = np.random.default_rng(0).standard_normal((300, 8)).astype(np.float32)
    first, again, other = (cosine_kmeans(features, 5, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_large_sets_go_to_faiss_and_say_so(monkeypatch):
    features = np.repeat(_two_directions(), 30, axis=0)
    assert fit_words(features, 2, 0)[1] == 'cosine k-means'
    monkeypatch.setattr('anyloc_ros.describe.kmeans.LARGE', 100)
    assert fit_words(features, 2, 0)[1] == 'faiss spherical k-means'


def test_fewer_features_than_words_are_refused():
    with pytest.raises(ConfigError, match='8 words needs at least as many features, got 4'):
        fit_words(_two_directions(), 8, 0)


def test_every_image_gives_an_even_share_of_what_fits():
    features = np.arange(80, dtype=np.float32).reshape(10, 8)  # 32 bytes a row
    assert even_share(features, 2, 0, 640) is features
    drawn = even_share(features, 4, 7, 640)
    assert len(drawn) == 5
    assert np.array_equal(drawn, even_share(features, 4, 7, 640))
    assert set(map(tuple, drawn)) <= set(map(tuple, features))
    assert not np.array_equal(drawn, even_share(features, 4, 8, 640))
    assert len(even_share(features, 100, 0, 640)) == 1
