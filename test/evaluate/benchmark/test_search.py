# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The search in blocks finds what a search of the whole finds."""

from __future__ import annotations

from anyloc_ros.evaluate.benchmark import search
from anyloc_ros.evaluate.benchmark.search import blocks, nearest_of_parts, similarities_of_parts
import numpy as np
import pytest


def split(array, size=16):
    return [array[start:][:size] for start in range(0, len(array), size)]


@pytest.mark.parametrize('block_bytes', [1, 16 * 8 * 4, 3 * 16 * 8 * 4, 2**28])
def test_blocks_change_nothing(monkeypatch, block_bytes):
    monkeypatch.setattr(search, 'BLOCK_BYTES', block_bytes)
    rng = np.random.default_rng(0)

    def side(count):
        # Four numbers of eight are 1 or -1: the length is 2, cosines are exact, many are alike.
        values = np.where(rng.random((count, 8)) < 0.5, -1, 1).astype(np.float32)
        for row in values:
            row[rng.permutation(8)[:4]] = 0
        return values

    queries, references = side(37), side(101)
    references[5] = 0
    rows, cosines = nearest_of_parts(lambda: split(queries), lambda: split(references), 20)
    for number, query in enumerate(queries):
        every = [float(query @ other) / 4 for other in references]
        order = sorted(range(101), key=lambda row: (row == 5, -every[row], row))[:20]
        assert rows[number].tolist() == order
        assert cosines[number].tolist() == [every[row] for row in order]
    assert len(list(blocks(split(references)))) == {1: 7, 512: 7, 1536: 3}.get(block_bytes, 1)


def test_fewer_references_than_asked_for():
    queries = np.array([[1, 0], [0, 0]], np.float32)
    references = np.array([[0, 2], [3, 0]], np.float32)
    rows, cosines = nearest_of_parts(lambda: [queries], lambda: [references], 4)
    np.testing.assert_array_equal(rows, [[1, 0, -1, -1], [-1] * 4])
    np.testing.assert_array_equal(cosines, [[1, 0, np.nan, np.nan], [np.nan] * 4])


def test_all_similarities():
    queries, references = np.eye(2, dtype=np.float32), np.array([[0.6, 0.8]] * 3, np.float32)
    found = similarities_of_parts(queries, split(references, 2))
    np.testing.assert_allclose(found, [[0.6] * 3, [0.8] * 3], rtol=1e-6)
