# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The floor plan: a loop of corridors around a courtyard, with a lobby, jogs and open rooms.

Metres; x east, y north, in the frame `map`. What is free is a union of rectangles, and the walls
are its outline, so that nobody can look out of the building.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

CEILING_M = 2.7
_LAMPS_APART_M = 3.0


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of the floor, `x0 < x1` and `y0 < y1`."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def size(self) -> tuple[float, float]:
        """Return the lengths along x and y."""
        return self.x1 - self.x0, self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class Wall:
    """
    A vertical wall from the floor to the ceiling, seen from one side.

    `x y` is its left end as seen from the free side, `right_x right_y` the unit vector from there
    along the wall; the normal towards the viewer is `(right_y, -right_x)`.
    """

    x: float
    y: float
    right_x: float
    right_y: float
    length_m: float


CORRIDORS = (
    Rectangle(0.0, 0.0, 23.0, 2.4),
    Rectangle(27.4, 5.0, 29.8, 13.0),
    Rectangle(24.6, 13.0, 29.8, 15.4),
    Rectangle(24.6, 15.4, 27.0, 19.6),
    Rectangle(3.0, 19.6, 27.0, 22.0),
    Rectangle(3.0, 12.4, 5.4, 19.6),
    Rectangle(0.0, 10.0, 5.4, 12.4),
    Rectangle(0.0, 2.4, 2.4, 10.0),
)
ROOMS = (
    Rectangle(23.0, -2.0, 31.0, 5.0),
    Rectangle(2.0, -5.0, 7.0, -0.3),
    Rectangle(30.1, 7.0, 33.5, 11.0),
    Rectangle(5.0, 22.3, 10.0, 26.0),
    Rectangle(-4.0, 5.0, -0.3, 9.0),
)
DOORWAYS = (
    Rectangle(3.2, -0.3, 5.2, 0.0),
    Rectangle(29.8, 8.0, 30.1, 9.8),
    Rectangle(6.5, 22.0, 8.5, 22.3),
    Rectangle(-0.3, 6.2, 0.0, 8.0),
)
PILLARS = (
    Rectangle(25.0, 3.2, 25.6, 3.8),
    Rectangle(28.2, -0.8, 28.8, -0.2),
)
BOUNDS = Rectangle(-5.5, -5.5, 34.5, 26.5)
"""All of the building and a margin, in sizes whose pixels can be halved again and again."""

WAYPOINTS = (
    (7.0, 1.2),
    (23.5, 1.2),
    (28.6, 3.2),
    (28.6, 14.2),
    (25.8, 14.2),
    (25.8, 20.8),
    (4.2, 20.8),
    (4.2, 11.2),
    (1.2, 11.2),
    (1.2, 1.2),
)
"""Corners of the route in driving order; it begins at the first one and comes back to it."""

TWIN = Rectangle(8.5, 0.0, 20.5, 2.4)
"""The stretch of the south corridor whose look-alike is a stretch of the north corridor."""
TWIN_CENTRE = (15.0, 11.0)
"""Half a turn about this point carries the one onto the other, driving direction included."""


def half_turn(rectangle: Rectangle) -> Rectangle:
    """Return where half a turn about the centre of the twins carries a rectangle."""
    x, y = 2 * TWIN_CENTRE[0], 2 * TWIN_CENTRE[1]
    return Rectangle(x - rectangle.x1, y - rectangle.y1, x - rectangle.x0, y - rectangle.y0)


def lamps() -> np.ndarray:
    """Return the centres (L, 2) of the ceiling lamps: a row in each corridor, four in a room."""
    found = []
    for part in CORRIDORS:
        along_x = part.size[0] > part.size[1]
        # From the end of the corridor on, which half a turn of the twins leaves in step.
        for place in np.arange(_LAMPS_APART_M / 2, max(part.size), _LAMPS_APART_M):
            across = min(part.size) / 2
            dx, dy = (place, across) if along_x else (across, place)
            found.append((part.x0 + dx, part.y0 + dy))
    for part in ROOMS:
        found += [
            (part.x0 + part.size[0] * tx, part.y0 + part.size[1] * ty)
            for tx in (0.25, 0.75)
            for ty in (0.25, 0.75)
        ]
    return np.array(found)


def walls() -> tuple[Wall, ...]:
    """Return the outline of what is free, in an order that never changes."""
    free_parts = CORRIDORS + ROOMS + DOORWAYS
    xs = sorted({x for part in free_parts + PILLARS for x in (part.x0, part.x1)})
    ys = sorted({y for part in free_parts + PILLARS for y in (part.y0, part.y1)})
    # One cell of rim on each side, so that every wall lies between two cells.
    free = np.zeros((len(xs) + 1, len(ys) + 1), bool)
    for parts, value in ((free_parts, True), (PILLARS, False)):
        for part in parts:
            columns = slice(xs.index(part.x0) + 1, xs.index(part.x1) + 1)
            rows = slice(ys.index(part.y0) + 1, ys.index(part.y1) + 1)
            free[columns, rows] = value
    found = []
    for i, x in enumerate(xs):
        for sign, start, stop in _runs(free[i + 1].astype(int) - free[i]):
            # Free to the east (+1): seen from there, left is south and right is north.
            low, high = ys[start - 1], ys[stop - 1]
            found.append(Wall(x, low if sign > 0 else high, 0.0, float(sign), high - low))
    for j, y in enumerate(ys):
        for sign, start, stop in _runs(free[:, j + 1].astype(int) - free[:, j]):
            # Free to the north (+1): seen from there, left is east and right is west.
            low, high = xs[start - 1], xs[stop - 1]
            found.append(Wall(high if sign > 0 else low, y, -float(sign), 0.0, high - low))
    return tuple(found)


def _runs(steps: np.ndarray) -> list[tuple[int, int, int]]:
    """Return `(value, start, stop)` of the runs of equal values that are not zero."""
    edges = np.flatnonzero(np.diff(steps, prepend=0, append=0))
    return [(int(steps[start]), start, stop) for start, stop in pairwise(edges) if steps[start]]
