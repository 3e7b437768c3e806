# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Folders of images of one pixel, and truths as the data sets have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def images() -> Callable[[Path, Sequence[str]], None]:
    """Return what fills a folder with images; the grey value of each is its number."""

    def write(folder: Path, names: Sequence[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(names):
            (folder / name).write_bytes(b'P5 1 1 255\n' + bytes([number % 256]))

    return write


@pytest.fixture
def lists() -> Callable[[Path, Sequence[tuple[Any, Any]]], None]:
    """Return what saves rows (query, list of references) as the data sets have them."""

    def write(path: Path, rows: Sequence[tuple[Any, Any]]) -> None:
        array = np.empty((len(rows), 2), object)
        for number, row in enumerate(rows):
            array[number] = row
        np.save(path, array)

    return write
