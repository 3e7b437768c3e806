# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The facade: an image in, the place on the map out. Read this first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from anyloc_ros.config import DescribeConfig, LocalizeConfig
from anyloc_ros.describe.describer import Describer
from anyloc_ros.localize.acceptance import decide, Decision, thresholds
from anyloc_ros.localize.index import ReferenceIndex
from anyloc_ros.localize.places import NEAR_POSITIONS, Places
from anyloc_ros.mapping.method import describer_of
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.records import Keyframe
import numpy as np


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reference that may show the place of the query; `similarity` is the cosine."""

    reference: Keyframe
    similarity: float
    probability: float = np.nan
    inliers: int = -1
    shift_px: float = np.nan
    heading_rad: float = np.nan
    heading_sigma: float = np.nan


@dataclass(frozen=True, slots=True)
class Recognition:
    """The whole answer for one image: candidates, best first, and whether the first is a match."""

    stamp_ns: int
    candidates: tuple[Candidate, ...]
    decision: Decision
    describe_ms: float
    search_ms: float

    @property
    def match(self) -> Candidate | None:
        """Return the accepted candidate, None when no place is sure."""
        return self.candidates[0] if self.decision.accepted else None

    @property
    def state(self) -> str:
        """Return LOCALIZED with a match, else SEARCHING."""
        return 'LOCALIZED' if self.decision.accepted else 'SEARCHING'


class PlaceRecognizer:
    """Compares images with the references of one map, which it holds in memory."""

    def __init__(self, place_map: PlaceMap, describer: Describer, config: LocalizeConfig) -> None:
        """
        Read the map; it can be closed afterwards.

        :param describer: of the map, with its vocabulary and whitening: see `describer_of`.
        :raises MapError: the map is not finished, empty or damaged.
        """
        place_map.require_finished()
        self.describer = describer
        self.config = config
        ids, descriptors = place_map.descriptors()
        # A reference whose stored image is damaged has no descriptor.
        described = set(ids.tolist())
        self.references = [k for k in place_map.keyframes() if k.id in described]
        self.index = ReferenceIndex(descriptors, config.index)
        self.places = Places(self.references)
        self.thresholds = thresholds(config, descriptors, self.places)

    def recognize(self, image: np.ndarray, stamp_ns: int) -> Recognition:
        """
        Say where an image (H, W, 3) uint8 RGB was taken.

        :raises ImageError: the image cannot be described (too small for one patch).
        """
        began = perf_counter()
        # prepare -> features -> aggregate -> whiten
        descriptor = self.describer.describe([image])[0]
        described = perf_counter()
        # -> search
        rows, similarities = self._search(descriptor)
        # -> decide
        decision = decide(self.thresholds, self.places, rows, similarities)
        candidates = tuple(
            Candidate(self.references[row], float(similarity))
            for row, similarity in zip(rows, similarities, strict=True)
        )
        return Recognition(
            stamp_ns,
            candidates[: self.config.top_k],
            decision,
            describe_ms=(described - began) * 1e3,
            search_ms=(perf_counter() - described) * 1e3,
        )

    def _search(self, descriptor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the candidates, and so many more that one of them shows another place."""
        k = self.config.top_k + 2 * NEAR_POSITIONS + 1
        while True:
            rows, similarities = self.index.search(descriptor, k)
            if len(rows) < k or not self.places.same(rows[0], rows).all():
                return rows, similarities
            k *= 4


def open_recognizer(
    path: str | Path, config: LocalizeConfig, here: DescribeConfig | None = None
) -> PlaceRecognizer:
    """
    Open a map to localize on it, by the method it was taught with.

    :param here: where and how the network runs on this machine, see `describer_of`.
    :raises MapError: missing, foreign, damaged, not recovered or not finished.
    :raises ModelError: the weights of its method are missing or are others.
    """
    with PlaceMap.open_to_read(path) as place_map:
        place_map.require_finished()
        return PlaceRecognizer(place_map, describer_of(place_map, here), config)
