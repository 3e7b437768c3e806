# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The package built and installed as on a robot: by colcon, into a workspace."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
import shutil
import subprocess
import sys

import anyloc_ros
import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec('colcon_core') is None
    or importlib.util.find_spec('colcon_ros') is None,
    reason='colcon-core and colcon-ros are not installed',
)


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    """Return the install folder of the package, built from a copy of its sources."""
    workspace = tmp_path_factory.mktemp('workspace')
    leave_out = shutil.ignore_patterns(
        '.*', '__pycache__', '*.egg-info', 'build', 'install', 'log'
    )
    shutil.copytree(ROOT, workspace / 'src/anyloc_ros', ignore=leave_out)
    built = subprocess.run(
        [sys.executable, '-m', 'colcon', 'build'],
        cwd=workspace,
        env=os.environ | {'COLCON_HOME': str(workspace), 'COLCON_LOG_LEVEL': 'warning'},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return workspace / 'install'


def run(installed: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a shell command from outside the sources, in the environment of the workspace."""
    # Python's own folder first: the script asks env for python3, which may be another one.
    path = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
    return subprocess.run(
        ['sh', '-c', f'. {installed}/local_setup.sh && {command}'],
        cwd=installed,
        env=os.environ | {'PATH': path},
        capture_output=True,
        text=True,
    )


def test_the_package_is_found_in_the_install_folder(installed):
    found = run(installed, 'python3 -c "import anyloc_ros; print(anyloc_ros.__file__)"')
    assert Path(found.stdout.strip()).is_relative_to(installed), found.stderr


def test_ros_finds_the_package(installed):
    share = installed / 'anyloc_ros/share'
    assert (share / 'ament_index/resource_index/packages/anyloc_ros').is_file()
    assert (share / 'anyloc_ros/package.xml').read_text() == (ROOT / 'package.xml').read_text()


def test_the_command_runs_where_ros2_run_looks_for_it(installed):
    script = installed / 'anyloc_ros/lib/anyloc_ros/anyloc'
    assert script.read_text().startswith('#!/usr/bin/env python3\n')
    version = run(installed, f'{script} --version')
    assert (version.returncode, version.stderr) == (0, '')
    assert anyloc_ros.__version__ in version.stdout
    usage = run(installed, f'{script} --help')
    assert usage.returncode == 0 and 'teach' in usage.stdout, usage.stderr
