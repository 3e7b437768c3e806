# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Print where the robot is, as `~/matches` of the localizer tells it.

Run it beside a localizer: python3 examples/print_matches.py
"""

from __future__ import annotations

from anyloc_ros.ros.matches import read_matches
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2

SILENCE_S = 2.0
"""Silence means that the localizer or the camera is gone: a controller stops then."""


class MatchPrinter(Node):
    """Says the accepted reference of every image, and when there is no answer."""

    def __init__(self) -> None:
        super().__init__('match_printer')
        self.create_subscription(PointCloud2, 'localizer/matches', self._on_matches, 1)
        self._silence = self.create_timer(SILENCE_S, self._on_silence)

    def _on_matches(self, cloud: PointCloud2) -> None:
        self._silence.reset()
        stamp = cloud.header.stamp
        matches = read_matches(cloud)
        if not matches or not matches[0].accepted:
            text = 'place not known'
        else:
            best = matches[0]
            text = (
                f'reference {best.reference_id} (route {best.route}, position {best.index}) at '
                f'x {best.x:.2f} m, y {best.y:.2f} m, similarity {best.similarity:.3f}'
            )
        self.get_logger().info(f'image {stamp.sec}.{stamp.nanosec:09d}: {text}')

    def _on_silence(self) -> None:
        self.get_logger().warning(f'no answer for {SILENCE_S} s: stop')


def main() -> None:
    """Print until the program is interrupted."""
    rclpy.init()
    node = MatchPrinter()
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == '__main__':
    main()
