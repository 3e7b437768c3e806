# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Clustering of features into words."""

from __future__ import annotations

import logging

from anyloc_ros.errors import ConfigError
import faiss
import numpy as np
import torch
from torch.nn.functional import normalize

LARGE = 2_000_000
"""From this many features on, faiss clusters: minutes where the exact algorithm takes hours."""

SAMPLING_SEED = 42

log = logging.getLogger(__name__)


def fit_words(features: np.ndarray, num_words: int, seed: int) -> tuple[np.ndarray, str]:
    """
    Return `num_words` words (K, D) float32 for features (N, D), and the algorithm used.

    :raises ConfigError: fewer features than words.
    """
    if len(features) < num_words:
        raise ConfigError(
            f'a vocabulary of {num_words} words needs at least as many features, got '
            f'{len(features)}; use more images or a smaller num_words'
        )
    if len(features) < LARGE:
        return cosine_kmeans(features, num_words, seed), 'cosine k-means'
    log.info('%d features: k-means by faiss', len(features))
    return faiss_kmeans(features, num_words, seed), 'faiss spherical k-means'


def even_share(features: np.ndarray, images: int, number: int, limit_bytes: int) -> np.ndarray:
    """
    Return the rows of features (N, D) that one of `images` may give to a vocabulary.

    All of them while the images together stay below the limit. Which rows are drawn depends on the
    `number` of the image alone: the same however often it is asked.
    """
    share = max(1, limit_bytes // images // max(1, features[:1].nbytes))
    if len(features) <= share:
        return features
    random = np.random.default_rng((SAMPLING_SEED, number))
    return features[np.sort(random.choice(len(features), share, replace=False))]


def cosine_kmeans(
    features: np.ndarray,
    num_words: int,
    seed: int,
    *,
    max_iterations: int = 100,
    tolerance: float = 1e-4,
) -> np.ndarray:
    """
    Cluster features (N, D) by cosine as AnyLoc's vocabularies were; return words (K, D) float32.

    The start is K distinct features drawn by numpy's legacy generator with `seed`. A word moves to
    the plain mean of its unit features, which is shorter than 1; a word that loses all features
    becomes zero. It ends when the squared movements sum to `tolerance` or after `max_iterations`.
    These are the rules of fast-pytorch-kmeans 0.1.6,
    https://github.com/DeMoriarty/fast_pytorch_kmeans.
    """
    unit = normalize(torch.from_numpy(np.ascontiguousarray(features, np.float32)), dim=-1)
    start = np.random.RandomState(seed).choice(len(unit), num_words, replace=False)
    words = unit[torch.from_numpy(start)]
    for _ in range(max_iterations):
        moved = _means(unit, words)
        shift = float((moved - words).pow(2).sum())
        words = moved
        if shift <= tolerance:
            break
    return words.numpy()


def faiss_kmeans(features: np.ndarray, num_words: int, seed: int) -> np.ndarray:
    """
    Cluster very many features (N, D) by cosine with faiss; return words (K, D) float32.

    faiss keeps its centres at unit length; a last step replaces them by the plain means of their
    features, so that words mean the same as those of `cosine_kmeans`.
    """
    unit = normalize(torch.from_numpy(np.ascontiguousarray(features, np.float32)), dim=-1)
    clustering = faiss.Kmeans(unit.shape[1], num_words, niter=25, seed=seed, spherical=True)
    clustering.train(unit.numpy())
    return _means(unit, torch.from_numpy(clustering.centroids)).numpy()


def _means(unit: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    labels = (unit @ normalize(words, dim=-1).T).argmax(dim=1)
    sums = torch.zeros_like(words).index_add_(0, labels, unit)
    counts = torch.bincount(labels, minlength=len(words)).clamp(min=1)
    return sums / counts.unsqueeze(1)
