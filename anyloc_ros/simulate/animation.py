# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A repeat run as a short film: what the robot sees, what it takes that for, and where it is.

Frames are drawn and written one by one, at most MOST_FRAMES of them, however long the run was.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from anyloc_ros.localize.stored_images import StoredImages
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.simulate.closed_loop.day import Day
from anyloc_ros.simulate.closed_loop.run import LoopImage, LoopRun
from anyloc_ros.simulate.closed_loop.teach import TaughtRoute
from anyloc_ros.simulate.film import write_film
from anyloc_ros.simulate.top_view import DRAWN, STATE_COLOURS, TopView
from anyloc_ros.simulate.world import World
import cv2
import numpy as np

MOST_FRAMES = 80
FRAMES_PER_S = 8
_LAST_FRAMES = 12
"""The last frame stays for so many."""

_PICTURE = (180, 240)
_LINE_PX = 22
_TOP_VIEW = (338, 480)
"""Height and width in px; three lines of text and it are as high as two captioned pictures."""
_INK, _PAPER = (40, 44, 52), (255, 255, 255)


def animate(run: LoopRun, taught: TaughtRoute, world: World, path: Path) -> None:
    """
    Write the film of a run, `path` ending in .gif or .mp4; one there is replaced.

    What the camera saw is rendered again, with the same noise.

    :raises ConfigError: another ending, or what writes it is not installed.
    :raises AnyLocError: the file cannot be written, or the map is gone.
    """
    write_film(path, _frames(run, taught, world), FRAMES_PER_S, [*DRAWN, _INK])


def _frames(run: LoopRun, taught: TaughtRoute, world: World) -> Iterator[np.ndarray]:
    """Yield the frames (H, W, 3) uint8 RGB, evenly spread over the run."""
    with PlaceMap.open_to_read(taught.path) as place_map:
        stored = StoredImages(place_map)
    places = {
        int(id_): world.route.pose_at(float(s_m))
        for id_, s_m in zip(taught.ids, taught.s_m, strict=True)
    }
    ways = np.linspace(0, taught.goal_s_m, 400).tolist()
    path = np.array([world.route.pose_at(s_m).position[:2] for s_m in ways])
    view = TopView(path, list(places.values()), _TOP_VIEW)
    day = Day(world, taught.camera, run.seed, taught.goal_s_m, run.setup.loop.start_offset_m)
    count = min(MOST_FRAMES, len(run.images))
    for number in np.linspace(0, len(run.images) - 1, count).round().astype(int):
        seen = run.images[number]
        best = seen.answer.candidates[0].reference.id if seen.answer.candidates else None
        left = [
            _captioned(
                day.image(seen.true_pose, float(run.s_m[seen.taken]), seen.number), 'camera', _INK
            ),
            _captioned(None if best is None else stored(best), *_match_caption(seen, best)),
        ]
        right = [
            view.draw(run, number, None if best is None else places[best]),
            _text_strip(run, seen),
        ]
        frame = np.hstack([np.vstack(left), np.vstack(right)])
        yield frame
    for _ in range(_LAST_FRAMES):
        yield frame


def _match_caption(seen: LoopImage, best: int | None) -> tuple[str, tuple[int, int, int]]:
    if best is None:
        return 'no reference', _INK
    accepted = seen.answer.accepted
    words = 'match' if accepted else 'most similar, not accepted'
    return f'reference {best}: {words}', STATE_COLOURS['LOCALIZED' if accepted else 'LOST']


def _captioned(image: np.ndarray | None, caption: str, colour: tuple[int, int, int]) -> np.ndarray:
    """Return an image of the size of all pictures, under a line of text."""
    height, width = _PICTURE
    if image is None:
        image = np.full((height, width, 3), 128, np.uint8)
    picture = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return np.vstack([_line(caption, width, colour), picture])


def _text_strip(run: LoopRun, seen: LoopImage) -> np.ndarray:
    seconds, left_m, s_m = (
        float(known[seen.heard]) for known in (run.seconds, run.left_m, run.s_m)
    )
    side = 'left' if left_m > 0 else 'right'
    state = seen.answer.state
    width = _TOP_VIEW[1]
    lines = (
        (f'{seconds:5.1f} s   {state}   controller: {seen.permit}', STATE_COLOURS[state]),
        (
            f'{abs(left_m):.2f} m {side} of the taught path, {s_m:.1f} m along',
            _INK,
        ),
        ('filled: true pose, outline: believed pose, ring: reference', _INK),
    )
    return np.vstack([_line(text, width, colour) for text, colour in lines])


def _line(text: str, width: int, colour: tuple[int, int, int]) -> np.ndarray:
    line = np.full((_LINE_PX, width, 3), _PAPER, np.uint8)
    cv2.putText(line, text, (6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)
    return line
