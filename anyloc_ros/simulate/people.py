# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""People who stand or walk in view and hide what is behind them."""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.canvas import Canvas, vary
from anyloc_ros.simulate.light import Light
import cv2
import numpy as np

HEIGHT_M = 1.76
WIDTH_M = 0.56
_PX_PER_M = 200
_NEAREST_M = 0.3


@dataclass(frozen=True, slots=True)
class Person:
    """
    Somebody at `x y` in the map, always seen from the back.

    `step` is the phase of the walk in turns; `seed` chooses the clothes.
    """

    x: float
    y: float
    step: float = 0.0
    seed: int = 0


def draw_person(
    image: np.ndarray,
    depth_m: np.ndarray,
    person: Person,
    map_from_camera: np.ndarray,
    camera: Camera,
    light: Light,
) -> None:
    """
    Draw a person into an image (H, W, 3), in place.

    :param depth_m: (W,) of the walls; what is nearer hides the person.
    """
    offset = np.array([person.x, person.y]) - map_from_camera[:2, 3]
    right, ahead = offset @ map_from_camera[:2, 0], offset @ map_from_camera[:2, 2]
    if ahead < _NEAREST_M:
        return
    scale = camera.focal_px / ahead
    foot = camera.centre_px[1] + camera.height_m * scale
    left = camera.centre_px[0] + (right - WIDTH_M / 2) * scale
    picture, opaque = _picture(person, light)
    # From pixels of the image to those of the picture, both with whole coordinates at centres.
    zoom = _PX_PER_M / scale
    if zoom > 1:  # a picture that shrinks is averaged over what a pixel covers
        picture, opaque = (
            cv2.GaussianBlur(layer, (0, 0), 0.4 * zoom) for layer in (picture, opaque)
        )
    x0, x1 = max(0, int(left)), min(camera.width_px, int(left + WIDTH_M * scale) + 2)
    y0 = max(0, int(foot - HEIGHT_M * scale))
    y1 = min(camera.height_px, int(foot) + 2)
    if x0 >= x1 or y0 >= y1:
        return
    columns = ((np.arange(x0, x1) + 0.5 - left) * zoom - 0.5).astype(np.float32)
    rows = (len(picture) - (foot - np.arange(y0, y1) - 0.5) * zoom - 0.5).astype(np.float32)
    maps = np.meshgrid(columns, rows)
    share = cv2.remap(opaque, *maps, cv2.INTER_LINEAR)[..., None]
    share = share * (depth_m[x0:x1] > ahead)[:, None]
    colours = cv2.remap(picture, *maps, cv2.INTER_LINEAR)
    view = image[y0:y1, x0:x1]
    view[...] = view * (1 - share) + colours * share + 0.5


def _picture(person: Person, light: Light) -> tuple[np.ndarray, np.ndarray]:
    """Return the colours (H, W, 3) float32 and how opaque they are, (H, W) float32 0 to 1."""
    rng = np.random.default_rng([person.seed, 5])
    coat, trousers = vary(rng, (110, 70, 60), 70), vary(rng, (50, 56, 80), 30)
    canvas = Canvas(WIDTH_M, HEIGHT_M, _PX_PER_M)
    mask = Canvas(WIDTH_M, HEIGHT_M, _PX_PER_M)
    swing = 0.09 * float(np.sin(2 * np.pi * person.step))
    white = (255, 255, 255)
    for layer, legs, body, skin in (
        (canvas, trousers, coat, (150, 110, 90)),
        (mask, *[white] * 3),
    ):
        for side in (-1, 1):
            hip, toe = 0.28 + 0.09 * side, 0.28 + 0.11 * side + side * swing * 0.4
            layer.line(hip, 0.85, toe, 0.06 + max(0.0, side * swing), legs, 0.15)
            layer.line(0.28 + 0.2 * side, 1.36, 0.28 + 0.22 * side, 0.85, body, 0.1)
        layer.rectangle(0.11, 0.78, 0.34, 0.66, body)
        layer.disc(0.28, 1.6, 0.12, skin)
    canvas.rectangle(0.17, 1.0, 0.22, 0.36, vary(rng, (180, 150, 60), 60))
    canvas.disc(0.28, 1.63, 0.12, (60, 44, 34))
    tone = np.minimum(light.tone(), 255)
    colours = tone[canvas.pixels, np.arange(3)]
    return colours, mask.pixels[..., 0].astype(np.float32) / 255
