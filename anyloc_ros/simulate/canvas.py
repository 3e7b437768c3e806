# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A surface to paint on in metres instead of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

_SHIFT = 4
"""Fractional bits of the coordinates that OpenCV draws with."""


class Canvas:
    """
    Wall pixels (H, W, 3) uint8 RGB with u to the right from the left end and z up from the floor.

    Whatever lies outside is cut off.
    """

    def __init__(self, width_m: float, height_m: float, px_per_m: float) -> None:
        self.width_m = width_m
        self.height_m = height_m
        self.scale = px_per_m
        size = round(height_m * px_per_m), max(2, round(width_m * px_per_m))
        self.pixels = np.zeros((*size, 3), np.uint8)

    def rectangle(self, u: float, z: float, width: float, height: float, colour: Colour) -> None:
        """Fill a rectangle whose lower left corner is at (u, z)."""
        u1, z1 = u + width, z + height
        self.polygon([(u, z), (u1, z), (u1, z1), (u, z1)], colour)

    def frame(
        self, u: float, z: float, width: float, height: float, colour: Colour, thick: float
    ) -> None:
        """Draw a border of `thick` metres inside a rectangle."""
        self.rectangle(u, z, width, thick, colour)
        self.rectangle(u, z + height - thick, width, thick, colour)
        self.rectangle(u, z, thick, height, colour)
        self.rectangle(u + width - thick, z, thick, height, colour)

    def polygon(self, corners: Sequence[tuple[float, float]], colour: Colour) -> None:
        """Fill a convex polygon of (u, z) corners."""
        points = np.array([self._pixel(u, z) for u, z in corners], np.int32)
        cv2.fillConvexPoly(self.pixels, points, colour, cv2.LINE_AA, _SHIFT)

    def disc(self, u: float, z: float, radius: float, colour: Colour) -> None:
        """Fill a disc."""
        size = round(radius * self.scale * 2**_SHIFT)
        centre = self._pixel(u, z)
        cv2.circle(self.pixels, centre, size, colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)

    def line(
        self, u0: float, z0: float, u1: float, z1: float, colour: Colour, thick: float
    ) -> None:
        """Draw a straight line of `thick` metres, at least one pixel."""
        width = max(1, round(thick * self.scale))
        start, end = self._pixel(u0, z0), self._pixel(u1, z1)
        cv2.line(self.pixels, start, end, colour, width, cv2.LINE_AA, _SHIFT)

    def text(self, words: str, u: float, z: float, height: float, colour: Colour) -> None:
        """Write on a baseline that begins at (u, z), capitals `height` metres high."""
        # The capitals of this font are 21 units high at scale 1.
        scale = height * self.scale / 21
        x, y = self._pixel(u, z)
        cv2.putText(
            self.pixels,
            words,
            (x >> _SHIFT, y >> _SHIFT),
            cv2.FONT_HERSHEY_SIMPLEX,
            scale,
            colour,
            max(1, round(2.5 * scale)),
            cv2.LINE_AA,
        )

    def region(self, u: float, z: float, width: float, height: float) -> np.ndarray:
        """Return the pixels of a rectangle as a view, what lies outside cut off."""
        top, bottom = self.height_m - z - height, self.height_m - z
        y0, y1, x0, x1 = (max(0, round(edge * self.scale)) for edge in (top, bottom, u, u + width))
        return self.pixels[y0:y1, x0:x1]

    def _pixel(self, u: float, z: float) -> tuple[int, int]:
        """Return the fixed-point coordinates for OpenCV, where pixel centres are whole."""
        x, y = u * self.scale - 0.5, (self.height_m - z) * self.scale - 0.5
        return round(x * 2**_SHIFT), round(y * 2**_SHIFT)


def vary(rng: np.random.Generator, colour: Colour, amount: int) -> Colour:
    """Return the colour moved at random by at most `amount` in each channel."""
    moved = np.clip(np.add(colour, rng.integers(-amount, amount + 1, 3)), 0, 255)
    return tuple(moved.tolist())


def pick(rng: np.random.Generator, choices: Sequence[Colour]) -> Colour:
    """Return one of the colours."""
    return choices[int(rng.integers(len(choices)))]


def mottle(rng: np.random.Generator, pixels: np.ndarray, strength: float, grain: float) -> None:
    """
    Make a plain surface uneven, in place: clouds of three sizes and fine grain.

    Both figures are standard deviations in grey levels of (H, W, 3) uint8.
    """
    height, width = pixels.shape[:2]
    total = rng.standard_normal((height, width), dtype=np.float32) * grain
    for cell in (12, 40, 130):
        small = rng.standard_normal((height // cell + 2, width // cell + 2), dtype=np.float32)
        total += strength * cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    pixels[...] = np.clip(pixels + total[..., None] + 0.5, 0, 255).astype(np.uint8)


def tiles(
    rng: np.random.Generator,
    pixels: np.ndarray,
    tile: tuple[float, float],
    colours: tuple[Colour, Colour],
    *,
    variation: float,
    shift: float = 0.0,
    gap: float = 1.0,
) -> None:
    """
    Cover (H, W, 3) with tiles, bricks or planks, in place.

    :param tile: height and width in pixels.
    :param colours: of the tile and of the gap.
    :param variation: standard deviation of the brightness from tile to tile, grey levels.
    :param shift: of every second row, in widths.
    :param gap: in pixels.
    """
    height, width = pixels.shape[:2]
    y = np.arange(height, dtype=np.float32) + 0.5
    row = (y // tile[0]).astype(np.intp)
    x = np.arange(width, dtype=np.float32) + 0.5 + (row[:, None] % 2) * np.float32(shift * tile[1])
    column = (x // tile[1]).astype(np.intp)
    shades = rng.standard_normal((row.max() + 1, column.max() + 1), dtype=np.float32) * variation
    shade = shades[row[:, None], column]
    face = np.clip(np.asarray(colours[0], np.float32) + shade[..., None], 0, 255)
    # How much of the gap a pixel shows: the gap lies at the beginning of a tile.
    in_gap = np.maximum(
        np.clip(gap - (y % tile[0])[:, None] + 0.5, 0, 1), np.clip(gap - x % tile[1] + 0.5, 0, 1)
    )[..., None]
    pixels[...] = (face + (np.asarray(colours[1], np.float32) - face) * in_gap + 0.5).astype(
        np.uint8
    )
