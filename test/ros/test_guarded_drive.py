# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The example between a controller and the robot, as a process: what comes out on cmd_vel."""

from __future__ import annotations

from pathlib import Path
import signal
import subprocess
import sys

from anyloc_ros.ros.matches import MATCH_POINT
from anyloc_ros.ros.messages import header, point_cloud
from geometry_msgs.msg import Twist
import numpy as np
import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / 'examples/guarded_drive.py'
WANTED_MPS = 1.0
SLOW_MPS = 0.3


class Controller:
    """Wants to drive, and plays odometry and the answers of a localizer."""

    def __init__(self, peer):
        self._peer = peer
        self._commands = peer.listen(Twist, 'cmd_vel')
        self.x_m = 0.0

    def until(self, speed_mps: float, **what) -> None:
        """Play the same on and on until the robot has this speed."""

        def has_speed():
            self._commands.clear()
            self._play(**what)
            self._peer.until(lambda: self._commands)
            return {command.linear.x for command in self._commands} == {speed_mps}

        self._peer.until(has_speed)

    def _play(self, *, place_m=0.0, accepted=True, age_s=0.0, silent=False) -> None:
        now_ns = self._peer.now_ns
        self._peer.odometry(self.x_m, now_ns)
        if not silent:
            points = np.zeros(1, MATCH_POINT)
            points['x'], points['accepted'] = place_m, accepted
            stamp_ns = now_ns - round(age_s * 1e9)
            self._peer.publish('localizer/matches', point_cloud(points, header(stamp_ns, 'map')))
        wanted = Twist()
        wanted.linear.x = WANTED_MPS
        self._peer.publish('cmd_vel_wanted', wanted)


@pytest.fixture
def controller(peer, domain):
    """Give a controller beside the running example."""
    process = subprocess.Popen([sys.executable, EXAMPLE], env=domain)
    try:
        yield Controller(peer)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_it_drives_slows_down_and_stops(controller, peer):
    controller.until(0.0, accepted=False)
    controller.until(WANTED_MPS)
    # No match any more, and the robot rolls on: 1 m, 4 m.
    controller.x_m = 1.0
    controller.until(SLOW_MPS, accepted=False)
    controller.x_m = 4.0
    controller.until(0.0, accepted=False)
    controller.until(WANTED_MPS, place_m=4.0)
    controller.until(0.0, silent=True)
    controller.until(WANTED_MPS, place_m=4.0)
    controller.until(0.0, place_m=4.0, age_s=5.0)
    controller.until(WANTED_MPS, place_m=4.0)
    # The place jumps, the robot does not.
    controller.until(0.0, place_m=50.0)
    assert peer.call('guarded_drive/go_on').success
    controller.until(WANTED_MPS, place_m=50.0)
