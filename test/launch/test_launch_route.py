# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Teach and localize through the launch files, as processes, until they are told to end."""

from __future__ import annotations

from collections.abc import Callable
import json
import os
from pathlib import Path
import tempfile
import time
from typing import Any
import unittest

from ament_index_python.packages import get_package_share_directory
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.ros.matches import read_matches
from launch.actions import GroupAction, IncludeLaunchDescription, SetEnvironmentVariable
from launch.launch_description import LaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing import post_shutdown_test
from launch_testing.actions import ReadyToTest
from launch_testing.asserts import assertExitCodes
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from nav_msgs.msg import Odometry
import numpy as np
import pytest
import rclpy
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image, PointCloud2
from std_msgs.msg import String
from std_srvs.srv import Trigger

LAUNCH = Path(get_package_share_directory('anyloc_ros'), 'launch')
DOMAIN_ID = 1 + os.getpid() % 101
TIMEOUT_S = 60.0
PLACES = 6


@pytest.mark.launch_test
def generate_test_description() -> tuple[LaunchDescription, dict[str, Path]]:
    """Return both launch files, the localizer waiting for a manager, in one namespace."""
    map_path = Path(tempfile.mkdtemp()) / 'route.anyloc'

    def included(mode: str, **given: str) -> GroupAction:
        words = {
            'map_path': str(map_path),
            'method': 'RootSIFT-GeM',
            'namespace': 'robot',
            'image_topic': '/camera/image_raw',
            'odom_topic': '/wheels/odom',
        }
        source = PythonLaunchDescriptionSource(str(LAUNCH / f'{mode}.launch.py'))
        launch_arguments = (words | given).items()
        # Scoped: the defaults of one must not be taken for those of the other.
        return GroupAction([IncludeLaunchDescription(source, launch_arguments=launch_arguments)])

    description = LaunchDescription(
        [
            SetEnvironmentVariable('ROS_DOMAIN_ID', str(DOMAIN_ID)),
            SetEnvironmentVariable('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST'),
            included('teach'),
            included('localize', autostart='false'),
            ReadyToTest(),
        ]
    )
    return description, {'map_path': map_path}


class TestRoute(unittest.TestCase):
    """What is taught is recognised."""

    def setUp(self) -> None:
        rclpy.init(domain_id=DOMAIN_ID)
        self.node = rclpy.create_node('robot_driver')
        self.images = self.node.create_publisher(Image, '/camera/image_raw', 1)
        self.odometry = self.node.create_publisher(Odometry, '/wheels/odom', 10)
        rng = np.random.default_rng(0)
        self.scenes = [
            np.kron(rng.integers(0, 256, (9, 12, 3)), np.ones((12, 12, 1))).astype(np.uint8)
            for _ in range(PLACES)
        ]

    def tearDown(self) -> None:
        self.node.destroy_node()
        rclpy.shutdown()

    def test_route(self, map_path: Path) -> None:
        info = self.listen(String, '/robot/map_builder/map_info', latched=True)
        keyframes = self.listen(PointCloud2, '/robot/map_builder/keyframe')
        self.until(lambda: self.is_heard_by('map_builder'))
        for place in range(PLACES):
            self.show(place, x_m=float(place))
            self.until(lambda k=place: len(keyframes) > k)
        assert self.call(Trigger, '/robot/map_builder/stop').success
        self.until(lambda: json.loads(info[-1].data)['state'] == 'finished')

        matches = self.listen(PointCloud2, '/robot/localizer/matches')
        # A map that is being taught cannot be read.
        self.change('map_builder', Transition.TRANSITION_DEACTIVATE)
        self.change('map_builder', Transition.TRANSITION_CLEANUP)
        self.change('localizer', Transition.TRANSITION_CONFIGURE)
        self.change('localizer', Transition.TRANSITION_ACTIVATE)
        self.until(lambda: self.is_heard_by('localizer'))
        for place in reversed(range(PLACES)):
            before = len(matches)
            self.show(place, x_m=0.0)
            self.until(lambda n=before: len(matches) > n)
            assert read_matches(matches[-1])[0].x == place

    def until(self, condition: Callable[[], Any]) -> None:
        end_s = time.monotonic() + TIMEOUT_S
        while not condition():
            assert time.monotonic() < end_s, 'the condition did not come true in time'
            rclpy.spin_once(self.node, timeout_sec=0.05)

    def listen(self, kind: type, topic: str, *, latched: bool = False) -> list[Any]:
        got: list[Any] = []
        quality = QoSProfile(depth=10)
        if latched:
            quality.durability = DurabilityPolicy.TRANSIENT_LOCAL
        self.node.create_subscription(kind, topic, got.append, quality)
        return got

    def call(self, kind: type, service: str, **fields: Any) -> Any:
        client = self.node.create_client(kind, service)
        self.until(client.service_is_ready)
        future = client.call_async(kind.Request(**fields))
        self.until(future.done)
        return future.result()

    def change(self, name: str, transition_id: int) -> None:
        wanted = Transition(id=transition_id)
        answer = self.call(ChangeState, f'/robot/{name}/change_state', transition=wanted)
        assert answer.success, f'{name}: transition {transition_id} failed'

    def is_heard_by(self, name: str) -> bool:
        """Return whether a node gets every message from now on."""
        return all(
            [
                info.qos_profile.reliability.name
                for info in self.node.get_subscriptions_info_by_topic(topic)
                if info.node_name == name
            ]
            == ['RELIABLE']
            for topic in ('/camera/image_raw', '/wheels/odom')
        )

    def show(self, place: int, x_m: float) -> None:
        scene = self.scenes[place]
        height, width = scene.shape[:2]
        stamp = self.node.get_clock().now().to_msg()
        odometry = Odometry()
        odometry.header.stamp, odometry.header.frame_id = stamp, 'odom'
        odometry.pose.pose.position.x = x_m
        odometry.pose.pose.orientation.w = 1.0
        self.odometry.publish(odometry)
        image = Image(height=height, width=width, encoding='rgb8', step=3 * width)
        image.header.stamp, image.header.frame_id = stamp, 'camera'
        image.data.frombytes(scene.tobytes())
        self.images.publish(image)


@post_shutdown_test()
class TestEnd(unittest.TestCase):
    """Both nodes end in order and leave one whole file."""

    def test_end(self, proc_info: Any, map_path: Path) -> None:
        assertExitCodes(proc_info)
        assert [path.name for path in map_path.parent.iterdir()] == ['route.anyloc']
        with PlaceMap.open_to_read(map_path) as place_map:
            place_map.require_finished()
            poses = [keyframe.pose for keyframe in place_map.keyframes()]
        assert [pose.position[0] for pose in poses] == list(range(PLACES))
