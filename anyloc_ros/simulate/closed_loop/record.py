# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Repeat runs as one record, so that recall and all figures of answers exist for the same runs.

References and queries are where they truly were: a map has its poses from odometry, and its drift
is no error of recognition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anyloc_ros.evaluate.record import RunRecord, Taught, Truth
from anyloc_ros.simulate.closed_loop.run import LoopRun, STEP_S
from anyloc_ros.simulate.closed_loop.teach import TaughtRoute
from anyloc_ros.simulate.world import World
import numpy as np


def record_of(
    name: str,
    facts: Mapping[str, str],
    world: World,
    taught: TaughtRoute,
    runs: Sequence[LoopRun],
    tolerance_m: float,
) -> RunRecord:
    """
    Return the answers that were heard in all runs, one run behind the other.

    A positive lies within `tolerance_m` of the query along the taught route, either way.
    """
    from anyloc_ros.evaluate.records import answers_of, said_by

    poses = [world.route.pose_at(s) for s in taught.s_m.tolist()]
    references = Taught(
        taught.ids,
        np.array([pose.position for pose in poses]),
        np.array([pose.yaw for pose in poses]),
        np.zeros(len(poses), np.int64),
    )
    images = [image for run in runs for image in run.images]
    taken = [np.array([image.taken for image in run.images], int) for run in runs]
    s_m = np.concatenate([run.s_m[at] for run, at in zip(runs, taken, strict=True)])
    # One after the other, as if each began a second after the one before.
    begins_ns = np.cumsum([0] + [round((len(r.x) * STEP_S + 1) * 1e9) for r in runs])
    first_ns = min((image.stamp_ns for image in images), default=0)
    stamps_ns = [
        first_ns + int(begin_ns) + round(image.taken * STEP_S * 1e9)
        for begin_ns, run in zip(begins_ns, runs, strict=False)
        for image in run.images
    ]
    total_ms = np.array([(image.heard - image.taken) * STEP_S * 1e3 for image in images])
    near = np.abs(taught.s_m - s_m[:, None]) <= tolerance_m
    return RunRecord(
        name=name,
        facts=facts,
        taught=references,
        answers=answers_of(
            stamps_ns, [said_by(image.answer) for image in images], references, {'total': total_ms}
        ),
        truth=Truth(
            [frozenset(np.flatnonzero(row).tolist()) for row in near],
            f'within {tolerance_m:g} m along the taught route',
            np.array([image.true_pose.position for image in images]).reshape(-1, 3),
            np.array([image.true_pose.yaw for image in images]),
        ),
        real_time=True,
        odometry=np.array([image.odometry.position[:2] for image in images]).reshape(-1, 2),
        costs=taught.costs,
        restarts=np.cumsum([len(run.images) for run in runs])[:-1].tolist(),
    )
