# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Descriptors of a data set by a method: what the cache has, and the rest made by the workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import Describer, MAP_VOCABULARY
from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.benchmark import describing
from anyloc_ros.evaluate.benchmark.cache import Cache, key_of
from anyloc_ros.evaluate.benchmark.describing import Described
from anyloc_ros.evaluate.benchmark.images import Side
from anyloc_ros.evaluate.benchmark.workers import Workers
from anyloc_ros.mapping.progress import Progress
import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What all runs share."""

    workers: Workers
    cache: Cache
    progress: Progress


@dataclass(frozen=True, slots=True, eq=False)
class MethodHere:
    """A method on this machine: the describer without its network, and where the network runs."""

    describer: Describer
    device: str

    def identity(self) -> list[object]:
        """Return what its descriptors depend on, a vocabulary that is yet to be fit apart."""
        given = self.describer.vocabulary
        seed = self.describer.config.vocabulary_seed
        return [self.describer.fingerprint, self.device, given.sha256 if given else seed]


def look_up(config: DescribeConfig, bench: Bench) -> MethodHere:
    """
    Return what a method is on this machine.

    :raises AnyLocError: weights or vocabulary are missing or do not fit.
    """
    [(known, device)] = bench.workers.do(describing.look_up, [config])
    return MethodHere(describing.without_network(config, known), device)


@dataclass(frozen=True, slots=True, eq=False)
class Descriptors:
    """The descriptors of one side, in the cache chunk by chunk; they need not fit into memory."""

    side: Side
    method: MethodHere
    vocabulary: Path | None
    """The file of a vocabulary that was fit here."""
    bench: Bench

    def chunks(self) -> Iterator[Described]:
        """Yield the descriptors of each chunk; one whose file was damaged is made again."""
        for start in self.side.starts():
            yield self._cached(start) or next(self._make({start}))

    def parts(self) -> Iterator[np.ndarray]:
        """Yield the descriptors (n, P) of each chunk."""
        return (chunk.descriptors for chunk in self.chunks())

    def missing(self) -> set[int]:
        """Return the first image of each chunk that is not in the cache."""
        return {
            start
            for start in self.side.starts()
            if not self.bench.cache.describes(self._key(start))
        }

    def complete(self, missing: set[int]) -> Iterator[int]:
        """Describe these chunks and keep them; yield the number of images of each."""
        for found in self._make(missing):
            yield len(found.readable)

    def rows(self, numbers: Sequence[int]) -> np.ndarray:
        """Return the descriptors (R, P) of these images, whose numbers rise."""
        taken, start = [], 0
        for part in self.parts():
            end = start + len(part)
            taken.append(part[[number - start for number in numbers if start <= number < end]])
            start = end
        return np.concatenate(taken)

    def _make(self, starts: set[int]) -> Iterator[Described]:
        config = self.method.describer.config
        tasks = ((config, self.vocabulary, images) for _, images in self.side.chunks(starts))
        made = self.bench.workers.do(describing.describe, tasks)
        for start, found in zip(sorted(starts), made, strict=True):
            self.bench.cache.keep(self._key(start), found)
            yield found

    def _cached(self, start: int) -> Described | None:
        count = len(self.side.digests_of(start))
        return self.bench.cache.descriptors(self._key(start), count, self.method.describer.width)

    def _key(self, start: int) -> str:
        words = self.method.describer.vocabulary
        return key_of(
            self.method.describer.fingerprint,
            self.method.device,
            words.sha256 if words else '',
            self.side.digests_of(start),
        )


def with_vocabulary(
    method: MethodHere, references: Side, bench: Bench
) -> tuple[MethodHere, Path | None]:
    """
    Return the method with a vocabulary, fit on the references where none is given, and its file.

    :raises SourceError: none of the references can be read.
    :raises ConfigError: they have fewer features than the vocabulary has words.
    """
    describer = method.describer
    if not describer.needs_vocabulary or describer.config.vocabulary != MAP_VOCABULARY:
        return method, None
    key = key_of(method.identity(), references.digests)
    ready = bench.cache.vocabulary(key, describer)
    if ready is None:
        total = len(references.digests)
        tasks = (
            (describer.config, images, start, total)
            for start, images in references.chunks(references.starts())
        )
        shares: list[np.ndarray] = []
        found = bench.workers.do(describing.local_features, tasks)
        for done, some in enumerate(found, start=1):
            shares += some
            bench.progress('vocabulary', done, len(references.starts()))
        if not shares:
            raise SourceError(f'{references.source.name}: none of its {total} images can be read')
        vocabulary = describer.fit_vocabulary(shares)
        bench.cache.keep_vocabulary(key, vocabulary)
        ready = describer.with_vocabulary(vocabulary)
    return MethodHere(ready, method.device), bench.cache.vocabulary_file(key)


def complete(sides: Sequence[Descriptors], progress: Progress) -> None:
    """Make all descriptors that are not in the cache."""
    missing = [side.missing() for side in sides]
    total = sum(len(side.side.digests) for side in sides)
    done = total - sum(
        len(each.side.digests_of(start))
        for each, starts in zip(sides, missing, strict=True)
        for start in starts
    )
    progress('describe', done, total)
    for side, starts in zip(sides, missing, strict=True):
        for count in side.complete(starts):
            done += count
            progress('describe', done, total)
