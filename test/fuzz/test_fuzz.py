# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Malformed images, maps, vocabularies and checkpoints, thousands of them with make faults."""

from __future__ import annotations

import json
import os
from pathlib import Path
import subprocess
import sys

import pytest

RUN = Path(__file__).with_name('run.py')
QUICK = {'images': 500, 'maps': 150, 'vocabularies': 200, 'checkpoints': 120}
WHOLE = {'images': 10_000, 'maps': 1_000, 'vocabularies': 1_000, 'checkpoints': 1_000}


@pytest.mark.parametrize('kind', QUICK)
def test_malformed_input_is_refused_in_words(kind, record_property):
    count = (WHOLE if 'ANYLOC_SLOW' in os.environ else QUICK)[kind]
    # A process of its own: its memory is measured, and a crash ends nothing else.
    done = subprocess.run(
        [sys.executable, RUN, kind, '--count', str(count)],
        env=os.environ | {'PYTHONPATH': str(RUN.parents[2]), 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        errors='replace',
    )
    assert done.returncode == 0, done.stderr[-3000:]
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome['failures'] == []
    # Nobody would notice a generator that makes good input only, or nothing but rubbish.
    assert outcome['refused'] > count / 3 and outcome['accepted'] > count / 100
    assert outcome['refused'] + outcome['accepted'] == count
    record_property('malformed', f'{count} {kind}')
