# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Something in front of the lens: a cover, a hand, a poster that somebody carries past."""

from __future__ import annotations

from anyloc_ros.simulate.canvas import Canvas, mottle, vary
import cv2
import numpy as np

OCCLUSIONS = ('cover', 'hand', 'poster')


def occlude(image: np.ndarray, kind: str, seed: int) -> np.ndarray:
    """
    Return what is left of a view (H, W, 3) uint8 RGB behind one of OCCLUSIONS.

    `seed` chooses how it looks and where it is, the same for all images that it hides.
    """
    rng = np.random.default_rng([seed, 21])
    height, width = image.shape[:2]
    if kind == 'cover':
        return np.full_like(image, int(rng.integers(3, 15)))
    if kind == 'hand':
        return _hand(image, rng)
    # Its rim lies within the picture, so that something of the place shows all round it.
    rows, columns = (round(rng.uniform(0.85, 0.95) * size) for size in (height, width))
    top, left = (int(rng.integers(free + 1)) for free in (height - rows, width - columns))
    bottom, right = top + rows, left + columns
    hidden = image.copy()
    poster = cv2.resize(_poster(rng), (columns, rows), interpolation=cv2.INTER_AREA)
    hidden[top:bottom, left:right] = poster
    return hidden


def _hand(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the view behind a palm so near that it is out of focus; a corner stays free."""
    height, width = image.shape[:2]
    palm = np.empty_like(image)
    palm[...] = vary(rng, (150, 105, 85), 30)
    mottle(rng, palm, 8.0, 0.0)
    mask = np.zeros((height, width), np.float32)
    centre = width * rng.uniform(0.4, 0.6), height * rng.uniform(0.4, 0.6)
    size = width * rng.uniform(0.95, 1.2), height * rng.uniform(0.95, 1.2)
    cv2.ellipse(mask, (centre, size, float(rng.uniform(0, 180))), 1.0, cv2.FILLED)
    mask = cv2.GaussianBlur(mask, (0, 0), height / 20)[..., None]
    return (image * (1 - mask) + palm * mask + 0.5).astype(np.uint8)


def _poster(rng: np.random.Generator) -> np.ndarray:
    """Return a printed picture with shapes and words, 1.2 m wide and 0.9 m high."""
    canvas = Canvas(1.2, 0.9, 300)
    canvas.rectangle(0, 0, 1.2, 0.9, vary(rng, (210, 205, 190), 40))
    for _ in range(12):
        colour = vary(rng, (128, 128, 128), 110)
        u, z, size = rng.uniform(0, 1.1), rng.uniform(0, 0.8), rng.uniform(0.05, 0.3)
        if rng.random() < 0.5:
            canvas.disc(u, z, size / 2, colour)
        else:
            canvas.rectangle(u, z, size, 0.6 * size, colour)
    for word in ('SUMMER', 'CONCERT', f'{int(rng.integers(1, 31))} JULY'):
        colour = vary(rng, (60, 60, 60), 60)
        canvas.text(word, rng.uniform(0.05, 0.5), rng.uniform(0.05, 0.75), 0.09, colour)
    return canvas.pixels
