# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Without matplotlib and jinja2 the verbs that need them say so, and how to get them."""

import os
from pathlib import Path
import subprocess
import sys

from anyloc_ros.cli import common
from anyloc_ros.errors import AnyLocError
import pytest

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = """
import sys
sys.modules |= {'matplotlib': None, 'jinja2': None}
from anyloc_ros.cli.main import main
main()
"""


@pytest.mark.parametrize(
    'words',
    [
        ('benchmark', '--root', '.', '--out', 'out'),
        ('compare', '--out', 'out.html', 'run'),
        ('figure', 'similarity', 'a.png', '--point', '1,1', '--out', 'out.png'),
        ('simulate', '--out', 'out'),
    ],
    ids=lambda words: words[0],
)
def test_what_is_missing_is_said_before_work(tmp_path, words):
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'metrics.json').write_text(
        '{"format": "anyloc-run/1", "name": "n", "facts": {}, "definitions": {}, '
        '"headline": {}, "figures": {}}'
    )
    done = subprocess.run(
        [sys.executable, '-c', WITHOUT, *words],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1 and 'Traceback' not in done.stderr, done.stderr
    assert 'pip install "anyloc_ros[report]"' in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ['run']


def test_a_broken_import_of_this_package_is_not_hidden():
    with pytest.raises(ImportError, match='anyloc_ros'), common.drawing('figures are'):
        import anyloc_ros.no_such_module  # noqa: F401
    missing = pytest.raises(AnyLocError, match='figures are made by matplotlib')
    with missing, common.drawing('figures are'):
        import no_such_package  # noqa: F401
