# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What all plots of a report share: their look, and how they become SVG that follows the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import io

from anyloc_ros.evaluate.metrics.intervals import Estimate
import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
import numpy as np

GREEN, AMBER, RED, BLUE, GREY = '#2a9d5c', '#d08700', '#e0474f', '#3f86d9', '#8a939c'
"""Colours that can be told from a white and from a black page."""

ERRORS = LinearSegmentedColormap.from_list('errors', [BLUE, '#7fb069', '#e6b422', RED])
"""From small to large."""

INK, LIGHT_PAGE_INK, DARK_PAGE_INK = '#010203', '#1c2329', '#dfe5ea'
"""Text and axes are drawn in the first, which the finished picture replaces by the others."""

WIDE_IN, NARROW_IN = 8.0, 4.6

MANY = 1500
"""More points than this are drawn as pixels: as shapes they would make a report of many MB."""

STYLE = {
    'axes.axisbelow': True,
    'axes.edgecolor': INK,
    'axes.facecolor': 'none',
    'axes.grid': True,
    'axes.labelcolor': INK,
    'axes.linewidth': 0.6,
    'axes.spines.right': False,
    'axes.spines.top': False,
    'figure.facecolor': 'none',
    'font.size': 10,
    'grid.alpha': 0.15,
    'grid.color': INK,
    'grid.linewidth': 0.6,
    'legend.fontsize': 9,
    'legend.frameon': False,
    'lines.linewidth': 1.4,
    'path.simplify_threshold': 0.3,
    'savefig.facecolor': 'none',
    'svg.fonttype': 'none',
    'svg.hashsalt': 'anyloc',
    'text.color': INK,
    'xtick.color': INK,
    'ytick.color': INK,
}

styled = matplotlib.rc_context(STYLE)
"""Decorator of functions that draw: the look holds inside them only."""

_PAGES = (
    f'<style>svg{{color:{LIGHT_PAGE_INK}}}'
    f'@media (prefers-color-scheme:dark){{svg{{color:{DARK_PAGE_INK}}}}}</style>'
)


@dataclass(frozen=True, slots=True)
class Plot:
    """
    A picture of a run; without one `text` says why there is none.

    `text` says how to read the picture, `alt` what is in it for those who cannot see it; `wide`
    ones need a row for themselves.
    """

    title: str
    text: str
    alt: str = ''
    svg: str = ''
    wide: bool = False


def sheet(wide: bool = False, height_in: float = 3.3, **axes: object) -> tuple[Figure, Axes]:
    """Return a figure, and its axes with these labels and scales."""
    figure = Figure(figsize=(WIDE_IN if wide else NARROW_IN, height_in), layout='constrained')
    return figure, figure.add_subplot(**axes)


def to_svg(figure: Figure) -> str:
    """Return a figure as SVG whose text and axes are dark on light pages and light on dark."""
    buffer = io.StringIO()
    figure.savefig(buffer, format='svg', dpi=144, metadata={'Date': None, 'Creator': None})
    text = buffer.getvalue().replace(INK, 'currentColor')
    start = text.index('<svg')
    end = text.index('>', start) + 1
    return text[start:end] + _PAGES + text[end:]


def show_share(axis: Axis) -> None:
    """Give an axis the range of shares, with a little room so that 0 and 1 can be seen."""
    axis.set_view_interval(-0.02, 1.02, ignore=True)
    axis.set_ticks([0, 0.2, 0.4, 0.6, 0.8, 1])


def band(axes: Axes, x: Iterable[float], estimates: Iterable[Estimate], label: str) -> None:
    """Draw estimates over x with their intervals as a band; where one is unknown it has a gap."""
    values = np.array([(e.value, e.low, e.high) for e in estimates], float).reshape(-1, 3)
    axes.plot(x, values[:, 0], 'o-', color=BLUE, markersize=3.5, label=label)
    axes.fill_between(x, values[:, 1], values[:, 2], color=BLUE, alpha=0.2, linewidth=0)


def histogram(axes: Axes, times_ms: np.ndarray) -> None:
    """Draw the distribution of times (n,) in ms, its middle and its tail."""
    bins = min(50, max(10, len(times_ms) // 6))
    axes.hist(times_ms, bins=bins, color=BLUE, alpha=0.85)
    for percent, style in ((50, '-'), (95, '--')):
        value = np.percentile(times_ms, percent)
        axes.axvline(value, color=RED, linestyle=style, label=f'p{percent}: {value:.1f} ms')
    axes.legend()
    axes.set_xlim(left=0)
