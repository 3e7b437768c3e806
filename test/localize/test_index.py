# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""The search finds what a comparison with every reference finds."""

from anyloc_ros.errors import ConfigError
from anyloc_ros.localize.index import KNOWN, ReferenceIndex
import numpy as np
import pytest

KINDS = ('exact', 'hnsw', 'ivf')


def _unit(rng: np.random.Generator, count: int, width: int) -> np.ndarray:
    x = rng.standard_normal((count, width)).astype(np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.mark.parametrize('kind', KINDS)
def test_each_reference_gets_its_cosine(kind):
    # cosines with the query (1, 0): 0.6, 1.0, 0.0, -1.0
    references = np.array([[0.6, 0.8], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], np.float32)
    similarities = ReferenceIndex(references, kind).similarities(np.array([1.0, 0.0]))
    assert similarities.dtype == np.float32
    assert similarities.shape == (4,)
    assert similarities == pytest.approx([0.6, 1.0, 0.0, -1.0], abs=1e-6)


def test_equal_references_have_equal_similarities():
    references = np.zeros((50, 4), np.float32)
    references[:, 0] = 1.0
    similarities = ReferenceIndex(references).similarities(np.array([1.0, 0, 0, 0]))
    assert (similarities == 1.0).all()


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('count', [1, 2, 30, KNOWN])
def test_small_maps_are_compared_whole(kind, count):
    rng = np.random.default_rng(0)
    references, query = _unit(rng, count, 64), _unit(rng, 1, 64)[0]
    expected = [float(np.dot(reference.astype(float), query)) for reference in references]
    similarities = ReferenceIndex(references, kind).similarities(query)
    assert similarities == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize('kind', ['hnsw', 'ivf'])
def test_approximate_search_agrees_with_brute_force(kind):
    rng = np.random.default_rng(1)
    references = _unit(rng, 2000, 64)
    index = ReferenceIndex(references, kind)
    hits = 0
    for row in range(0, 2000, 20):
        query = references[row] + 0.05 * rng.standard_normal(64).astype(np.float32)
        query /= np.linalg.norm(query)
        expected = [float(np.dot(reference, query)) for reference in references]
        hits += index.similarities(query).argmax() == np.argmax(expected)
    assert hits >= 95


@pytest.mark.parametrize('kind', ['hnsw', 'ivf'])
def test_what_an_approximate_search_does_not_know_takes_the_least_it_knows(kind):
    rng = np.random.default_rng(2)
    references = _unit(rng, 2000, 16)
    query = references[1234]
    expected = references @ query
    similarities = ReferenceIndex(references, kind).similarities(query)
    floor = similarities.min()
    known = similarities > floor
    # One of those that are known has the floor itself.
    assert known.sum() == KNOWN - 1
    assert similarities[known] == pytest.approx(expected[known], abs=1e-6)
    assert np.isclose(expected, floor, atol=1e-6).any()
    assert similarities.argmax() == 1234
    # The floor is below what matters.
    assert floor < np.sort(expected)[-50]


def test_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match='exact, hnsw or ivf'):
        ReferenceIndex(np.eye(2), 'annoy')
