# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Which reference was taken where a query was, from a truth that is given in frames."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np


def frames_of(positives: Sequence[AbstractSet[int]], references: int) -> np.ndarray | None:
    """
    Return (Q,) the reference in the middle of the positives of each query, NaN where none are.

    A truth of frames allows n references to either side, fewer where the references begin and end.
    None for any other truth: rows with gaps, of several lengths, or none that has all 2 n + 1.
    """
    known = [number for number, rows in enumerate(positives) if rows]
    first = np.array([min(positives[number]) for number in known], int)
    last = np.array([max(positives[number]) for number in known], int)
    lengths = np.array([len(positives[number]) for number in known], int)
    if not len(known) or (last - first + 1 != lengths).any():
        return None
    longest = int(lengths.max())
    at_first, at_last = first == 0, last == references - 1
    whole = (lengths == longest) & ~at_first & ~at_last
    short = lengths < longest
    if longest % 2 == 0 or not whole.any() or (short & (at_first == at_last)).any():
        return None
    # Cut off at the beginning, only the last one is where it belongs; at the end, the first.
    middle = np.where(at_first, last - longest // 2, first + longest // 2)
    frames = np.full(len(positives), np.nan)
    frames[known] = middle
    return frames
