# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The descriptors of maps and recordings, so that they can be compared with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer, Describer
from anyloc_ros.errors import ConfigError, ImageError, MapError, SourceError
from anyloc_ros.evaluate.replay import ignore_progress
from anyloc_ros.io.samples import ImageSample
from anyloc_ros.io.source import open_source, Source
from anyloc_ros.mapping.method import describer_of
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.progress import Progress
from anyloc_ros.mapping.schema import HEADER_BYTES, is_map
import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Descriptors (M, P) by map or source, what makes such, and what people should know."""

    descriptors: list[np.ndarray]
    describer: Describer
    notes: list[str]


def gather(
    texts: Sequence[str],
    config: DescribeConfig | None,
    every: int = 1,
    progress: Progress = ignore_progress,
) -> Gathered:
    """
    Return the descriptors of each map or source.

    Those of maps are read; sources are described as the maps are, or as `config` says.

    :param config: how sources are described; None where a map tells it.
    :param every: of each map and source every n-th image is taken.
    :raises ConfigError: no map and no `config`, both, or a method without its words.
    :raises MapError: maps whose descriptors cannot be compared.
    :raises SourceError: a source without an image that can be read.
    """
    paths = [text for text in texts if _is_map_file(text)]
    if bool(paths) == (config is not None):
        raise ConfigError(
            f'{paths[0]} is a map and says how images are described: leave out --method, --set '
            f'and --random-weights'
            if paths
            else 'none of these is a map: say how images are described with --method'
        )
    stored = _of_maps(paths, every)
    describer = _describer(paths[0]) if paths else build_describer(config)
    if not describer.ready:
        raise ConfigError(
            f'{describer.config.method} needs a vocabulary: give one with --set vocabulary=FILE '
            f'(see "anyloc vocabulary fit"), use a GeM method, or give maps'
        )
    notes: list[str] = []
    found = [
        stored[text]
        if text in stored
        else _described(open_source(text), describer, every, progress, notes)
        for text in texts
    ]
    return Gathered(found, describer, notes)


def _is_map_file(text: str) -> bool:
    path = Path(text)
    if not path.is_file():
        return False
    with path.open('rb') as file:
        return is_map(file.read(HEADER_BYTES))


def _describer(path: str) -> Describer:
    with PlaceMap.open_to_read(path) as place_map:
        return describer_of(place_map)


def _of_maps(paths: Sequence[str], every: int) -> dict[str, np.ndarray]:
    """Return the descriptors of each map, all of which must be made alike."""
    found: dict[str, np.ndarray] = {}
    first = None
    for path in paths:
        with PlaceMap.open_to_read(path) as place_map:
            place_map.require_finished()
            made = place_map.vocabulary(), place_map.whitening()
            hashes = [part.sha256 if part else '' for part in made]
            if first is None:
                first = (place_map.fingerprint, hashes)
            place_map.compare(first[0])
            if hashes != first[1]:
                raise MapError(
                    f'{path} has another vocabulary or whitening than {paths[0]}: their '
                    f'descriptors cannot be compared; make maps that share a vocabulary file '
                    f'(--set vocabulary=FILE), or use a GeM method: anyloc map rebuild'
                )
            found[path] = place_map.descriptors()[1][::every]
    return found


def _described(
    source: Source, describer: Describer, every: int, progress: Progress, notes: list[str]
) -> np.ndarray:
    rows = []
    images = (sample for sample in source.samples() if isinstance(sample, ImageSample))
    for number, sample in enumerate(images):
        progress(source.name, number + 1, len(source))
        if number % every:
            continue
        try:
            rows.append(describer.describe([sample.decode()])[0])
        except ImageError as error:
            notes.append(f'{sample.name}: {error}')
    if not rows:
        raise SourceError(f'{source.name}: none of its images can be read')
    return np.stack(rows)
