# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc doctor`: on this machine, on maps, and on cameras that are processes of their own."""

from __future__ import annotations

from importlib.util import find_spec
import json
import os
from pathlib import Path
import subprocess
import sys
import warnings
from zlib import crc32

from anyloc_ros.cli.machine_checks import check_library, check_speed
from anyloc_ros.config import DescribeConfig
import pytest

CAMERA = {
    'topic': '/camera/image_raw',
    'encoding': 'rgb8',
    'width': 160,
    'height': 120,
    'reliable': True,
    'rate_hz': 20.0,
    'age_s': 0.0,
    'frame': 'camera_optical',
}
GEM = ('--method', 'RootSIFT-GeM')


@pytest.fixture(autouse=True)
def domain(request, monkeypatch, tmp_path):
    """Have a domain that no other test uses now."""
    name = request.node.name.encode()
    monkeypatch.setenv('ROS_DOMAIN_ID', str(1 + (os.getpid() + crc32(name)) % 101))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path))
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setenv('HF_HOME', str(tmp_path))
    monkeypatch.delenv('HF_HUB_CACHE', raising=False)
    with warnings.catch_warnings():
        # The parser of messages imports a deprecated module of Python.
        warnings.simplefilter('ignore', DeprecationWarning)
        if find_spec('rosidl_generator_py'):
            import rosidl_generator_py  # noqa: F401
    if find_spec('rclpy'):
        monkeypatch.setattr('anyloc_ros.ros.probe.DISCOVERY_S', 0.0)


@pytest.fixture
def doctor(anyloc, tmp_path):
    """Give what runs the doctor and returns exit code and findings: subject to (level, text)."""

    def run(*words: object) -> tuple[int, dict[str, tuple[str, str]]]:
        done = anyloc('doctor', '--json', tmp_path / 'doctor.json', *words)
        assert 'Traceback' not in done.err, done.err
        told = json.loads((tmp_path / 'doctor.json').read_text())
        for finding in told['findings']:
            assert finding['text'] in done.out
            assert finding['advice'] in done.out
        # Of two findings on one subject the worse one.
        order = ('ok', 'warning', 'error')
        worst = sorted(told['findings'], key=lambda finding: order.index(finding['level']))
        assert (done.code == 1) == (told['counts']['error'] > 0)
        return done.code, {f['subject']: (f['level'], f['text']) for f in worst}

    return run


@pytest.fixture
def camera(monkeypatch):
    """Give what starts a camera."""
    pytest.importorskip('rclpy', reason='rclpy is missing: use ROS 2 or the extra "wheels"')
    running = []

    # Until the topic is seen, however slow the start of the camera is.
    monkeypatch.setattr('anyloc_ros.ros.probe.DISCOVERY_S', 30.0)

    def start(**fields: object) -> None:
        words = [sys.executable, str(Path(__file__).with_name('publish_images.py'))]
        running.append(subprocess.Popen([*words, json.dumps(CAMERA | fields)]))

    yield start
    for process in running:
        assert process.poll() is None, 'the camera ended by itself'
        process.kill()
        process.wait()


@pytest.fixture
def listen(doctor):
    """Give what runs the doctor on the camera's topic."""
    return lambda *words: doctor(*GEM, '--image-topic', CAMERA['topic'], '--duration', 1, *words)


@pytest.fixture
def taught(anyloc, run_folder, tmp_path):
    path = tmp_path / 'route.anyloc'
    assert anyloc('teach', run_folder, '--map', path, *GEM).code == 0
    return path


def test_a_method_without_weights_is_fine(doctor):
    _, found = doctor(*GEM)
    assert found['Python'][0] == found['numpy'][0] == found['torch'][0] == 'ok'
    assert found['method'] == ('ok', 'RootSIFT-GeM')
    assert found['weights'] == ('ok', 'the method needs none')
    assert found['device'][1].startswith('cpu in fp32: ')


def test_missing_weights_name_the_command(doctor):
    code, found = doctor('--method', 'AnyLoc-VLAD-DINOv2-S')
    assert code == 1
    assert found['method'][0] == 'error'
    assert 'anyloc weights fetch dinov2_vits14' in found['method'][1]


def test_a_broken_library(tmp_path, monkeypatch):
    (tmp_path / 'torn.py').write_text('raise ImportError("numpy.core.multiarray")')
    monkeypatch.syspath_prepend(tmp_path)
    finding = check_library('torn')
    assert finding.level == 'error' and 'multiarray' in finding.text and finding.advice


def test_slow_describing_is_a_warning(monkeypatch):
    from anyloc_ros.cli import machine_checks
    from anyloc_ros.describe.describer import build_describer

    times_s = iter([10.0, 12.5])
    monkeypatch.setattr(machine_checks, 'perf_counter', lambda: next(times_s))
    finding = check_speed(build_describer(DescribeConfig(method='RootSIFT-GeM')), 'auto', (96, 64))
    assert finding.level == 'warning'
    assert '2500 ms for an image of 64x96, at most 0.4 images a second' in finding.text


def test_a_good_map(doctor, taught):
    before = taught.read_bytes()
    _, found = doctor('--map', taught)
    assert found['map'][0] == 'warning'  # images of a folder have no poses
    assert '12 of 12 references have no pose' in found['map'][1]
    assert found['method'] == ('ok', 'RootSIFT-GeM, as the map was taught')
    assert taught.read_bytes() == before


def test_a_map_of_another_method(doctor, taught):
    code, found = doctor('--map', taught, '--method', 'RootSIFT-VLAD')
    assert (code, found['method'][0]) == (1, 'error')
    assert 'made with RootSIFT-GeM, asked for is RootSIFT-VLAD' in found['method'][1]


def test_no_map(doctor, tmp_path):
    code, found = doctor('--map', tmp_path / 'none.anyloc')
    assert (code, found['map'][0]) == (1, 'error')
    (tmp_path / 'note.txt').write_text('no map')
    assert doctor('--map', tmp_path / 'note.txt')[1]['map'][0] == 'error'


def test_without_rclpy(doctor, monkeypatch):
    monkeypatch.setitem(sys.modules, 'rclpy', None)
    monkeypatch.delitem(sys.modules, 'anyloc_ros.ros.probe', raising=False)
    code, found = doctor(*GEM)
    assert (code, found['ROS'][0]) == (0, 'warning')
    code, found = doctor(*GEM, '--image-topic', 'image')
    assert (code, found['ROS'][0]) == (1, 'error')


def test_a_live_camera(camera, listen):
    camera()
    code, found = listen()
    assert code == 0
    assert found['image topic'] == ('ok', '/camera/image_raw: images')
    assert found['reliability'] == ('ok', 'offered reliable')
    assert found['encoding'] == ('ok', 'rgb8, 160x120, frame camera_optical')
    assert found['stamps'][0] == found['rate'][0] == 'ok'
    assert 15 < float(found['rate'][1].split(' Hz')[0]) < 25
    assert found['nodes'] == ('ok', '1 seen: /camera')
    assert found['reach'][0] == 'warning' and 'LOCALHOST' in found['reach'][1]


def test_nobody_publishes(doctor):
    pytest.importorskip('rclpy', reason='rclpy is missing: use ROS 2 or the extra "wheels"')
    code, found = doctor(*GEM, '--image-topic', '/back/image')
    assert code == 1
    assert found['image topic'] == ('error', 'nobody publishes /back/image')
    assert found['nodes'][0] == 'warning'
    assert 'rate' not in found


def test_an_encoding_that_is_not_known(camera, listen):
    camera(encoding='32FC1')
    code, found = listen()
    assert (code, found['encoding'][0]) == (1, 'error')
    assert '32FC1' in found['encoding'][1]


def test_old_stamps(camera, listen):
    camera(age_s=10 * 86400.0)
    code, found = listen()
    assert (code, found['stamps'][0]) == (1, 'error')
    assert found['stamps'][1].startswith('10 days old: a recording')


def test_another_camera_than_the_map_was_taught_with(camera, listen, taught):
    from anyloc_ros.mapping.cameras import CAMERA as KEY
    from anyloc_ros.mapping.place_map import PlaceMap
    from anyloc_ros.ros.camera import camera_of

    with PlaceMap.open_to_write(taught) as place_map, place_map.transaction():
        place_map.set_meta(KEY, camera_of('camera_optical', 'rgb8', (240, 160)))
    camera()
    _, found = listen('--map', taught)
    assert found['camera'][0] == 'warning'
    assert 'height 240, now it is 120' in found['camera'][1]
