# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Faults of the machine: memory, disk, signals, and a network that is not there."""

from __future__ import annotations

from pathlib import Path
import resource
import shutil
import signal
import subprocess
import sys

from anyloc_ros.mapping.place_map import PlaceMap
from case import case, MAP_BUILDER
import cv2
import panorama
import pytest
from rig import Rig

OWN = {'parameters': None}
BUILDER = {'parameters': None, 'node': MAP_BUILDER}
KEPT = 'What was stored before is kept'


# Signals.


@case('the localizer is killed and started again', 'LOCALIZED', quick=True, **OWN)
def localizer_is_killed(rig: Rig) -> None:
    rig.start()
    rig.localize()
    before = rig.route.read_bytes()
    rig.send(signal.SIGKILL)
    assert rig.exit_status() == -signal.SIGKILL
    assert rig.route.read_bytes() == before
    rig.restart()


@case('the localizer gets SIGTERM, and is started again', 'LOCALIZED', **OWN)
def localizer_is_terminated(rig: Rig) -> None:
    rig.start()
    rig.localize()
    rig.send(signal.SIGTERM)
    assert rig.exit_status() == 0
    rig.restart()


@case('the localizer gets SIGTERM while it loads, and is started again', 'LOCALIZED', **OWN)
def localizer_is_terminated_early(rig: Rig) -> None:
    rig.start(autostart=False)
    rig.send(signal.SIGTERM)
    assert rig.exit_status() == 0
    rig.start()


@case('the localizer is stopped for 4 s (SIGSTOP) and goes on', 'LOCALIZED', **OWN)
def localizer_is_frozen(rig: Rig) -> None:
    rig.start()
    rig.localize()
    rig.send(signal.SIGSTOP)
    rig.robot.drive(4.0)
    rig.send(signal.SIGCONT)
    # What it was sent meanwhile is one image, and that is old: it says so and takes the next.
    before = len(rig.robot.answers)
    assert rig.robot.drive_until(lambda: len(rig.robot.answers) > before + 10, 20.0)


def _teach(rig: Rig, path: Path, **parameters: object) -> None:
    """Run a map builder and drive until it has some references."""
    given = {'map_path': str(path), 'method': panorama.METHOD, 'num_words': 16}
    rig.start(MAP_BUILDER, **given, **parameters)

    def enough() -> bool:
        return int(rig.remote.status.get('references', 0)) >= 4

    assert rig.robot.drive_until(enough, 40.0), rig.remote.status


@case(
    'the map builder is killed, started again with `append`, and finishes', 'finished', **BUILDER
)
def map_builder_is_killed(rig: Rig) -> None:
    path = rig.folder / 'new.anyloc'
    _teach(rig, path)
    told = int(rig.remote.status['references'])
    rig.send(signal.SIGKILL)
    assert rig.exit_status() == -signal.SIGKILL
    _teach(rig, path, map_mode='append')
    assert int(rig.remote.status['references']) >= told
    rig.remote.finish_map(60.0)


# The disk.


@case('the map file may not grow any more', 'failed', KEPT, **BUILDER)
def disk_quota_is_used_up(rig: Rig) -> None:
    path = rig.folder / 'new.anyloc'
    _teach(rig, path)
    limit = path.with_name(path.name + '-wal').stat().st_size + 30_000
    resource.prlimit(rig.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    rig.ends('failed', KEPT)
    resource.prlimit(rig.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    _keeps_what_was_told(rig, path)


@case('the disk is full', 'failed', 'disk is full.*' + KEPT, **BUILDER)
def disk_is_full(rig: Rig) -> None:
    disk = rig.folder / 'disk'
    disk.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=1200k', 'tmpfs', str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip('a disk of its own cannot be mounted here: run as root')
    try:
        path = disk / 'new.anyloc'
        _teach(rig, path)
        rig.ends('failed', 'disk is full')
        rig.robot.lose_camera()
        subprocess.run([*mount[:4], 'remount,size=9m', str(disk)], check=True)
        _keeps_what_was_told(rig, path)
    finally:
        subprocess.run(['umount', '--lazy', str(disk)], check=True)


@case('the folder of the map does not exist', 'unconfigured', 'does not exist', **BUILDER)
def folder_is_missing(rig: Rig) -> None:
    path = str(rig.folder / 'none' / 'new.anyloc')
    rig.start(MAP_BUILDER, map_path=path, method='RootSIFT-GeM')


@case('the map exists and `map_mode` is create', 'unconfigured', 'exists.*append', **BUILDER)
def map_exists(rig: Rig) -> None:
    before = rig.route.read_bytes()
    rig.start(MAP_BUILDER, map_path=str(rig.route), method=panorama.METHOD)
    rig.ends('unconfigured', 'exists')
    assert rig.route.read_bytes() == before


@case(
    'the weights of the method are not on the machine', 'unconfigured', 'weights fetch', **BUILDER
)
def weights_are_missing(rig: Rig) -> None:
    path = str(rig.folder / 'new.anyloc')
    rig.start(MAP_BUILDER, map_path=path, method='AnyLoc-VLAD-DINOv2-S')


def _keeps_what_was_told(rig: Rig, path: Path) -> None:
    """See that every reference the node told of is in the file, in a copy as after a power cut."""
    told = int(rig.remote.status['references'])
    copies = rig.folder / 'copies'
    copies.mkdir()
    for file in path.parent.glob(path.name + '*'):
        shutil.copy(file, copies)
    with PlaceMap.open_to_write(copies / path.name) as place_map:
        assert len(place_map.keyframes()) == told >= 4


# Memory.


@case('there is no memory to describe an image that is suddenly large', 'LOCALIZED', **OWN)
def memory_is_short(rig: Rig) -> None:
    rig.start(map_path=str(panorama.teach(rig.folder / 'whole.anyloc', image_size='max:4000')))
    rig.localize()
    status = Path(f'/proc/{rig.pid}/status').read_text()
    used = int(next(x for x in status.splitlines() if x.startswith('VmSize')).split()[1]) * 1024
    # Enough for messages of 6 MB, and not for the gradients of so many pixels.
    limit = used + 150_000_000
    resource.prlimit(rig.pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    rig.robot.rate_hz = 2.0
    rig.robot.view = lambda way_m: cv2.resize(panorama.view(way_m), (1600, 1200))
    # It may not have the memory to receive them either, and is STALE then.
    assert rig.robot.drive_until(lambda: rig.remote.status['bad_images'] != '0', 20.0)
    assert 'not enough memory to describe' in rig.tail()
    rig.robot.repair()


# The network.


@case('there is no network, and no route to any', 'LOCALIZED', **OWN)
def no_network(rig: Rig) -> None:
    apart = ['unshare', '--net', '--map-root-user']
    if subprocess.run([*apart, 'true'], capture_output=True).returncode:
        pytest.skip('a network of its own cannot be made here')
    script = Path(__file__).with_name('offline.py')
    command = [*apart, sys.executable, str(script), str(rig.route), str(rig.folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    rig.start()
