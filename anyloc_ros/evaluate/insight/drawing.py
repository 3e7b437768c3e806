# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The figures as pictures: PNG files in memory, drawn by matplotlib without a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import io
import math
from textwrap import wrap

from anyloc_ros.describe.facets import Output
from anyloc_ros.evaluate.insight.clusters import Clusters
from anyloc_ros.evaluate.insight.projection import Projection
from anyloc_ros.evaluate.insight.similarity_map import Likeness, Panel
import cv2
import matplotlib
from matplotlib.colors import hsv_to_rgb, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
import numpy as np

DISTINCT = (
    '#e6194b', '#3cb44b', '#ffe119', '#4363d8', '#f58231', '#911eb4',
    '#46f0f0', '#f032e6', '#9a6324', '#bcf60c', '#008080', '#fabed4',
)  # fmt: skip
"""Colours that people tell apart, for what is labelled."""

_GROUPS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#f0e442')
"""By M. Okabe and K. Ito, for people of all colour vision: https://jfly.uni-koeln.de/color."""
_MARKERS = 'os^Dvp*h'
_TEXT, _MARK = '#3c4650', '#cc2936'

_DPI = 120
_LETTERS_PER_INCH = 16
"""Of the smallest text."""
_LONGER_PX = 480
"""Images are shown at most this large."""
_HEAT = matplotlib.colormaps['inferno']


def similarity_picture(
    images: Sequence[np.ndarray],
    names: Sequence[str],
    point: tuple[float, float],
    panels: Mapping[Panel, Sequence[Likeness]],
    note: str,
) -> bytes:
    """
    Return the images (H, W, 3) with the heat of each panel laid over them.

    A row for each image and layer, a column for each facet. The colours of a panel have one scale
    for all images, which stands in its title.
    """
    layers = list(dict.fromkeys(layer for layer, _ in panels))
    facets = list(dict.fromkeys(facet for _, facet in panels))
    rows = [(layer, number) for layer in layers for number in range(len(images))]
    figure, cells = _sheet(len(rows), 1 + len(facets), images[0].shape[:2])
    for (layer, number), (first, *others) in zip(rows, cells, strict=True):
        first.imshow(_shrunk(images[number]), extent=_extent(images[number]))
        first.set_ylabel(names[number], fontsize=8)
        if number == 0:
            first.set_title(layer, fontsize=9, loc='left')
            _mark(first, point, 'o')
        for axes, facet in zip(others, facets, strict=True):
            likeness = panels[layer, facet]
            low, high = _scale(likeness)
            picture = overlay(images[number], likeness[number].heat, low, high)
            axes.imshow(_shrunk(picture), extent=_extent(picture))
            _mark(
                axes, point if number == 0 else likeness[number].best, 'o' if number == 0 else 'x'
            )
            scale = f'{facet}: colours {low:.2f} to {high:.2f}'
            best = f'most similar {likeness[number].highest:.2f}'
            axes.set_title(best if number else scale, fontsize=8)
    return _png(figure, note)


def overlay(image: np.ndarray, heat: np.ndarray, low: float, high: float) -> np.ndarray:
    """
    Return the grey image (H, W, 3) uint8 under colours for `heat` (H, W) from low to high.

    Where it is NaN the image stays grey.
    """
    share = np.clip((heat - low) / max(high - low, 1e-9), 0, 1)
    colours = _HEAT(np.nan_to_num(share))[..., :3] * 255
    return _blend(image, colours, np.where(np.isnan(heat), 0.0, 0.65))


def clusters_picture(
    images: Sequence[np.ndarray],
    names: Sequence[str],
    found: Clusters,
    note: str,
) -> bytes:
    """Return the images (H, W, 3) above the same in the colours of their words."""
    palette = word_colours(found)
    across = min(len(images), 4)
    bands = math.ceil(len(images) / across)
    figure, cells = _sheet(2 * bands, across, images[0].shape[:2], beside=1.5)
    for axes in cells.flat:
        axes.set_visible(False)
    for number, (image, labels) in enumerate(zip(images, found.labels, strict=True)):
        band, column = divmod(number, across)
        above, below = cells[2 * band, column], cells[2 * band + 1, column]
        above.set_visible(True)
        below.set_visible(True)
        coloured = _blend(image, 255 * palette[labels], np.where(labels < 0, 0.0, 0.6))
        above.imshow(_shrunk(image), extent=_extent(image))
        above.set_title(names[number], fontsize=8)
        below.imshow(_shrunk(coloured), extent=_extent(image))
    shown = found.most_common(len(DISTINCT))
    handles = [
        Patch(color=palette[word], label=f'word {word}: {found.shares[word]:.0%}')
        for word in shown
    ]
    left = int((found.shares > 0).sum()) - len(shown)
    if left:
        rest = 1 - found.shares[shown].sum()
        handles.append(Patch(color='#b0b0b0', label=f'{left} others: {rest:.0%}'))
    figure.legend(handles=handles, loc='outside right center', frameon=False, fontsize=8)
    return _png(figure, note)


def word_colours(found: Clusters) -> np.ndarray:
    """Return colours (K, 3) from 0 to 1: distinct for the common words, pale for the others."""
    count = len(found.shares)
    # Steps of the golden ratio keep hues apart, however many there are.
    hues = np.arange(count) * 0.61803398875 % 1
    colours = hsv_to_rgb(np.stack([hues, np.full(count, 0.12), np.full(count, 0.75)], axis=1))
    for word, colour in zip(found.most_common(len(DISTINCT)), DISTINCT, strict=False):
        colours[word] = to_rgb(colour)
    return colours


def projection_picture(
    projection: Projection, sizes: Sequence[int], names: Sequence[str], note: str
) -> bytes:
    """Return the points, coloured by their map or source; `sizes` is how many each has."""
    figure = Figure(figsize=(7.2, 5.6), layout='constrained')
    along = [
        f'component {n} ({x:.0%} of the variance)' for n, x in enumerate(projection.explained, 1)
    ]
    axes = figure.add_subplot(xlabel=along[0], ylabel=along[1])
    ends = np.cumsum(sizes)
    for number, points in enumerate(np.split(projection.points, ends[:-1])):
        axes.scatter(
            *points.T, s=20, color=_GROUPS[number % len(_GROUPS)], alpha=0.75, linewidths=0,
            marker=_MARKERS[number // len(_GROUPS) % len(_MARKERS)],
            label=f'{names[number]} ({len(points)})',
        )  # fmt: skip
    axes.grid(color='#e8ebee', linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[['top', 'right']].set_visible(False)
    across = max(1, 80 // (12 + max(map(len, names))))
    figure.legend(loc='outside upper center', ncols=across, frameon=False, fontsize=9)
    return _png(figure, note)


def recall_picture(recall: Mapping[Output, float], note: str) -> bytes:
    """Return recall@1 as a table in colours: a row for each facet, a column for each layer."""
    layers = list(dict.fromkeys(layer for layer, _ in recall))
    facets = list(dict.fromkeys(facet for _, facet in recall))
    table = np.array([[recall[layer, facet] for layer in layers] for facet in facets])
    width, height = 2.6 + 0.55 * len(layers), 1.6 + 0.5 * len(facets)
    figure = Figure(figsize=(max(5.0, width), height), layout='constrained')
    axes = figure.add_subplot(xlabel='layer (block, from 0)')
    shown = axes.imshow(table, cmap='viridis', vmin=0, vmax=1, aspect='auto')
    axes.set_xticks(range(len(layers)), layers)
    axes.set_yticks(range(len(facets)), facets)
    for (row, column), value in np.ndenumerate(table):
        axes.text(
            column, row, f'{value:.2f}', ha='center', va='center', fontsize=8,
            color='white' if value < 0.6 else 'black',
        )  # fmt: skip
    best = np.unravel_index(table.argmax(), table.shape)
    frame = matplotlib.patches.Rectangle(
        (best[1] - 0.5, best[0] - 0.5), 1, 1, fill=False, edgecolor=_MARK, linewidth=2
    )
    axes.add_patch(frame)
    figure.colorbar(shown, label='recall@1')
    return _png(figure, note)


def _sheet(
    rows: int, columns: int, size: tuple[int, int], beside: float = 0.4
) -> tuple[Figure, np.ndarray]:
    """Return a figure of cells for images (height, width), with some inches beside them."""
    wide = 2.6
    tall = wide * size[0] / size[1] + 0.25
    figure = Figure(figsize=(wide * columns + beside, tall * rows + 0.2), layout='constrained')
    cells = figure.subplots(rows, columns, squeeze=False)
    for axes in cells.flat:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    return figure, cells


def _scale(likeness: Sequence[Likeness]) -> tuple[float, float]:
    values = np.concatenate([one.heat[np.isfinite(one.heat)] for one in likeness])
    return float(np.percentile(values, 1)), float(max(one.highest for one in likeness))


def _blend(image: np.ndarray, colours: np.ndarray, share: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None].astype(float)
    mixed = grey + share[..., None] * (colours - grey)
    return mixed.round().astype(np.uint8)


def _shrunk(image: np.ndarray) -> np.ndarray:
    scale = _LONGER_PX / max(image.shape[:2])
    if scale >= 1:
        return image
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _extent(image: np.ndarray) -> tuple[float, float, float, float]:
    """Return the edges of an image in its own px, however small it is drawn."""
    return -0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5


def _mark(axes, point: tuple[float, float], marker: str) -> None:
    for colour, wide in (('white', 3.0), (_MARK, 1.5)):
        axes.plot(
            *point, marker, markersize=8, markerfacecolor='none', markeredgecolor=colour,
            markeredgewidth=wide,
        )  # fmt: skip


def _png(figure: Figure, note: str) -> bytes:
    wide = int(_LETTERS_PER_INCH * figure.get_figwidth())
    figure.supxlabel('\n'.join(wrap(note, wide)), fontsize=7, color=_TEXT)
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=_DPI)
    return buffer.getvalue()
