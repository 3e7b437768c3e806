# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The images of one side of a data set: known by their content, read in chunks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from anyloc_ros.errors import ImageError
from anyloc_ros.evaluate.benchmark.cache import image_digest
from anyloc_ros.evaluate.benchmark.describing import RawImage
from anyloc_ros.io.samples import ImageSample
from anyloc_ros.io.source import Source
from anyloc_ros.mapping.progress import Progress

CHUNK = 16
"""Images that go through a network, and are cached, together."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """References, distractors or queries: the source, and of each image stamp and digest."""

    source: Source
    stamps_ns: list[int]
    digests: list[str]

    def starts(self) -> range:
        """Return the number of the first image of each chunk."""
        return range(0, len(self.digests), CHUNK)

    def digests_of(self, start: int) -> list[str]:
        """Return the digests of the chunk that begins at this image."""
        end = start + CHUNK
        return self.digests[start:end]

    def chunks(self, starts: Collection[int]) -> Iterator[tuple[int, list[RawImage]]]:
        """Yield the chunks that begin at these images, in order."""
        if not starts:
            return
        chunk: list[RawImage] = []
        start = last = max(starts)
        for number, sample in enumerate(_images(self.source)):
            start = number - number % CHUNK
            if start in starts:
                chunk.append(_raw(sample))
            if chunk and number + 1 in (start + CHUNK, len(self.digests)):
                yield start, chunk
                chunk = []
                if start == last:
                    return


def look_through(source: Source, title: str, progress: Progress) -> Side:
    """Read all images of a source once, and return what tells them from others."""
    stamps_ns, digests = [], []
    for sample in _images(source):
        stamps_ns.append(sample.stamp_ns)
        digests.append(image_digest(_raw(sample)))
        progress(title, len(digests), len(source))
    return Side(source, stamps_ns, digests)


def _images(source: Source) -> Iterator[ImageSample]:
    return (sample for sample in source.samples() if isinstance(sample, ImageSample))


def _raw(sample: ImageSample) -> RawImage:
    if sample.encoded is not None:
        return sample.encoded
    try:
        return sample.decode()
    except ImageError:
        return None
