# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The composition: prepare and features (an extractor), aggregate, whiten.

`build_describer` makes one from parameters. A Describer holds no state that changes: fitting a
vocabulary gives a new Describer that shares the network.

An image may hold several views side by side. Each is described by itself, and the descriptor of
the image is theirs one after another, divided by the root of their number: the cosine of two
images is the mean of the cosines of their views, the first with the first and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.aggregate import gap, gem, gmp, vlad
from anyloc_ros.describe.dense_sift import DenseRootSift
from anyloc_ros.describe.features import load_network, NetworkFeatures
from anyloc_ros.describe.kmeans import fit_words
from anyloc_ros.describe.local_features import LocalFeatures
from anyloc_ros.describe.mask import read_mask
from anyloc_ros.describe.memory import by_halves
from anyloc_ros.describe.methods import DENSE_SIFT, Method, method_of
from anyloc_ros.describe.views import Extractor, split_views, Views
from anyloc_ros.describe.vocabulary import load_vocabulary, Vocabulary
from anyloc_ros.describe.whitening import Whitening
from anyloc_ros.errors import ConfigError, ImageError, ModelError
import numpy as np
import torch
from torch.nn.functional import normalize

MAP_VOCABULARY = 'map'
"""The value of `vocabulary` that means: fit on the references of this map."""


@dataclass(frozen=True, slots=True, eq=False)
class Describer:
    """Image (H, W, 3) uint8 RGB to descriptor (P,) float32 of unit length."""

    extractor: Extractor
    method: Method
    config: DescribeConfig
    vocabulary: Vocabulary | None = None
    whitening: Whitening | None = None
    others: tuple[Extractor, ...] = ()
    """Those of the views after the first, where each view has a part of the mask for itself."""

    @property
    def fingerprint(self) -> dict[str, str | int | float]:
        """Return the settings that make a descriptor, without vocabulary and whitening."""
        settings = self._views.settings() | {'aggregation': self.method.aggregation}
        if self.method.needs_vocabulary:
            settings['num_words'] = self.method.num_words
        if self.method.aggregation == 'vlad_soft':
            settings['soft_temperature'] = self.config.soft_temperature
        if self.method.aggregation == 'gem':
            settings['gem_p'] = self.config.gem_p
        # Not where there is one: maps that were made before have no such field.
        if self.config.views > 1:
            settings['views'] = self.config.views
        return settings

    @property
    def needs_vocabulary(self) -> bool:
        """Return whether descriptors are made of words."""
        return self.method.needs_vocabulary

    @property
    def ready(self) -> bool:
        """Return whether `describe` can be called: no words needed, or there."""
        return not self.needs_vocabulary or self.vocabulary is not None

    @property
    def width(self) -> int:
        """Return the length P of a descriptor, of one that is `ready`."""
        return self._raw_width if self.whitening is None else len(self.whitening.projection)

    def features(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return what the extractor finds in each image, in all of its views: (N, D) float32."""
        views = self.config.views

        def extract(some: Sequence[np.ndarray]) -> list[np.ndarray]:
            found = [torch.as_tensor(x).cpu().numpy() for x in self._views.extract(some)]
            # The iterator is one: zip takes as many from it as an image has views.
            return [np.concatenate(each) for each in zip(*[iter(found)] * views, strict=True)]

        return by_halves(extract, images)

    def describe(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """
        Return the descriptors (B, P) float32 of B images.

        A view without features (black, or masked whole) is zero in the descriptor: its similarity
        to every reference is 0.

        :raises ImageError: the width is no multiple of the number of views, or one is too small.
        :raises ModelError: the method needs a vocabulary and has none yet, numbers overflow, or
            the memory is not enough for one image.
        """

        def work(some: Sequence[np.ndarray]) -> np.ndarray:
            return self.aggregate(self._views.extract(some))

        return np.stack(by_halves(work, images))

    def locate(self, image: np.ndarray) -> list[LocalFeatures]:
        """
        Return the local features of each view of an image, and where in the view they are.

        `aggregate` describes them.

        :raises ConfigError: the method makes a class token, which is nowhere.
        """
        return by_halves(lambda one: [self._views.locate(one[0])], [image])[0]

    def aggregate(self, features: Sequence[np.ndarray | torch.Tensor]) -> np.ndarray:
        """
        Return the descriptors (B, P) of B images, see `describe`.

        :param features: local features (N, D) of all views of the first image, of the second ...
        :raises ModelError: as `describe` does.
        """
        if not self.ready:
            raise ModelError(
                f'{self.config.method} needs a vocabulary before it can describe: finish the map '
                f'first, or give a vocabulary file'
            )
        features = [torch.as_tensor(x) for x in features]
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
        views = self.config.views
        descriptors = descriptors.reshape(len(descriptors) // views, -1) / views**0.5
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
        origin = self._views.settings() | {
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
        """
        Return a describer that whitens so and shares the network.

        :raises ModelError: the whitening is for descriptors of another width.
        """
        known = whitening is not None and self.ready
        if known and len(whitening.mean) != self._raw_width:
            raise ModelError(
                f'the whitening is for descriptors of width {len(whitening.mean)}, '
                f'{self.config.method} gives {self._raw_width}; use the one of this method'
            )
        return replace(self, whitening=whitening)

    @property
    def _raw_width(self) -> int:
        """Return the width before whitening; words must be there where the method needs some."""
        one = self.vocabulary.words.size if self.needs_vocabulary else self.extractor.width
        return self.config.views * one

    @property
    def _views(self) -> Views:
        own = (self.extractor, *self.others)
        return Views(own if self.others else own * self.config.views)

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
    extractor, *others = _extractors(config, method)
    describer = Describer(extractor, method, config, others=tuple(others))
    if describer.needs_vocabulary and config.vocabulary != MAP_VOCABULARY:
        describer = describer.with_vocabulary(load_vocabulary(config.vocabulary))
    return describer


def _extractors(config: DescribeConfig, method: Method) -> list[Extractor]:
    """Return one for all views, or with a mask one for each."""
    masks = _masks(config)
    if method.backbone == DENSE_SIFT:
        longer_side = int(method.image_size.split(':')[1])
        return [DenseRootSift(longer_side=longer_side, mask=mask) for mask in masks]
    network = load_network(
        method.backbone,
        weights_path=config.weights_path,
        layer=method.layer,
        facet=method.facet,
    )
    return [
        NetworkFeatures(
            network,
            layer=method.layer,
            facet=method.facet,
            image_size=method.image_size,
            device=config.device,
            precision=config.precision,
            mask=mask,
        )
        for mask in masks
    ]


def _masks(config: DescribeConfig) -> list[np.ndarray | None]:
    if not config.mask_path:
        return [None]
    try:
        return split_views(read_mask(config.mask_path), config.views)
    except ImageError as error:
        raise ConfigError(f'mask_path: {error}') from error
