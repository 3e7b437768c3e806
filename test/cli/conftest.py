# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""The command line called in this process, and small worlds to call it on."""

from dataclasses import dataclass
import sys

import cv2
import numpy as np
import pytest


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def anyloc(monkeypatch, capsys):
    """Return a function that runs `anyloc WORDS...` and gives exit code, stdout and stderr."""
    from anyloc_ros.cli.main import main

    def run(*words: object) -> Outcome:
        monkeypatch.setattr(sys, 'argv', ['anyloc', *map(str, words)])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        if isinstance(code, str):  # the interpreter prints it and exits with 1
            code, err = 1, err + code
        return Outcome(int(code or 0), out, err)

    return run


def _picture(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 256, (9, 12, 3), np.uint8)
    return cv2.resize(blocks, (160, 120), interpolation=cv2.INTER_NEAREST)


@pytest.fixture(scope='session')
def run_folder(tmp_path_factory):
    """Return a folder of 12 images that look all different."""
    folder = tmp_path_factory.mktemp('run')
    for number in range(12):
        cv2.imwrite(str(folder / f'{number + 1}.png'), _picture(number))
    return folder
