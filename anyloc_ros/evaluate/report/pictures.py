# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The plots of the report of a repeat run through the nodes."""

from __future__ import annotations

from collections.abc import Sequence

from anyloc_ros.evaluate.repeat_run import RepeatRun
from anyloc_ros.evaluate.report import plots
from anyloc_ros.evaluate.report.plots import Plot
from anyloc_ros.evaluate.report.plots_matrix import pooled
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
import numpy as np


@plots.styled
def route_picture(run: RepeatRun) -> Plot:
    """
    Return the route from above, with where each query was and what it was matched with.

    Without a truth the accepted references are coloured by when they were matched.
    """
    title = 'The route from above'
    places = _positions(run)
    if not np.isfinite(places).any():
        return Plot(title, 'Left out: the references have no poses.')
    figure, axes = plots.sheet(wide=True, height_in=5.6, xlabel='x (m)', ylabel='y (m)')
    axes.set_aspect('equal', adjustable='datalim')
    axes.plot(*places.T, '-', color=plots.GREY, linewidth=1, zorder=1)
    axes.plot(*places.T, 's', color=plots.GREY, markersize=3, label='reference', zorder=2)
    best = _best_positions(run)
    if run.truth is not None and np.isfinite(run.truth.positions).any():
        _draw_queries(axes, run, best)
        text = 'Dots are where images were truly taken, each joined to its best reference.'
    else:
        accepted = run.accepted()
        drawn = axes.scatter(
            *best[accepted].T, c=np.flatnonzero(accepted), s=22, cmap='viridis', zorder=3,
            label='accepted match',
        )  # fmt: skip
        figure.colorbar(drawn, label='image of the repeat run', shrink=0.8)
        text = 'Squares are references; dots are those that were accepted.'
    figure.legend(loc='outside upper center', ncols=3)
    alt = f'{len(run.answers)} images on a route of {len(places)} references.'
    return Plot(title, text, alt, plots.to_svg(figure), wide=True)


def _draw_queries(axes: Axes, run: RepeatRun, best: np.ndarray) -> None:
    where = run.truth.positions[:, :2]
    right, accepted = run.right(), run.accepted()
    links = np.stack([where, best], axis=1)
    for chosen, colour, label in (
        (right & accepted, plots.GREEN, 'right, accepted'),
        (right & ~accepted, plots.AMBER, 'right, not accepted'),
        (~right & ~accepted, plots.GREY, 'wrong, not accepted'),
        (~right & accepted, plots.RED, 'wrong, accepted'),
    ):
        if not chosen.any():
            continue
        known = chosen & np.isfinite(links).all(axis=(1, 2))
        axes.add_collection(LineCollection(links[known], colors=colour, linewidths=0.8, zorder=3))
        axes.scatter(
            *where[chosen].T, s=7, color=colour, zorder=4, label=f'{label} ({chosen.sum()})'
        )


@plots.styled
def matrix_picture(run: RepeatRun, similarity: np.ndarray, rows: Sequence[int]) -> Plot:
    """
    Return the similarity of queries (rows) with references (columns), and the answers over it.

    :param similarity: (R, M) cosines; row i is query `rows[i]`.
    """
    figure, axes = plots.sheet(
        wide=True, height_in=5.2, xlabel='reference', ylabel='image of the repeat run'
    )
    axes.grid(False)
    columns = similarity.shape[1]
    low, high = np.percentile(similarity, [1, 99.9])
    shown = axes.imshow(
        pooled(similarity), cmap='magma', aspect='auto', interpolation='nearest', vmin=low,
        vmax=high, extent=(-0.5, columns - 0.5, rows[-1] + 0.5, rows[0] - 0.5),
    )  # fmt: skip
    figure.colorbar(shown, label='similarity (cosine)')
    column_of = {reference.id: column for column, reference in enumerate(run.references)}
    found = [
        (column_of[answer.ranked[0]], number, answer.accepted)
        for number, answer in enumerate(run.answers)
        if answer and answer.ranked
    ]
    points = np.array(found, float).reshape(-1, 3)
    accepted = points[:, 2] == 1
    right = run.right()[points[:, 1].astype(int)] if run.truth is not None else None
    groups = (
        [(accepted, '#7ee2a8', 'accepted'), (~accepted, '#58a6ff', 'not accepted')]
        if right is None
        else [(right, '#7ee2a8', 'best match, right'), (~right, '#58a6ff', 'best match, wrong')]
    )
    for chosen, colour, label in groups:
        if not chosen.any():
            continue
        axes.plot(
            *points[chosen, :2].T, 'o', markersize=3.5, markerfacecolor='none',
            markeredgecolor=colour, markeredgewidth=0.9, label=f'{label} ({chosen.sum()})',
        )  # fmt: skip
    figure.legend(loc='outside upper center', ncols=2)
    return Plot(
        'Similarity of every image with every reference',
        'A bright line from corner to corner is a route that is recognised; bright patches '
        'beside it are places that look alike.',
        f'{len(rows)} images by {columns} references.',
        plots.to_svg(figure),
        wide=True,
    )


@plots.styled
def latency_picture(run: RepeatRun) -> Plot:
    """Return the distribution of the times from image to answer."""
    title = 'Latency'
    times_ms = np.array([answer.latency_s * 1e3 for answer in run.answers if answer])
    if not len(times_ms):
        return Plot(title, 'Left out: there are no answers.')
    figure, axes = plots.sheet(xlabel='from sending an image to its answer (ms)', ylabel='images')
    plots.histogram(axes, times_ms)
    return Plot(
        title,
        'A controller has to live with the tail, not with the middle.',
        f'{len(times_ms)} times, median {np.median(times_ms):.0f} ms.',
        plots.to_svg(figure),
    )


def _positions(run: RepeatRun) -> np.ndarray:
    """Return (M, 2) where the references are, NaN where unknown."""
    unknown = (np.nan, np.nan)
    return np.array([r.pose.position[:2] if r.pose else unknown for r in run.references], float)


def _best_positions(run: RepeatRun) -> np.ndarray:
    """Return (Q, 2) where the best reference of each query is, NaN where unknown."""
    unknown = (np.nan, np.nan)
    return np.array([r.pose.position[:2] if r and r.pose else unknown for r in run.best()], float)
