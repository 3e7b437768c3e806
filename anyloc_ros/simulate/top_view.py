# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The building from above, with a taught path, and a robot that repeats it."""

from __future__ import annotations

from collections.abc import Sequence

from anyloc_ros.pose import Pose
from anyloc_ros.simulate.closed_loop.run import LoopRun
from anyloc_ros.simulate.plan import CORRIDORS, DOORWAYS, PILLARS, Rectangle, ROOMS, walls
import cv2
import numpy as np

STATE_COLOURS = {
    'NO_MAP': (120, 120, 120),
    'SEARCHING': (120, 120, 120),
    'LOCALIZED': (26, 138, 74),
    'UNCERTAIN': (208, 135, 0),
    'LOST': (204, 41, 54),
    'STALE': (204, 41, 54),
}
"""RGB for each state of the monitor."""

_MARGIN_M = 2.0
_OUTSIDE, _FLOOR, _WALL = (222, 225, 229), (255, 255, 255), (90, 98, 108)
_PATH, _BELIEVED, _MATCH = (150, 160, 172), (36, 100, 180), (145, 30, 180)
DRAWN = (*dict.fromkeys(STATE_COLOURS.values()), _OUTSIDE, _FLOOR, _WALL, _PATH, _BELIEVED, _MATCH)
"""All colours of the plan."""

_SHIFT = 4
"""Bits behind the point of coordinates: OpenCV draws lines between pixels then."""
_ROBOT_M = np.array([[0.45, 0.0], [-0.3, 0.28], [-0.3, -0.28]])
"""Twice as large as it is, so that its heading can be seen."""


class TopView:
    """A plan of size (height, width) px around a taught path (n, 2), metres in the frame map."""

    def __init__(
        self, path: np.ndarray, references: Sequence[Pose], size: tuple[int, int]
    ) -> None:
        low, high = path.min(axis=0) - _MARGIN_M, path.max(axis=0) + _MARGIN_M
        self._px_per_m = float((np.array(size[::-1]) / (high - low)).min())
        self._centre_m = (low + high) / 2
        self._size = size
        self._plan = self._draw_plan(path, references)

    def draw(self, run: LoopRun, number: int, match: Pose | None) -> np.ndarray:
        """
        Return the plan (height, width, 3) uint8 RGB when the answer to an image was heard.

        The way driven is coloured by the state that the robot knew. The filled robot is the true
        one, the open one is where the controller believed it to be.

        :param number: of the image in the run.
        :param match: where the most similar reference was truly taken.
        """
        picture = self._plan.copy()
        begin, colour = 0, STATE_COLOURS['SEARCHING']
        way = np.column_stack([run.x, run.y])
        seen = run.images[number]
        for image in run.images[:number]:
            end = image.heard + 1
            self._line(picture, way[begin:end], colour, 2)
            begin, colour = image.heard, STATE_COLOURS[image.answer.state]
        end = seen.heard + 1
        self._line(picture, way[begin:end], colour, 2)
        true = Pose.from_xy_yaw(*way[seen.heard].tolist(), float(run.yaw[seen.heard]))
        if match is not None:
            ring = tuple(self._px(np.array([[match.x, match.y]]))[0].tolist())
            cv2.circle(picture, ring, 9 << _SHIFT, _MATCH, 2, cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(
            picture, [self._robot(true)], STATE_COLOURS[seen.answer.state], cv2.LINE_AA, _SHIFT
        )
        outline = [self._robot(seen.believed)]
        cv2.polylines(picture, outline, True, _BELIEVED, 2, cv2.LINE_AA, _SHIFT)
        return picture

    def _draw_plan(self, path: np.ndarray, references: Sequence[Pose]) -> np.ndarray:
        plan = np.full((*self._size, 3), _OUTSIDE, np.uint8)
        for parts, colour in ((CORRIDORS + ROOMS + DOORWAYS, _FLOOR), (PILLARS, _OUTSIDE)):
            for part in parts:
                cv2.fillPoly(plan, [self._px(_corners(part))], colour, cv2.LINE_AA, _SHIFT)
        for wall in walls():
            left = np.array([wall.x, wall.y])
            right = left + wall.length_m * np.array([wall.right_x, wall.right_y])
            self._line(plan, np.array([left, right]), _WALL, 2)
        self._line(plan, path, _PATH, 2)
        for pose in references:
            spot = tuple(self._px(np.array([[pose.x, pose.y]]))[0].tolist())
            cv2.circle(plan, spot, 3 << _SHIFT, _PATH, -1, cv2.LINE_AA, _SHIFT)
        return plan

    def _line(
        self, picture: np.ndarray, points: np.ndarray, colour: tuple[int, int, int], wide: int
    ) -> None:
        cv2.polylines(picture, [self._px(points)], False, colour, wide, cv2.LINE_AA, _SHIFT)

    def _robot(self, pose: Pose) -> np.ndarray:
        cos, sin = np.cos(pose.yaw), np.sin(pose.yaw)
        turned = _ROBOT_M @ np.array([[cos, sin], [-sin, cos]])
        return self._px(turned + np.array([pose.x, pose.y]))

    def _px(self, points: np.ndarray) -> np.ndarray:
        """Return (n, 2) int32 x, y in px and their parts; north is up."""
        shifted = (points - self._centre_m) * [self._px_per_m, -self._px_per_m]
        middle = np.array(self._size[::-1]) / 2
        return ((shifted + middle) * (1 << _SHIFT)).round().astype(np.int32)


def _corners(part: Rectangle) -> np.ndarray:
    xs, ys = (part.x0, part.x1, part.x1, part.x0), (part.y0, part.y0, part.y1, part.y1)
    return np.column_stack([xs, ys])
