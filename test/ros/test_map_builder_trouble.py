# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The map builder where something is in the way: nothing that was taught is lost."""

from __future__ import annotations

import json
import threading

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.ros.map_builder import MapBuilder
from diagnostic_msgs.msg import DiagnosticStatus
import pytest
from std_msgs.msg import String

METHOD = 'RootSIFT-GeM'
SECOND = 10**9


def until_taught(peer, node, references):
    """Wait until so many references are in the map."""
    peer.until(lambda: len(node.report.references) == references)


def test_an_empty_map_cannot_be_finished_and_is_not_left(peer, build, tmp_path):
    infos = peer.listen(String, '/map_builder/map_info', latched=True)
    status = peer.status('map_builder')
    node = build()
    assert peer.call('/map_builder/stop').success
    peer.until(lambda: infos and 'no references' in json.loads(infos[-1].data)['problem'])
    values = peer.until(lambda: status() if status().get('state') == 'failed' else None)
    assert values['level'] == DiagnosticStatus.ERROR
    assert node.close()
    assert list(tmp_path.iterdir()) == []


def test_deactivated_the_map_is_saved_and_not_finished(peer, build, tmp_path):
    node = build()
    peer.drive(node, [0, 1, 2], peer.now_ns)
    assert peer.change_state('map_builder', 'deactivate')
    assert len(node.report.references) == 3
    assert peer.change_state('map_builder', 'cleanup')
    assert [path.name for path in tmp_path.iterdir()] == ['route.anyloc']
    with PlaceMap.open_to_read(tmp_path / 'route.anyloc') as place_map:
        assert len(place_map.keyframes()) == 3
        with pytest.raises(MapError, match='anyloc map finish'):
            place_map.require_finished()
    # The file exists now: create refuses it, append goes on.
    assert not peer.change_state('map_builder', 'configure')
    assert 'append' in node.problem
    assert peer.set_parameter('map_builder', 'map_mode', 'append').successful
    assert peer.change_state('map_builder', 'configure')
    assert peer.change_state('map_builder', 'activate')
    peer.until(lambda: node.inputs.poses[0].reliability == 'reliable')
    peer.drive(node, [3], peer.now_ns + 100 * SECOND)
    peer.drive(node, [4], peer.now_ns + 101 * SECOND)
    until_taught(peer, node, 5)
    assert node.report.references[-1].route == 1


@pytest.mark.parametrize(
    ('parameters', 'reason'),
    [
        ({'map_path': ''}, 'map_path is empty'),
        ({'method': 'AnyLoc-VLAD-DINOv2-L', 'weights_path': '/none'}, '/none'),
        ({'map_path': '/no/such/folder/route.anyloc'}, 'does not exist'),
        ({'pose_source': 'tf'}, 'tf2_ros'),
        ({'store_images': False, 'method': 'RootSIFT-VLAD'}, 'store_images is false'),
    ],
)
def test_what_cannot_work_fails_with_the_reason(peer, start, tmp_path, parameters, reason):
    given = {'map_path': str(tmp_path / 'route.anyloc'), 'method': METHOD} | parameters
    status = peer.status('map_builder')
    node = start(MapBuilder, **given)
    values = peer.until(lambda: status() if reason in status().get('reason', '') else None)
    assert values['level'] == DiagnosticStatus.ERROR
    assert node.phase == 'unconfigured'


@pytest.fixture
def slow(monkeypatch):
    """Give what makes a describer slow: events it sets when it begins, and waits for."""
    go_on = threading.Event()

    def make_slow(node):
        held = threading.Event()
        extractor = node.recorder.describer.extractor
        quick = extractor.extract

        def extract(images):
            held.set()
            assert go_on.wait(20)
            return quick(images)

        monkeypatch.setattr(extractor, 'extract', extract)
        return held, go_on

    yield make_slow
    go_on.set()


def test_no_reference_is_lost_while_describing_is_slow(peer, build, slow):
    node = build()
    held, go_on = slow(node)
    start_ns = peer.now_ns
    peer.drive(node, [0], start_ns)
    peer.until(held.is_set)
    peer.drive(node, range(1, 9), start_ns + SECOND)
    counts = node.mailbox.counts
    assert counts.received == 9 == counts.processed + counts.pending
    assert counts.pending >= 8
    go_on.set()
    until_taught(peer, node, 9)
    counts = node.mailbox.counts
    assert (counts.received, counts.processed, counts.dropped) == (9, 9, 0)
    # What waited was stored without a descriptor, and the finish stage makes them.
    assert node.recorder.map.undescribed()
    assert peer.call('/map_builder/stop').success
    peer.until(lambda: node.state == 'finished')
    assert not node.recorder.map.undescribed()


def test_a_full_disk_ends_the_recording_and_keeps_what_is_there(peer, build, monkeypatch):
    status = peer.status('map_builder')
    node = build()
    start_ns = peer.now_ns
    peer.drive(node, [0, 1], start_ns)
    until_taught(peer, node, 2)

    def full(*arguments):
        raise MapError('route.anyloc cannot be written: the disk is full')

    monkeypatch.setattr(node.recorder.map, 'add_keyframe', full)
    peer.drive(node, [2], start_ns + 2 * SECOND)
    values = peer.until(lambda: status() if status().get('state') == 'failed' else None)
    assert 'disk is full' in values['reason'] and values['references'] == '2'
    monkeypatch.undo()
    assert node.close()


def test_the_end_interrupts_the_finish_stage(peer, build, tmp_path, monkeypatch):
    node = build()
    peer.drive(node, [0, 1], peer.now_ns)
    until_taught(peer, node, 2)

    def endless(place_map, describer, *, progress, **settings):
        while True:
            progress('describe', 1, 2)
            node.recorder.interrupted.wait(0.05)

    monkeypatch.setattr('anyloc_ros.ros.recorder.finish', endless)
    assert peer.call('/map_builder/stop').success
    peer.until(lambda: node._progress)
    assert peer.change_state('map_builder', 'deactivate')
    assert node.state == 'idle'
    assert node.close()
    with (
        PlaceMap.open_to_read(tmp_path / 'route.anyloc') as place_map,
        pytest.raises(MapError, match='anyloc map finish'),
    ):
        place_map.require_finished()
