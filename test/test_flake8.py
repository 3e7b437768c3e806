# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_flake8():
    pytest.importorskip('ament_flake8', reason='ament_flake8 is not installed')
    # In a process of its own: flake8 forks, and a fork of a process with DDS in it crashes.
    # Hidden folders are left out only below the working directory.
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c',
         'from ament_flake8.main import main; raise SystemExit(main())'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
