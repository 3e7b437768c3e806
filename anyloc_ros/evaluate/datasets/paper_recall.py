# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Recall@1 that the paper gives for the methods that are here too.

Keetha et al., AnyLoc, RA-L 2023, https://doi.org/10.1109/LRA.2023.3343602, written down from
memory: the means over each domain agree with those that its authors published, and each value is a
whole number of queries, but nobody compared them with the paper. Whoever prints one says so. Its
VLAD has the vocabulary of a domain, not of one data set.
"""

from __future__ import annotations

NOT_RECHECKED = 'from memory, not re-checked against the paper'

_METHODS = (
    'CLIP-CLS',
    'DINO-CLS',
    'DINOv2-CLS',
    'AnyLoc-GeM-DINOv2',
    'AnyLoc-VLAD-DINO',
    'AnyLoc-VLAD-DINOv2',
)
_PERCENT = {
    'baidu_mall': (56.0, 48.3, 49.2, 50.1, 61.2, 75.2),
    'gardens_point': (42.5, 78.5, 71.5, 88.0, 95.0, 95.5),
    '17_places': (59.4, 61.8, 61.8, 63.6, 63.8, 65.0),
    'pitts30k': (55.0, 70.1, 78.3, 77.0, 83.5, 87.7),
    'st_lucia': (62.7, 45.2, 78.6, 76.9, 88.5, 96.2),
    'oxford_robotcar': (34.6, 15.7, 39.8, 81.2, 78.5, 98.9),
    'hawkins': (33.1, 46.6, 28.0, 53.4, 48.3, 65.3),
    'laurel_caverns': (36.6, 41.1, 40.2, 58.9, 57.1, 61.6),
    'nardo_air': (42.3, 57.8, 73.2, 76.1, 43.7, 76.1),
    'nardo_air_r': (62.0, 84.5, 71.8, 57.8, 94.4, 85.9),
    'vp_air': (36.6, 24.0, 45.2, 38.3, 17.9, 66.7),
    'mid_atlantic_ridge': (25.7, 27.7, 24.8, 14.9, 41.6, 34.7),
}


def paper_recall_at_1(dataset: str, method: str) -> float | None:
    """Return the share that the paper gives, None where it has none or it is not known here."""
    if dataset not in _PERCENT or method not in _METHODS:
        return None
    return round(_PERCENT[dataset][_METHODS.index(method)] / 100, 4)
