# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""All figures of one run, in the groups of the documentation; None where nothing can be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import math
from typing import Any

from anyloc_ros.evaluate.judge.motion import GainCounts
from anyloc_ros.evaluate.metrics.closed_loop import SignError
from anyloc_ros.evaluate.metrics.confidence import Calibration, ConfidenceQuality, Consistency
from anyloc_ros.evaluate.metrics.decision import Curve, Decision, OperatingPoint, ThresholdTransfer
from anyloc_ros.evaluate.metrics.intervals import Estimate
from anyloc_ros.evaluate.metrics.latency import Latency, MapCost, Reach, Throughput
from anyloc_ros.evaluate.metrics.localization import Accuracy, FarHits, PositionError
from anyloc_ros.evaluate.metrics.novelty import Novelty
from anyloc_ros.evaluate.metrics.path_error import PathError
from anyloc_ros.evaluate.metrics.recall import Recall, ToleranceCurve
from anyloc_ros.evaluate.metrics.sequence import FilterGain, JumpRate, Lock, LongestLost
from anyloc_ros.evaluate.metrics.spread import Spread
from anyloc_ros.evaluate.metrics.stop import StopScore
from anyloc_ros.evaluate.metrics.trajectory import TrajectoryError
import numpy as np

GROUPS = {
    'recall': ('recall', 'tolerance', 'tolerance_unit'),
    'decision': ('decision', 'curve', 'accepted', 'transfer'),
    'localization': (
        'frame_error', 'position', 'oracle_m', 'excess_m', 'accuracy', 'far_hits', 'pose_modes',
    ),
    'path': ('path', 'sign_error'),
    'sequence': ('trajectory', 'jumps', 'longest_lost', 'lock', 'gain', 'gain_counts'),
    'confidence': ('confidence', 'calibration', 'heading', 'novelty'),
    'stop': ('stop',),
    'cost': ('latency', 'throughput', 'reach', 'cost'),
}  # fmt: skip
"""The names of the figures of each group."""


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """
    The figures of a run, and per query what they were made of.

    `errors_m` (Q,): how far the best reference is from the truth, accepted or not, NaN if unknown;
    `errors_frames` (Q,): the same in frames, where the truth is one of frames;
    `right` (Q,) bool: the best reference is a positive; `oracles_m` (Q,): how far the nearest
    reference is; `along_m`, `cross_m` (Q,): signed errors in the frame of the taught path;
    `offsets_m` (Q,): where the robot truly was beside it, above 0 to the left; `turned_deg` (Q,):
    yaw of the best reference minus the true one; NaN if unknown. `tolerance_unit` is 'm' or
    'frames'. `definitions` says what figures mean.
    """

    # Recall
    recall: Recall
    tolerance: ToleranceCurve | None
    tolerance_unit: str
    # Decision
    decision: Decision
    curve: Curve
    accepted: OperatingPoint
    """What the run itself accepted; its threshold is NaN."""
    transfer: ThresholdTransfer | None
    # Metric localization
    frame_error: Spread | None
    position: PositionError | None
    oracle_m: Spread | None
    excess_m: Spread | None
    accuracy: Accuracy | None
    far_hits: FarHits | None
    pose_modes: Mapping[str, PositionError]
    # The frame of the path
    path: PathError | None
    sign_error: SignError | None
    # Sequence
    trajectory: TrajectoryError | None
    jumps: JumpRate | None
    longest_lost: LongestLost | None
    lock: Lock | None
    gain: FilterGain | None
    gain_counts: Mapping[str, GainCounts]
    """Of the images `raw` and `filtered`; empty where the raw answers are not known."""
    # Confidence
    confidence: Mapping[str, ConfidenceQuality]
    calibration: Calibration | None
    heading: Consistency | None
    novelty: Novelty | None
    # Stop
    stop: StopScore | None
    # Cost
    latency: Mapping[str, Latency]
    throughput: Throughput | None
    reach: Reach | None
    cost: MapCost | None
    # Per query
    errors_m: np.ndarray
    errors_frames: np.ndarray
    right: np.ndarray
    oracles_m: np.ndarray
    along_m: np.ndarray
    cross_m: np.ndarray
    offsets_m: np.ndarray
    turned_deg: np.ndarray
    # In words
    definitions: Mapping[str, str]

    def groups(self) -> dict[str, dict[str, Any]]:
        """Return the figures by group and name, without what is known per query."""
        return {
            group: {name: getattr(self, name) for name in names} for group, names in GROUPS.items()
        }

    def headline(self) -> dict[str, Estimate]:
        """Return the figures that runs are compared by, those that can be said."""
        found = {
            'recall_at_1': self.recall.estimates[1],
            'recall_at_5': self.recall.estimates[5],
            **self._metric_headline(),
            'accepted': self.accepted.accepted,
            'accepted_precision': self.accepted.precision,
            **self._drive_headline(),
        }
        return {name: each for name, each in found.items() if not math.isnan(each.value)}

    def _metric_headline(self) -> dict[str, Estimate]:
        found = {}
        if self.position is not None:
            found['loc_err_median_m'] = self.position.error.median
            found['loc_err_p95_m'] = self.position.error.p95
        if self.far_hits is not None:
            found['far_hits'] = self.far_hits.share
        return found

    def _drive_headline(self) -> dict[str, Estimate]:
        found = {}
        if self.jumps is not None:
            found['jumps_per_100m'] = self.jumps.per_100m
        if self.longest_lost is not None:
            found['longest_lost_m'] = self._single(self.longest_lost.metres)
            found['longest_lost_s'] = self._single(self.longest_lost.seconds)
        if self.sign_error is not None:
            found['correction_sign_error'] = self.sign_error.wrong
        if self.stop is not None:
            found['false_stop_per_run'] = self.stop.false_stops_per_run
            found['missed_stop'] = self.stop.missed
            found['hold_window_fail'] = self.stop.hold_failed
        if 'total' in self.latency:
            found['latency_p95_ms'] = self.latency['total'].p95
        return found

    def _single(self, value: float) -> Estimate:
        """Return a figure of the whole drive, which nothing can be drawn from."""
        return Estimate(value, math.nan, math.nan, self.recall.queries)
