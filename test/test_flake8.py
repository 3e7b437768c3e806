# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.filterwarnings('ignore')  # those of flake8 and its plugins are not ours
def test_flake8(capsys, monkeypatch):
    linter = pytest.importorskip('ament_flake8.main', reason='ament_flake8 is not installed')
    monkeypatch.chdir(ROOT)  # hidden folders are left out only below the working directory
    count, errors = linter.main_with_errors(argv=['.'])
    capsys.readouterr()  # its list of all files
    assert count == 0, '\n'.join(errors)
