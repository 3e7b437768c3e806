# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Visual place recognition by AnyLoc for ROS 2: teach a route, then know where on it you are."""

__version__ = '0.1.0'
