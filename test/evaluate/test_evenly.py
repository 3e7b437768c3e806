# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Some of many, evenly spread."""

from __future__ import annotations

from anyloc_ros.evaluate.evenly import evenly
import pytest


@pytest.mark.parametrize(
    ('count', 'most', 'chosen'),
    [(0, 3, []), (1, 3, [0]), (2, 3, [0, 1]), (3, 3, [0, 1, 2]), (5, 3, [0, 2, 4]), (9, 1, [0])],
)
def test_evenly(count, most, chosen):
    assert evenly(count, most) == chosen
