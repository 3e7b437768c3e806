# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Stand between a controller and the robot: let through what the guard allows.

Hears `localizer/matches`, `odom`, and the velocities that the controller wants on
`cmd_vel_wanted`; gives `cmd_vel`: the same, less, or zero. `~/go_on` lets the robot drive again
after a jump. Run it beside a localizer: python3 examples/guarded_drive.py

The base must itself stop when `cmd_vel` is silent: this process can die too.
"""

from __future__ import annotations

from collections import deque
import math
from typing import Any

from anyloc_ros.ros.matches import read_matches
from geometry_msgs.msg import Twist
from guard import DRIVE, Guard, SLOW, STOP
from nav_msgs.msg import Odometry
import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2
from std_srvs.srv import Trigger

SHARE = {DRIVE: 1.0, SLOW: 0.3, STOP: 0.0}
"""The share of the wanted velocity that is let through."""

CHECK_S = 0.05
ODOMETRY_MAX_AGE_S = 0.5
READINGS = 1000
"""Odometry kept to look up the way at the stamp of an image: 10 s at 100 Hz."""


class GuardedDrive(Node):
    """Scales velocities by the advice of a Guard, and stops the robot by itself."""

    def __init__(self) -> None:
        super().__init__('guarded_drive')
        self._guard = Guard()
        self._advice = ('', '')
        self._position: tuple[float, float] | None = None
        self._way: deque[tuple[float, float]] = deque(maxlen=READINGS)
        self._command = self.create_publisher(Twist, 'cmd_vel', 1)
        self.create_subscription(PointCloud2, 'localizer/matches', self._on_matches, 1)
        self.create_subscription(Odometry, 'odom', self._on_odometry, 10)
        self.create_subscription(Twist, 'cmd_vel_wanted', self._on_wanted, 1)
        self.create_service(Trigger, '~/go_on', self._on_go_on)
        # By the steady clock: with use_sim_time the ROS clock stands when /clock ends.
        self.create_timer(CHECK_S, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _on_matches(self, cloud: PointCloud2) -> None:
        stamp_s = _seconds(cloud.header.stamp)
        # The reading before the image: the way since then is rather too long than too short.
        way_m = next((way for at, way in reversed(self._way) if at <= stamp_s), None)
        self._guard.on_matches(stamp_s, read_matches(cloud), way_m)

    def _on_odometry(self, message: Odometry) -> None:
        at = message.pose.pose.position
        position, way_m = (at.x, at.y), self._way[-1][1] if self._way else 0.0
        way_m += math.dist(self._position or position, position)
        self._position = position
        self._way.append((_seconds(message.header.stamp), way_m))

    def _on_wanted(self, wanted: Twist) -> None:
        share = SHARE[self._advise()]
        allowed = Twist()
        for part in ('linear', 'angular'):
            for axis in 'xyz':
                value = getattr(getattr(wanted, part), axis)
                setattr(getattr(allowed, part), axis, share * value)
        self._command.publish(allowed)

    def _check(self) -> None:
        if self._advise() == STOP:
            self._command.publish(Twist())

    def _advise(self) -> str:
        now_s = self.get_clock().now().nanoseconds / 1e9
        at, way_m = self._way[-1] if self._way else (-math.inf, 0.0)
        fresh = abs(now_s - at) <= ODOMETRY_MAX_AGE_S
        word, reason = self._guard.advise(now_s, way_m if fresh else None)
        if word != self._advice[0]:
            self.get_logger().info(f'{word} {reason}')
        self._advice = (word, reason)
        return word

    def _on_go_on(self, request: Any, response: Any) -> Any:
        self._guard.go_on()
        response.success = True
        return response


def _seconds(stamp: Any) -> float:
    return stamp.sec + stamp.nanosec / 1e9


def main() -> None:
    """Guard until the program is interrupted."""
    rclpy.init()
    node = GuardedDrive()
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == '__main__':
    main()
