# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The composition: prepare and features (an extractor), aggregate, whiten.

`build_describer` makes one from parameters. A Describer holds no state that changes: fitting a
vocabulary gives a new Describer that shares the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.aggregate import gap, gem, gmp, vlad
from anyloc_ros.describe.dense_sift import DenseRootSift
from anyloc_ros.describe.features import load_network, NetworkFeatures
from anyloc_ros.describe.kmeans import fit_words
from anyloc_ros.describe.mask import read_mask
from anyloc_ros.describe.methods import DENSE_SIFT, Method, method_of
from anyloc_ros.describe.vocabulary import load_vocabulary, Vocabulary
from anyloc_ros.describe.whitening import Whitening
from anyloc_ros.errors import ModelError
import numpy as np
import torch
from torch.nn.functional import normalize

MAP_VOCABULARY = 'map'
"""The value of `vocabulary` that means: fit on the references of this map."""


class Extractor(Protocol):
    """What gives local features; `NetworkFeatures` and `DenseRootSift` do."""

    width: int

    def extract(self, images: Sequence[np.ndarray]) -> list:
        """Return features (N, D) float32 for each (H, W, 3) uint8 RGB image."""

    def settings(self) -> dict[str, str | int | float]:
        """Return everything the features depend on."""


@dataclass(frozen=True, slots=True, eq=False)
class Describer:
    """Image (H, W, 3) uint8 RGB to descriptor (P,) float32 of unit length."""

    extractor: Extractor
    method: Method
    config: DescribeConfig
    vocabulary: Vocabulary | None = None
    whitening: Whitening | None = None

    @property
    def fingerprint(self) -> dict[str, str | int | float]:
        """Return the settings that make a descriptor, without vocabulary and whitening."""
        settings = self.extractor.settings() | {'aggregation': self.method.aggregation}
        if self.method.needs_vocabulary:
            settings['num_words'] = self.method.num_words
        if self.method.aggregation == 'vlad_soft':
            settings['soft_temperature'] = self.config.soft_temperature
        if self.method.aggregation == 'gem':
            settings['gem_p'] = self.config.gem_p
        return settings

    @property
    def needs_vocabulary(self) -> bool:
        """Return whether descriptors are made of words."""
        return self.method.needs_vocabulary

    @property
    def ready(self) -> bool:
        """Return whether `describe` can be called: no words needed, or there."""
        return not self.needs_vocabulary or self.vocabulary is not None

    def features(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return what the extractor finds in each image: (N, D) float32."""
        return [torch.as_tensor(x).cpu().numpy() for x in self.extractor.extract(images)]

    def describe(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """
        Return the descriptors (B, P) float32 of B images.

        An image without features (black, or masked whole) has a zero descriptor, whose
        similarity to every reference is 0.

        :raises ModelError: the method needs a vocabulary and has none yet, or numbers overflow.
        """
        if not self.ready:
            raise ModelError(
                f'{self.config.method} needs a vocabulary before it can describe: finish the map '
                f'first, or give a vocabulary file'
            )
        features = [torch.as_tensor(x) for x in self.extractor.extract(images)]
        if len({x.shape for x in features}) == 1:
            descriptors = self._aggregate(torch.stack(features))
        else:
            descriptors = torch.stack([self._aggregate(x) for x in features])
        descriptors = normalize(descriptors, dim=-1)
        if not torch.isfinite(descriptors).all():
            raise ModelError(
                f'{self.config.method} gave a descriptor with NaN or infinity: use precision fp32 '
                f'or bf16, and check the weights (anyloc weights verify)'
            )
        if self.whitening is not None:
            seen = descriptors.any(dim=-1, keepdim=True)
            descriptors = self.whitening.apply(descriptors) * seen
        return descriptors.cpu().numpy()

    def fit_vocabulary(self, features: Sequence[np.ndarray]) -> Vocabulary:
        """
        Return words for features (N, D) of several images, with the configured K and seed.

        :raises ConfigError: fewer features than words.
        """
        seed = self.config.vocabulary_seed
        every = np.concatenate(features)
        words, algorithm = fit_words(every, self.method.num_words, seed)
        origin = self.extractor.settings() | {
            'algorithm': algorithm,
            'seed': seed,
            'images': len(features),
            'num_features': len(every),
        }
        return Vocabulary(words, origin)

    def with_vocabulary(self, vocabulary: Vocabulary) -> Describer:
        """
        Return a describer with these words that shares the network.

        :raises ModelError: the words are for other features.
        """
        vocabulary.check(self.extractor.settings(), self.extractor.width)
        if len(vocabulary.words) != self.method.num_words:
            raise ModelError(
                f'the vocabulary has {len(vocabulary.words)} words, {self.config.method} expects '
                f'{self.method.num_words}; set num_words or use another vocabulary'
            )
        return replace(self, vocabulary=vocabulary)

    def with_whitening(self, whitening: Whitening | None) -> Describer:
        """Return a describer that whitens so and shares the network."""
        return replace(self, whitening=whitening)

    def _aggregate(self, features: torch.Tensor) -> torch.Tensor:
        aggregation = self.method.aggregation
        if self.needs_vocabulary:
            words = torch.from_numpy(self.vocabulary.words).to(features)
            soft = aggregation == 'vlad_soft'
            return vlad(features, words, temperature=self.config.soft_temperature if soft else 0.0)
        if features.shape[-2] == 0:
            return features.new_zeros((*features.shape[:-2], features.shape[-1]))
        if aggregation == 'gem':
            return gem(features, self.config.gem_p)
        return {'gap': gap, 'gmp': gmp, 'cls': gap}[aggregation](features)


def build_describer(config: DescribeConfig) -> Describer:
    """
    Load what the parameters name. Never touches the network.

    :raises ConfigError: contradicting parameters.
    :raises ModelError: missing weights or vocabulary, or one that does not fit.
    """
    method = method_of(config)
    mask = read_mask(config.mask_path) if config.mask_path else None
    describer = Describer(_extractor(config, method, mask), method, config)
    if describer.needs_vocabulary and config.vocabulary != MAP_VOCABULARY:
        describer = describer.with_vocabulary(load_vocabulary(config.vocabulary))
    return describer


def _extractor(config: DescribeConfig, method: Method, mask: np.ndarray | None) -> Extractor:
    if method.backbone == DENSE_SIFT:
        return DenseRootSift(longer_side=int(method.image_size.split(':')[1]), mask=mask)
    network = load_network(
        method.backbone,
        weights_path=config.weights_path,
        layer=method.layer,
        facet=method.facet,
    )
    return NetworkFeatures(
        network,
        layer=method.layer,
        facet=method.facet,
        image_size=method.image_size,
        device=config.device,
        precision=config.precision,
        mask=mask,
    )
