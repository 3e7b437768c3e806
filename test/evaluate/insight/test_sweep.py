# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Recall over layers and facets, against the map that `anyloc evaluate` makes."""

from dataclasses import replace

from anyloc_ros.config import DescribeConfig, TeachConfig
from anyloc_ros.describe.facets import build_facets
from anyloc_ros.errors import ConfigError, SourceError
from anyloc_ros.evaluate.datasets.image_files import ImageFiles
from anyloc_ros.evaluate.datasets.registry import open_dataset
from anyloc_ros.evaluate.insight.sweep import sweep
from anyloc_ros.evaluate.run import taught_map
from anyloc_ros.io.samples import ImageSample
import numpy as np
import pytest

LAYERS, FACETS = (0, 1), ('key', 'token')
GEM = DescribeConfig(
    method='AnyLoc-GeM-DINOv2-S', weights_path='random:0', image_size='max:84', device='cpu'
)
VLAD = replace(GEM, method='AnyLoc-VLAD-DINOv2-S', num_words=4)


@pytest.fixture(name='dataset')
def _dataset(data):
    corridor = data / 'corridor'
    return open_dataset(f'frames:2:{corridor / "ref"}:20-43,{corridor / "query"}:20-43')


def recalls_of_evaluate(dataset, config):
    """Return recall@1, 5 with a map of the references, counted here."""
    with taught_map(dataset.references, config, TeachConfig()) as (place_map, describer):
        references = place_map.descriptors()[1]
    images = [s.decode() for s in dataset.queries.samples() if isinstance(s, ImageSample)]
    order = np.argsort(-(describer.describe(images) @ references.T), axis=1, kind='stable')
    return [
        np.mean(
            [
                bool(right & set(row[:k]))
                for row, right in zip(order, dataset.positives, strict=True)
            ]
        )
        for k in (1, 5)
    ]


@pytest.mark.parametrize('config', [GEM, VLAD], ids=['GeM', 'VLAD'])
def test_every_cell_is_the_recall_of_an_evaluation(dataset, config):
    found = sweep(dataset, build_facets(config, LAYERS, FACETS))
    assert list(found.recalls) == [(layer, facet) for layer in LAYERS for facet in FACETS]
    assert (found.references, found.bad_references, found.bad_queries) == (24, 0, 0)
    for layer, facet in ((0, 'key'), (1, 'token')):
        recall = found.recalls[layer, facet]
        expected = recalls_of_evaluate(dataset, replace(config, layer=layer, facet=facet))
        assert [recall.at[1], recall.at[5]] == expected
    # The cells differ, or it would not matter which one was compared.
    assert len({(recall.at[1], recall.at[5]) for recall in found.recalls.values()}) > 1


def test_the_share_of_features_that_words_are_fit_on_is_limited(dataset):
    facets = build_facets(VLAD, (0,), ('key',))
    few = sweep(dataset, facets, feature_bytes=24 * 2 * 384 * 4)
    assert few.recalls[0, 'key'].queries == 24


def test_images_that_cannot_be_read_are_counted_and_keep_their_number(dataset, data, tmp_path):
    damaged = tmp_path / 'damaged.jpg'
    damaged.write_bytes(b'no image')
    paths = [data / 'corridor' / 'ref' / f'00000{n}.jpg' for n in (10, 40, 70)]
    same = replace(
        dataset,
        references=ImageFiles('references', [damaged, *paths]),
        queries=ImageFiles('queries', [*paths, damaged]),
        positives=[frozenset({1}), frozenset({2}), frozenset({3}), frozenset({0})],
    )
    facets = build_facets(GEM, (0,), ('key',))
    found = sweep(same, facets)
    assert (found.references, found.bad_references, found.bad_queries) == (4, 1, 1)
    # The queries are the references: all are found but the one that cannot be read.
    assert found.recalls[0, 'key'].at[1] == 0.75
    distracted = replace(same, distractors=ImageFiles('others', paths[:1]))
    assert sweep(distracted, facets).references == 5
    unread = replace(same, references=ImageFiles('references', [damaged]))
    for config in (GEM, VLAD):
        with pytest.raises(SourceError, match='references can be read'):
            sweep(unread, build_facets(config, (0,), ('key',)))


def test_descriptors_that_memory_cannot_hold_are_refused(dataset):
    # 48 images, two outputs of 4 * 384 numbers of two bytes.
    facets = build_facets(VLAD, (0,), FACETS)
    needed = 48 * 2 * 4 * 384 * 2
    with pytest.raises(ConfigError, match='fewer layers and facets'):
        sweep(dataset, facets, descriptor_bytes=needed - 1)
