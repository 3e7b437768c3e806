# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What walls, floors and ceilings are covered with before anything hangs on them."""

from __future__ import annotations

from collections.abc import Callable

from anyloc_ros.simulate.canvas import Canvas, Colour, mottle, pick, tiles, vary
import numpy as np

_PLASTER = ((226, 220, 205), (205, 214, 206), (214, 205, 190), (200, 208, 218), (232, 226, 190))
_DADO = ((120, 150, 140), (150, 110, 90), (96, 118, 150), (170, 150, 100), (130, 130, 138))
_WOOD = ((150, 108, 70), (120, 84, 56), (176, 138, 96))
_SKIRTING_M = 0.1


def plaster(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a plain wall with a skirting board, a few stains and scuffs, a cable duct."""
    canvas.pixels[...] = vary(rng, pick(rng, _PLASTER), 12)
    mottle(rng, canvas.pixels, 2.5, 2.0)
    _marks(canvas, rng)
    _skirting(canvas, vary(rng, pick(rng, _WOOD), 15))
    if rng.random() < 0.5:
        canvas.rectangle(0.0, 0.3, canvas.width_m, 0.06, (214, 214, 210))
        canvas.rectangle(0.0, 0.3, canvas.width_m, 0.01, (150, 150, 148))


def two_tone(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a wall whose lower half is darker, with a rail between."""
    plaster(canvas, rng)
    colour = vary(rng, pick(rng, _DADO), 12)
    height = float(rng.uniform(0.9, 1.2))
    canvas.rectangle(0.0, _SKIRTING_M, canvas.width_m, height, colour)
    mottle(rng, canvas.region(0.0, _SKIRTING_M, canvas.width_m, height), 3.0, 2.5)
    dark = tuple(channel // 2 for channel in colour)
    canvas.rectangle(0.0, height + 0.08, canvas.width_m, 0.05, dark)


def brick(canvas: Canvas, rng: np.random.Generator) -> None:
    """Lay bricks of 25 x 7.5 cm."""
    tile = canvas.scale * 0.083, canvas.scale * 0.26
    colours = vary(rng, (158, 92, 70), 18), (188, 180, 168)
    gap = canvas.scale * 0.012
    tiles(rng, canvas.pixels, tile, colours, variation=14, shift=0.5, gap=gap)
    mottle(rng, canvas.pixels, 4.0, 6.0)
    _skirting(canvas, (96, 92, 88))


def concrete(canvas: Canvas, rng: np.random.Generator) -> None:
    """Cast concrete in panels with anchor holes."""
    tile = canvas.scale * 1.35, canvas.scale * float(rng.uniform(1.4, 1.9))
    colours = vary(rng, (160, 160, 156), 12), (104, 104, 102)
    tiles(rng, canvas.pixels, tile, colours, variation=7, gap=canvas.scale * 0.02)
    mottle(rng, canvas.pixels, 6.0, 5.0)
    for u in np.arange(0.35, canvas.width_m, 0.7):
        for z in (0.4, 1.0, 1.7, 2.3):
            canvas.disc(float(u), z, 0.018, (70, 70, 70))
    _marks(canvas, rng)


def tiled(canvas: Canvas, rng: np.random.Generator) -> None:
    """Tile the wall to 1.5 m, plaster above."""
    plaster(canvas, rng)
    side = canvas.scale * 0.15
    region = canvas.region(0.0, 0.0, canvas.width_m, 1.5)
    colour = vary(rng, pick(rng, ((214, 224, 226), (170, 196, 190), (224, 214, 190))), 10)
    tiles(rng, region, (side, side), (colour, (120, 122, 124)), variation=7)
    canvas.rectangle(0.0, 1.5, canvas.width_m, 0.04, vary(rng, pick(rng, _DADO), 20))


def panelled(canvas: Canvas, rng: np.random.Generator) -> None:
    """Cover the wall with upright wooden boards."""
    colour = vary(rng, pick(rng, _WOOD), 14)
    tile = canvas.scale * 3.0, canvas.scale * float(rng.uniform(0.12, 0.3))
    dark = tuple(channel // 3 for channel in colour)
    tiles(rng, canvas.pixels, tile, (colour, dark), variation=9)
    mottle(rng, canvas.pixels, 3.0, 4.0)
    _skirting(canvas, dark)


WALL_FINISHES: tuple[Callable[[Canvas, np.random.Generator], None], ...] = (
    plaster, two_tone, brick, concrete, tiled, two_tone, panelled, plaster,
)  # fmt: skip


def floor(pixels: np.ndarray, px_per_m: float, rng: np.random.Generator) -> None:
    """Lay the floor of one part of the building: tiles, planks, carpet or terrazzo."""
    kind = int(rng.integers(4))
    if kind == 0:
        side = px_per_m * float(rng.choice([0.3, 0.4, 0.6]))
        colour = vary(rng, pick(rng, ((170, 164, 152), (150, 130, 112), (140, 146, 150))), 12)
        tiles(rng, pixels, (side, side), (colour, (92, 90, 86)), variation=8)
    elif kind == 1:
        colour = vary(rng, pick(rng, _WOOD), 12)
        tile = px_per_m * 0.14, px_per_m * 1.4
        tiles(rng, pixels, tile, (colour, (60, 44, 30)), variation=12, shift=0.37)
    elif kind == 2:
        pixels[...] = vary(rng, pick(rng, ((92, 96, 112), (110, 80, 76), (84, 100, 92))), 12)
        mottle(rng, pixels, 2.0, 9.0)
    else:
        pixels[...] = vary(rng, (168, 164, 156), 12)
        mottle(rng, pixels, 3.0, 12.0)
    mottle(rng, pixels, 2.5, 2.0)


def ceiling(pixels: np.ndarray, px_per_m: float, rng: np.random.Generator) -> None:
    """Hang the ceiling of one part of the building: panels with vents, or bare concrete."""
    if rng.random() < 0.75:
        side = px_per_m * 0.6
        tiles(rng, pixels, (side, side), ((222, 222, 218), (160, 160, 158)), variation=3)
        mottle(rng, pixels, 1.5, 3.0)
    else:
        pixels[...] = vary(rng, (186, 184, 178), 10)
        mottle(rng, pixels, 5.0, 4.0)
    height, width = pixels.shape[:2]
    for _ in range(max(1, round(height * width / px_per_m**2 / 12))):
        left, top = int(rng.integers(width)), int(rng.integers(height))
        side = round(px_per_m * 0.44)
        right, bottom = left + side, top + side
        pixels[top:bottom, left:right] = (150, 152, 154)
        pixels[top:bottom:5, left:right] = (70, 70, 72)


def _skirting(canvas: Canvas, colour: Colour) -> None:
    canvas.rectangle(0.0, 0.0, canvas.width_m, _SKIRTING_M, colour)
    dark = tuple(channel // 2 for channel in colour)
    canvas.rectangle(0.0, _SKIRTING_M, canvas.width_m, 0.012, dark)


def _marks(canvas: Canvas, rng: np.random.Generator) -> None:
    """Add what years leave on a wall: scuffs, filled holes, water stains, sockets."""
    for _ in range(round(canvas.width_m * 2)):
        u, z = float(rng.uniform(0, canvas.width_m)), float(rng.uniform(0.15, 2.6))
        shade = int(rng.integers(90, 245))
        end_u, end_z = u + float(rng.normal(0, 0.12)), z + float(rng.normal(0, 0.06))
        canvas.line(u, z, end_u, end_z, (shade, shade, shade - 10), 0.008)
    for _ in range(round(canvas.width_m / 3)):
        u = float(rng.uniform(0, canvas.width_m))
        canvas.rectangle(u, 0.35, 0.09, 0.09, (240, 240, 236))
        canvas.frame(u, 0.35, 0.09, 0.09, (140, 140, 138), 0.01)
        canvas.disc(u + 0.045, 0.395, 0.022, (120, 120, 120))
