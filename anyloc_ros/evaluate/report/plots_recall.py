# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Plots of recall and of the decision to accept: how many are right, and at what price."""

from __future__ import annotations

from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.metrics.intervals import Estimate
from anyloc_ros.evaluate.report import plots
from anyloc_ros.evaluate.report.plots import Plot
import numpy as np

TICKS_M = (0.1, 0.25, 0.5, 1, 2, 5, 10, 25)


@plots.styled
def tolerance(figures: Figures) -> Plot:
    """Return recall@1 as a function of how far off is still right."""
    title = 'Recall@1 against tolerance'
    if figures.tolerance is None:
        return Plot(title, 'Left out: it is not known how far the answers are off.')
    unit = figures.tolerance_unit
    curve = figures.tolerance.recall
    figure, axes = plots.sheet(xlabel=f'tolerance ({unit})', ylabel='recall@1')
    plots.band(axes, list(curve), curve.values(), 'recall@1, interval of 95 %')
    if unit == 'm':
        axes.set_xscale('log')
        axes.set_xticks(TICKS_M, [f'{each:g}' for each in TICKS_M])
        axes.minorticks_off()
    plots.show_share(axes.yaxis)
    axes.legend(loc='lower right')
    first, *_, last = curve
    return Plot(
        title,
        'A recall says nothing without its tolerance: a curve that still rises at the right is of '
        'answers that a robot could not drive on.',
        f'Recall@1 is {_share(curve[first])} at {first:g} {unit} and {_share(curve[last])} at '
        f'{last:g} {unit}.',
        plots.to_svg(figure),
    )


@plots.styled
def recall_at_k(figures: Figures) -> Plot:
    """Return recall over the number of candidates, of all queries and of those with a positive."""
    recall = figures.recall
    ks = list(recall.estimates)
    figure, axes = plots.sheet(xlabel='candidates K', ylabel='recall@K')
    plots.band(axes, ks, recall.estimates.values(), f'of all {recall.queries} queries')
    without = recall.queries_without_positive
    if without:
        axes.plot(
            ks,
            list(recall.at_answerable.values()),
            '--',
            color=plots.AMBER,
            label=f'of the {recall.queries - without} with a positive',
        )
    plots.show_share(axes.yaxis)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc='lower right')
    return Plot(
        'Recall@K',
        f'How often a positive is among the first K. What lies between K = {ks[0]} and '
        f'K = {ks[-1]} is what a second look at the candidates could win.',
        '; '.join(f'recall@{k} is {_share(recall.estimates[k])}' for k in (ks[0], ks[-1])) + '.',
        plots.to_svg(figure),
    )


@plots.styled
def precision_recall(figures: Figures) -> Plot:
    """Return precision over recall for all thresholds, and the point where the run was."""
    title = 'Precision and recall'
    curve, used = figures.curve, figures.accepted
    if not np.isfinite(curve.recall).any():
        return Plot(title, 'Left out: no query has a positive, or none has a match.')
    figure, axes = plots.sheet(xlabel='recall', ylabel='precision')
    axes.plot(curve.recall, curve.precision, color=plots.BLUE, label='by best similarity')
    clean = figures.decision.recall_at_100p.value
    axes.axvline(
        clean, color=plots.GREEN, linestyle=':', label=f'recall at 100 % precision: {clean:.2f}'
    )
    drawn = np.isfinite([used.recall.value, used.precision.value]).all()
    if drawn:
        axes.plot(
            used.recall.value,
            used.precision.value,
            'D',
            color=plots.RED,
            label=f'accepted: {used.accepted.value:.0%}, {used.false_accepts} of them wrong',
        )
    plots.show_share(axes.xaxis)
    plots.show_share(axes.yaxis)
    axes.legend(loc='lower left' if np.nanmedian(curve.precision) > 0.5 else 'upper right')
    at = f'precision {_share(used.precision)} at recall {_share(used.recall)}'
    return Plot(
        title,
        'Every threshold of similarity is a point of the curve. The diamond is what the run '
        'itself accepted: with a filter it need not lie on the curve, above is better.',
        f'Area under the curve {_share(figures.decision.auc_pr)}; '
        + (f'the run accepted at {at}.' if drawn else 'the run accepted nothing.'),
        plots.to_svg(figure),
    )


@plots.styled
def calibration(figures: Figures) -> Plot:
    """Return how often answers of each probability are right."""
    title = 'Probability given and share right'
    if figures.calibration is None:
        return Plot(title, 'Left out: the answers have no probability, which a filter gives.')
    bins = [each for each in figures.calibration.bins if each.count]
    figure, axes = plots.sheet(xlabel='probability that was given', ylabel='share that was right')
    axes.plot([0, 1], [0, 1], '--', color=plots.GREY, linewidth=1, label='as it should be')
    largest = max(each.count for each in bins)
    axes.plot(
        [each.probability for each in bins],
        [each.right for each in bins],
        '-',
        color=plots.BLUE,
        linewidth=1,
    )
    axes.scatter(
        [each.probability for each in bins],
        [each.right for each in bins],
        s=[12 + 120 * each.count / largest for each in bins],
        color=plots.BLUE,
        clip_on=False,
        label='answers; area by their number',
    )
    plots.show_share(axes.xaxis)
    plots.show_share(axes.yaxis)
    axes.legend(loc='upper left')
    ece = figures.calibration.ece.value
    return Plot(
        title,
        f'Points below the diagonal are surer than they should be. The expected calibration '
        f'error is {ece:.3f}.',
        f'Share right over probability in {len(bins)} bins; calibration error {ece:.3f}.',
        plots.to_svg(figure),
    )


def _share(estimate: Estimate) -> str:
    return 'unknown' if np.isnan(estimate.value) else f'{estimate.value:.3f}'
