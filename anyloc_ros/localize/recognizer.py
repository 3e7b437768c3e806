# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The facade: an image in, the place on the map out. Read this first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from anyloc_ros.config import (
    DescribeConfig,
    LocalizeConfig,
    MonitorConfig,
    SequenceConfig,
    VerifyConfig,
)
from anyloc_ros.describe.describer import Describer
from anyloc_ros.errors import ConfigError
from anyloc_ros.localize.acceptance import learned_thresholds
from anyloc_ros.localize.index import ReferenceIndex
from anyloc_ros.localize.lens import lens_of
from anyloc_ros.localize.off_route import Novelty
from anyloc_ros.localize.places import Places
from anyloc_ros.localize.stored_images import StoredImages
from anyloc_ros.localize.tracker import Estimate, Tracker
from anyloc_ros.localize.verification import Check, Verifier
from anyloc_ros.mapping.cameras import require_cameras
from anyloc_ros.mapping.method import describer_of
from anyloc_ros.mapping.place_map import CALIBRATION, ON_ROUTE_SCORE, PlaceMap
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.mapping.unrelated import GIVEN, PACKAGE
from anyloc_ros.pose import Pose
import numpy as np


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A reference that may show the place of the query.

    `similarity` is the cosine; `probability` that of its place, NaN without a filter. The others
    are those of a `Check`, for images that were verified.
    """

    reference: Keyframe
    similarity: float
    probability: float = np.nan
    inliers: int = -1
    shift_px: float = np.nan
    heading_rad: float = np.nan
    heading_sigma: float = np.nan


@dataclass(frozen=True, slots=True)
class Recognition:
    """
    The whole answer for one image: candidates, best first, and what the localizer says of them.

    `accepted`: the first candidate is a match. `state` and `reason` are those of the monitor,
    `relocalized` tells a match that does not continue the one before. `margin` is the lead in
    similarity over other places, NaN where the map has none. Way and time since the last match
    are None before the first, the way also without odometry.
    """

    stamp_ns: int
    candidates: tuple[Candidate, ...]
    accepted: bool
    state: str
    reason: str
    margin: float
    off_route_probability: float
    relocalized: bool
    distance_since_accept_m: float | None
    time_since_accept_s: float | None
    describe_ms: float
    search_ms: float
    filter_ms: float
    verify_ms: float

    @property
    def match(self) -> Candidate | None:
        """Return the accepted candidate, None when no place is sure."""
        return self.candidates[0] if self.accepted else None


class PlaceRecognizer:
    """Compares images with the references of one map, which it holds in memory."""

    def __init__(
        self,
        place_map: PlaceMap,
        describer: Describer,
        config: LocalizeConfig,
        *,
        sequence: SequenceConfig | None = None,
        monitor: MonitorConfig | None = None,
        verify: VerifyConfig | None = None,
    ) -> None:
        """
        Read the map; it can be closed afterwards. None stands for the defaults.

        :param describer: of the map, with its vocabulary and whitening: see `describer_of`.
        :raises MapError: the map is not finished, empty or damaged.
        :raises ConfigError: `verify` and a method without local features.
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
        self.problems: list[str] = []
        """What the map lacks for what was asked, in words."""
        self._verifier = self._build_verifier(place_map, verify or VerifyConfig())
        self._tracker = Tracker(
            self.references,
            self.places,
            Novelty(
                descriptors,
                place_map.unrelated(PACKAGE),
                place_map.meta(ON_ROUTE_SCORE, float | None),
                place_map.unrelated(GIVEN),
            ),
            learned_thresholds(descriptors, self.places),
            config,
            sequence or SequenceConfig(),
            monitor or MonitorConfig(),
        )

    def recognize(
        self, image: np.ndarray, stamp_ns: int, odometry: Pose | None = None
    ) -> Recognition:
        """
        Say where an image (H, W, 3) uint8 RGB was taken.

        :param odometry: pose of the base at the stamp in the frame of the odometry, if known.
        :raises AnyLocError: the image cannot be described: `missed` is then for it.
        """
        began = perf_counter()
        # prepare -> features -> aggregate -> whiten
        local = self.describer.locate(image) if self._verifier else None
        if local is None:
            descriptor = self.describer.describe([image])[0]
        else:
            descriptor = self.describer.aggregate([view.features for view in local])[0]
        described = perf_counter()
        # -> search
        similarities = self.index.similarities(descriptor)
        searched = perf_counter()
        # -> filter -> decide
        estimate = self._tracker.observe(stamp_ns, descriptor, similarities, odometry)
        judged = perf_counter()
        # -> verify
        candidates = self._candidates(estimate, similarities)
        if self._verifier is not None:
            ids = [candidate.reference.id for candidate in candidates]
            checks = self._verifier.check(image, ids, local)
            candidates = tuple(map(_checked, candidates, checks))
        verified = perf_counter()
        verdict = estimate.verdict
        return Recognition(
            stamp_ns,
            candidates,
            accepted=verdict.accepted,
            state=verdict.state,
            reason=verdict.reason,
            margin=estimate.margin,
            off_route_probability=estimate.off_route,
            relocalized=verdict.relocalized,
            distance_since_accept_m=verdict.distance_since_accept_m,
            time_since_accept_s=verdict.time_since_accept_s,
            describe_ms=(described - began) * 1e3,
            search_ms=(searched - described) * 1e3,
            filter_ms=(judged - searched) * 1e3,
            verify_ms=(verified - judged) * 1e3,
        )

    def missed(self, stamp_ns: int, reason: str, odometry: Pose | None = None) -> Recognition:
        """Take note of an image that cannot be used, and return what follows: no candidates."""
        verdict = self._tracker.blind(stamp_ns, reason, odometry)
        return Recognition(
            stamp_ns,
            (),
            accepted=False,
            state=verdict.state,
            reason=verdict.reason,
            margin=np.nan,
            off_route_probability=np.nan,
            relocalized=False,
            distance_since_accept_m=verdict.distance_since_accept_m,
            time_since_accept_s=verdict.time_since_accept_s,
            describe_ms=0.0,
            search_ms=0.0,
            filter_ms=0.0,
            verify_ms=0.0,
        )

    def forget(self, reason: str = 'asked to search anew') -> None:
        """Forget the past and search the whole map."""
        self._tracker.begin(reason)

    def start_at(self, index: int, route: int = 0) -> None:
        """
        Forget the past and begin around a reference, by its position on a route.

        :raises ConfigError: the map has no such reference.
        """
        for row, reference in enumerate(self.references):
            if (reference.index, reference.route) == (index, route):
                self._tracker.begin_at(row, f'told to begin at index {index} of route {route}')
                return
        last = max((r.index for r in self.references if r.route == route), default=None)
        known = f'it has 0 to {last}' if last is not None else 'there is no such route'
        raise ConfigError(f'start_index {index} is not on route {route} of this map: {known}')

    def start_near(self, x: float, y: float, sigma_m: float) -> None:
        """
        Forget the past and begin around a position in metres in the frame of the map.

        :raises ConfigError: no reference is near, or the map has no positions.
        """
        reason = f'told to begin near ({x:.2f}, {y:.2f}), give or take {sigma_m:.2f} m'
        self._tracker.begin_near(x, y, sigma_m, reason)

    def set_limits(
        self, localize: LocalizeConfig, sequence: SequenceConfig, monitor: MonitorConfig
    ) -> None:
        """Take up other thresholds, without forgetting anything."""
        self.config = localize
        self._tracker.set_limits(localize, sequence, monitor)

    def _candidates(self, estimate: Estimate, similarities: np.ndarray) -> tuple[Candidate, ...]:
        return tuple(
            # In float16 the references are not exactly of length 1; a cosine is never above it.
            Candidate(self.references[row], float(np.clip(similarities[row], -1, 1)), probability)
            for row, probability in zip(estimate.rows, estimate.probabilities, strict=True)
        )

    def _build_verifier(self, place_map: PlaceMap, config: VerifyConfig) -> Verifier | None:
        if config.verify == 'none':
            return None
        lens = None
        try:
            lens = lens_of(place_map.meta(CALIBRATION))
        except ConfigError as error:
            self.problems.append(f'no headings: {error}')
        else:
            if lens is None:
                self.problems.append('no headings: the map was taught without camera_info')
        return Verifier(self.describer, StoredImages(place_map), lens)


def _checked(candidate: Candidate, check: Check) -> Candidate:
    return replace(
        candidate,
        inliers=check.inliers,
        shift_px=check.shift_px,
        heading_rad=check.heading_rad,
        heading_sigma=check.heading_sigma,
    )


def open_recognizer(
    path: str | Path,
    config: LocalizeConfig,
    here: DescribeConfig | None = None,
    *,
    cameras: Sequence[str] = (),
    sequence: SequenceConfig | None = None,
    monitor: MonitorConfig | None = None,
    verify: VerifyConfig | None = None,
) -> PlaceRecognizer:
    """
    Open a map to localize on it, by the method it was taught with; see PlaceRecognizer.

    :param here: where and how the network runs on this machine, see `describer_of`.
    :param cameras: whose images come side by side, see `require_cameras`.
    :raises MapError: missing, foreign, damaged, not recovered or not finished.
    :raises ModelError: the weights of its method are missing or are others.
    """
    with PlaceMap.open_to_read(path) as place_map:
        place_map.require_finished()
        require_cameras(place_map, cameras)
        return PlaceRecognizer(
            place_map,
            describer_of(place_map, here),
            config,
            sequence=sequence,
            monitor=monitor,
            verify=verify,
        )
