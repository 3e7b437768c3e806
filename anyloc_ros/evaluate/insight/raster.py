# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Values at the places of local features, spread over the pixels of their image."""

from __future__ import annotations

import cv2
import numpy as np


def spread(values: np.ndarray, positions: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """
    Return (height, width) float32: values (N,) of features on a grid, linear between them.

    Features may be missing in the grid. A pixel is NaN where the nearest node of the grid has no
    feature, and further than half a step outside of the grid.

    :param positions: (N, 2) x, y of the features in px.
    :param size: (height, width) of the image.
    """
    nodes, to_nodes, inside = _grid(positions, size)
    known = np.zeros(tuple(nodes.max(axis=0)[::-1] + 1), np.float32)
    total = known.copy()
    known[nodes[:, 1], nodes[:, 0]] = 1
    total[nodes[:, 1], nodes[:, 0]] = values
    share, total = (
        cv2.remap(grid, *to_nodes, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for grid in (known, total)
    )
    seen = inside & (_nearest(known, to_nodes) > 0)
    return np.where(seen, total / np.where(seen, share, 1), np.float32(np.nan))


def spread_labels(labels: np.ndarray, positions: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return (height, width) int: the label of the nearest feature, -1 where `spread` is NaN."""
    nodes, to_nodes, inside = _grid(positions, size)
    grid = np.full(tuple(nodes.max(axis=0)[::-1] + 1), -1, np.float32)
    grid[nodes[:, 1], nodes[:, 0]] = labels
    return np.where(inside, _nearest(grid, to_nodes), -1).astype(np.intp)


def _grid(
    positions: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]:
    """
    Return the grid that features at positions (N, 2) are on, and where pixels are on it.

    That is (N, 2) the column and row of each feature, the column and the row of each pixel, both
    (height, width) float32, and which pixels are at most half a step outside.
    """
    first = positions.min(axis=0)
    steps = np.array([_step(x, length) for x, length in zip(positions.T, size[::-1], strict=True)])
    nodes = np.rint((positions - first) / steps).astype(np.intp)
    columns, rows = (
        ((np.arange(length) - start) / step).astype(np.float32)
        for length, start, step in zip(size[::-1], first, steps, strict=True)
    )
    last = nodes.max(axis=0) + 0.5
    across, down = ((x >= -0.5) & (x <= end) for x, end in zip((columns, rows), last, strict=True))
    to_nodes = np.broadcast_to(columns, size), np.broadcast_to(rows[:, None], size)
    return nodes, tuple(np.ascontiguousarray(x) for x in to_nodes), down[:, None] & across


def _step(along: np.ndarray, length: int) -> float:
    """Return the least distance of different coordinates, of a single one the whole length."""
    apart = np.diff(np.unique(along.round(3)))
    return float(apart.min()) if len(apart) else float(length)


def _nearest(grid: np.ndarray, to_nodes: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    columns, rows = (
        np.clip(np.rint(x).astype(np.intp), 0, count - 1)
        for x, count in zip(to_nodes, grid.shape[::-1], strict=True)
    )
    return grid[rows, columns]
