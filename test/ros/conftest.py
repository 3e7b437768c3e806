# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A robot for the nodes: a peer that publishes, listens and calls, in a domain of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
import math
import os
from pathlib import Path
import time
from typing import Any
import warnings
from zlib import crc32

import cv2
import numpy as np
import pytest

SIZE = (120, 160)
TIMEOUT_S = 20.0
METHOD = 'RootSIFT-GeM'
SINGLE_IMAGES = {'filter': 'none', 'consecutive_accepts': 1}
"""The parameters with which an image is accepted or not by itself."""


def scene(place: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Return the image of a place: coarse noise, another for every number."""
    coarse = np.random.default_rng(place).integers(0, 255, (9, 12, 3), np.uint8)
    return cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)


class Peer:
    """A node beside the one that is tested, and the executor of both."""

    scene = staticmethod(scene)

    def __init__(self) -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor

        self.node = rclpy.create_node('peer')
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self._publishers: dict[str, Any] = {}

    @property
    def now_ns(self) -> int:
        """Return the time now, for stamps that are not to be old."""
        return time.time_ns()

    def until(self, condition: Callable[[], Any], timeout_s: float = TIMEOUT_S) -> Any:
        """Spin until the condition holds and return its value; fail after the timeout."""
        end_s = time.monotonic() + timeout_s
        while not (value := condition()):
            assert time.monotonic() < end_s, 'the condition did not come true in time'
            self.executor.spin_once(timeout_sec=0.05)
        return value

    def listen(self, kind: type, topic: str, *, latched: bool = False) -> list[Any]:
        """Return a list that all messages of a topic are appended to."""
        from anyloc_ros.ros.qos import LATCHED

        got: list[Any] = []
        self.node.create_subscription(kind, topic, got.append, LATCHED if latched else 100)
        return got

    def status(self, name: str) -> Callable[[], dict[str, str]]:
        """Return what gives the newest status of a node: its keys, `level` and `message`."""
        from diagnostic_msgs.msg import DiagnosticArray

        got = self.listen(DiagnosticArray, f'/{name}/status', latched=True)

        def newest() -> dict[str, str]:
            if not got:
                return {}
            (entry,) = got[-1].status
            return {item.key: item.value for item in entry.values} | {'level': entry.level}

        return newest

    def publish(self, topic: str, message: Any) -> None:
        """Publish a message; the publisher stays."""
        if topic not in self._publishers:
            self.publisher(topic, type(message))
        self._publishers[topic].publish(message)

    def publisher(self, topic: str, kind: type, quality: Any = 10) -> None:
        """Make the publisher that `publish` uses from now on."""
        self._publishers[topic] = self.node.create_publisher(kind, topic, quality)

    def image_message(self, place: int | None, stamp_ns: int, **fields: Any) -> Any:
        """Return the image of a place, or a black one for None."""
        pixels = np.zeros((*SIZE, 3), np.uint8) if place is None else scene(place)
        return image_message(pixels, stamp_ns, **fields)

    def image(self, place: int | None, stamp_ns: int, **fields: Any) -> Any:
        """Publish it, and return it."""
        message = self.image_message(place, stamp_ns, **fields)
        self.publish('image', message)
        return message

    def odometry(self, x_m: float, stamp_ns: int) -> None:
        """Publish that the robot is at x."""
        from nav_msgs.msg import Odometry

        message = Odometry()
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
        message.header.frame_id = 'odom'
        message.pose.pose.position.x = x_m
        message.pose.pose.orientation.w = 1.0
        self.publish('odom', message)

    def drive(self, node: Any, places: Iterable[int], start_ns: int) -> None:
        """Have a map builder see places along x, with a pose, every metre and second."""
        for step, place in enumerate(places):
            stamp_ns = start_ns + step * 10**9
            received = node.mailbox.counts.received
            self.odometry(float(place), stamp_ns)
            self.image(place, stamp_ns)
            self.until(lambda n=received: node.mailbox.counts.received > n)

    def call(self, service: str, kind: type | None = None, **fields: Any) -> Any:
        """Call a service, a Trigger if not told otherwise, and return its answer."""
        if kind is None:
            from std_srvs.srv import Trigger as kind
        client = self.node.create_client(kind, service)
        self.until(client.service_is_ready)
        future = client.call_async(kind.Request(**fields))
        self.until(future.done)
        self.node.destroy_client(client)
        return future.result()

    def change_state(self, name: str, transition: str) -> bool:
        """Ask a node for a transition as a lifecycle manager does."""
        from lifecycle_msgs.msg import Transition
        from lifecycle_msgs.srv import ChangeState

        wanted = Transition(id=getattr(Transition, f'TRANSITION_{transition.upper()}'))
        return self.call(f'/{name}/change_state', ChangeState, transition=wanted).success

    def set_parameter(self, name: str, parameter: str, value: Any) -> Any:
        """Set a parameter of a node and return the result with its reason."""
        from rcl_interfaces.srv import SetParameters
        from rclpy.parameter import Parameter

        message = Parameter(parameter, value=value).to_parameter_msg()
        return self.call(f'/{name}/set_parameters', SetParameters, parameters=[message]).results[0]


def image_message(
    pixels: np.ndarray, stamp_ns: int, *, frame_id: str = 'camera', padding: int = 0
) -> Any:
    """Return an rgb8 image whose rows have some bytes more than their pixels."""
    from sensor_msgs.msg import Image

    height, width = pixels.shape[:2]
    rows = np.full((height, 3 * width + padding), 255, np.uint8)
    rows[:, : 3 * width] = pixels.reshape(height, -1)
    message = Image(height=height, width=width, encoding='rgb8', step=rows.shape[1])
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
    message.header.frame_id = frame_id
    message.data.frombytes(rows.tobytes())
    return message


def answer(**fields: Any) -> Any:
    """Return a Recognition with these fields; the others say nothing."""
    from anyloc_ros.localize.recognizer import Recognition

    said = {
        'stamp_ns': 7 * 10**9,
        'candidates': (),
        'accepted': False,
        'state': 'SEARCHING',
        'reason': 'because',
        'margin': 0.1,
        'off_route_probability': math.nan,
        'relocalized': False,
        'distance_since_accept_m': None,
        'time_since_accept_s': None,
        'describe_ms': 1.0,
        'search_ms': 1.0,
        'filter_ms': 1.0,
        'verify_ms': 1.0,
    }
    return Recognition(**(said | fields))


class NeedsRclpy(pytest.Module):
    """A test module that is left out where there is no ROS."""

    def collect(self):
        """Skip it."""
        pytest.skip('rclpy is missing: use ROS 2 or the extra "wheels"', allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> pytest.Module | None:
    """Leave out the modules of this folder where there is no ROS."""
    if find_spec('rclpy') is None:
        return NeedsRclpy.from_parent(parent, path=module_path)
    return None


@pytest.fixture(scope='session', autouse=True)
def type_support() -> None:
    """Load what messages need: its parser imports a deprecated module of Python."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)
        import rosidl_generator_py  # noqa: F401


@pytest.fixture
def recognition() -> Callable[..., Any]:
    """Give what makes an answer, by its fields."""
    return answer


@pytest.fixture(scope='module')
def domain(request, tmp_path_factory) -> Iterator[dict[str, str]]:
    """Give the environment of a domain that no other test module or process uses now."""
    values = {
        'ROS_DOMAIN_ID': str(1 + (os.getpid() + crc32(request.module.__name__.encode())) % 101),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'ROS_LOG_DIR': str(tmp_path_factory.mktemp('log')),
    }
    with pytest.MonkeyPatch.context() as patch:
        for item in values.items():
            patch.setenv(*item)
        yield dict(os.environ)


@pytest.fixture(scope='module')
def ros(domain) -> Iterator[None]:
    """Have rclpy running in this process."""
    import rclpy

    rclpy.init()
    yield
    rclpy.shutdown()


@pytest.fixture
def peer(ros) -> Iterator[Peer]:
    """Give a peer."""
    peer = Peer()
    yield peer
    peer.executor.shutdown()
    peer.node.destroy_node()


@pytest.fixture
def start(peer) -> Iterator[Callable[..., Any]]:
    """Give what runs a node, by its class and parameters, in the executor of the peer."""
    from rclpy.parameter import Parameter

    running = []

    def start_node(kind: type, **parameters: Any) -> Any:
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        node = kind(parameter_overrides=overrides)
        running.append(node)
        peer.executor.add_node(node)
        return node

    yield start_node
    for node in running:
        assert node.close()
        peer.executor.remove_node(node)
        node.destroy_node()


@pytest.fixture
def connected(peer, start) -> Callable[..., Any]:
    """Give what runs a node as `start` does, until it hears the reliable peer."""
    from nav_msgs.msg import Odometry
    from sensor_msgs.msg import Image

    peer.publisher('image', Image)
    peer.publisher('odom', Odometry)

    def start_node(kind: type, **parameters: Any) -> Any:
        node = start(kind, **parameters)
        peer.until(lambda: node.phase == 'active')
        inputs = (node.inputs.image, *node.inputs.poses)
        peer.until(lambda: all(each.reliability == 'reliable' for each in inputs))
        return node

    return start_node


@pytest.fixture
def localizer(connected, taught) -> Any:
    """Give an active localizer of the taught map that takes every image by itself."""
    from anyloc_ros.ros.localizer import Localizer

    return connected(Localizer, map_path=str(taught), **SINGLE_IMAGES)


@pytest.fixture
def build(connected, tmp_path) -> Callable[..., Any]:
    """Give what runs a map builder of tmp_path/route.anyloc, by its parameters."""
    from anyloc_ros.ros.map_builder import MapBuilder

    given = {'map_path': str(tmp_path / 'route.anyloc'), 'method': METHOD}
    return lambda **parameters: connected(MapBuilder, **(given | parameters))


@pytest.fixture(scope='session')
def taught(tmp_path_factory) -> Path:
    """Return a finished map of ten places a metre apart, along x; place k is reference k."""
    from anyloc_ros.config import DescribeConfig, TeachConfig
    from anyloc_ros.describe.describer import build_describer
    from anyloc_ros.mapping.finish import finish
    from anyloc_ros.mapping.teach import open_for_teaching, TeachSession
    from anyloc_ros.pose import Pose

    path = tmp_path_factory.mktemp('taught') / 'route.anyloc'
    describer, config = build_describer(DescribeConfig(method=METHOD)), TeachConfig()
    with open_for_teaching(path, describer, asdict(describer.config), config) as place_map:
        with TeachSession(place_map, describer, config) as session:
            session.begin_route()
            for place in range(10):
                session.add_pose(place * 10**9, Pose.from_xy_yaw(float(place), 0.0, 0.0))
                session.add_image(place * 10**9, partial(scene, place))
        finish(place_map, describer)
    return path
