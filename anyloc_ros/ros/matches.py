# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The points of `~/matches` as values: for subscribers, and for bags (any object with the fields).

    def on_matches(cloud):
        for match in read_matches(cloud):
            print(match.reference_id, match.similarity, match.accepted)
"""

from __future__ import annotations

from anyloc_ros.io.matches import DATATYPES, Match, points_of, read_matches
import numpy as np

__all__ = ['DATATYPES', 'KEYFRAME_POINT', 'MATCH_POINT', 'Match', 'points_of', 'read_matches']

MATCH_POINT = np.dtype(
    [
        ('x', '<f4'),
        ('y', '<f4'),
        ('z', '<f4'),
        ('yaw', '<f4'),
        ('reference_id', '<u4'),
        ('index', '<u4'),
        ('route', '<u4'),
        ('similarity', '<f4'),
        ('probability', '<f4'),
        ('inliers', '<i4'),
        ('shift_px', '<f4'),
        ('heading_rad', '<f4'),
        ('heading_sigma', '<f4'),
        ('accepted', 'u1'),
    ],
    align=True,
)
"""One candidate in `~/matches`; 56 bytes, as a C++ struct of these members is."""

KEYFRAME_POINT = np.dtype(
    [(name, MATCH_POINT[name]) for name in MATCH_POINT.names[:7]],
    align=True,
)
"""One reference in `~/keyframe`."""
