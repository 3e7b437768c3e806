# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A route that costs nothing to look at: a long wall, seen by a camera that drives along it."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

from anyloc_ros.config import DescribeConfig, TeachConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.teach import open_for_teaching, TeachSession
from anyloc_ros.pose import Pose
import cv2
import numpy as np

METHOD = 'RootSIFT-VLAD'
HEIGHT, WIDTH = 120, 160
PX_PER_M = 40
LENGTH_M = 30.0
ELSEWHERE_M = 60.0
"""From here on the wall was never taught."""

_WALL_PX = round((ELSEWHERE_M + LENGTH_M) * PX_PER_M) + WIDTH


def _wall() -> np.ndarray:
    """Return the wall (120, W, 3) uint8: blobs of many sizes, nowhere the same twice."""
    rng = np.random.default_rng(11)
    wall = np.zeros((HEIGHT, _WALL_PX, 3), np.float32)
    for cell_px in (48, 24, 12, 6):
        cells = (HEIGHT // cell_px + 2, _WALL_PX // cell_px + 2, 3)
        coarse = rng.standard_normal(cells).astype(np.float32)
        wall += cv2.resize(coarse, (_WALL_PX, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.clip(128 + 40 * wall, 0, 255).astype(np.uint8)


WALL = _wall()


def view(way_m: float) -> np.ndarray:
    """Return what the camera sees after so many metres, (120, 160, 3) uint8 RGB."""
    start = round(way_m * PX_PER_M)
    end = start + WIDTH
    return WALL[:, start:end].copy()


def pose(way_m: float) -> Pose:
    """Return where the robot is then."""
    return Pose.from_xy_yaw(way_m, 0.0, 0.0)


def teach(path: Path, *, method: str = METHOD, finished: bool = True, **config: str) -> Path:
    """Teach the first 30 m, a reference every half metre, and return the map."""
    describer = build_describer(DescribeConfig(method=method, num_words=16, **config))
    teaching = TeachConfig()
    with open_for_teaching(path, describer, asdict(describer.config), teaching) as place_map:
        with TeachSession(place_map, describer, teaching) as session:
            session.begin_route()
            for step in range(round(2 * LENGTH_M) + 1):
                stamp_ns = step * 500_000_000
                session.add_pose(stamp_ns, pose(step / 2))
                session.add_image(stamp_ns, partial(view, step / 2))
        if finished:
            finish(place_map, describer)
    return path
