# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Teach from a bag that the launch system plays: it begins in time and ends everything."""

from __future__ import annotations

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.simulate.record import record_run
from anyloc_ros.simulate.run import RunConfig
from anyloc_ros.simulate.world import World
from launch.actions import IncludeLaunchDescription, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.launch_description import LaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.launch_service import LaunchService
import numpy as np
import pytest

REPLAY = Path(get_package_share_directory('anyloc_ros'), 'launch', 'replay.launch.py')
METHOD = 'RootSIFT-GeM'
RUN = RunConfig(length_m=4.0, rate_hz=4.0)


@pytest.fixture
def replay(monkeypatch, tmp_path):
    """Give what replays a run of four metres and returns the exit codes: launch, node, player."""
    monkeypatch.setenv('ROS_DOMAIN_ID', str(1 + (os.getpid() + 50) % 101))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    record_run(World(), tmp_path / 'run', run=RUN)

    def run(**words: str) -> tuple[int, dict[str, int]]:
        given = {
            'bag': str(tmp_path / 'run'),
            'map_path': str(tmp_path / 'route.anyloc'),
            'image_topic': '/image',
            'odom_topic': '/odom',
        }
        codes = {}

        def note(event, context):
            codes[event.process_name.split('-')[0]] = event.returncode

        source = PythonLaunchDescriptionSource(str(REPLAY))
        service = LaunchService(noninteractive=True)
        service.include_launch_description(
            LaunchDescription(
                [
                    RegisterEventHandler(OnProcessExit(on_exit=note)),
                    IncludeLaunchDescription(source, launch_arguments=(given | words).items()),
                ]
            )
        )
        return service.run(), codes

    return run


def test_a_bag_becomes_a_map(replay, tmp_path):
    assert replay(mode='teach', method=METHOD) == (0, {'map_builder': 0, 'ros2': 0})
    with PlaceMap.open_to_read(tmp_path / 'route.anyloc') as place_map:
        keyframes = place_map.keyframes()
    times_s = np.array([keyframe.stamp_ns - RUN.start_ns for keyframe in keyframes]) / 1e9
    places = np.array([keyframe.pose.position for keyframe in keyframes])
    # A machine with other work may lose the first images, not more: the player waits.
    assert times_s[0] <= 1.0 and times_s[-1] >= 3.5
    # Straight on at a metre a second, a reference every half metre, each with its own pose.
    ways_m = np.linalg.norm(places - places[0], axis=1)
    np.testing.assert_allclose(ways_m, times_s - times_s[0], atol=0.01)
    assert np.diff(times_s).min() >= 0.5


def test_a_node_that_cannot_start_ends_the_replay(replay):
    # There is no map: the bag is not played, and nobody waits for ever.
    assert replay(mode='localize') == (0, {'localizer': 0})
