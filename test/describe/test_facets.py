# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Several layers and facets of one pass are what one network for each gives."""

from __future__ import annotations

from dataclasses import replace

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.describe.facets import build_facets, PATCH_FACETS
from anyloc_ros.describe.random_weights import random_seed_of
from anyloc_ros.errors import ConfigError
import numpy as np
import pytest

CONFIG = DescribeConfig(
    method='AnyLoc-GeM-DINOv2-S', weights_path='random:0', device='cpu', image_size='native'
)
IMAGE = np.random.default_rng(0).integers(0, 256, (45, 60, 3), np.uint8)


@pytest.mark.parametrize('backbone', ['dinov2_vits14', 'dinov2_vits14_reg', 'dino_vits16'])
def test_the_same_to_the_bit_as_a_network_for_each(backbone):
    config = replace(CONFIG, backbone=backbone)
    found = build_facets(config, (1, 0), PATCH_FACETS).locate(IMAGE)
    assert list(found) == [(layer, facet) for layer in (1, 0) for facet in PATCH_FACETS]
    for (layer, facet), local in found.items():
        alone = build_describer(replace(config, layer=layer, facet=facet)).locate(IMAGE)[0]
        np.testing.assert_array_equal(local.features, alone.features)
        np.testing.assert_array_equal(local.positions, alone.positions)
        np.testing.assert_array_equal(local.sizes_px, alone.sizes_px)
    # The outputs differ, or the comparison above would say nothing.
    rows = [local.features for local in found.values()]
    assert all(np.abs(one - rows[0]).max() > 1e-3 for one in rows[1:])


def test_the_layer_and_facet_of_the_method_where_none_is_asked():
    found = build_facets(replace(CONFIG, layer=0, facet='key'), (), ())
    assert found.outputs == ((0, 'key'),)
    assert list(build_facets(replace(CONFIG, layer=0), (), ('token',)).extract(IMAGE)) == [
        (0, 'token')
    ]


@pytest.mark.parametrize(
    ('changes', 'layers', 'facets', 'said'),
    [
        ({'method': 'RootSIFT-GeM', 'image_size': 'auto'}, (), (), 'has no layers and facets'),
        ({'method': 'DINOv2-CLS'}, (), (), 'has no layers and facets'),
        ({}, (-1,), (), 'layers from 0 on'),
        ({}, (0,), ('cls',), 'facets of query, key, value, token'),
        ({}, (12,), (), 'blocks 0 to 11'),
        ({'views': 2}, (), (), 'one view'),
    ],
)
def test_what_a_network_does_not_have_is_refused(changes, layers, facets, said):
    with pytest.raises(ConfigError, match=said):
        build_facets(replace(CONFIG, **changes), layers, facets)


@pytest.mark.parametrize(
    ('path', 'seed'), [('random:0', 0), ('random:42', 42), ('random:', None), ('random:x', None)]
)
def test_a_weights_path_may_name_a_seed(path, seed):
    assert random_seed_of(path) == seed
