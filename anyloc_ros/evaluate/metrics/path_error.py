# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""How far estimates are ahead or behind, left or right, and turned, along a taught path."""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.evaluate.metrics.intervals import IMAGES, Resampling
from anyloc_ros.evaluate.metrics.path import Projection, TaughtPath
from anyloc_ros.evaluate.metrics.spread import Spread, spread, wrap
import numpy as np


@dataclass(frozen=True, slots=True)
class PathError:
    """
    Errors in the frame of the taught path.

    `along_m` above 0: the estimate is ahead of the robot. `cross_m` above 0: it is left of it.
    `offset_m` is where the robot truly was beside the path, above 0 to the left, which no estimate
    has a part in; `heading_deg` above 0: the estimate is turned left. A stop comes late by what
    `along_m` is below 0.
    """

    along_m: Spread
    cross_m: Spread
    offset_m: Spread
    heading_deg: Spread
    queries: int


def path_error(
    along_m: np.ndarray,
    cross_m: np.ndarray,
    offset_m: np.ndarray,
    turned_rad: np.ndarray,
    accepted: np.ndarray,
    resampling: Resampling = IMAGES,
) -> PathError:
    """
    Return the errors of accepted estimates along and across the path, and in heading.

    along_err = s(p^) - s(p) (Claxton et al., RA-L 2024, https://arxiv.org/abs/2407.08162);
    cross_err = y^ - y with y = n . (p - gamma(s(p))), n to the left of the path; heading_err =
    wrap(psi^ - psi). Unknown and rejected estimates are counted in each part as unknown.

    :param along_m: (n,) by TaughtPath.ahead_m, on whichever path each query is.
    :param cross_m: (n,) `left_m` of the estimate minus that of the truth.
    :param offset_m: (n,) true `left_m`.
    :param turned_rad: (n,) estimated minus true yaw; all are NaN where unknown.
    :param accepted: (n,) bool.
    """

    def kept(values: np.ndarray) -> Spread:
        return spread(np.where(accepted, values, np.nan), resampling)

    return PathError(
        along_m=kept(along_m),
        cross_m=kept(cross_m),
        offset_m=spread(offset_m, resampling),
        heading_deg=kept(np.degrees(wrap(turned_rad))),
        queries=len(along_m),
    )


def of_references(path: TaughtPath, rows: np.ndarray) -> Projection:
    """
    Return where answers are that name the taught positions `rows` (n,), -1 for none.

    They are on the path: no projection has to guess which leg of it.
    """
    rows = np.asarray(rows)
    s_m = np.where(rows >= 0, path.arc_m[rows], np.nan)
    return Projection(s_m, np.where(np.isnan(s_m), np.nan, 0.0), path.yaw_at(s_m))
