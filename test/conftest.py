# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where the tests find golden values and real images, and signals as a terminal sends them."""

import os
from pathlib import Path
import signal

import pytest

SHARED = Path(__file__).resolve().parents[2] / 'shared'


def _folder(variable: str, name: str) -> Path:
    folder = Path(os.environ.get(variable, SHARED / name))
    if not folder.is_dir():
        pytest.skip(f'{name} not found at {folder}; set {variable} to its folder')
    return folder


@pytest.fixture(scope='session')
def golden() -> Path:
    """Return the folder with inputs and outputs of the reference code."""
    return _folder('ANYLOC_GOLDEN', 'golden')


@pytest.fixture(scope='session')
def data() -> Path:
    """Return the folder with real image sets."""
    return _folder('ANYLOC_DATA', 'data')


@pytest.fixture(scope='session')
def vocabularies() -> Path:
    """Return the folder with published vocabularies."""
    return _folder('ANYLOC_VOCABULARIES', 'vocabularies')


@pytest.fixture(scope='session', autouse=True)
def heard_signals() -> None:
    """Let processes be interrupted: a script starts what runs in its background deaf to SIGINT."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
