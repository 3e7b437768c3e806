# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The launch files and the pictures beside them, as far as they can be read without ROS."""

from __future__ import annotations

import ast
import json
from pathlib import Path
import re
import runpy
import subprocess
import sys

import pytest
import setuptools

ROOT = Path(__file__).resolve().parents[2]
LAUNCH_FILES = sorted((ROOT / 'launch').iterdir())
PROGRAMS = [*LAUNCH_FILES, ROOT / 'anyloc_ros/ros/launching.py']

MAY_IMPORT = {
    '__future__',
    'ament_index_python',
    'anyloc_ros',
    'launch',
    'launch_ros',
    'lifecycle_msgs',
    'pathlib',
    'posixpath',
    'typing',
}
"""No network, no other processes than those of the launch system, nothing that is large."""


def test_there_are_three():
    names = [path.name for path in LAUNCH_FILES]
    assert names == ['localize.launch.py', 'replay.launch.py', 'teach.launch.py']


@pytest.mark.parametrize('path', PROGRAMS, ids=lambda path: path.name)
def test_imports_and_calls(path):
    tree = ast.parse(path.read_text(encoding='utf-8'), feature_version=(3, 10))
    imported, called = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split('.')[0])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called.add(node.func.id)
    assert imported <= MAY_IMPORT
    assert called.isdisjoint({'eval', 'exec', 'compile', '__import__', 'open'})
    assert path in (PROGRAMS[-1],) or 'generate_launch_description' in {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef)
    }


def test_the_launch_system_needs_no_numpy():
    # It runs in the Python of ROS, which need not be the one torch is installed in.
    code = (
        'import sys, anyloc_ros.config, anyloc_ros.describe.methods, anyloc_ros.ros; '
        'print(sorted({"cv2", "numpy", "rclpy", "torch"} & set(sys.modules)))'
    )
    shown = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True)
    assert shown.stdout == '[]\n', shown.stderr


def test_everything_is_installed(monkeypatch):
    given = {}
    monkeypatch.setattr(setuptools, 'setup', lambda **keywords: given.update(keywords))
    monkeypatch.chdir(ROOT)
    runpy.run_path('setup.py')
    installed = {(place, name) for place, names in given['data_files'] for name in names}
    for folder in ('launch', 'rviz', 'config', 'config/foxglove'):
        for path in (ROOT / folder).iterdir():
            if path.is_file():
                name = f'{folder}/{path.name}'
                assert (f'share/anyloc_ros/{folder}', name) in installed, name


def test_test_files_have_names_of_their_own():
    # The pytest plugin of launch_testing imports them by these names alone.
    names = [path.name for path in (ROOT / 'test').rglob('test_*.py')]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def panels(layout):
    """Return the panels a Foxglove layout arranges."""
    if isinstance(layout, str):
        return [layout]
    return panels(layout['first']) + panels(layout['second'])


def test_foxglove_layout():
    layout = json.loads((ROOT / 'config/foxglove/anyloc.json').read_text(encoding='utf-8'))
    assert sorted(panels(layout['layout'])) == sorted(layout['configById'])


@pytest.mark.parametrize('name', ['config/foxglove/anyloc.json', 'rviz/anyloc.rviz'])
def test_topics_are_those_of_the_nodes(name):
    text = (ROOT / name).read_text(encoding='utf-8')
    shown = set(re.findall(r'\b(?:map_builder|localizer)/(\w+)', text))
    known = set(re.findall(r'`~/(\w+)`', (ROOT / 'docs/interface.md').read_text(encoding='utf-8')))
    assert {'keyframes', 'matches', 'pose', 'match_image'} <= shown <= known
