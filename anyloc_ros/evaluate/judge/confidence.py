# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The confidences of a run: which of them knows when an answer is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from anyloc_ros.evaluate.judge.basis import Basis
from anyloc_ros.evaluate.metrics.confidence import (
    Calibration,
    calibration,
    confidence_quality,
    ConfidenceQuality,
    Consistency,
    consistency,
)
from anyloc_ros.evaluate.metrics.decision import Scored
from anyloc_ros.evaluate.metrics.novelty import Novelty, novelty
from anyloc_ros.evaluate.metrics.spread import wrap
from anyloc_ros.evaluate.metrics.uncertainty import l2_distances, margin, pa, sue
from anyloc_ros.evaluate.record import RunRecord
import numpy as np

SUE_CANDIDATES = 10


def scored_by(confidence: np.ndarray, basis: Basis) -> Scored:
    """Return the best matches by a confidence (Q,); where it is NaN there was no match."""
    confidence = np.where(basis.best >= 0, confidence, np.nan)
    return Scored(confidence, basis.right & ~np.isnan(confidence), basis.answerable)


def confidences(record: RunRecord, basis: Basis) -> dict[str, np.ndarray]:
    """
    Return every confidence (Q,) of the best match that is known anywhere, higher is surer.

    `similarity` ranks as -d, the distance of the descriptors, does. The slope of SUE belongs to
    the descriptor, 350 in its paper: here it is one over the usual (median) difference between
    the distances of the last and the first candidate, so weights fall to 1/e over the list.
    """
    answers = record.answers
    cosines = answers.similarities
    found = {
        'similarity': basis.similarity,
        'pa': pa(cosines),
        'margin': margin(cosines),
        'sue': _sue(record),
        'probability': answers.probabilities,
        'inliers': np.where(answers.inliers >= 0, answers.inliers, np.nan),
    }
    return {name: values for name, values in found.items() if np.isfinite(values).any()}


def _sue(record: RunRecord) -> np.ndarray:
    cosines = record.answers.similarities[:, :SUE_CANDIDATES]
    rows = record.answers.rows[:, :SUE_CANDIDATES]
    distances = l2_distances(cosines)
    apart = np.fmax.reduce(distances, axis=1, initial=-np.inf) - np.fmin.reduce(
        distances, axis=1, initial=np.inf
    )
    apart = apart[apart > 0]
    if not len(apart):
        return np.full(len(rows), np.nan)
    positions = np.where((rows >= 0)[..., None], record.taught.positions[rows], np.nan)
    return sue(cosines, positions, 1 / float(np.median(apart)))


def quality_figures(
    found: Mapping[str, np.ndarray], basis: Basis, errors: np.ndarray
) -> dict[str, ConfidenceQuality]:
    """
    Return how well each confidence ranks right answers and small errors.

    :param errors: (Q,) of the best references, NaN where unknown.
    """
    return {
        name: confidence_quality(scored_by(confidence, basis), errors)
        for name, confidence in found.items()
    }


def calibration_figures(record: RunRecord, basis: Basis) -> Calibration | None:
    """Return whether probabilities mean what they say; None without any."""
    said = np.where(basis.best >= 0, record.answers.probabilities, np.nan)
    return calibration(said, basis.right) if np.isfinite(said).any() else None


def heading_figures(record: RunRecord, basis: Basis) -> Consistency | None:
    """Return whether headings are as wrong as their sigma says; None where neither is known."""
    answers = record.answers
    # The heading is yaw of the query minus yaw of the match, `turned_rad` the true opposite.
    errors = wrap(answers.heading_rad + basis.turned_rad)
    known = basis.accepted & np.isfinite(errors) & (answers.heading_sigma > 0)
    if not known.any():
        return None
    errors = np.where(known, errors, np.nan)
    variances = np.where(known, answers.heading_sigma**2, np.nan)
    return consistency(errors[:, None], variances[:, None, None])


def novelty_figures(record: RunRecord, basis: Basis) -> Novelty | None:
    """
    Return how queries off the map are told from those on it; None where no query is off it.

    By the probability to be on the route where the run knows it, else by the similarity.
    """
    if basis.on_map.all():
        return None
    confidence = 1 - record.answers.off_route
    if not np.isfinite(confidence).any():
        confidence = basis.similarity
    return novelty(confidence, basis.accepted, basis.on_map)
