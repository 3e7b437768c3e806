# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What hangs and stands on walls: each function paints one thing from u on, `width` wide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from anyloc_ros.simulate.canvas import Canvas, Colour, mottle, pick, vary
import numpy as np

_BRIGHT = ((200, 50, 45), (40, 90, 170), (240, 190, 40), (40, 140, 80), (230, 120, 40),
           (110, 60, 140), (30, 150, 170), (235, 235, 228), (36, 36, 40))  # fmt: skip
_DOORS = ((150, 96, 58), (96, 60, 40), (70, 96, 128), (130, 40, 40), (214, 210, 200),
          (60, 110, 84), (90, 92, 96))  # fmt: skip
_LETTERS = 'ABCDEFGHKLMNPRSTUVXZ'
_WORDS = ('LAB', 'EXIT', 'INFO', 'ROOM', 'STAFF', 'MEET', 'COPY', 'PLAN', 'MUSIC', 'CINEMA',
          'OPEN', 'DAY', 'ROBOT', 'FAIR', 'SALE', 'TALK', 'CHESS', 'RUN', 'FOOD')  # fmt: skip


def _word(rng: np.random.Generator) -> str:
    return _WORDS[int(rng.integers(len(_WORDS)))]


def _dim(colour: Colour, factor: float) -> Colour:
    return tuple(int(channel * factor) for channel in colour)


def door(canvas: Canvas, rng: np.random.Generator, u: float, width: float) -> None:
    """Paint a door with its frame, panels or glass, handle and number."""
    colour = vary(rng, pick(rng, _DOORS), 14)
    canvas.rectangle(u, 0.0, width, 2.12, _dim(colour, 0.5))
    canvas.rectangle(u + 0.07, 0.01, width - 0.14, 2.04, colour)
    mottle(rng, canvas.region(u + 0.08, 0.02, width - 0.16, 2.0), 2.0, 3.0)
    inner, style = width - 0.34, int(rng.integers(4))
    if style == 0:
        for z, height in ((0.15, 0.7), (1.0, 0.85)):
            canvas.rectangle(u + 0.17, z, inner, height, _dim(colour, 0.78))
            canvas.frame(u + 0.17, z, inner, height, _dim(colour, 0.6), 0.02)
    elif style == 1:
        canvas.rectangle(u + 0.17, 1.05, inner, 0.8, (150, 176, 190))
        canvas.polygon([(u + 0.2, 1.05), (u + 0.4, 1.05), (u + 0.3, 1.85), (u + 0.2, 1.85)],
                       (190, 210, 218))  # fmt: skip
        canvas.frame(u + 0.17, 1.05, inner, 0.8, _dim(colour, 0.6), 0.025)
    elif style == 2:
        canvas.rectangle(u + width / 2 - 0.09, 1.0, 0.18, 0.75, (70, 84, 92))
        canvas.rectangle(u + 0.08, 0.02, width - 0.16, 0.25, (170, 172, 174))
    on_left = bool(rng.integers(2))
    canvas.rectangle(u + (0.12 if on_left else width - 0.24), 1.0, 0.12, 0.03, (60, 60, 60))
    canvas.rectangle(u + (0.1 if on_left else width - 0.14), 0.93, 0.04, 0.16, (190, 190, 190))
    number = f'{_LETTERS[int(rng.integers(len(_LETTERS)))]}{int(rng.integers(1, 400)):03d}'
    canvas.rectangle(u + width / 2 - 0.17, 1.88, 0.34, 0.12, (245, 245, 240))
    canvas.text(number, u + width / 2 - 0.14, 1.905, 0.07, (20, 20, 30))


def poster(canvas: Canvas, rng: np.random.Generator, u: float, width: float) -> None:
    """Hang a poster: a picture of shapes, a headline, lines of text."""
    height = width * float(rng.uniform(1.1, 1.5))
    z = 1.5 - height / 2 + float(rng.uniform(-0.1, 0.15))
    ground = vary(rng, pick(rng, _BRIGHT), 25)
    canvas.rectangle(u, z, width, height, ground)
    for _ in range(int(rng.integers(5, 11))):
        _shape(canvas, rng, u, z + 0.25 * height, width, 0.6 * height)
    ink = (250, 250, 245) if sum(ground) < 380 else (20, 20, 25)
    size = width / 6
    canvas.text(_word(rng), u + 0.06 * width, z + height - 1.5 * size, size, ink)
    for line in range(3):
        length = width * float(rng.uniform(0.4, 0.85))
        canvas.rectangle(u + 0.08 * width, z + (0.04 + 0.06 * line) * height, length, 0.015, ink)
    canvas.frame(u, z, width, height, pick(rng, ((30, 30, 30), (235, 235, 230), ground)), 0.02)


def _shape(
    canvas: Canvas, rng: np.random.Generator, u: float, z: float, width: float, height: float
) -> None:
    """Paint a random disc, bar or triangle that stays inside a rectangle."""
    colour = vary(rng, pick(rng, _BRIGHT), 30)
    kind = int(rng.integers(3))
    size = min(width, height) * float(rng.uniform(0.08, 0.28))
    at_u, at_z = (
        float(rng.uniform(low + size, low + extent - size))
        for low, extent in ((u, width), (z, height))
    )
    if kind == 0:
        canvas.disc(at_u, at_z, size, colour)
    elif kind == 1:
        canvas.rectangle(at_u - size, at_z - size / 2, 2 * size, size, colour)
    else:
        canvas.polygon([(at_u - size, at_z - size), (at_u + size, at_z - size * 0.6),
                        (at_u, at_z + size)], colour)  # fmt: skip


def noticeboard(canvas: Canvas, rng: np.random.Generator, u: float, width: float) -> None:
    """Hang a cork board full of paper."""
    canvas.rectangle(u, 1.0, width, 1.0, vary(rng, (176, 132, 84), 12))
    mottle(rng, canvas.region(u, 1.0, width, 1.0), 3.0, 9.0)
    for _ in range(int(9 * width)):
        w, h = float(rng.uniform(0.12, 0.3)), float(rng.uniform(0.14, 0.3))
        at = u + float(rng.uniform(0.04, width - w - 0.04))
        z = 1.04 + float(rng.uniform(0.0, 0.92 - h))
        canvas.rectangle(at, z, w, h, vary(rng, pick(rng, ((246, 246, 240), (250, 230, 140),
                         (180, 214, 236), (240, 186, 176))), 8))  # fmt: skip
        for line in np.arange(z + 0.03, z + h - 0.03, 0.03):
            length = (w - 0.04) * float(rng.uniform(0.4, 1.0))
            canvas.rectangle(at + 0.02, float(line), length, 0.01, (110, 110, 116))
        canvas.disc(at + w / 2, z + h - 0.015, 0.012, pick(rng, _BRIGHT))
    canvas.frame(u, 1.0, width, 1.0, (92, 66, 44), 0.035)


def window(canvas: Canvas, rng: np.random.Generator, u: float, width: float) -> None:
    """Open a window on sky, trees and a house, with a radiator below."""
    view = canvas.region(u, 0.95, width, 1.3)
    shade = np.linspace(0, 1, len(view))[:, None, None]
    view[...] = ((1 - shade) * (150, 186, 226) + shade * (224, 234, 240)).astype(np.uint8)
    if rng.random() < 0.6:
        size = float(rng.uniform(0.3, 0.6)) * width
        at = u + float(rng.uniform(0.0, width - size))
        canvas.rectangle(at, 0.95, size, 0.6, vary(rng, (180, 150, 128), 25))
        for hole in np.arange(at + 0.06, at + size - 0.1, 0.16):
            canvas.rectangle(float(hole), 1.2, 0.08, 0.14, (70, 80, 96))
    for _ in range(int(14 * width)):
        at, radius = u + float(rng.uniform(0.1, width - 0.1)), float(rng.uniform(0.04, 0.1))
        z = 0.97 + radius + float(rng.uniform(0.0, 0.4)) ** 2
        canvas.disc(at, z, radius, vary(rng, (70, 112, 58), 30))
    white = (238, 238, 232)
    canvas.frame(u - 0.05, 0.9, width + 0.1, 1.4, white, 0.07)
    for bar in range(1, max(2, round(width / 0.6))):
        at = u + bar * width / max(2, round(width / 0.6))
        canvas.rectangle(at - 0.03, 0.95, 0.06, 1.3, white)
    canvas.rectangle(u - 0.1, 0.86, width + 0.2, 0.05, (206, 204, 196))
    canvas.rectangle(u + 0.1, 0.16, width - 0.2, 0.58, (226, 226, 222))
    for rib in np.arange(u + 0.14, u + width - 0.14, 0.08):
        canvas.rectangle(float(rib), 0.19, 0.03, 0.52, (156, 156, 154))


def lockers(canvas: Canvas, rng: np.random.Generator, u: float, width: float) -> None:
    """Stand a row of metal lockers."""
    colour = vary(rng, pick(rng, ((110, 130, 150), (150, 160, 150), (190, 120, 60))), 15)
    number = max(2, round(width / 0.35))
    each = width / number
    canvas.rectangle(u, 0.0, width, 1.85, _dim(colour, 0.45))
    for i in range(number):
        for z, height in ((0.08, 0.86), (0.97, 0.86)):
            at = u + i * each + 0.012
            canvas.rectangle(at, z, each - 0.024, height, vary(rng, colour, 10))
            for slit in range(3):
                level = z + height - 0.12 - slit * 0.04
                canvas.rectangle(at + 0.07, level, each - 0.16, 0.014, _dim(colour, 0.4))
            canvas.rectangle(at + 0.03, z + 0.42, 0.03, 0.08, (40, 40, 42))
            if rng.random() < 0.35:
                paper = vary(rng, pick(rng, _BRIGHT), 20)
                canvas.rectangle(at + 0.08, z + 0.3, each * 0.5, 0.16, paper)


def shelf(canvas: Canvas, rng: np.random.Generator, u: float, width: float) -> None:
    """Stand a shelf full of books."""
    wood = vary(rng, (128, 92, 60), 18)
    canvas.rectangle(u, 0.0, width, 2.1, _dim(wood, 0.35))
    for level in range(5):
        z, at = 0.08 + 0.4 * level, u + 0.06
        while at < u + width - 0.12:
            thick, height = float(rng.uniform(0.03, 0.075)), float(rng.uniform(0.2, 0.33))
            spine = vary(rng, pick(rng, _BRIGHT), 35)
            canvas.rectangle(at, z, thick - 0.006, height, spine)
            canvas.rectangle(at, z + height * 0.7, thick - 0.006, 0.02, _dim(spine, 0.6))
            at += thick if rng.random() < 0.93 else thick + 0.12
        canvas.rectangle(u, z - 0.03, width, 0.03, wood)
    canvas.frame(u, 0.0, width, 2.1, wood, 0.045)


def whiteboard(canvas: Canvas, rng: np.random.Generator, u: float, width: float) -> None:
    """Hang a whiteboard with what was left on it."""
    canvas.rectangle(u, 0.9, width, 1.15, (242, 244, 244))
    for _ in range(int(9 * width)):
        ink = pick(rng, ((30, 60, 150), (180, 40, 40), (30, 30, 34), (30, 120, 60)))
        at, z = u + float(rng.uniform(0.1, width - 0.3)), float(rng.uniform(1.0, 1.9))
        if rng.random() < 0.4:
            canvas.text(_word(rng), at, z, 0.06, ink)
        else:
            end = at + float(rng.uniform(-0.1, 0.3)), z + float(rng.uniform(-0.15, 0.1))
            canvas.line(at, z, *end, ink, 0.012)
    canvas.frame(u, 0.9, width, 1.15, (150, 152, 156), 0.03)
    canvas.rectangle(u + 0.2, 0.87, width - 0.4, 0.04, (110, 112, 116))


def machine(canvas: Canvas, rng: np.random.Generator, u: float, width: float) -> None:
    """Stand a vending machine."""
    body = vary(rng, pick(rng, _BRIGHT), 15)
    canvas.rectangle(u, 0.05, width, 1.8, body)
    canvas.rectangle(u + 0.06, 0.5, width * 0.66, 1.2, (30, 32, 38))
    for z in np.arange(0.55, 1.6, 0.22):
        for at in np.arange(u + 0.09, u + width * 0.62, 0.09):
            goods = vary(rng, pick(rng, _BRIGHT), 40)
            canvas.rectangle(float(at), float(z), 0.06, float(rng.uniform(0.1, 0.17)), goods)
    canvas.rectangle(u + width * 0.8, 0.95, width * 0.13, 0.3, (200, 204, 206))
    canvas.text(_word(rng), u + 0.1, 1.74, 0.07, (250, 250, 245))
    canvas.rectangle(u + 0.1, 0.2, width * 0.6, 0.2, (20, 20, 22))


def safety(canvas: Canvas, rng: np.random.Generator, u: float, width: float) -> None:
    """Hang a fire extinguisher with its sign, and a way out above."""
    canvas.rectangle(u + 0.05, 0.5, 0.17, 0.45, (196, 24, 24))
    canvas.rectangle(u + 0.1, 0.95, 0.07, 0.1, (28, 28, 28))
    canvas.rectangle(u + 0.08, 0.65, 0.11, 0.14, (236, 230, 214))
    canvas.rectangle(u + 0.04, 1.3, 0.2, 0.2, (206, 30, 30))
    canvas.disc(u + 0.14, 1.4, 0.06, (250, 250, 250))
    left = bool(rng.integers(2))
    canvas.rectangle(u, 2.2, width, 0.22, (20, 140, 70))
    canvas.text('EXIT', u + (0.22 if left else 0.05), 2.26, 0.09, (246, 250, 246))
    tip, back = (0.04, 0.18) if left else (width - 0.04, width - 0.18)
    canvas.polygon([(u + tip, 2.31), (u + back, 2.38), (u + back, 2.24)], (246, 250, 246))


@dataclass(frozen=True, slots=True)
class Fixture:
    """A painter, its least and greatest width in metres, and how often it is chosen."""

    paint: Callable[[Canvas, np.random.Generator, float, float], None]
    width_m: tuple[float, float]
    weight: float


FIXTURES = (
    Fixture(door, (0.95, 1.05), 3.0),
    Fixture(poster, (0.5, 0.95), 3.5),
    Fixture(noticeboard, (1.0, 1.8), 1.2),
    Fixture(window, (1.2, 2.2), 1.5),
    Fixture(lockers, (1.0, 2.1), 0.8),
    Fixture(shelf, (0.9, 1.6), 0.9),
    Fixture(whiteboard, (1.2, 1.9), 0.8),
    Fixture(machine, (0.85, 0.95), 0.5),
    Fixture(safety, (0.5, 0.6), 1.0),
)
