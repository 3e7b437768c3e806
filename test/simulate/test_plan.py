# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The outline of the floor plan is closed and looks inwards."""

from anyloc_ros.simulate import plan
import numpy as np


def test_the_outline_encloses_the_area_of_the_parts():
    # No two parts overlap, so that the areas add up; by the divergence theorem the area is also
    # half of the sum over walls of length times the distance of the wall along its outer normal.
    parts = plan.CORRIDORS + plan.ROOMS + plan.DOORWAYS
    expected = sum(np.prod(part.size) for part in parts)
    expected -= sum(np.prod(pillar.size) for pillar in plan.PILLARS)
    found = sum(
        -(wall.x * wall.right_y - wall.y * wall.right_x) * wall.length_m for wall in plan.walls()
    )
    np.testing.assert_allclose(found / 2, expected)


def test_every_wall_begins_where_another_ends():
    walls = plan.walls()
    left = {(round(w.x, 6), round(w.y, 6)) for w in walls}
    right = {
        (round(w.x + w.right_x * w.length_m, 6), round(w.y + w.right_y * w.length_m, 6))
        for w in walls
    }
    assert left == right
    assert len(left) == len(walls)


def test_a_wall_is_seen_from_its_free_side():
    south = next(w for w in plan.walls() if w.y == 0.0 and w.x == 23.0 and w.length_m > 5)
    # Who stands north of it and looks south has west to the right.
    assert (south.right_x, south.right_y, south.length_m) == (-1.0, 0.0, 23.0 - 5.2)


def test_half_a_turn_carries_one_twin_into_the_other_corridor():
    twin = plan.half_turn(plan.TWIN)
    np.testing.assert_allclose((twin.x0, twin.y0, twin.x1, twin.y1), (9.5, 19.6, 21.5, 22.0))


def test_the_lamps_of_the_twins_hang_alike():
    lamps = plan.lamps()
    turned = np.array([2 * plan.TWIN_CENTRE[0], 2 * plan.TWIN_CENTRE[1]]) - lamps

    def within(places, part):
        x, y = places.T
        inside = (x > part.x0) & (x < part.x1) & (y > part.y0) & (y < part.y1)
        return np.array(sorted(places[inside].tolist()))

    assert len(within(lamps, plan.TWIN)) == 4
    np.testing.assert_allclose(within(turned, plan.TWIN), within(lamps, plan.TWIN))
