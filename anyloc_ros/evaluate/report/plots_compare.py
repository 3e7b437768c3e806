# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Plots of recall@1 against what a controller feels, a point for each run."""

from __future__ import annotations

from collections.abc import Sequence

from anyloc_ros.evaluate.metrics.intervals import Estimate
from anyloc_ros.evaluate.report import plots
from anyloc_ros.evaluate.report.compare import (
    Correlation,
    Group,
    HIGHER_IS_BETTER,
    known,
    RECALL,
    size,
)
from anyloc_ros.evaluate.report.compare_words import correlation_in_words
from anyloc_ros.evaluate.report.plots import Plot
from anyloc_ros.evaluate.run_folder import SavedRun
import numpy as np


@plots.styled
def scatter(runs: Sequence[SavedRun], group: Group, correlation: Correlation) -> Plot:
    """Return recall@1 against one figure, with intervals; a point has the number of its run."""
    name, said = correlation.name, correlation_in_words(correlation)
    having = known(runs, group.runs, name)
    finite = [n for n in having if np.isfinite(runs[n].headline[name].value)]
    if any(len({runs[n].headline[each].value for n in having}) < 2 for each in (RECALL, name)):
        return Plot(name, 'Left out: all runs that say it are equal in it or in R@1.')
    figure, axes = plots.sheet(xlabel='recall@1', ylabel=name)
    names: dict[tuple[float, float], list[str]] = {}
    for n in finite:
        x, y = (runs[n].headline[each] for each in (RECALL, name))
        at = size(name, x.value), size(name, y.value)
        axes.errorbar(
            *at,
            xerr=_bars(x) if np.isfinite(x.low) else None,
            yerr=_bars(y) if np.isfinite([y.low, y.high]).all() and name != 'stop_err_m' else None,
            fmt='o',
            markersize=5,
            color=plots.BLUE,
            ecolor=plots.GREY,
            elinewidth=0.8,
        )
        names.setdefault(at, []).append(str(n + 1))
    for at, numbers in names.items():
        axes.annotate(
            ', '.join(numbers),
            at,
            xytext=(-4, 5),
            textcoords='offset points',
            horizontalalignment='right',
        )
    axes.margins(0.12)
    better = 'up' if HIGHER_IS_BETTER[name] else 'down'
    endless = len(having) - len(finite)
    return Plot(
        name,
        f'Better is {better} and to the right. {said}'
        + (f' {endless} run(s) with an infinite value are not drawn.' if endless else ''),
        f'{name} over recall@1 of {len(finite)} runs. {said}',
        plots.to_svg(figure),
    )


def _bars(estimate: Estimate) -> list[list[float]]:
    """Return the lengths of the bars below and above, not below 0 where a value is at its end."""
    below, above = estimate.value - estimate.low, estimate.high - estimate.value
    return [[max(below, 0.0)], [max(above, 0.0)]]
