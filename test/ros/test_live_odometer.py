# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Odometry of two threads: an image waits for the pose at its stamp, and not for long."""

from __future__ import annotations

from threading import Event, Thread
import time

from anyloc_ros.config import TeachConfig
from anyloc_ros.pose import Pose
from anyloc_ros.ros.inputs import PoseInput
from anyloc_ros.ros.odometer import LiveOdometer
import pytest

SECOND = 10**9


def pose(x, seconds):
    """Return a pose that arrives."""
    return PoseInput(round(seconds * SECOND), Pose.from_xy_yaw(x, 0.0, 0.0), 'odom')


@pytest.fixture
def odometer():
    """Return one with a pose at second 1."""
    odometer = LiveOdometer(TeachConfig())
    odometer.add(pose(0.0, 1.0))
    return odometer


def test_a_pose_that_is_there_is_not_waited_for(odometer):
    odometer.add(pose(1.0, 1.1))
    begun_s = time.monotonic()
    assert odometer.at(round(1.05 * SECOND), wait_s=20.0).x == pytest.approx(0.5)
    assert time.monotonic() - begun_s < 10


def test_a_late_pose_is_waited_for(odometer):
    asked, found = Event(), []

    def ask():
        asked.set()
        found.append(odometer.at(round(1.05 * SECOND), wait_s=20.0))

    worker = Thread(target=ask)
    worker.start()
    asked.wait()
    odometer.add(pose(0.4, 1.04))  # not yet at the stamp
    odometer.add(pose(1.0, 1.06))
    worker.join(10)
    assert found[0].x == pytest.approx(0.7)


def test_one_that_does_not_come_is_given_up(odometer):
    begun_s = time.monotonic()
    assert odometer.at(round(1.05 * SECOND), wait_s=0.02).x == 0.0
    assert odometer.at(round(1.5 * SECOND), wait_s=0.02) is None
    assert 0.04 <= time.monotonic() - begun_s < 10
