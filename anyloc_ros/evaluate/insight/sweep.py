# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Recall over the layers and facets of a network, as in figure 5 of AnyLoc.

An image passes through the network once for all of them; with words there is a pass before, in
which they are fit. N. Keetha et al., RA-L 2023, https://arxiv.org/abs/2308.00688.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from anyloc_ros.describe.describer import Describer
from anyloc_ros.describe.facets import FacetFeatures, Output
from anyloc_ros.describe.kmeans import even_share
from anyloc_ros.errors import ConfigError, ImageError, SourceError
from anyloc_ros.evaluate.datasets.dataset import DataSet
from anyloc_ros.evaluate.metrics.recall import Recall, recall_at_k
from anyloc_ros.evaluate.replay import ignore_progress
from anyloc_ros.io.samples import ImageSample
from anyloc_ros.io.source import Source
from anyloc_ros.mapping.finish import FEATURE_BYTES
from anyloc_ros.mapping.progress import Progress
import numpy as np

KS = (1, 5, 10, 20)
DESCRIPTOR_BYTES = 8 * 2**30
"""Descriptors of all outputs that are held at most."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """The recall of each output, and how many images there were, of them unreadable."""

    recalls: dict[Output, Recall]
    references: int
    bad_references: int
    bad_queries: int


def sweep(
    dataset: DataSet,
    facets: FacetFeatures,
    progress: Progress = ignore_progress,
    *,
    feature_bytes: int = FEATURE_BYTES,
    descriptor_bytes: int = DESCRIPTOR_BYTES,
) -> Sweep:
    """
    Return the recall of every layer and facet on a data set.

    Words are fit on the references, for each output by itself, with an even share of the features
    of each image so that those of all outputs fit into `feature_bytes`. Descriptors are float16,
    as in a map. An image that cannot be read is never found, or finds nothing.

    :raises ConfigError: the descriptors of all outputs would need more than `descriptor_bytes`.
    :raises SourceError: no reference can be read.
    """
    sources = [dataset.references, *filter(None, [dataset.distractors])]
    references, queries = sum(map(len, sources)), len(dataset.queries)
    describers = dict.fromkeys(facets.outputs, facets.describer())
    _check_size(facets, references + queries, descriptor_bytes)
    if facets.describer().needs_vocabulary:
        seen = _features(facets, sources, progress, 'words')
        describers = _fit(describers, seen, references, feature_bytes)
    described = [
        _describe(describers, _features(facets, some, progress, title), count)
        for title, some, count in (
            ('references', sources, references),
            ('queries', [dataset.queries], queries),
        )
    ]
    bad_references, bad_queries = (
        int(np.isnan(by_output[facets.outputs[0]]).any(axis=1).sum()) for by_output in described
    )
    if bad_references == references:
        raise SourceError(f'{dataset.name}: none of its {references} references can be read')
    recalls = {
        output: recall_at_k(
            _ranked(*(by_output[output] for by_output in described)), dataset.positives, KS
        )
        for output in facets.outputs
    }
    return Sweep(recalls, references, bad_references, bad_queries)


def _check_size(facets: FacetFeatures, images: int, limit_bytes: int) -> None:
    method = facets.describer().method
    numbers = facets.whole.width * (method.num_words if method.needs_vocabulary else 1)
    needed = 2 * numbers * images * len(facets.outputs)
    if needed > limit_bytes:
        raise ConfigError(
            f'descriptors of {images} images by {len(facets.outputs)} layers and facets need '
            f'{needed / 2**30:.1f} GiB, expected at most {limit_bytes / 2**30:.1f}: ask for fewer '
            f'layers and facets, use a GeM method, or take every n-th image'
        )


def _features(
    facets: FacetFeatures, sources: Sequence[Source], progress: Progress, title: str
) -> Iterator[dict[Output, np.ndarray] | None]:
    """Yield the features of every output for each image; None for one that cannot be read."""
    total = sum(map(len, sources))
    samples = chain.from_iterable(source.samples() for source in sources)
    images = (sample for sample in samples if isinstance(sample, ImageSample))
    for done, sample in enumerate(images, start=1):
        try:
            yield facets.extract(sample.decode())
        except ImageError:
            yield None
        progress(title, done, total)


def _fit(
    describers: Mapping[Output, Describer],
    seen: Iterable[dict[Output, np.ndarray] | None],
    images: int,
    feature_bytes: int,
) -> dict[Output, Describer]:
    """Return the describers with words fit on an even share of the features of every image."""
    kept: dict[Output, list[np.ndarray]] = {output: [] for output in describers}
    for features in filter(None, seen):
        for output, rows in features.items():
            share = feature_bytes // len(describers)
            kept[output].append(even_share(rows, images, len(kept[output]), share))
    if not all(kept.values()):
        raise SourceError(f'none of the {images} references can be read: no words can be fit')
    return {
        output: describer.with_vocabulary(describer.fit_vocabulary(kept.pop(output)))
        for output, describer in describers.items()
    }


def _describe(
    describers: Mapping[Output, Describer],
    seen: Iterable[dict[Output, np.ndarray] | None],
    images: int,
) -> dict[Output, np.ndarray]:
    """Return descriptors (M, P) float16 of M images for every output, NaN where unreadable."""
    described = {
        output: np.full((images, describer.width), np.nan, np.float16)
        for output, describer in describers.items()
    }
    for row, features in enumerate(seen):
        for output, found in (features or {}).items():
            described[output][row] = describers[output].aggregate([found])[0]
    return described


def _ranked(references: np.ndarray, queries: np.ndarray) -> list[list[int]]:
    """Return for each query the nearest references by cosine, ties by number."""
    references = references.astype(np.float32)
    read = np.flatnonzero(~np.isnan(references).any(axis=1))
    references = references[read]
    ranked: list[list[int]] = []
    for query in queries.astype(np.float32):
        found = not np.isnan(query).any()
        order = np.argsort(-(references @ query), kind='stable')[: max(KS)]
        ranked.append(read[order].tolist() if found else [])
    return ranked
