# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Whether an image shows the map at all: what unrelated images tell.

A similarity means nothing by itself: every map has references that resemble anything, and how
alike an image of the same place is depends on the day. What can be known when the map is finished
is how alike *unrelated* images are to each of its references (`mapping.unrelated`). The score of
an image is the closeness of its best reference in standard deviations of what unrelated images
reach at that reference: the zero normalisation of speaker verification (Auckenthaler, Carey,
Lloyd-Thomas, Digital Signal Processing 10, 2000).

Off the route the score follows a Gumbel distribution, the one of the greatest of many values. It
is fit to the unrelated images, each scored by the statistics of the other half of them, and made
`WIDENING` times as broad: images that somebody will meet differ more from the map than the ones
it knows. On the route any score from there up to that of the map's own neighbours is as likely.
The logarithm of the ratio is what the sequence filter adds up.

Calibration (`localize.calibration`) adds what was seen around the route and on it, and can only
make the map stricter: with images that do not show the route (`given`) the score is the lower one
of that against them and that against the unrelated images, and what a second drive reaches (`on`)
counts where it is beyond the neighbours. All in one, the given images of one place would make
the unrelated ones look more alike than they are, and others would pass (docs/decisions.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WIDENING = 2.0
LEAST_WIDTH = 10.0
"""Scores on the route spread over at least so many scales of those off it."""

MOST = 4.0
"""One image never counts for more than this: images in a row are no independent witnesses."""

_EULER = 0.5772156649


@dataclass(frozen=True, slots=True)
class Scores:
    """
    How images score off the route (`off` the mode, `scale` that of the Gumbel) and on it.

    `on` is the upper end of what images on the route reach.
    """

    off: float
    scale: float
    on: float

    def log_ratio(self, score: float) -> float:
        """Return log p(score | on the route) / p(score | off it), between -MOST and MOST."""
        above = max((score - self.off) / self.scale, 0.0)
        log_off = -np.log(self.scale) - above - np.exp(-above)
        log_on = -np.log(max(self.on - self.off, LEAST_WIDTH * self.scale))
        return float(np.clip(log_on - log_off, -MOST, MOST))


class Novelty:
    """
    The references (M, P) of a map against unrelated descriptors (N, P), all of unit length.

    Closeness is minus the distance of descriptors from which the mean of the map was taken, again
    of unit length: methods without a vocabulary (GeM, class tokens) have a large part in common.

    :param on: the upper end of scores on a second drive along the route, None without one.
    :param given: (G, P) of images around the route, none or None without a calibration.
    """

    def __init__(
        self,
        references: np.ndarray,
        unrelated: np.ndarray,
        on: float | None = None,
        given: np.ndarray | None = None,
    ) -> None:
        self._mean = references.mean(axis=0)
        self._square = float(self._mean @ self._mean)
        self._share = references @ self._mean
        self._length = self._length_of(self._share)
        closeness = self._closeness_to(references, unrelated)
        halves = closeness[::2], closeness[1::2]
        fits = [
            _gumbel(_Background.of(this).best(other)) for this, other in (halves, halves[::-1])
        ]
        off, scale = np.mean(fits, axis=0)
        self._backgrounds = [_Background.of(closeness)]
        self.spread = float(self._backgrounds[0].deviation.mean())
        """Standard deviation of the closeness of unrelated images, mean over the references."""
        own = self._own_score(references)
        on = own if on is None else max(own, on)
        self.scores = Scores(float(off), max(float(scale) * WIDENING, 1e-6), on)
        if given is not None and len(given):
            self._backgrounds += [_Background.of(self._closeness_to(references, given))]

    def closeness(self, similarities: np.ndarray, descriptor: np.ndarray) -> np.ndarray:
        """
        Return minus the distance to each reference, from 0 (the same) down to -2.

        :param similarities: (M,) the cosines of all references with the descriptor (P,).
        """
        closeness = self._closeness(similarities, descriptor, slice(None))
        # Those that an approximate index does not know share the least similarity; without the
        # mean they would differ, and the most unusual reference would be the closest.
        unknown = similarities == similarities.min()
        if 1 < unknown.sum() < len(unknown):
            closeness[unknown] = closeness[~unknown].min()
        return closeness

    def closeness_of(
        self, rows: np.ndarray, similarities: np.ndarray, descriptor: np.ndarray
    ) -> np.ndarray:
        """Return (n,) the closeness to some references (`rows`) alone."""
        return self._closeness(similarities, descriptor, rows)

    def score(self, row: int, closeness: float) -> float:
        """Return how far beyond unrelated images a query is at the reference `row`."""
        return min(
            float((closeness - background.mean[row]) / background.deviation[row])
            for background in self._backgrounds
        )

    def _closeness_to(self, references: np.ndarray, images: np.ndarray) -> np.ndarray:
        return np.stack([self.closeness(references @ image, image) for image in images])

    def _closeness(
        self, similarities: np.ndarray, descriptor: np.ndarray, rows: slice | np.ndarray
    ) -> np.ndarray:
        share = float(descriptor @ self._mean)
        cosine = similarities - self._share[rows] - share + self._square
        cosine /= self._length[rows] * self._length_of(np.array([share]))
        return -np.sqrt(np.maximum(2.0 - 2.0 * cosine, 0.0))

    def _length_of(self, share: np.ndarray) -> np.ndarray:
        """Return how long unit vectors are without the mean, from their products with it."""
        return np.sqrt(np.maximum(1.0 - 2.0 * share + self._square, 1e-6))

    def _own_score(self, references: np.ndarray) -> float:
        """Return the median score of references at their best neighbour along the map."""
        rows = np.unique(np.linspace(0, len(references) - 1, SAMPLED).round().astype(int))
        scores = []
        for row in rows:
            near = [other for other in (row - 1, row + 1) if 0 <= other < len(references)]
            closeness = self.closeness_of(
                np.array(near, int), references[near] @ references[row], references[row]
            )
            scores += [max(map(self.score, near, closeness))] if near else []
        return float(np.median(scores)) if scores else np.inf


SAMPLED = 256
"""References whose neighbours are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class _Background:
    """Mean and standard deviation (M,) of the closeness of unrelated images."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, closeness: np.ndarray) -> _Background:
        deviation = closeness.std(axis=0)
        # Few images tell the deviation at one reference badly: half of it is that of all.
        return cls(closeness.mean(axis=0), (deviation + deviation.mean()) / 2 + 1e-6)

    def best(self, closeness: np.ndarray) -> np.ndarray:
        """Return the greatest score of each row of (N, M)."""
        return ((closeness - self.mean) / self.deviation).max(axis=1)


def _gumbel(scores: np.ndarray) -> tuple[float, float]:
    """Return mode and scale by the method of moments."""
    scale = float(scores.std()) * 6**0.5 / np.pi
    return float(scores.mean()) - _EULER * scale, scale
