# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Localize: say for every image which place of a taught route it shows.

    ros2 launch anyloc_ros localize.launch.py map_path:=route.anyloc image_topic:=/camera/image_raw
    ros2 topic echo /localizer/status
"""

from anyloc_ros.ros.launching import launch_mode


def generate_launch_description():
    """Return the node localizer and, if asked for, RViz."""
    return launch_mode('localize')
