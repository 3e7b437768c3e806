# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A localizer in use for some seconds; make soak does it for ten minutes."""

from __future__ import annotations

from soak import growth_mb, MOST_GROWTH_MB, soak, table

DURATION_S = 16.0


def test_no_call_is_lost_and_memory_stays(shared_rig):
    shared_rig.start()
    rows = soak(shared_rig, DURATION_S)
    shown = table(rows)
    assert growth_mb(rows, DURATION_S) < MOST_GROWTH_MB, shown
    assert sum(row.lost for row in rows) == 0, shown
    assert sum(row.calls for row in rows) >= DURATION_S - 2, shown
    # It works while it is called: one image in two is answered, and more.
    assert sum(row.answers for row in rows) > 0.5 * sum(row.images for row in rows), shown
    shared_rig.localize()
