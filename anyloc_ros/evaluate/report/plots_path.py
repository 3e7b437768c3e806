# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Plots in metres: the route from above, and the errors along and across it."""

from __future__ import annotations

from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.record import RunRecord
from anyloc_ros.evaluate.report import plots
from anyloc_ros.evaluate.report.plots import Plot
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
import numpy as np

BINS = 32
LEAST_SHOWN_M = 0.05
"""Errors below have one colour: no map is spaced so closely that they would mean something."""


@plots.styled
def route(record: RunRecord, figures: Figures) -> Plot:
    """Return the route from above, coloured by error, wrong matches joined to their place."""
    title = 'The route from above, coloured by error'
    where, taught = record.truth.positions[:, :2], record.taught.positions[:, :2]
    known = np.isfinite(where).all(axis=1)
    if not known.any() or not np.isfinite(taught).any():
        return Plot(title, 'Left out: the positions of queries or references are not known.')
    figure, axes = plots.sheet(wide=True, height_in=4.6, xlabel='x (m)', ylabel='y (m)')
    axes.set_aspect('equal', adjustable='datalim')
    # One line with gaps: a data set that is no drive has as many routes as references.
    gaps = np.flatnonzero(np.diff(record.taught.routes)) + 1
    lone = len(gaps) == len(taught) - 1
    axes.plot(
        *np.insert(taught, gaps, np.nan, axis=0).T,
        '.' if lone else '-',
        color=plots.GREY,
        linewidth=3,
        alpha=0.5,
        label='references' if lone else 'taught route',
    )
    best = record.answers.best()
    there = np.where(best[:, None] >= 0, taught[best], np.nan)
    links = np.stack([where, there], axis=1)
    joined = np.isfinite(links).all(axis=(1, 2)) & ~figures.right
    for accepted, style in ((False, ':'), (True, '-')):
        chosen = joined & (record.answers.accepted == accepted)
        words = 'accepted' if accepted else 'not accepted'
        if chosen.any():
            axes.add_collection(
                LineCollection(
                    links[chosen],
                    colors=plots.RED,
                    linewidths=0.9,
                    linestyles=style,
                    alpha=0.8,
                    rasterized=chosen.sum() > plots.MANY,
                    label=f'to a wrong match, {words} ({chosen.sum()})',
                )
            )
    errors = figures.errors_m
    judged = known & np.isfinite(errors)
    largest = max(float(errors[judged].max(initial=0.0)), 2 * LEAST_SHOWN_M)
    axes.plot(
        *where[known & ~judged].T,
        'x',
        color=plots.GREY,
        markersize=4,
        label='no answer' if (known & ~judged).any() else None,
    )
    points = axes.scatter(
        *where[judged].T,
        c=np.maximum(errors[judged], LEAST_SHOWN_M),
        s=14,
        cmap=plots.ERRORS,
        norm=LogNorm(LEAST_SHOWN_M, largest),
        rasterized=judged.sum() > plots.MANY,
        zorder=3,
    )
    bar = figure.colorbar(points, label='error of the best reference (m)', shrink=0.85)
    bar.outline.set_visible(False)
    figure.legend(loc='outside upper center', ncols=2)
    return Plot(
        title,
        'Each point is where a query was truly taken. Red lines lead to the place that it was '
        'taken for; a robot acts on the solid ones.',
        f'{known.sum()} queries on the map; {int(joined.sum())} of them have a wrong best match.',
        plots.to_svg(figure),
        wide=True,
    )


@plots.styled
def along_and_across(record: RunRecord, figures: Figures) -> Plot:
    """Return the errors along and across the taught path over the way, and their histograms."""
    title = 'Errors along and across the taught path'
    along, across = figures.along_m, figures.cross_m
    if not np.isfinite(along).any():
        return Plot(title, 'Left out: it needs the true positions and those of the references.')
    x, label = way(record)
    figure = Figure(figsize=(plots.WIDE_IN, 4.8), layout='constrained')
    grid = figure.subplots(2, 2, sharex='col', sharey='row', width_ratios=(4, 1))
    accepted = record.answers.accepted
    for (over, beside), errors, name in zip(
        grid, (along, across), ('ahead (m)', 'to the left (m)'), strict=True
    ):
        bound = _bound(errors)
        shown = np.clip(errors, -bound, bound)
        far = np.abs(errors) > bound
        for chosen, colour, words in (
            (~accepted, plots.GREY, 'not accepted'),
            (accepted, plots.BLUE, 'accepted'),
        ):
            for these, marker in ((chosen & ~far, '.'), (chosen & far, 'x')):
                over.plot(
                    x[these],
                    shown[these],
                    marker,
                    color=colour,
                    markersize=4,
                    label=words if marker == '.' else None,
                    rasterized=these.sum() > plots.MANY,
                )
        known = np.isfinite(shown)
        beside.hist(
            [shown[known & accepted], shown[known & ~accepted]],
            np.linspace(-bound, bound, BINS),
            stacked=True,
            color=[plots.BLUE, plots.GREY],
            orientation='horizontal',
        )
        over.axhline(0, color=plots.INK, linewidth=0.6)
        over.set_ylabel(name)
        over.set_ylim(-1.05 * bound, 1.05 * bound)
    grid[1, 0].set_xlabel(label)
    grid[1, 1].set_xlabel('queries')
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside upper center', ncols=2)
    return Plot(
        title,
        'Above: how far the best reference is ahead of the robot; a stop comes late by what is '
        'below 0. Below: how far it is to the left of the robot, which stood beside the path by '
        'the opposite of it. Crosses at an edge are beyond it.',
        f'{int(np.isfinite(along).sum())} errors along and across the path, largest '
        f'{np.nanmax(np.abs(along)):.2f} m along.',
        plots.to_svg(figure),
        wide=True,
    )


def way(record: RunRecord) -> tuple[np.ndarray, str]:
    """
    Return (Q,) how far the robot had come at each query, and what that is in words.

    By true positions in metres, without the ways on which it was carried; where one is unknown, by
    the number of the query.
    """
    where = record.truth.positions
    if not len(where) or not np.isfinite(where).all():
        return np.arange(len(where), dtype=float), 'query'
    steps = np.linalg.norm(np.diff(where, axis=0, prepend=where[:1]), axis=1)
    steps[list(record.restarts)] = 0.0
    return np.cumsum(steps), 'way driven (m)'


def _bound(errors: np.ndarray) -> float:
    """Return what an axis reaches to: far mismatches must not flatten all the other errors."""
    sizes = np.abs(errors[np.isfinite(errors)])
    largest, usual = sizes.max(initial=0.0), np.percentile(sizes, 90) if len(sizes) else 0.0
    return float(max(min(largest, 4 * usual), LEAST_SHOWN_M))
