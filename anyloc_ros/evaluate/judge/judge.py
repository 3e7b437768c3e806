# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
All figures of one run, from its record alone.

Nothing is tuned or guessed here: every group says from which arrays its figures are, and is left
out where they do not tell.
"""

from __future__ import annotations

from dataclasses import replace
import math

from anyloc_ros.evaluate.judge.basis import Basis, basis_of
from anyloc_ros.evaluate.judge.confidence import (
    calibration_figures,
    confidences,
    heading_figures,
    novelty_figures,
    quality_figures,
    scored_by,
)
from anyloc_ros.evaluate.judge.cost import (
    cost_figures,
    latency_figures,
    reach_figures,
    throughput_figures,
)
from anyloc_ros.evaluate.judge.definitions import definitions_of
from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.frames import frames_of
from anyloc_ros.evaluate.judge.metres import metric_figures
from anyloc_ros.evaluate.judge.motion import (
    gain_figures,
    jump_figures,
    lock_figures,
    lost_figures,
    motion_of,
    track_of,
    trajectory_figures,
)
from anyloc_ros.evaluate.judge.routes import away_from_routes, Placed, placed, routes_of
from anyloc_ros.evaluate.judge.stop import stop_figures
from anyloc_ros.evaluate.metrics.closed_loop import correction_sign_error, SignError
from anyloc_ros.evaluate.metrics.decision import (
    curve,
    decision,
    operating_point,
    OperatingPoint,
    Scored,
    threshold_transfer,
    ThresholdTransfer,
)
from anyloc_ros.evaluate.metrics.localization import frame_errors
from anyloc_ros.evaluate.metrics.path_error import path_error
from anyloc_ros.evaluate.metrics.recall import (
    PAPER_KS,
    Recall,
    recall_at_k,
    recall_vs_tolerance,
    ToleranceCurve,
    TOLERANCES_M,
)
from anyloc_ros.evaluate.metrics.spread import spread
from anyloc_ros.evaluate.metrics.stop import StopConfig
from anyloc_ros.evaluate.record import Answers, RunRecord
import numpy as np

TOLERANCES_FRAMES = tuple(range(11))


def figures_of(
    record: RunRecord,
    config: FiguresConfig,
    stop: StopConfig = StopConfig(),  # noqa: B008 (frozen)
) -> Figures:
    """
    Return every figure that the record can tell.

    :raises ValueError: arrays that do not belong together.
    :raises ConfigError: a goal that is not in the map, or has no place on its route.
    """
    taught, truth, answers = record.taught, record.truth, record.answers
    basis = basis_of(record, answers)
    in_metres = bool(np.isfinite(basis.errors_m).any())
    frames = None if in_metres else frames_of(truth.positives, len(taught.ids))
    errors = basis.errors_m
    if frames is not None:
        errors = frame_errors(np.where(basis.best >= 0, basis.best, np.nan), frames)
    unknown = np.full(len(basis.best), np.nan)
    away_m = away_from_routes(taught, truth)
    oracles_m = np.fmin.reduce([unknown, *away_m.values()])
    routes = routes_of(taught, away_m)
    place = Placed(unknown, unknown, unknown)
    if routes and np.isfinite(truth.positions).all(axis=1).any():
        place = placed(taught, truth, basis, routes)
    on_paths = bool(np.isfinite(place.offset_m).any())
    motion = motion_of(record, basis)
    track = track_of(basis, motion)
    surest = confidences(record, basis)
    by_similarity = scored_by(basis.similarity, basis)
    times = latency_figures(answers)
    rate = throughput_figures(record, motion.drive, config)
    return Figures(
        recall=_recall(record, basis),
        tolerance=_tolerance(errors, basis, in_metres) if np.isfinite(errors).any() else None,
        tolerance_unit='m' if in_metres else 'frames',
        decision=decision(by_similarity),
        curve=curve(by_similarity),
        accepted=_accepted(basis),
        transfer=_transfer(by_similarity, motion.drive),
        frame_error=None if frames is None else spread(errors),
        **metric_figures(record, basis, oracles_m, config),
        path=path_error(
            place.along_m, place.cross_m, place.offset_m, basis.turned_rad, basis.accepted
        )
        if on_paths
        else None,
        sign_error=_sign_error(answers, basis, place, config) if on_paths else None,
        trajectory=trajectory_figures(basis, record),
        jumps=jump_figures(track, motion, config),
        longest_lost=lost_figures(track.good, motion),
        lock=lock_figures(track.good, motion, config),
        **gain_figures(record, basis, motion, config),
        confidence=quality_figures(surest, basis, errors),
        calibration=calibration_figures(record, basis),
        heading=heading_figures(record, basis),
        novelty=novelty_figures(record, basis),
        stop=stop_figures(record, basis, routes, config, stop) if on_paths else None,
        latency=times,
        throughput=rate,
        reach=reach_figures(record, motion, rate, times),
        cost=cost_figures(record, routes),
        errors_m=basis.errors_m,
        errors_frames=unknown if frames is None else errors,
        right=basis.right,
        oracles_m=oracles_m,
        along_m=place.along_m,
        cross_m=place.cross_m,
        offsets_m=place.offset_m,
        turned_deg=np.degrees(basis.turned_rad),
        definitions=definitions_of(record, config, stop),
    )


def _recall(record: RunRecord, basis: Basis) -> Recall:
    """Return the recall of the queries whose place is on the map."""
    asked = np.flatnonzero(basis.on_map).tolist()
    ranked = record.answers.rows[asked].tolist()
    return recall_at_k(ranked, [record.truth.positives[number] for number in asked], PAPER_KS)


def _tolerance(errors: np.ndarray, basis: Basis, in_metres: bool) -> ToleranceCurve:
    tolerances = TOLERANCES_M if in_metres else TOLERANCES_FRAMES
    return recall_vs_tolerance(errors[basis.on_map], tolerances)


def _accepted(basis: Basis) -> OperatingPoint:
    """Return what the run accepted, whatever it decided by."""
    found = operating_point(scored_by(basis.accepted.astype(float), basis), 1.0)
    return replace(found, threshold=math.nan)


def _transfer(scored: Scored, drive: np.ndarray) -> ThresholdTransfer | None:
    """Return what a threshold from the first half of the drive gives on the second."""
    half = len(drive) // 2
    if not half:
        return None
    first, second = (
        Scored(scored.confidence[part], scored.correct[part], scored.answerable[part])
        for part in (drive[:half], drive[half:])
    )
    return threshold_transfer(first, second)


def _sign_error(
    answers: Answers, basis: Basis, place: Placed, config: FiguresConfig
) -> SignError | None:
    """
    Return whether steering by the heading of accepted answers, or else by the shift, helps.

    A camera that turned left of its reference sees it further right: heading and shift above 0
    both ask for a turn to the right, below 0 (REP-103). None where no answer has either.
    """
    told = np.where(np.isfinite(answers.heading_rad), answers.heading_rad, answers.shift_px)
    correction = np.where(basis.accepted, -told, np.nan)
    if not np.isfinite(told).any():
        return None
    return correction_sign_error(place.offset_m, correction, config.deadband_m)
