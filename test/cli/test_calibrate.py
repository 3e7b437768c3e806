# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc map calibrate` on folders of images."""

import json

import cv2
import numpy as np
import pytest

METHOD = ('--method', 'RootSIFT-GeM')
PLACES = 24


def _picture(seed):
    """Return boxes (120, 160, 3) of all sizes and colours."""
    rng = np.random.default_rng(seed)
    image = np.zeros((120, 160, 3), np.uint8)
    for _ in range(60):
        x, y, w, h = rng.integers((0, 0, 4, 4), (160, 120, 30, 30))
        cv2.rectangle(image, (x, y), (x + w, y + h), rng.integers(256, size=3).tolist(), -1)
    return image


def _later(image):
    """Return what a camera sees that stands a little aside on a darker day."""
    return np.roll(image // 2 + 20, 3, axis=1)


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    """Return the folder of folders: the route twice, and 24 other places."""
    place = tmp_path_factory.mktemp('drives')
    drives = {
        'monday': [_picture(seed) for seed in range(PLACES)],
        'tuesday': [_later(_picture(seed)) for seed in range(PLACES)],
        'yard': [_picture(seed) for seed in range(100, 100 + PLACES)],
    }
    for name, images in drives.items():
        (place / name).mkdir()
        for number, image in enumerate(images):
            cv2.imwrite(str(place / name / f'{number}.png'), image)
    return place


@pytest.fixture
def route(anyloc, folders, tmp_path):
    path = tmp_path / 'route.anyloc'
    assert anyloc('teach', folders / 'monday', '--map', path, *METHOD).code == 0
    return path


def _figures(shown):
    return dict(line.split(maxsplit=1) for line in shown.splitlines())


def test_a_map_is_calibrated_and_says_by_what(anyloc, folders, route, tmp_path):
    assert _figures(anyloc('map', 'info', route, '--quick').out)['calibrated'] == 'none'
    sources = '--queries', folders / 'tuesday', '--off-map', folders / 'yard'
    result = tmp_path / 'result.json'
    done = anyloc('map', 'calibrate', route, *sources, '--json', result)
    assert done.code == 0, done.err
    shown, figures = _figures(done.out), json.loads(result.read_text())
    assert (shown['queries'], shown['off_map'], shown['stored']) == ('24', '24', 'True')
    for recording in ('queries', 'off_map'):
        for figure in ('accepted', 'probability', 'beyond'):
            for time in ('_before', ''):
                name = f'{recording}_{figure}{time}'
                assert float(shown[name]) == pytest.approx(figures[name], abs=1e-4)
    assert figures['queries_accepted'] > 0.8
    assert figures['queries_beyond_before'] == 1.0
    assert figures['off_map_accepted'] == 0.0
    by = f'24 images of {folders / "tuesday"}, 24 off the route of {folders / "yard"}'
    info = anyloc('map', 'info', route, '--quick', '--json', result).out
    assert _figures(info)['calibrated'] == json.loads(result.read_text())['calibrated'] == by
    assert f'info: calibrated by {by}: the drive scores {figures["on_route_score"]:.1f}' in info
    # What was promised is what the map does.
    found = anyloc('localize', folders / 'tuesday', '--map', route, '--out', tmp_path / 'out.csv')
    accepted = int(_figures(found.out)['accepted'])
    assert accepted / PLACES == pytest.approx(figures['queries_accepted'])


def test_another_drive_is_refused_unless_forced(anyloc, folders, route):
    before = route.read_bytes()
    words = 'map', 'calibrate', route, '--queries', folders / 'yard'
    refused = anyloc(*words)
    assert refused.code == 1
    assert _figures(refused.out)['stored'] == 'False'
    for text in (
        f'error: {route} stays as it was: only',
        f'of the images of {folders / "yard"} are accepted, expected 50% or more',
        '--force',
    ):
        assert text in refused.err
    assert route.read_bytes() == before
    forced = anyloc(*words, '--force')
    assert forced.code == 0
    assert 'warning: stored although only' in forced.err
    info = anyloc('map', 'info', route, '--quick').out
    assert 'warning: calibrated although only' in info
    assert _figures(info)['calibrated'] == f'24 images of {folders / "yard"}'


def test_a_drive_off_the_map_that_shows_the_route_is_refused(anyloc, folders, route):
    before = route.read_bytes()
    sources = '--queries', folders / 'tuesday', '--off-map', folders / 'monday'
    refused = anyloc('map', 'calibrate', route, *sources)
    assert refused.code == 1
    assert 'give a recording that shows no part of it' in refused.err
    assert route.read_bytes() == before


def test_images_are_drawn_evenly_and_bad_ones_left_out(
    anyloc, folders, route, tmp_path, monkeypatch
):
    from anyloc_ros.cli import calibrate

    monkeypatch.setattr(calibrate, 'OFF_MAP_IMAGES', 22)
    many = tmp_path / 'many'
    many.mkdir()
    for number in range(60):
        cv2.imwrite(str(many / f'{number}.png'), _picture(200 + number))
    for number in (0, 1, 59):
        (many / f'{number}.png').write_bytes(b'no picture')
    sources = '--queries', folders / 'tuesday', '--off-map', many
    done = anyloc('map', 'calibrate', route, *sources)
    assert done.code == 0, done.err
    # Of the 22 that were drawn the first and the last are damaged, the second was left out.
    assert _figures(done.out)['off_map'] == '20'
    assert '\n0.png at' in done.err and '\n59.png at' in done.err
    assert '\n1.png at' not in done.err


def test_what_cannot_be_calibrated(anyloc, folders, route, tmp_path):
    few = anyloc('map', 'calibrate', route, '--queries', f'{folders / "tuesday"}:1-5')
    assert few.code == 1 and '5 images that can be used, expected 20 or more' in few.err
    recorded = tmp_path / 'recorded.anyloc'
    anyloc('teach', folders / 'monday', '--map', recorded, *METHOD, '--no-finish')
    words = 'map', 'calibrate', recorded, '--queries', folders / 'tuesday'
    refused = anyloc(*words)
    assert refused.code == 1 and f'run: anyloc map finish {recorded}' in refused.err
    assert anyloc('map', 'calibrate', route).code == 2
