# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Does a confidence know when it is wrong, and does a probability or a covariance mean what it says.

Confidences in any unit are only ranked; probabilities and covariances are taken at their word.
"""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.evaluate.metrics.decision import curve_figures, Scored
from anyloc_ros.evaluate.metrics.intervals import (
    Estimate,
    estimates,
    IMAGES,
    means,
    ratio,
    Resampling,
    share,
)
from anyloc_ros.evaluate.metrics.ranking import auroc, correlation, Ranked, Ranks
import numpy as np

BINS = 10
CHI_SQUARE_95 = {1: 3.841458820694124, 2: 5.991464547107979, 3: 7.814727903251179}
"""The 95 % quantile of chi-square for each number of dimensions."""


@dataclass(frozen=True, slots=True)
class ConfidenceQuality:
    """
    How well a confidence ranks the matches.

    `auc_pr` as in `decision`. `auroc`: 0.5 knows nothing, 1 everything. `aurc`: the mean share of
    wrong ones, 0 is best. `spearman`: rank correlation with the error, -1 is best. Queries without
    a match are counted, and in none of the last three; those without an error not in the last.
    """

    auc_pr: Estimate
    auroc: Estimate
    aurc: Estimate
    spearman: Estimate
    queries: int
    queries_without_positive: int
    queries_without_match: int


def confidence_quality(
    scored: Scored, errors: np.ndarray, resampling: Resampling = IMAGES
) -> ConfidenceQuality:
    """
    Return how well the confidence of `scored` ranks right matches and small errors.

    auroc: P(confidence of a right match > that of a wrong one), equal is half. aurc: the share of
    wrong ones among the surest k (the risk at coverage k / n), averaged over k (Geifman and
    El-Yaniv, NeurIPS 2017, https://arxiv.org/abs/1705.08500); equal confidences are accepted
    together. spearman: Pearson's correlation of the ranks of confidence and error.

    :param errors: (n,) of the best match, such as metres; NaN where unknown.
    """
    matches = Ranked(scored.confidence, scored.correct)
    count = len(scored.confidence)
    answerable = scored.answerable.astype(float)

    def statistic(weights: np.ndarray) -> np.ndarray:
        right, accepted = matches.counts(weights)
        auc_pr = curve_figures(right, accepted, weights @ answerable)[0]
        return np.array([auc_pr, auroc(right, accepted), _aurc(right, accepted)])

    return ConfidenceQuality(
        *estimates(statistic, count, count, resampling),
        spearman=spearman(scored.confidence, errors, resampling),
        queries=count,
        queries_without_positive=int((~scored.answerable).sum()),
        queries_without_match=int((~scored.answered).sum()),
    )


def _aurc(right: np.ndarray, accepted: np.ndarray) -> float:
    if not len(accepted) or accepted[-1] == 0:
        return np.nan
    there = accepted > 0
    risk = 1 - right[there] / accepted[there]
    return float(risk @ np.diff(accepted[there], prepend=0.0) / accepted[-1])


def spearman(x: np.ndarray, y: np.ndarray, resampling: Resampling = IMAGES) -> Estimate:
    """
    Return the rank correlation of x and y (n,), where both are known; NaN where one is flat.

    Spearman 1904, https://doi.org/10.2307/1412159, with middle ranks for equal values. For figures
    of several runs give RUNS as `resampling`.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    known = np.isfinite(x) & np.isfinite(y)
    ranks = Ranks(x[known]), Ranks(y[known])

    def statistic(weights: np.ndarray) -> float:
        drawn = weights[known]
        return correlation(ranks[0].under(drawn), ranks[1].under(drawn), drawn)

    return estimates(statistic, len(x), int(known.sum()), resampling)[0]


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers with a probability from `low` to `high`: how many, what they say, what is so."""

    low: float
    high: float
    count: int
    probability: float
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The expected calibration error, and the bins it is from; `unknown` had no probability."""

    ece: Estimate
    bins: tuple[Bin, ...]
    unknown: int


def calibration(
    probability: np.ndarray,
    correct: np.ndarray,
    bins: int = BINS,
    resampling: Resampling = IMAGES,
) -> Calibration:
    """
    Return how far probabilities (n,) are from the share that is right.

    ECE = sum over bins of n_b / n |share right - mean probability|, bins of equal width
    (Guo et al., ICML 2017, https://arxiv.org/abs/1706.04599).

    :raises ValueError: a probability outside 0 and 1.
    """
    probability = np.asarray(probability, float)
    known = np.isfinite(probability)
    said = np.where(known, probability, 0.0)
    # A belief summed over places may be above 1 in the last digits.
    if ((said < 0) | (said > 1 + 1e-6)).any():
        raise ValueError(f'probability: expected 0 to 1, got {said.min()} to {said.max()}')
    number = np.minimum((said * bins).astype(int), bins - 1)
    columns = np.stack([known, said * known, correct & known], axis=1).astype(float)

    def totals(weights: np.ndarray) -> np.ndarray:
        return np.stack([np.bincount(number, weights * column, bins) for column in columns.T])

    def statistic(weights: np.ndarray) -> float:
        count, says, right = totals(weights)
        return float(ratio(np.abs(right - says).sum(), count.sum()))

    count, says, right = totals(np.ones(len(said)))
    edges = np.linspace(0, 1, bins + 1).tolist()
    rows = zip(count.astype(int).tolist(), ratio(says, count), ratio(right, count), strict=True)
    return Calibration(
        ece=estimates(statistic, len(said), int(known.sum()), resampling)[0],
        bins=tuple(
            Bin(edges[row], edges[row + 1], here, float(mean), float(so))
            for row, (here, mean, so) in enumerate(rows)
        ),
        unknown=int((~known).sum()),
    )


@dataclass(frozen=True, slots=True)
class Consistency:
    """
    Whether errors are as large as their covariances say.

    The mean of `nees` should be `dimensions`; above it the covariances are too small.
    `coverage_95` should be 0.95. `unknown` counts answers without error or covariance.
    """

    nees: Estimate
    coverage_95: Estimate
    dimensions: int
    unknown: int


def consistency(
    errors: np.ndarray, covariances: np.ndarray, resampling: Resampling = IMAGES
) -> Consistency:
    """
    Return the normalised squared errors e^T P^-1 e, and how many lie in their 95 % ellipse.

    NEES as in Bar-Shalom, Li and Kirubarajan 2001, section 5.4: chi-square of D dimensions for a
    consistent estimator.

    :param errors: (n, D) estimate minus truth, D 1 to 3; angles are wrapped before.
    :param covariances: (n, D, D).
    :raises ValueError: a covariance that is not positive definite.
    """
    errors, covariances = np.asarray(errors, float), np.asarray(covariances, float)
    dimensions = errors.shape[1]
    if dimensions not in CHI_SQUARE_95:
        raise ValueError(f'errors: expected 1 to 3 columns, got {dimensions}')
    if covariances.shape != (len(errors), dimensions, dimensions):
        raise ValueError(
            f'covariances: expected shape {(len(errors), dimensions, dimensions)}, '
            f'got {covariances.shape}'
        )
    known = np.isfinite(errors).all(axis=1) & np.isfinite(covariances).all(axis=(1, 2))
    rows = np.flatnonzero(known)
    least = np.linalg.eigvalsh(covariances[rows])[:, 0]
    if (least <= 0).any():
        raise ValueError(f'covariances: row {rows[least.argmin()]} is not positive definite')
    squared = np.full(len(errors), np.nan)
    solved = np.linalg.solve(covariances[rows], errors[rows][..., None])[..., 0]
    squared[rows] = (errors[rows] * solved).sum(axis=1)
    return Consistency(
        nees=means(squared[:, None], known, resampling)[0],
        coverage_95=share(squared <= CHI_SQUARE_95[dimensions], known, resampling),
        dimensions=dimensions,
        unknown=int((~known).sum()),
    )
