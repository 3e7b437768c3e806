# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc teach`, `map finish` and `map info` tell where a route is weak."""

import json

import cv2
import numpy as np
import pytest

METHOD = ('--method', 'RootSIFT-GeM')
ALIKE = 'looks like route 0, index'


def _picture(seed):
    """Return boxes (120, 160, 3) of all sizes and colours."""
    rng = np.random.default_rng(seed)
    image = np.zeros((120, 160, 3), np.uint8)
    for _ in range(60):
        x, y, w, h = rng.integers((0, 0, 4, 4), (160, 120, 30, 30))
        cv2.rectangle(image, (x, y), (x + w, y + h), rng.integers(256, size=3).tolist(), -1)
    return image


@pytest.fixture(name='twice')
def _twice(tmp_path):
    """Return a folder of images: along a wall, bare plaster, other places, along the wall."""
    wall = np.concatenate([_picture(seed) for seed in range(8)], axis=1)
    plaster = np.full((120, 160, 3), 120, np.uint8)
    lap = [np.roll(wall, -x, axis=1)[:, :160] for x in range(0, 1120, 32)]
    images = [*lap, *[plaster] * 2, *[_picture(20 + i) for i in range(12)], *lap]
    folder = tmp_path / 'twice'
    folder.mkdir()
    for number, image in enumerate(images):
        cv2.imwrite(str(folder / f'{number}.png'), image)
    return folder


def test_weak_spots_are_told_when_teaching_and_later(anyloc, twice, tmp_path):
    route, result = tmp_path / 'route.anyloc', tmp_path / 'info.json'
    taught = anyloc('teach', twice, '--map', route, *METHOD, '--no-finish')
    assert 'warning: route 0, index 35: hardly anything to recognize' in taught.err
    assert 'weak spot' in anyloc('map', 'info', route).out
    assert anyloc('map', 'finish', route).code == 0
    info = anyloc('map', 'info', route, '--json', result)
    assert info.code == 0
    lines = [line for line in info.out.splitlines() if line.startswith('weak spot: ')]
    assert 'weak spot: route 0, index 35 to 36: hardly anything to recognize' in lines[1]
    assert ALIKE in lines[0] and lines[0].endswith(
        'a second visit, or another place that looks the same'
    )
    assert len(lines) == 2
    # What the events say word for word is not said twice.
    assert info.out.count(ALIKE) == 1
    visit, wall = json.loads(result.read_text())['weak_spots']
    assert (visit['kind'], visit['apart_m']) == ('revisit', None)
    assert (visit['stretch']['first_index'], visit['other']['first_index']) == (0, 49)
    assert (wall['kind'], wall['stretch']['last_id'], wall['other']) == ('featureless', 36, None)


def test_a_quick_look_leaves_them_out(anyloc, run_folder, tmp_path):
    route, result = tmp_path / 'route.anyloc', tmp_path / 'info.json'
    anyloc('teach', run_folder, '--map', route, *METHOD)
    assert anyloc('map', 'info', route, '--quick', '--json', result).code == 0
    assert 'weak_spots' not in json.loads(result.read_text())
