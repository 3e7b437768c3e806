# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Several layers and facets of a network in one pass, for figures that compare them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import Describer
from anyloc_ros.describe.features import full_float32, load_network, NetworkFeatures
from anyloc_ros.describe.local_features import LocalFeatures
from anyloc_ros.describe.memory import by_halves
from anyloc_ros.describe.methods import DENSE_SIFT, method_of
from anyloc_ros.errors import ConfigError
import numpy as np
import torch
from torch.nn.functional import normalize

PATCH_FACETS = ('query', 'key', 'value', 'token')

Output = tuple[int, str]
"""A layer (zero-based block) and a facet of it."""


@dataclass(frozen=True, slots=True, eq=False)
class FacetFeatures:
    """
    Images (H, W, 3) uint8 RGB to features (N, D) float32 of several outputs, from one pass.

    Each is what the extractor of the method with that layer and facet gives, in float32 to the
    bit; in half precision it is rounded more.
    """

    config: DescribeConfig
    outputs: tuple[Output, ...]
    whole: NetworkFeatures
    """The extractor of the deepest layer's tokens, which passes through all that is asked."""

    def extract(self, image: np.ndarray) -> dict[Output, np.ndarray]:
        """
        Return the features of each output, in the order asked.

        :raises ImageError: the image is smaller than a patch.
        :raises ModelError: the memory is not enough.
        """
        return by_halves(lambda one: [self._pass(one[0])], [image])[0]

    def locate(self, image: np.ndarray) -> dict[Output, LocalFeatures]:
        """Return the features of each output, and where in the image they are."""
        positions, sizes_px = self.whole.places(image.shape[:2])
        return {
            output: LocalFeatures(features, positions, sizes_px)
            for output, features in self.extract(image).items()
        }

    def describer(self) -> Describer:
        """
        Return what fits words on the features of one output, and makes descriptors of them.

        Only `fit_vocabulary` and `aggregate` are of use: images it would describe by the deepest
        layer.
        """
        return Describer(self.whole, method_of(self.config), self.config)

    def _pass(self, image: np.ndarray) -> dict[Output, np.ndarray]:
        with torch.inference_mode(), full_float32():
            pixels = self.whole.prepare(image)[None]
            found = {
                output: (normalize(batch[0], dim=-1) if self.whole.normalise else batch[0])
                for output, batch in self.whole.network.outputs(pixels, self.outputs)
            }
            return {output: found[output].cpu().numpy() for output in self.outputs}


def build_facets(
    config: DescribeConfig, layers: Sequence[int], facets: Sequence[str]
) -> FacetFeatures:
    """
    Load the network of a method as far as the deepest layer. Never touches the network.

    :param layers: zero-based blocks; none means the layer of the method.
    :param facets: of each layer; none means the facet of the method.
    :raises ConfigError: a method without layers, an unknown layer or facet, a mask or views.
    :raises ModelError: missing or foreign weights.
    """
    method = method_of(config)
    if method.backbone == DENSE_SIFT or method.facet == 'cls':
        raise ConfigError(
            f'{config.method} has no layers and facets to compare; use a VLAD or GeM method of a '
            f'network, see "anyloc methods"'
        )
    if config.mask_path or config.views > 1:
        raise ConfigError('layers and facets are compared without mask_path and with one view')
    layers = tuple(dict.fromkeys(layers)) or (method.layer,)
    facets = tuple(dict.fromkeys(facets)) or (method.facet,)
    if min(layers) < 0 or not set(facets) <= set(PATCH_FACETS):
        raise ConfigError(
            f'expected layers from 0 on and facets of {", ".join(PATCH_FACETS)}, got layers '
            f'{", ".join(map(str, layers))} and facets {", ".join(facets)}'
        )
    deepest = max(layers)
    network = load_network(
        method.backbone, weights_path=config.weights_path, layer=deepest, facet='token'
    )
    whole = NetworkFeatures(
        network,
        layer=deepest,
        facet='token',
        image_size=method.image_size,
        device=config.device,
        precision=config.precision,
    )
    outputs = tuple((layer, facet) for layer in layers for facet in facets)
    return FacetFeatures(config, outputs, whole)
