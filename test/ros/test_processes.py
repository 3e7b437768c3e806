# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The nodes as processes: parameters at the start, signals, and a kill while teaching."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.place_map import PlaceMap
from nav_msgs.msg import Odometry
import pytest
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import Image, PointCloud2
from std_msgs.msg import String

SECOND = 10**9
TIMEOUT_S = 40


@pytest.fixture
def run(domain, tmp_path):
    """Give what runs a node as a process; it is killed at last."""
    processes = []

    def run_node(module, *arguments, **parameters):
        given = [word for name, value in parameters.items() for word in ('-p', f'{name}:={value}')]
        command = [sys.executable, '-m', f'anyloc_ros.ros.{module}', '--ros-args']
        process = subprocess.Popen(
            [*command, *arguments, *given],
            env=domain,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process

    yield run_node
    for process in processes:
        process.kill()
        process.communicate()


def end(process, *signals):
    """Send signals to a process; return its exit status and output."""
    for number in signals:
        process.send_signal(number)
    output, _ = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, output


class Teaching:
    """A map builder in another process, seen from the peer."""

    def __init__(self, peer):
        self.peer = peer
        self.infos = peer.listen(String, '/map_builder/map_info', latched=True)
        self.keyframes = peer.listen(PointCloud2, '/map_builder/keyframe')
        # A killed process is still listed, until its lease ends after some 20 s.
        self.dead = {tuple(info.endpoint_gid) for info in self.subscriptions()}
        peer.publisher('image', Image)
        peer.publisher('odom', Odometry)

    def drive(self, places):
        """See places along x; every one becomes a reference before the next comes."""
        self.peer.until(self.is_heard, TIMEOUT_S)
        for place in places:
            stamp_ns = self.peer.now_ns
            before = len(self.keyframes)
            self.peer.odometry(float(place), stamp_ns)
            self.peer.image(place, stamp_ns)
            self.peer.until(lambda n=before: len(self.keyframes) > n)

    def subscriptions(self):
        """Return who listens to images and odometry."""
        topics = ('/image', '/odom')
        return [s for t in topics for s in self.peer.node.get_subscriptions_info_by_topic(t)]

    def is_heard(self):
        """Return whether the node subscribes reliably, as the peer publishes."""
        found = [s for s in self.subscriptions() if tuple(s.endpoint_gid) not in self.dead]
        return len(found) == 2 and all(
            s.qos_profile.reliability == ReliabilityPolicy.RELIABLE for s in found
        )


@pytest.mark.parametrize('signals', [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT] * 2])
def test_a_signal_while_teaching_saves_the_map_and_exits_0(peer, run, tmp_path, signals):
    teaching = Teaching(peer)
    process = run('map_builder', map_path='route.anyloc', method='RootSIFT-VLAD')
    teaching.drive(range(4))
    status, output = end(process, *signals)
    assert status == 0, output
    assert 'Traceback' not in output
    assert [path.name for path in tmp_path.iterdir()] == ['route.anyloc']
    with PlaceMap.open_to_read(tmp_path / 'route.anyloc') as place_map:
        assert [k.pose.x for k in place_map.keyframes()] == [0.0, 1.0, 2.0, 3.0]
        # No vocabulary was fit: that may take minutes.
        assert place_map.vocabulary() is None
        with pytest.raises(MapError, match='anyloc map finish'):
            place_map.require_finished()


def test_after_a_kill_the_route_goes_on(peer, run, tmp_path):
    teaching = Teaching(peer)
    process = run('map_builder', map_path='route.anyloc', method='RootSIFT-GeM')
    teaching.drive(range(5))
    assert end(process, signal.SIGKILL)[0] == -signal.SIGKILL
    teaching = Teaching(peer)
    process = run('map_builder', map_path='route.anyloc', method='RootSIFT-GeM', map_mode='append')
    teaching.drive(range(5, 8))
    assert peer.call('/map_builder/stop').success
    peer.until(lambda: json.loads(teaching.infos[-1].data)['state'] == 'finished')
    status, output = end(process, signal.SIGINT)
    assert status == 0, output
    with PlaceMap.open_to_read(tmp_path / 'route.anyloc') as place_map:
        place_map.require_finished()
        assert [k.id for k in place_map.keyframes()] == list(range(8))
        assert [k.pose.x for k in place_map.keyframes()] == [float(x) for x in range(8)]


def test_a_localizer_of_a_parameter_file_answers_and_exits_0(peer, run, taught, tmp_path):
    file = tmp_path / 'localize.yaml'
    file.write_text(f'/**:\n  ros__parameters:\n    map_path: {taught}\n    accept_margin: 0\n')
    matches = peer.listen(PointCloud2, '/localizer/matches')
    process = run('localizer', '--params-file', str(file))
    peer.publisher('image', Image)

    def is_heard():
        infos = peer.node.get_subscriptions_info_by_topic('/image')
        return infos and infos[0].qos_profile.reliability == ReliabilityPolicy.RELIABLE

    peer.until(is_heard, TIMEOUT_S)
    peer.image(4, peer.now_ns)
    peer.until(lambda: matches)
    status, output = end(process, signal.SIGTERM)
    assert status == 0, output
    assert 'Traceback' not in output


@pytest.mark.parametrize(
    ('module', 'parameters', 'reason'),
    [
        ('localizer', {'map_pth': 'x'}, "unknown parameter 'map_pth'; did you mean 'map_path'?"),
        ('map_builder', {'keyframe_distance_m': -1}, 'expected a number from 0.0 to 1000.0'),
    ],
)
def test_a_bad_parameter_at_the_start_is_said(run, module, parameters, reason):
    status, output = end(run(module, **parameters))
    assert status == 2
    assert reason in output and 'Traceback' not in output
