# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Two short drives in step as a data set, and workers that are this process."""

from __future__ import annotations

from pathlib import Path

from anyloc_ros.evaluate.benchmark import benchmark as module
import cv2
import numpy as np
import pytest

DATASET = 'frames:0:teach,repeat'


def picture(seed: int, side: int = 96) -> np.ndarray:
    """Return blocks of random colour (side * 3 / 4, side, 3)."""
    blocks = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), np.uint8)
    return cv2.resize(blocks, (side, side * 3 // 4), interpolation=cv2.INTER_NEAREST)


def write_drives(root: Path, count: int, side: int = 96) -> None:
    """Write the same places twice, the second time with noise."""
    noise = np.random.default_rng(99)
    for folder in ('teach', 'repeat'):
        (root / folder).mkdir(parents=True)
        for number in range(count):
            image = picture(number, side).astype(int)
            if folder == 'repeat':
                image += noise.integers(-20, 21, image.shape)
            path = root / folder / f'{number}.png'
            assert cv2.imwrite(str(path), image.clip(0, 255).astype(np.uint8))


class Inline:
    """Workers that are this process."""

    def __init__(self, jobs, threads):
        self.jobs, self.threads = jobs, threads
        self.calls = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def do(self, work, tasks):
        for task in tasks:
            self.calls.append(work.__name__)
            yield work(task)


@pytest.fixture
def inline(monkeypatch):
    """Let benchmarks describe in this process; return the workers they made."""
    made = []

    def workers(jobs, threads):
        made.append(Inline(jobs, threads))
        return made[-1]

    monkeypatch.setattr(module, 'Workers', workers)
    return made


@pytest.fixture
def drives(tmp_path):
    """Return a root with two drives of 20 places: a whole chunk and a part of one."""
    write_drives(tmp_path / 'data', 20)
    return tmp_path / 'data'
