# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Pooling of the local features of one image into one descriptor.

Every function takes features (..., N, D) float32 and returns (..., P) float32; leading dimensions
are a batch. Nothing here depends on N being the same for every image of a map. Final L2
normalisation is the caller's: the published pooling functions differ in whether they do it.

Source: N. Keetha et al., AnyLoc: Towards Universal Visual Place Recognition, RA-L 2023,
https://arxiv.org/abs/2308.00688.
"""

from __future__ import annotations

import torch
from torch.nn.functional import normalize


def vlad(features: torch.Tensor, words: torch.Tensor, *, temperature: float = 0.0) -> torch.Tensor:
    """
    Sum the residuals of unit features to the words (K, D): VLAD, (..., K * D), of unit length.

    With weights a(n, k) of feature n for word k, Eq. (2) of the paper reads
    F(k) = sum_n a(n, k) (f(n) - c(k)) = sum_n a(n, k) f(n) - c(k) sum_n a(n, k).
    The right-hand side is a matrix product and needs no (N, K, D) residuals. Each F(k) is
    L2-normalised (intra-normalisation), then the whole. A word without features stays zero.

    `temperature` 0 is hard assignment: a is 1 for the word of greatest cosine. Otherwise a is the
    softmax over k of cosine / temperature. Words are normalised for the assignment only: their
    length (below 1, a mean of unit features) is part of the published vocabularies.

    The published code's soft assignment multiplies by the temperature and sums the residuals to
    all words in every block; this is the formula of the paper.
    """
    features = normalize(features, dim=-1)
    cosine = features @ normalize(words, dim=-1).T
    if temperature > 0:
        weights = torch.softmax(cosine / temperature, dim=-1)
    else:
        # A product with a one-hot matrix, not index_add: the latter is not repeatable on CUDA.
        weights = torch.zeros_like(cosine).scatter_(-1, cosine.argmax(-1, keepdim=True), 1.0)
    blocks = weights.transpose(-1, -2) @ features - weights.sum(-2).unsqueeze(-1) * words
    return normalize(normalize(blocks, dim=-1).flatten(-2), dim=-1)


def gem(features: torch.Tensor, p: float = 3.0) -> torch.Tensor:
    """
    Return the generalised mean (..., D): the signed p-th root of the mean of signed p-th powers.

    For an odd whole `p` this is mean(f^p)^(1/p) of the published code, there written with complex
    numbers; p = 1 is the average. There is no clamp: features of both signs count.
    """
    mean = _signed_power(features, p).mean(dim=-2)
    return _signed_power(mean, 1.0 / p)


def gap(features: torch.Tensor) -> torch.Tensor:
    """Return the mean over the features (..., D): global average pooling."""
    return features.mean(dim=-2)


def gmp(features: torch.Tensor) -> torch.Tensor:
    """Return the maximum over the features (..., D): global maximum pooling."""
    return features.amax(dim=-2)


def _signed_power(x: torch.Tensor, p: float) -> torch.Tensor:
    return x.sign() * x.abs().pow(p)
