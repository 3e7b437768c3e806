# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Who may import whom, and what every file of the package must look like."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / 'anyloc_ros').rglob('*.py'))

LEAVES = {'config', 'errors', 'parameter', 'pose'}
"""Modules every room may import; among themselves too."""

ROOMS = {
    'describe': set(),
    'io': set(),
    'mapping': {'describe'},
    'localize': {'mapping', 'describe'},
    'evaluate': {'localize', 'mapping', 'describe', 'io'},
    'simulate': {'evaluate', 'localize', 'mapping', 'describe', 'io'},
    'ros': {'localize', 'mapping', 'describe', 'io'},
    'cli': {'ros', 'simulate', 'evaluate', 'localize', 'mapping', 'describe', 'io'},
}
"""The rooms each room may import."""

ANYWHERE = {'cv2', 'faiss', 'huggingface_hub', 'numpy', 'safetensors'}
ONLY_IN = {
    'torch': {'describe'},
    'transformers': {'describe'},
    'rosbags': {'io', 'simulate'},
    'PIL': {'simulate'},
    'jinja2': {'evaluate'},
    'matplotlib': {'evaluate'},
    'cv_bridge': {'io', 'ros'},
    'rclpy': {'ros'},
    'ament_index_python': {'ros'},
    'launch': {'ros'},
    'launch_ros': {'ros'},
    'tf2_ros': {'ros'},
    'builtin_interfaces': {'ros'},
    'rcl_interfaces': {'ros'},
    'lifecycle_msgs': {'ros'},
    'rosgraph_msgs': {'ros'},
    'diagnostic_msgs': {'ros'},
    'geometry_msgs': {'ros'},
    'nav_msgs': {'ros'},
    'sensor_msgs': {'ros'},
    'std_msgs': {'ros'},
    'std_srvs': {'ros'},
    'visualization_msgs': {'ros'},
    'rich': {'cli'},
    'typer': {'cli'},
}
"""Other people's packages, and the rooms that may import them."""

HEADER = """\
# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd
"""

MAX_LINES = 300


def imports(source: str) -> Iterator[str]:
    """Yield the dotted name of everything the source imports, wherever it does so."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = '.' * node.level + (node.module or '')
            yield from (f'{module}.{alias.name}' for alias in node.names)


def forbidden(place: str, source: str) -> list[str]:
    """
    Return what the source imports against the rules.

    `place` is the room or leaf it lives in, empty for the package's own __init__.py.
    """
    allowed_rooms = LEAVES | ROOMS.get(place, set()) | ({place} if place in ROOMS else set())
    found = []
    for name in imports(source):
        top, _, rest = name.partition('.')
        if top == 'anyloc_ros':
            inner = rest.split('.')[0]
            allowed = inner in allowed_rooms or inner == '__version__'
        elif top in sys.stdlib_module_names or top in ANYWHERE:
            allowed = True
        else:  # also a relative import, which no room has in its list: write the full name
            allowed = place in ONLY_IN.get(top, ())
        if not allowed:
            found.append(name)
    return found


def place_of(path: Path) -> str:
    """Return the room or leaf of a file: describe for anyloc_ros/describe/vlad.py."""
    return path.relative_to(ROOT / 'anyloc_ros').with_suffix('').parts[0].removeprefix('__init__')


def relative(path: Path) -> str:
    """Return the name of a file as a test shows it."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize('path', FILES, ids=relative)
def test_imports_what_its_room_may(path):
    place = place_of(path)
    assert place in ROOMS or place in LEAVES or not place, 'a new room: add it to the table'
    assert forbidden(place, path.read_text(encoding='utf-8')) == []


@pytest.mark.parametrize('path', FILES, ids=relative)
def test_is_short(path):
    assert len(path.read_text(encoding='utf-8').splitlines()) <= MAX_LINES


def test_every_python_file_has_the_licence_header():
    folders = ('anyloc_ros', 'benchmarks', 'docs', 'launch', 'test')
    paths = [
        ROOT / 'setup.py',
        *(path for name in folders for path in (ROOT / name).rglob('*.py')),
    ]
    assert len(paths) > len(FILES)
    assert [p for p in paths if not p.read_text(encoding='utf-8').startswith(HEADER)] == []


@pytest.mark.parametrize(
    ('place', 'source', 'expected'),
    [
        ('mapping', '', []),
        ('mapping', 'import math\nfrom anyloc_ros.describe.vlad import vlad', []),
        ('mapping', 'from anyloc_ros.localize import index', ['anyloc_ros.localize.index']),
        ('mapping', 'from anyloc_ros import io', ['anyloc_ros.io']),
        ('mapping', 'from anyloc_ros.mapping.poses import PoseBuffer', []),
        ('describe', 'import torch.nn.functional as F', []),
        ('localize', 'import torch', ['torch']),
        ('localize', 'def f():\n    from torch import nn', ['torch.nn']),
        ('io', 'from anyloc_ros.errors import ImageError\nimport cv2', []),
        ('io', 'import anyloc_ros.mapping.poses', ['anyloc_ros.mapping.poses']),
        ('evaluate', 'from sensor_msgs.msg import Image', ['sensor_msgs.msg.Image']),
        ('cli', 'import pandas', ['pandas']),
        ('cli', 'from ..describe import vlad', ['..describe.vlad']),
        ('config', 'from anyloc_ros.errors import ConfigError', []),
        ('config', 'from anyloc_ros.describe import vlad', ['anyloc_ros.describe.vlad']),
        ('', 'from anyloc_ros.cli import main', ['anyloc_ros.cli.main']),
    ],
)
def test_forbidden(place, source, expected):
    assert forbidden(place, source) == expected


@pytest.mark.parametrize(
    ('name', 'place'), [('__init__.py', ''), ('pose.py', 'pose'), ('io/__init__.py', 'io')]
)
def test_place_of(name, place):
    assert place_of(ROOT / 'anyloc_ros' / name) == place


def test_dependencies_are_those_of_setup_py():
    setup = ast.parse((ROOT / 'setup.py').read_text(encoding='utf-8'))
    keywords = {node.arg: node.value for node in ast.walk(setup) if isinstance(node, ast.keyword)}
    installed = {word.split('>')[0] for word in ast.literal_eval(keywords['install_requires'])}
    distribution = {'cv2': 'opencv-python-headless', 'faiss': 'faiss-cpu'}
    from_ros = {'ament_index_python', 'cv_bridge', 'launch', 'launch_ros', 'rclpy', 'std_srvs'} | {
        name for name in ONLY_IN if name.endswith(('2_ros', '_msgs', '_interfaces'))
    }
    from_transformers = {'huggingface_hub'}
    from_extras = {'PIL', 'jinja2', 'matplotlib'}
    imported = (ANYWHERE | set(ONLY_IN)) - from_ros - from_transformers - from_extras
    assert {distribution.get(name, name) for name in imported} == installed


def test_light_modules_do_not_load_torch():
    light = [
        '.'.join(path.relative_to(ROOT).with_suffix('').parts).removesuffix('.__init__')
        for path in FILES
        if place_of(path) in LEAVES | {'', 'io', 'simulate'}
    ]
    code = (
        f'import sys, {", ".join(light)}; print(sorted({{"torch", "rclpy"}} & set(sys.modules)))'
    )
    shown = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True)
    assert shown.stdout == '[]\n', shown.stderr
