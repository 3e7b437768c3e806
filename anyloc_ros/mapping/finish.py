# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
From recorded keyframes to a map that answers: vocabulary, descriptors, whitening, what is unlike.

Every stage looks at what is there and commits what it adds: a finish that was killed goes on
where it was and gives the same map as one that was not.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
import time
from typing import TYPE_CHECKING

from anyloc_ros.config import AUTO
from anyloc_ros.errors import ConfigError, ImageError, MapError
from anyloc_ros.mapping.images import decode_image
from anyloc_ros.mapping.method import describer_for
from anyloc_ros.mapping.place_map import FINISHED, PlaceMap
from anyloc_ros.mapping.progress import Progress
from anyloc_ros.mapping.sqlite_errors import damaged
from anyloc_ros.mapping.unrelated import describe_unrelated, GIVEN, PACKAGE
from anyloc_ros.mapping.weak_spots import alike_spots, note_alike_spots
import numpy as np

if TYPE_CHECKING:
    from anyloc_ros.describe.describer import Describer

FEATURE_BYTES = 2**30
"""Local features a vocabulary is fit on at most; k-means needs some times as much."""

BATCH = 16
"""Images that are described, and committed, together."""

AUTO_WHITENING_REFERENCES = 4096
"""Eight references for each dimension kept: with fewer, whitening loses places (decisions.md)."""
AUTO_WHITENING_DIM = 512


def finish(
    place_map: PlaceMap,
    describer: Describer,
    *,
    whitening_dim: int | str = AUTO,
    descriptor_dtype: str = 'float16',
    feature_bytes: int = FEATURE_BYTES,
    progress: Progress = lambda stage, done, total: None,
) -> Describer:
    """
    Make the map answer, and return the describer with its vocabulary and whitening.

    A finished map is left as it is (`progress` hears `finished` at once). What the map has stays:
    a vocabulary or whitening is fit only where there is none.

    :param whitening_dim: width after whitening, 0 for none, at most references - 1; `auto` is 512
        from 4096 references on where descriptors are wider than that, else 0.
    :param feature_bytes: with more features than this an even share of every image is drawn for
        the vocabulary.
    :raises ConfigError: a whitening the map cannot have.
    :raises MapError: no references, another method, no images where they are needed, full disk.
    """
    references = len(place_map.keyframes())
    if not references:
        raise MapError(f'{place_map.path} has no references; teach a route: map_mode append')
    describer = describer_for(place_map, describer)
    _check_whitening(place_map, describer, whitening_dim, references)
    if place_map.state != FINISHED:
        if not describer.ready:
            describer = _fit_vocabulary(place_map, describer, feature_bytes, progress)
        _describe(place_map, describer, descriptor_dtype, progress)
        if describer.whitening is None:
            describer = _whiten(place_map, describer, whitening_dim, descriptor_dtype, progress)
        describe_unrelated(place_map, describer, descriptor_dtype, progress)
        spots = alike_spots(place_map, progress)
        with place_map.transaction():
            note_alike_spots(place_map, spots)
            place_map.set_meta('state', FINISHED)
    progress(FINISHED, references, references)
    return describer


def _check_whitening(
    place_map: PlaceMap, describer: Describer, whitening_dim: int | str, references: int
) -> None:
    if whitening_dim == AUTO:
        return
    if whitening_dim >= references:
        raise ConfigError(
            f'whitening_dim {whitening_dim}: {references} references span at most '
            f'{references - 1} dimensions; use {references - 1} or less, or 0 for none'
        )
    has = 0 if describer.whitening is None else len(describer.whitening.projection)
    if whitening_dim != has and (has or place_map.state == FINISHED):
        raise ConfigError(
            f'{place_map.path} has whitening_dim {has}, asked for {whitening_dim}; leave it at '
            f'"auto", or make another map: anyloc map rebuild {place_map.path} --out NEW'
        )


def _fit_vocabulary(
    place_map: PlaceMap, describer: Describer, feature_bytes: int, progress: Progress
) -> Describer:
    from anyloc_ros.describe.kmeans import even_share

    ids = [keyframe.id for keyframe in place_map.keyframes()]
    features, sampled = [], False
    for batch, images in _batches(place_map, ids, progress, 'vocabulary'):
        for reference_id, rows in zip(batch, describer.features(images), strict=True):
            features.append(even_share(rows, len(ids), reference_id, feature_bytes))
            sampled |= len(features[-1]) < len(rows)
    vocabulary = describer.fit_vocabulary(features)
    number = sum(map(len, features))
    text = f'vocabulary of {len(vocabulary.words)} words fit on {number} features'
    if sampled:
        text += f', an even share of every image (limit {feature_bytes / 2**20:.0f} MiB)'
    with place_map.transaction():
        place_map.set_vocabulary(vocabulary)
        place_map.add_event(time.time_ns(), 'info', text)
    return describer.with_vocabulary(vocabulary)


def _describe(
    place_map: PlaceMap, describer: Describer, descriptor_dtype: str, progress: Progress
) -> None:
    ids = [keyframe.id for keyframe in place_map.keyframes()]
    missing = set(place_map.undescribed())
    for batch, images in _batches(place_map, ids, progress, 'describe', only=missing):
        descriptors = describer.describe(images)
        with place_map.transaction():
            place_map.set_descriptors(batch, descriptors, descriptor_dtype)
    left = place_map.undescribed()
    if len(left) == len(ids):
        raise damaged(place_map.path, 'none of its images can be decoded')
    if left:
        some = ', '.join(map(str, left[:20])) + (' ...' if len(left) > 20 else '')
        text = f'{len(left)} references will not be found, their images are damaged: {some}'
        with place_map.transaction():
            place_map.add_event(time.time_ns(), 'error', text)


def _whiten(
    place_map: PlaceMap,
    describer: Describer,
    whitening_dim: int | str,
    descriptor_dtype: str,
    progress: Progress,
) -> Describer:
    if whitening_dim == 0:
        return describer
    ids, descriptors = place_map.descriptors()
    if whitening_dim == AUTO:
        few = len(ids) < AUTO_WHITENING_REFERENCES
        if few or descriptors.shape[1] <= AUTO_WHITENING_DIM:
            return describer
        whitening_dim = AUTO_WHITENING_DIM
    # Imported here: that room brings torch, and most maps are not whitened.
    from anyloc_ros.describe.whitening import fit_whitening

    progress('whitening', 0, len(ids))
    whitening = fit_whitening(descriptors, whitening_dim)
    whitened = whitening.whiten(descriptors)
    # A map that was finished without whitening and grew has some already.
    unrelated = {origin: place_map.unrelated(origin) for origin in (PACKAGE, GIVEN)}
    unrelated = {origin: described for origin, described in unrelated.items() if len(described)}
    text = f'{len(ids)} descriptors whitened to {whitening_dim} dimensions'
    with place_map.transaction():
        place_map.set_whitening(whitening)
        place_map.set_descriptors(ids, whitened, descriptor_dtype)
        for origin, described in unrelated.items():
            place_map.set_unrelated(origin, whitening.whiten(described), descriptor_dtype)
        place_map.add_event(time.time_ns(), 'info', text)
    progress('whitening', len(ids), len(ids))
    return describer.with_whitening(whitening)


def _batches(
    place_map: PlaceMap,
    ids: Sequence[int],
    progress: Progress,
    stage: str,
    only: Container[int] | None = None,
) -> Iterator[tuple[list[int], list[np.ndarray]]]:
    """
    Yield ids and images (H, W, 3) of 16 references at a time, those in `only` if given.

    Which references come together depends on `ids` alone: batches are the same after a restart.
    Damaged images are left out.

    :raises MapError: a reference has no image.
    """
    for start in range(0, len(ids), BATCH):
        progress(stage, start, len(ids))
        batch, images, end = [], [], start + BATCH
        for reference_id in ids[start:end]:
            if only is not None and reference_id not in only:
                continue
            stored = place_map.image(reference_id)
            if stored is None:
                raise MapError(
                    f'{place_map.path} keeps no image of reference {reference_id}, and it is '
                    f'needed to describe it; teach the route again with store_images true'
                )
            with suppress(ImageError):
                images.append(decode_image(stored.data))
                batch.append(reference_id)
        if batch:
            yield batch, images
    progress(stage, len(ids), len(ids))
