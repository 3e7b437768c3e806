# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
One run to be judged, as arrays: the references, the answers, the truth, whatever produced them.

M references, Q queries, K candidates of each. What is not known is NaN, -1 or None, never guessed.
Positions are in metres in the frame of the map, yaws in rad as REP-103 counts them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """
    The references, in the order in which they were taught.

    :param ids: (M,) int64.
    :param positions: (M, 3), NaN where unknown.
    :param yaws_rad: (M,), NaN where unknown.
    :param routes: (M,) int64: to which route of the map each belongs.
    """

    ids: NDArray[np.int64]
    positions: Floats
    yaws_rad: Floats
    routes: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """
    What was answered to each query.

    :param stamps_ns: (Q,) int64, of the images.
    :param rows: (Q, K) int64: rows of the references, best first; -1 is none. A query that was
        not answered has none.
    :param similarities: (Q, K) cosines, NaN where there is no candidate or it is not known.
    :param accepted: (Q,) bool: the best candidate may be acted on.
    :param answered: (Q,) bool: false where the image was dropped or could not be read.
    :param probabilities: (Q,) of the best candidate, NaN without a filter.
    :param off_route: (Q,) probability that the place is not on the map, NaN without a filter.
    :param inliers: (Q,) int64 of the geometric check, -1 without one.
    :param shift_px: (Q,) how far the content of the query lies to the right of its match.
    :param heading_rad: (Q,) yaw of the query minus yaw of its match, and its sigma; else NaN.
    :param states: Q words of the monitor, empty where none is known.
    :param times_ms: time of each step (describe, search, filter, verify, total) by name, each
        (Q,) with NaN where unknown.
    """

    stamps_ns: NDArray[np.int64]
    rows: NDArray[np.int64]
    similarities: Floats
    accepted: NDArray[np.bool_]
    answered: NDArray[np.bool_]
    probabilities: Floats
    off_route: Floats
    inliers: NDArray[np.int64]
    shift_px: Floats
    heading_rad: Floats
    heading_sigma: Floats
    states: Sequence[str]
    times_ms: Mapping[str, Floats]

    def best(self) -> NDArray[np.int64]:
        """Return (Q,) the row of the best reference, -1 where there is none."""
        return self.rows[:, 0] if self.rows.shape[1] else np.full(len(self.rows), -1)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """
    What is true of each query.

    :param positives: the rows of the references that show its place; empty where none does.
    :param rule: how positives were told, in words ("within 25 m").
    :param positions: (Q, 3), NaN where unknown.
    :param yaws_rad: (Q,), NaN where unknown.
    :param on_map: (Q,) bool: whether its place is on the map at all; None where all are.
    """

    positives: Sequence[frozenset[int]]
    rule: str
    positions: Floats
    yaws_rad: Floats
    on_map: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RunRecord:
    """
    A run: references, answers, truth, and what it cost.

    :param name: short, for tables ("corridor, RootSIFT-VLAD").
    :param facts: what was run, as name and text: method, map, queries, truth, filter, device.
    :param real_time: stamps are those of a camera, not made from a rate: seconds mean something.
    :param raw: the answers of single images, no filter, to the same queries; None where unknown.
    :param odometry: (Q, 2) x, y in metres of its own frame, NaN where unknown; None without any.
    :param costs: bytes of the map file, of a descriptor, peak memory and the like; NaN if unknown.
    :param restarts: the rising numbers of the first queries after the robot was carried.
    :param images: names of the files of the queries, '' where one has none; or empty.
    """

    name: str
    facts: Mapping[str, str]
    taught: Taught
    answers: Answers
    truth: Truth
    real_time: bool
    raw: Answers | None = None
    odometry: Floats | None = None
    costs: Mapping[str, float] = field(default_factory=dict)
    restarts: Sequence[int] = ()
    images: Sequence[str] = ()
