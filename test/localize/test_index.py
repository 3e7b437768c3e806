# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""The search finds what a comparison with every reference finds."""

from anyloc_ros.errors import ConfigError
from anyloc_ros.localize.index import ReferenceIndex
import numpy as np
import pytest

KINDS = ('exact', 'hnsw', 'ivf')


def _unit(rng: np.random.Generator, count: int, width: int) -> np.ndarray:
    x = rng.standard_normal((count, width)).astype(np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.mark.parametrize('kind', KINDS)
def test_the_nearest_come_first_with_their_cosine(kind):
    # cosines with the query (1, 0): 0.6, 1.0, 0.0, -1.0
    references = np.array([[0.6, 0.8], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], np.float32)
    rows, similarities = ReferenceIndex(references, kind).search(np.array([1.0, 0.0]), 2)
    if kind == 'ivf':  # one of two cells is visited: the best is found, the second may not be
        rows, similarities = rows[:1], similarities[:1]
    assert rows.tolist() == [1, 0][: len(rows)]
    assert similarities == pytest.approx([1.0, 0.6][: len(rows)], abs=1e-6)


def test_equal_similarities_keep_the_order_of_the_map_also_at_the_cut():
    references = np.zeros((50, 4), np.float32)
    references[:, 0] = 1.0
    rows, _ = ReferenceIndex(references).search(np.array([1.0, 0, 0, 0]), 7)
    assert rows.tolist() == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize('kind', KINDS)
def test_more_than_the_map_has_gives_the_map(kind):
    rows, similarities = ReferenceIndex(np.eye(3, dtype=np.float32), kind).search(
        np.array([0.0, 1.0, 0.0]), 10
    )
    assert rows[0] == 1
    assert len(rows) == len(similarities) <= 3


@pytest.mark.parametrize('kind', ['hnsw', 'ivf'])
def test_approximate_search_agrees_with_brute_force(kind):
    rng = np.random.default_rng(1)
    references = _unit(rng, 2000, 64)
    index = ReferenceIndex(references, kind)
    hits = 0
    for row in range(0, 2000, 20):
        query = references[row] + 0.05 * rng.standard_normal(64).astype(np.float32)
        hits += index.search(query / np.linalg.norm(query), 5)[0][0] == np.argmax(
            [float(np.dot(reference, query)) for reference in references]
        )
    assert hits >= 95


def test_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match='exact, hnsw or ivf'):
        ReferenceIndex(np.eye(2), 'annoy')
