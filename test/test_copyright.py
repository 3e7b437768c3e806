# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_copyright(capsys):
    linter = pytest.importorskip('ament_copyright.main', reason='ament_copyright is not installed')
    failed = linter.main(argv=[str(ROOT)])
    assert not failed, capsys.readouterr().err
