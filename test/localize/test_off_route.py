# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Closeness and scores, computed once more from the vectors themselves."""

import math

from anyloc_ros.localize.off_route import Novelty, Scores
import numpy as np
import pytest


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def along(rng, count, width=48):
    """Return references (count, width) whose neighbours resemble each other."""
    rows = rng.normal(size=(count + 1, width))
    return unit(rows[1:] + rows[:-1])


@pytest.fixture(scope='module')
def data():
    rng = np.random.default_rng(4)
    return along(rng, 30), unit(rng.normal(size=(64, 48)) + 0.2), unit(rng.normal(size=(9, 48)))


def with_common_part(rows):
    """Return unit rows that all have 0.9 in one direction more, as GeM descriptors do."""
    common = np.full((len(rows), 1), 0.9)
    return np.hstack([math.sqrt(1 - 0.9**2) * rows, common]).astype(np.float32)


def closeness_by_vectors(references, query):
    mean = references.astype(float).mean(axis=0)
    ours = [(row - mean) / math.dist(row, mean) for row in references]
    other = (query - mean) / math.dist(query, mean)
    return np.array([-math.dist(row, other) for row in ours])


def background(references, unrelated):
    """Return mean and deviation of the closeness of unrelated images at each reference."""
    closeness = np.array([closeness_by_vectors(references, query) for query in unrelated])
    mean = closeness.sum(axis=0) / len(closeness)
    own = np.sqrt(((closeness - mean) ** 2).sum(axis=0) / len(closeness))
    # Half its own deviation, half the usual one.
    return mean, 0.5 * own + 0.5 * own.sum() / len(own), own


@pytest.mark.parametrize('change', [np.array, with_common_part])
def test_closeness_is_minus_the_distance_of_centred_unit_vectors(data, change):
    references, unrelated, queries = map(change, data)
    novelty = Novelty(references, unrelated)
    for query in (*queries, references[7]):
        found = novelty.closeness(references @ query, query)
        assert found == pytest.approx(closeness_by_vectors(references, query), abs=2e-3)
        rows = np.array([3, 17, 4])
        some = novelty.closeness_of(rows, references[rows] @ query, query)
        assert np.array_equal(some, found[rows])


def test_what_all_descriptors_have_in_common_changes_nothing(data):
    references, unrelated, queries = data
    plain = Novelty(references, unrelated)
    shared = Novelty(*map(with_common_part, (references, unrelated)))
    assert shared.spread == pytest.approx(plain.spread, rel=1e-3)
    for scores in ('off', 'scale', 'on'):
        assert getattr(shared.scores, scores) == pytest.approx(
            getattr(plain.scores, scores), rel=1e-2
        )
    for query, other in zip(queries, with_common_part(queries), strict=True):
        expected = plain.closeness(references @ query, query)
        found = shared.closeness(with_common_part(references) @ other, other)
        assert found == pytest.approx(expected, abs=2e-3)


def test_a_turn_of_the_space_changes_nothing(data):
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(48, 48)))[0].astype(np.float32)
    references, unrelated, queries = data
    plain, turned = Novelty(references, unrelated), Novelty(references @ turn, unrelated @ turn)
    assert turned.scores.off == pytest.approx(plain.scores.off, rel=1e-3)
    query = queries[0] @ turn
    closeness = turned.closeness(references @ turn @ query, query)
    assert turned.score(5, closeness[5]) == pytest.approx(
        plain.score(5, closeness_by_vectors(references, queries[0])[5]), abs=1e-2
    )


def test_scores_are_deviations_beyond_unrelated_images(data):
    references, unrelated, _ = data
    mean, deviation, own = background(references, unrelated)
    novelty = Novelty(references, unrelated)
    assert novelty.spread == pytest.approx(own.mean(), rel=1e-3)
    for row in (0, 13, 29):
        assert novelty.score(row, -0.8) == pytest.approx((-0.8 - mean[row]) / deviation[row], 1e-3)
    # Unrelated images themselves are around 0 at every reference.
    scores = [novelty.score(3, novelty.closeness(references @ q, q)[3]) for q in unrelated]
    assert np.mean(scores) == pytest.approx(0, abs=1e-3)


def test_off_the_route_scores_follow_a_gumbel_distribution(data):
    references, unrelated, _ = data
    modes, scales = [], []
    for these, others in ((unrelated[::2], unrelated[1::2]), (unrelated[1::2], unrelated[::2])):
        mean, deviation, _ = background(references, these)
        best = [((closeness_by_vectors(references, q) - mean) / deviation).max() for q in others]
        # Moments of a Gumbel: variance pi^2 / 6 scale^2, mean mode + 0.5772 scale.
        scale = math.sqrt(6 * np.var(best)) / math.pi
        scales.append(scale)
        modes.append(np.mean(best) - 0.57721566 * scale)
    scores = Novelty(references, unrelated).scores
    assert scores.off == pytest.approx(np.mean(modes), rel=2e-3)
    assert scores.scale == pytest.approx(2 * np.mean(scales), rel=2e-3)


def test_on_the_route_scores_reach_those_of_neighbours(data):
    references, unrelated, _ = data
    mean, deviation, _ = background(references, unrelated)
    best = []
    for row, query in enumerate(references):
        scores = (closeness_by_vectors(references, query) - mean) / deviation
        best.append(max(scores[other] for other in (row - 1, row + 1) if 0 <= other < 30))
    own = np.median(best)
    assert Novelty(references, unrelated).scores.on == pytest.approx(own, rel=1e-3)
    # What a second drive reaches counts where it is more.
    assert Novelty(references, unrelated, on=0.5).scores.on == pytest.approx(own, rel=1e-3)
    assert Novelty(references, unrelated, on=100.0).scores.on == 100.0


def test_images_around_the_route_can_only_lower_a_score(data):
    references, unrelated, _ = data
    # Images much like the reference 11.
    given = unit(references[11] + 0.1 * np.random.default_rng(1).normal(size=(8, 48)))
    plain, strict = Novelty(references, unrelated), Novelty(references, unrelated, given=given)
    assert strict.scores == plain.scores
    assert strict.spread == plain.spread
    mean, deviation, _ = background(references, given)
    for row in range(30):
        expected = min(plain.score(row, -0.7), (-0.7 - mean[row]) / deviation[row])
        assert strict.score(row, -0.7) == pytest.approx(expected, rel=1e-2)
    assert strict.score(11, -0.7) < plain.score(11, -0.7) - 1
    none = Novelty(references, unrelated, given=np.empty((0, 48), np.float32))
    assert none.score(4, -0.5) == plain.score(4, -0.5)


@pytest.mark.parametrize(
    ('score', 'expected'),
    [
        # log(1 / 10) on the route; off it log(exp(-z - exp(-z)) / 0.5) with z = (score - 2) / 0.5.
        (2.0, -math.log(10) + math.log(0.5) + 1),
        (4.0, -math.log(10) + math.log(0.5) + 4 + math.exp(-4)),
        (5.0, -math.log(10) + math.log(0.5) + 6 + math.exp(-6)),
        # Below the mode nothing changes: an image can not be more off the route than off it.
        (-7.0, -math.log(10) + math.log(0.5) + 1),
        (12.0, 4.0),
        (1e9, 4.0),
        (-math.inf, -math.log(10) + math.log(0.5) + 1),
    ],
)
def test_the_log_ratio_of_a_score(score, expected):
    assert Scores(off=2.0, scale=0.5, on=12.0).log_ratio(score) == pytest.approx(expected)


def test_the_log_ratio_where_the_map_tells_little_of_itself():
    # Scores on the route spread over ten scales at least.
    narrow = Scores(off=2.0, scale=0.5, on=2.5)
    assert narrow.log_ratio(2.0) == pytest.approx(-math.log(5) + math.log(0.5) + 1)
    # One reference has no neighbour: no score is high enough.
    assert Scores(off=2.0, scale=0.5, on=math.inf).log_ratio(30.0) == -4.0
    ratios = [narrow.log_ratio(score) for score in np.linspace(-5, 20, 200)]
    assert np.all(np.diff(ratios) >= 0)


def test_images_of_the_route_and_others_are_told_apart(data):
    references, unrelated, _ = data
    rng = np.random.default_rng(8)
    novelty = Novelty(references, unrelated)

    def ratio(query):
        closeness = novelty.closeness(references @ query, query)
        best = int(closeness.argmax())
        return novelty.scores.log_ratio(novelty.score(best, closeness[best]))

    on = [ratio(query) for query in unit(references + rng.normal(0, 0.08, references.shape))]
    off = [ratio(query) for query in unit(rng.normal(size=(200, 48)) + 0.2)]
    assert np.min(on) > 1
    assert np.mean(off) < -1
    assert np.mean(np.array(off) > 0) < 0.05


@pytest.mark.parametrize('count', [1, 2])
def test_maps_of_one_and_two_references(count):
    rng = np.random.default_rng(3)
    references = along(rng, count)
    novelty = Novelty(references, unit(rng.normal(size=(64, 48))))
    for query in (references[0], unit(rng.normal(size=48)), np.zeros(48, np.float32)):
        closeness = novelty.closeness(references @ query, query)
        assert closeness.shape == (count,)
        assert np.isfinite(closeness).all()
        assert np.isfinite(novelty.scores.log_ratio(novelty.score(0, closeness[0])))
    assert novelty.spread > 0
    assert (novelty.scores.on == math.inf) == (count == 1)


def test_unrelated_images_that_are_all_the_same(data):
    references, _, queries = data
    novelty = Novelty(references, np.repeat(queries[:1], 64, axis=0))
    assert novelty.scores.scale > 0
    closeness = novelty.closeness(references @ queries[1], queries[1])
    assert np.isfinite(novelty.scores.log_ratio(novelty.score(2, closeness[2])))


def test_what_an_approximate_index_does_not_know_is_far():
    # References have more or less in common with all others; the first 20 are known.
    rng = np.random.default_rng(5)
    share = rng.uniform(0.7, 0.95, (200, 1))
    references = np.hstack([np.sqrt(1 - share**2) * along(rng, 200), share]).astype(np.float32)
    unrelated = with_common_part(unit(rng.normal(size=(64, 48))))
    novelty = Novelty(references, unrelated)
    similarities = references @ references[3]
    order = np.argsort(-similarities)
    known, unknown = order[:20], order[20:]
    similarities[unknown] = similarities[known].min()
    closeness = novelty.closeness(similarities, references[3])
    expected = closeness_by_vectors(references, references[3])
    assert closeness.argmax() == 3
    assert closeness[known[:-1]] == pytest.approx(expected[known[:-1]], abs=2e-3)
    assert closeness[unknown] == pytest.approx(expected[known[:-1]].min(), abs=2e-3)
