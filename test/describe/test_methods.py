# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""The table of methods and what may be put over it."""

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.methods import Method, method_of, METHODS
from anyloc_ros.errors import ConfigError
import pytest


def test_the_presets_are_those_of_the_paper():
    assert METHODS['AnyLoc-VLAD-DINOv2'] == Method('dinov2_vitg14', 31, 'value', 'vlad', 32)
    assert METHODS['AnyLoc-VLAD-DINOv2-L'] == Method('dinov2_vitl14', 20, 'value', 'vlad', 32)
    assert METHODS['AnyLoc-GeM-DINOv2-S'] == Method('dinov2_vits14', 10, 'value', 'gem')
    dino = METHODS['AnyLoc-VLAD-DINO']
    assert (dino.backbone, dino.layer, dino.facet, dino.num_words) == ('dino_vits8', 9, 'key', 128)
    assert method_of(DescribeConfig()) == METHODS['AnyLoc-VLAD-DINOv2-L']


def test_explicit_parameters_go_over_the_preset():
    config = DescribeConfig(
        layer=0, facet='token', num_words=8, image_size='448x448', backbone='dinov2_vitb14'
    )
    assert method_of(config) == Method('dinov2_vitb14', 0, 'token', 'vlad', 8, '448x448')


def test_the_class_token_has_neither_layer_nor_words():
    method = method_of(DescribeConfig(aggregation='cls'))
    assert (method.facet, method.layer, method.num_words) == ('cls', -1, 0)


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        ({'method': 'AnyLoc-VLAD-DINOv2-XL'}, "did you mean 'AnyLoc-VLAD-DINOv2"),
        ({'method': 'RootSIFT-VLAD', 'layer': 3}, 'layer and facet are for networks'),
        ({'method': 'RootSIFT-VLAD', 'num_words': 1}, 'needs num_words of 2 or more'),
        ({'method': 'RootSIFT-VLAD', 'image_size': '100x100'}, 'max:N'),
        ({'method': 'RootSIFT-VLAD', 'aggregation': 'cls'}, 'class token'),
        ({'method': 'DINOv2-CLS', 'aggregation': 'gem'}, 'give layer and facet'),
    ],
)
def test_contradictions_are_refused(values, reason):
    with pytest.raises(ConfigError, match=reason):
        method_of(DescribeConfig(**values))
