# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""How well an accepted match tells where the robot is: the covariance of `~/pose`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
import math

from anyloc_ros.localize.recognizer import Candidate
from anyloc_ros.mapping.records import Keyframe
import numpy as np

LEAST_STEP_M = 0.1
"""A map never tells a position better than this, however close its references are."""

TURN_RAD = math.radians(15.0)
"""How far a camera may be turned and still see the same: the usual angle between references."""


def usual_step_m(references: Sequence[Keyframe]) -> float:
    """Return the median distance of successive references of a route, 0 where none is known."""
    steps_m = [
        a.pose.distance_to(b.pose)
        for a, b in pairwise(references)
        if a.route == b.route and a.pose is not None and b.pose is not None
    ]
    return float(np.median(steps_m)) if steps_m else 0.0


def covariance(candidates: Sequence[Candidate], same: Sequence[bool], step_m: float) -> np.ndarray:
    """
    Return how sure the pose of the first candidate is: (6, 6) in m and rad.

    The pose is that of a reference: the robot may be a step of the map away from it, to any side,
    and turned. To this comes the spread of the candidates that show the same place (`same`): about
    the first one, for that is the one published. An unknown heading has the variance pi^2.
    """
    best = candidates[0].reference.pose
    poses = [
        candidate.reference.pose
        for candidate, fits in zip(candidates, same, strict=True)
        if fits and candidate.reference.pose is not None
    ]
    offsets_m = np.array([np.subtract(pose.position, best.position) for pose in poses])
    result = np.zeros((6, 6))
    result[:3, :3] = offsets_m.T @ offsets_m / len(poses)
    result[:3, :3] += np.eye(3) * max(step_m, LEAST_STEP_M) ** 2
    if best.has_orientation:
        turns = [pose.yaw - best.yaw for pose in poses if pose.has_orientation]
        wrapped = [math.remainder(turn, math.tau) for turn in turns]
        result[3:, 3:] = np.eye(3) * TURN_RAD**2
        result[5, 5] += float(np.mean(np.square(wrapped)))
    else:
        result[3:, 3:] = np.eye(3) * math.pi**2
    return result
