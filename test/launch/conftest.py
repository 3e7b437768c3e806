# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Leaves out what needs the launch system of ROS, where there is none."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

NEEDS_LAUNCH = ('test_launch_replay.py', 'test_launch_route.py')


def what_is_missing(name: str) -> str:
    """Return what a test module of this name needs and is not there."""
    needed = ['launch_ros', 'launch_testing', 'launch_testing_ros']
    needed += ['ros2bag'] if name == 'test_launch_replay.py' else []
    missing = [module for module in needed if find_spec(module) is None]
    if missing:
        return f'{", ".join(missing)} missing: this test needs an installed ROS 2'
    from ament_index_python.packages import get_packages_with_prefixes

    installed = 'anyloc_ros' in get_packages_with_prefixes()
    return '' if installed else 'anyloc_ros is not installed: colcon build it, source the result'


class Left(pytest.Module):
    """A test module that is left out."""

    def collect(self):
        """Skip it."""
        pytest.skip(what_is_missing(self.path.name), allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> pytest.Module | None:
    """Leave out the modules whose needs are not met."""
    if module_path.name in NEEDS_LAUNCH and what_is_missing(module_path.name):
        return Left.from_parent(parent, path=module_path)
    return None
