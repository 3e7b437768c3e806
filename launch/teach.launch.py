# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Teach: drive along a route once and keep it as a map.

    ros2 launch anyloc_ros teach.launch.py map_path:=route.anyloc image_topic:=/camera/image_raw
    ros2 service call /map_builder/stop std_srvs/srv/Trigger

The service ends the route and finishes the map. After Ctrl-C everything taught is kept, and
`anyloc map finish route.anyloc` does the rest.
"""

from anyloc_ros.ros.launching import launch_mode


def generate_launch_description():
    """Return the node map_builder and, if asked for, RViz."""
    return launch_mode('teach')
