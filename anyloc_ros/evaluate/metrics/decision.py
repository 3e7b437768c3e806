# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Accept or reject: how well a confidence tells right matches from wrong ones.

A query has one match, its best one (single-best-match precision and recall; counting all pairs of
images is another quantity). It is accepted where its confidence is at least the threshold.
Precision is right among accepted, recall right and accepted among the queries that have a
positive. An accepted match of a query without a positive is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.evaluate.metrics.intervals import (
    Estimate,
    estimates,
    IMAGES,
    ratio,
    Resampling,
    share,
)
from anyloc_ros.evaluate.metrics.ranking import Ranked
import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """
    The best match of each query (n,), in the order of driving.

    `confidence` may be in any unit, higher is surer, NaN where there was no match. `correct`: the
    match shows the place of the query. `answerable`: the query has a positive.
    """

    confidence: np.ndarray
    correct: np.ndarray
    answerable: np.ndarray

    def __post_init__(self) -> None:
        confidence = np.asarray(self.confidence, float)
        correct, answerable = np.asarray(self.correct, bool), np.asarray(self.answerable, bool)
        if not confidence.shape == correct.shape == answerable.shape:
            raise ValueError(
                f'correct and answerable: expected shape {confidence.shape} as confidence, '
                f'got {correct.shape} and {answerable.shape}'
            )
        impossible = correct & ~(answerable & ~np.isnan(confidence))
        if impossible.any():
            raise ValueError(
                f'query {impossible.argmax()} is correct but has no match or no positive'
            )
        for name, values in zip(self.__slots__, (confidence, correct, answerable), strict=True):
            object.__setattr__(self, name, values)

    @property
    def answered(self) -> np.ndarray:
        """Return (n,) bool: there was a match."""
        return ~np.isnan(self.confidence)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Precision and recall at each threshold (t,), from the highest threshold to the lowest."""

    thresholds: np.ndarray
    precision: np.ndarray
    recall: np.ndarray


def curve(scored: Scored) -> Curve:
    """Return precision and recall at every confidence that occurs."""
    matches = Ranked(scored.confidence, scored.correct)
    right, accepted = matches.counts(np.ones(len(scored.confidence)))
    precision, recall = ratio(right, accepted), ratio(right, scored.answerable.sum())
    return Curve(matches.thresholds, precision, recall)


@dataclass(frozen=True, slots=True)
class Decision:
    """
    The quality of a confidence over all thresholds; NaN where no query has a positive.

    `threshold_100p` is the lowest threshold without a wrong accept, infinite where the surest
    match is wrong.
    """

    auc_pr: Estimate
    average_precision: Estimate
    recall_at_100p: Estimate
    extended_precision: Estimate
    threshold_100p: float
    queries: int
    queries_without_positive: int
    queries_without_match: int


def decision(scored: Scored, resampling: Resampling = IMAGES) -> Decision:
    """
    Return the usual figures of the precision-recall curve.

    auc_pr: area by trapezoids from precision 1 at recall 0 on (VPR tutorial, Schubert et al. 2023,
    https://doi.org/10.1109/MRA.2023.3310859). average_precision: sum of (R_i - R_i-1) P_i.
    recall_at_100p: the largest recall with precision 1, 0 where there is none.
    extended_precision: (P_R0 + R_P100) / 2, P_R0 the precision at the least recall and R_P100 = 0
    where P_R0 < 1 (Ferrarini et al., RA-L 2020, https://doi.org/10.1109/LRA.2020.2969197).
    """
    matches = Ranked(scored.confidence, scored.correct)
    count = len(scored.confidence)
    answerable = scored.answerable.astype(float)

    def statistic(weights: np.ndarray) -> np.ndarray:
        return curve_figures(*matches.counts(weights), weights @ answerable)

    found = estimates(statistic, count, count, resampling)
    right, accepted = matches.counts(np.ones(count))
    clean = right == accepted
    thresholds = matches.thresholds[clean & (right > 0)]
    return Decision(
        *found,
        threshold_100p=float(thresholds[-1]) if len(thresholds) else np.inf,
        queries=count,
        queries_without_positive=int((~scored.answerable).sum()),
        queries_without_match=int((~scored.answered).sum()),
    )


def curve_figures(right: np.ndarray, accepted: np.ndarray, answerable: float) -> np.ndarray:
    """
    Return the first four figures of Decision from counts (t,) at falling thresholds.

    :param answerable: how many queries have a positive; NaN for all four where none has.
    """
    if answerable == 0:
        return np.full(4, np.nan)
    there = accepted > 0  # thresholds of matches that were not drawn
    right, accepted = right[there], accepted[there]
    precision, recall = right / accepted, right / answerable
    steps = np.diff(recall, prepend=0.0)
    before = np.append(1.0, precision)[:-1]
    trapezoids = (steps * (precision + before) / 2).sum()
    at_100p = recall[right == accepted].max(initial=0.0)
    at_r0 = precision[0] if len(precision) else 0.0
    return np.array([trapezoids, (steps * precision).sum(), at_100p, (at_r0 + at_100p) / 2])


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """
    What one threshold gives: precision (NaN where nothing is accepted), recall, accepted share.

    `false_accepts` counts accepted matches that are wrong.
    """

    threshold: float
    precision: Estimate
    recall: Estimate
    accepted: Estimate
    false_accepts: int
    queries: int
    queries_without_positive: int


def operating_point(
    scored: Scored, threshold: float, resampling: Resampling = IMAGES
) -> OperatingPoint:
    """Return precision, recall and accepted share where confidence >= threshold is accepted."""
    accepted = scored.confidence >= threshold
    right = accepted & scored.correct
    return OperatingPoint(
        threshold=float(threshold),
        precision=share(right, accepted, resampling),
        recall=share(right, scored.answerable, resampling),
        accepted=share(accepted, np.ones(len(accepted), bool), resampling),
        false_accepts=int((accepted & ~right).sum()),
        queries=len(accepted),
        queries_without_positive=int((~scored.answerable).sum()),
    )


@dataclass(frozen=True, slots=True)
class ThresholdTransfer:
    """What the threshold of a calibration drive gives on another one, moved in two ways."""

    calibration: OperatingPoint
    by_score: OperatingPoint
    by_quantile: OperatingPoint


def threshold_transfer(
    calibration: Scored,
    test: Scored,
    precision: float = 1.0,
    resampling: Resampling = IMAGES,
) -> ThresholdTransfer:
    """
    Choose a threshold on a calibration drive and count what it gives on the test drive.

    Chosen is the lowest threshold whose precision is at least `precision` (infinite where none
    is). By score the test uses the same threshold; by quantile the one that accepts the same share
    of the matches, which follows when all similarities of a drive are lower (Rajani, Milford and
    Fischer, https://arxiv.org/abs/2602.04401).
    """
    points = curve(calibration)
    good = points.thresholds[points.precision >= precision]
    threshold = float(good[-1]) if len(good) else np.inf
    known = calibration.confidence[calibration.answered]
    others = np.sort(test.confidence[test.answered])
    accepted = int(np.round((known >= threshold).mean() * len(others))) if len(known) else 0
    moved = float(others[-accepted]) if accepted else np.inf
    return ThresholdTransfer(
        calibration=operating_point(calibration, threshold, resampling),
        by_score=operating_point(test, threshold, resampling),
        by_quantile=operating_point(test, moved, resampling),
    )
