# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The pictures of a report, drawn by matplotlib without a screen, as PNG files in memory."""

from __future__ import annotations

from collections.abc import Sequence
import io

from anyloc_ros.evaluate.repeat_run import RepeatRun
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
import numpy as np

GREEN, AMBER, RED, BLUE = '#1a8a4a', '#d08700', '#cc2936', '#2464b4'
GREY, DARK = '#9aa3ad', '#3c4650'

_DPI = 144


def route_picture(run: RepeatRun) -> bytes | None:
    """
    Return the route from above, with where each query was and what it was matched with.

    Without a truth the accepted references are coloured by when they were matched. None when the
    references have no poses.
    """
    places = _positions(run)
    if not np.isfinite(places).any():
        return None
    figure = Figure(figsize=(8.4, 6.4), layout='constrained')
    axes = figure.add_subplot(aspect='equal', xlabel='x (m)', ylabel='y (m)')
    axes.plot(*places.T, '-', color=GREY, linewidth=1, zorder=1)
    axes.plot(*places.T, 's', color=DARK, markersize=3, label='reference', zorder=2)
    best = _best_positions(run)
    if run.truth is not None and np.isfinite(run.truth.positions).any():
        _draw_queries(axes, run, best)
    else:
        accepted = run.accepted()
        drawn = axes.scatter(
            *best[accepted].T, c=np.flatnonzero(accepted), s=22, cmap='viridis', zorder=3,
            label='accepted match',
        )  # fmt: skip
        figure.colorbar(drawn, label='image of the repeat run', shrink=0.8)
    axes.grid(color='#e8ebee', linewidth=0.6)
    axes.set_axisbelow(True)
    figure.legend(loc='outside upper center', ncols=4, frameon=False)
    return _png(figure)


def _draw_queries(axes, run: RepeatRun, best: np.ndarray) -> None:
    where = run.truth.positions[:, :2]
    right, accepted = run.right(), run.accepted()
    links = np.stack([where, best], axis=1)
    for chosen, colour, label in (
        (right & accepted, GREEN, 'right, accepted'),
        (right & ~accepted, AMBER, 'right, not accepted'),
        (~right & ~accepted, GREY, 'wrong, not accepted'),
        (~right & accepted, RED, 'wrong, accepted'),
    ):
        if not chosen.any():
            continue
        known = chosen & np.isfinite(links).all(axis=(1, 2))
        axes.add_collection(LineCollection(links[known], colors=colour, linewidths=0.8, zorder=3))
        axes.scatter(
            *where[chosen].T, s=7, color=colour, zorder=4, label=f'{label} ({chosen.sum()})'
        )


def matrix_picture(run: RepeatRun, similarity: np.ndarray, rows: Sequence[int]) -> bytes:
    """
    Return the similarity of queries (rows) with references (columns), and the answers over it.

    :param similarity: (R, M) cosines; row i is query `rows[i]`.
    """
    figure = Figure(figsize=(8.4, 6.0), layout='constrained')
    axes = figure.add_subplot(xlabel='reference', ylabel='image of the repeat run')
    columns = similarity.shape[1]
    low, high = np.percentile(similarity, [1, 99.9])
    shown = axes.imshow(
        similarity, cmap='magma', aspect='auto', interpolation='nearest', vmin=low, vmax=high,
        extent=(-0.5, columns - 0.5, rows[-1] + 0.5, rows[0] - 0.5),
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
        [(accepted, '#7ee2a8', 'accepted'), (~accepted, '#ffffff', 'not accepted')]
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
    axes.legend(loc='upper right', facecolor='#30343a', labelcolor='white')
    return _png(figure)


def latency_picture(run: RepeatRun) -> bytes | None:
    """Return the distribution of the times from image to answer; None without answers."""
    times_ms = np.array([answer.latency_s * 1e3 for answer in run.answers if answer])
    if not len(times_ms):
        return None
    figure = Figure(figsize=(8.4, 3.0), layout='constrained')
    axes = figure.add_subplot(xlabel='from sending an image to its answer (ms)', ylabel='images')
    axes.hist(times_ms, bins=min(50, max(10, len(times_ms) // 6)), color=BLUE, alpha=0.85)
    for percent, style in ((50, '-'), (95, '--')):
        value = np.percentile(times_ms, percent)
        axes.axvline(value, color=RED, linestyle=style, label=f'p{percent}: {value:.0f} ms')
    axes.set_xlim(left=0)
    axes.legend(frameon=False)
    axes.spines[['top', 'right']].set_visible(False)
    return _png(figure)


def _positions(run: RepeatRun) -> np.ndarray:
    """Return (M, 2) where the references are, NaN where unknown."""
    unknown = (np.nan, np.nan)
    return np.array([r.pose.position[:2] if r.pose else unknown for r in run.references], float)


def _best_positions(run: RepeatRun) -> np.ndarray:
    """Return (Q, 2) where the best reference of each query is, NaN where unknown."""
    unknown = (np.nan, np.nan)
    return np.array([r.pose.position[:2] if r and r.pose else unknown for r in run.best()], float)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=_DPI)
    return buffer.getvalue()
