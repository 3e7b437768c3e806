# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""How long the filter and the monitor take for one image, on maps of random descriptors."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import perf_counter

from anyloc_ros.config import MonitorConfig, SequenceConfig
from anyloc_ros.localize.monitor import Evidence, Monitor
from anyloc_ros.localize.off_route import Novelty
from anyloc_ros.localize.places import Places
from anyloc_ros.localize.routes import Motion, Routes
from anyloc_ros.localize.sequence_filter import SequenceFilter
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
import numpy as np

LIMITS_MS = {10_000: 1.0, 100_000: 10.0}
WIDTH = 32
IMAGES = 100
STEP_M = 0.5


def filter_times() -> Iterator[tuple[int, str, float]]:
    """Yield number of references, kind of motion and median milliseconds of one image."""
    for size in LIMITS_MS:
        rng = np.random.default_rng(0)
        references = [
            Keyframe(i, 0, i, i, Pose.from_xy_yaw(STEP_M * i, 0.0, 0.0), STEP_M * i, (480, 640))
            for i in range(size)
        ]
        routes = Routes(references, Places(references), SequenceConfig())
        descriptors = _unit(rng.standard_normal((size, WIDTH)))
        novelty = Novelty(descriptors, _unit(rng.standard_normal((32, WIDTH))))
        for kind, motion in (('odometry', Motion(STEP_M, 0.0)), ('no odometry', None)):
            filtered = SequenceFilter(routes, size, novelty.spread, SequenceConfig())
            yield size, kind, median(_times(filtered, novelty, descriptors, motion))


def _times(
    filtered: SequenceFilter, novelty: Novelty, descriptors: np.ndarray, motion: Motion | None
) -> Iterator[float]:
    monitor = Monitor(MonitorConfig())
    for number in range(IMAGES):
        query = descriptors[number]
        similarities = descriptors @ query
        began = perf_counter()
        closeness = novelty.closeness(similarities, query)
        filtered.predict(motion)
        row = int(closeness.argmax())
        filtered.update(closeness, novelty.scores.log_ratio(novelty.score(row, closeness[row])))
        sure = bool(filtered.on.max() > SequenceConfig().accept_probability)
        evidence = Evidence(
            stamp_ns=number,
            sure=sure,
            reason='' if sure else 'not sure',
            agrees=sure,
            moved_m=None if motion is None else motion.ahead_m,
            returns=sure,
        )
        monitor.observe(evidence)
        yield (perf_counter() - began) * 1e3


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
