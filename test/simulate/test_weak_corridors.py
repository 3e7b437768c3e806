# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Teaching in the building with twin corridors tells of them, and of nothing else."""

from dataclasses import asdict
from functools import partial

from anyloc_ros.config import DescribeConfig, TeachConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.teach import open_for_teaching, TeachSession
from anyloc_ros.mapping.weak_spots import weak_spots
from anyloc_ros.simulate.camera import Camera
import numpy as np
import pytest

STEP_M = 0.5
SEEN_AHEAD_M = 4.0
"""The view at a place is of what lies some metres ahead, so stretches begin and end earlier."""


@pytest.fixture(name='spots')
def _spots(tmp_path):
    """Return what teaches a lap through a world and gives the references and weak spots."""

    def taught(world):
        describe, camera = DescribeConfig(method='RootSIFT-VLAD', num_words=32), Camera(160, 120)
        describer = build_describer(describe)
        path = tmp_path / 'lap.anyloc'
        with open_for_teaching(path, describer, asdict(describe), TeachConfig()) as place_map:
            with TeachSession(place_map, describer, TeachConfig()) as session:
                session.begin_route()
                for number, s in enumerate(np.arange(0, world.route.length_m, STEP_M)):
                    pose = world.route.pose_at(float(s))
                    session.add_pose(number * 10**9, pose)
                    session.add_image(number * 10**9, partial(world.render, pose, camera))
            finish(place_map, describer)
            return place_map.keyframes(), weak_spots(place_map)

    return taught


def test_the_twin_corridors_are_listed(spots, twin_world):
    keyframes, found = spots(twin_world)
    (spot,) = found
    assert spot.kind == 'alias' and spot.apart_m > 15
    for stretch, twin in zip((spot.stretch, spot.other), twin_world.twins, strict=True):
        first, last = stretch.first_index, stretch.last_index
        part = keyframes[first:last]
        inside = [twin.x0 <= k.pose.x <= twin.x1 and twin.y0 <= k.pose.y <= twin.y1 for k in part]
        # All of it, as far as it is seen from there, and at most as much ahead of it.
        assert sum(inside) * STEP_M >= 12.0 - SEEN_AHEAD_M
        assert (len(inside) - sum(inside)) * STEP_M <= SEEN_AHEAD_M


def test_corridors_that_differ_are_not(spots, world):
    assert spots(world)[1] == []
