# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The methods by name: which features, which aggregation."""

from __future__ import annotations

from dataclasses import dataclass, replace
import re

from anyloc_ros.config import AUTO, DescribeConfig, nearest
from anyloc_ros.describe.backbones import Backbone, find_backbone
from anyloc_ros.errors import ConfigError

DENSE_SIFT = 'rootsift'
"""The backbone that is no network and needs no weights."""


@dataclass(frozen=True, slots=True)
class Method:
    """
    A way to describe images, every choice made.

    `layer` is the zero-based block and -1 where it has no meaning (class token, dense SIFT);
    `facet` is 'query', 'key', 'value', 'token', or 'cls' for the class token.
    """

    backbone: str
    layer: int
    facet: str
    aggregation: str
    num_words: int = 0
    image_size: str = 'max:448'

    @property
    def needs_vocabulary(self) -> bool:
        """Return whether descriptors are made of words."""
        return self.aggregation in ('vlad', 'vlad_soft')


def _dinov2(size: str, layer: int) -> tuple[Method, Method]:
    backbone = f'dinov2_vit{size}14'
    return (
        Method(backbone, layer, 'value', 'vlad', 32),
        Method(backbone, layer, 'value', 'gem'),
    )


_SIZES = {'': ('g', 31), '-L': ('l', 20), '-B': ('b', 10), '-S': ('s', 10)}

METHODS: dict[str, Method] = {
    **{f'AnyLoc-VLAD-DINOv2{name}': _dinov2(*size)[0] for name, size in _SIZES.items()},
    **{f'AnyLoc-GeM-DINOv2{name}': _dinov2(*size)[1] for name, size in _SIZES.items()},
    'AnyLoc-VLAD-DINO': Method('dino_vits8', 9, 'key', 'vlad', 128, '224x298'),
    'AnyLoc-GeM-DINO': Method('dino_vits8', 9, 'key', 'gem', 0, '224x298'),
    'DINOv2-CLS': Method('dinov2_vitg14', -1, 'cls', 'cls'),
    'DINO-CLS': Method('dino_vits8', -1, 'cls', 'cls', 0, '224x298'),
    'CLIP-CLS': Method('clip_vitb32', -1, 'cls', 'cls', 0, 'native'),
    'RootSIFT-VLAD': Method(DENSE_SIFT, -1, '', 'vlad', 64, 'max:320'),
    'RootSIFT-GeM': Method(DENSE_SIFT, -1, '', 'gem', 0, 'max:320'),
}
"""Names and settings of the paper; layers and facets as its tables V and VI found best."""


def method_of(config: DescribeConfig) -> Method:
    """
    Return the named method with the explicit parameters put over it.

    :raises ConfigError: unknown name, or parameters that contradict each other.
    """
    if config.method not in METHODS:
        raise ConfigError(f'unknown method {config.method!r}{nearest(config.method, METHODS)}')
    given = {
        'backbone': config.backbone,
        'facet': config.facet,
        'aggregation': config.aggregation,
        'image_size': '' if config.image_size == AUTO else config.image_size,
    }
    chosen: dict[str, str | int] = {name: value for name, value in given.items() if value}
    if config.layer >= 0:
        chosen['layer'] = config.layer
    if config.num_words >= 0:
        chosen['num_words'] = config.num_words
    method = replace(METHODS[config.method], **chosen)
    if method.aggregation == 'cls':
        method = replace(method, facet='cls', layer=-1, num_words=0)
    _check(method, config)
    return method


def _check(method: Method, config: DescribeConfig) -> None:
    network = method.backbone != DENSE_SIFT
    if not network and (method.facet or method.layer >= 0):
        raise ConfigError(
            f'{config.method}: layer and facet are for networks and aggregation cls for their '
            f'class token; {DENSE_SIFT} has none of them'
        )
    if not network and not re.fullmatch(r'max:\d+', method.image_size):
        raise ConfigError(
            f'{config.method}: image_size of {DENSE_SIFT} must be max:N, got {method.image_size}'
        )
    if network and method.aggregation != 'cls' and (method.layer < 0 or method.facet == 'cls'):
        raise ConfigError(
            f'{config.method} uses the class token; to use aggregation {method.aggregation} give '
            f'layer and facet as well'
        )
    if method.needs_vocabulary and method.num_words < 2:
        raise ConfigError(
            f'{config.method}: aggregation {method.aggregation} needs num_words of 2 or more, '
            f'got {method.num_words}'
        )


def backbone_named(name: str) -> Backbone:
    """
    Return the network of this name, or that of the method of this name.

    :raises ConfigError: neither, or a method that needs no weights.
    """
    if name in METHODS:
        name = METHODS[name].backbone
        if name == DENSE_SIFT:
            raise ConfigError(f'{DENSE_SIFT} is no network: its methods need no weights')
    return find_backbone(name)
