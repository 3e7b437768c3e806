# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A camera for tests, as a process: publishes images until it is ended.

Arguments as JSON: topic, encoding, width, height, reliable, rate_hz, age_s (of the stamps), frame.
"""

import json
import sys
import time

import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

given = json.loads(sys.argv[1])
rclpy.init()
node = rclpy.create_node('camera')
offered = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE if given['reliable'] else ReliabilityPolicy.BEST_EFFORT,
)
publisher = node.create_publisher(Image, given['topic'], offered)
step = given['width'] * (4 if given['encoding'] == '32FC1' else 3)
message = Image(
    width=given['width'], height=given['height'], encoding=given['encoding'], step=step
)
message.header.frame_id = given['frame']
message.data.frombytes(bytes(step * given['height']))


def publish() -> None:
    stamp_ns = time.time_ns() - round(given['age_s'] * 1e9)
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
    publisher.publish(message)


node.create_timer(1 / given['rate_hz'], publish)
rclpy.spin(node)
