# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Every fault of docs/faults.md happens to a real node: it lives on and says what is wrong."""

from __future__ import annotations

import os
from pathlib import Path

from case import Case, CASES
import cases  # noqa: F401 (importing it adds the cases)
from page import page
import pytest

slow = pytest.mark.skipif('ANYLOC_SLOW' not in os.environ, reason='takes long: make faults')


SHARED = sorted((c for c in CASES if c.parameters is not None), key=lambda c: str(c.parameters))
OWN = [c for c in CASES if c.parameters is None]
PAGE = Path(__file__).parents[2] / 'docs' / 'faults.md'


def _param(case: Case) -> object:
    return pytest.param(case, id=case.name.replace(' ', '_'), marks=() if case.quick else slow)


@pytest.mark.parametrize('case', [_param(c) for c in SHARED])
def test_a_fault_of_what_comes_in(shared_rig, case):
    if shared_rig.parameters != case.parameters or shared_rig.name != case.node:
        shared_rig.start(case.node, **case.parameters)
    shared_rig.reset()
    if case.localized:
        shared_rig.localize()
    case.run(shared_rig)
    shared_rig.ends(case.state, case.reason)


@pytest.mark.parametrize('case', [_param(c) for c in OWN])
def test_a_fault_of_the_node_and_its_files(own_rig, case):
    case.run(own_rig)
    own_rig.ends(case.state, case.reason)


def test_the_page_is_that_of_the_cases():
    assert len(CASES) >= 40 and len({case.name for case in CASES}) == len(CASES)
    assert PAGE.read_text(encoding='utf-8') == page(), 'run python test/faults/page.py'
