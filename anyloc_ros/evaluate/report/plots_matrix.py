# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Plot of how similar queries are to all references, the truth and the answers over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.record import RunRecord
from anyloc_ros.evaluate.report import plots
from anyloc_ros.evaluate.report.plots import Plot
import numpy as np

MAX_ROWS, MAX_COLUMNS = 300, 400
"""The picture has no more cells than this; a cell is the most similar pair in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Similarity:
    """Cosines (R, M) of some queries with all references, and which queries these are, rising."""

    cosines: np.ndarray
    queries: Sequence[int]

    def __post_init__(self) -> None:
        if len(self.cosines) != len(self.queries):
            raise ValueError(
                f'cosines: expected {len(self.queries)} rows as queries, got {len(self.cosines)}'
            )


@plots.styled
def similarity(record: RunRecord, figures: Figures, seen: Similarity | None) -> Plot:
    """Return the similarity matrix, the outline of the truth, and the best matches."""
    title = 'Similarity of queries and references'
    if seen is None or not np.isfinite(seen.cosines).any():
        return Plot(title, 'Left out: only the best candidates are known, not all similarities.')
    numbers = np.asarray(seen.queries)
    right = np.zeros(seen.cosines.shape, bool)
    for row, number in enumerate(numbers):
        right[row, list(record.truth.positives[number])] = True
    shown, outline = pooled(seen.cosines), pooled(right)
    figure, axes = plots.sheet(wide=True, height_in=4.8, xlabel='reference', ylabel='query')
    axes.grid(False)
    width = seen.cosines.shape[1]
    extent = (-0.5, width - 0.5, numbers[-1] + 0.5, numbers[0] - 0.5)
    low, high = np.percentile(seen.cosines[np.isfinite(seen.cosines)], [1, 99.9])
    picture = axes.imshow(
        shown,
        cmap='magma',
        aspect='auto',
        interpolation='nearest',
        vmin=low,
        vmax=high,
        extent=extent,
    )
    if outline.any() and not outline.all() and min(outline.shape) > 1:
        axes.contour(
            outline, [0.5], colors='#4cc9f0', linewidths=0.8, extent=extent, origin='upper'
        )
        axes.plot([], [], color='#4cc9f0', label='right references')
    figure.colorbar(picture, label='similarity (cosine)').outline.set_visible(False)
    best = record.answers.best()[numbers]
    hit = figures.right[numbers]
    for chosen, colour, words in (
        (hit, '#7ee2a8', 'best match, right'),
        (~hit & (best >= 0), '#ff5d66', 'best match, wrong'),
    ):
        if chosen.any():
            axes.plot(
                best[chosen],
                numbers[chosen],
                'o',
                markersize=3,
                markerfacecolor='none',
                markeredgecolor=colour,
                markeredgewidth=0.8,
                label=words,
            )
    figure.legend(loc='outside upper center', ncols=3)
    return Plot(
        title,
        'A bright line inside the outline is a route that is recognised; bright patches beside '
        'it are places that look alike.',
        f'{len(numbers)} queries by {width} references; {int(hit.sum())} best matches are right.',
        plots.to_svg(figure),
        wide=True,
    )


def pooled(values: np.ndarray) -> np.ndarray:
    """Return values (R, M) in at most MAX_ROWS x MAX_COLUMNS cells, of each its largest one."""
    for axis, limit in ((0, MAX_ROWS), (1, MAX_COLUMNS)):
        count = values.shape[axis]
        if count > limit:
            starts = np.arange(limit) * count // limit
            values = np.maximum.reduceat(values, starts, axis=axis)
    return values
