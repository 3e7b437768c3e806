# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The localizer and its map: loaded, refused, exchanged, and taught with another camera."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from anyloc_ros.config import DescribeConfig, TeachConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.teach import open_for_teaching, TeachSession
from anyloc_ros.ros.localizer import Localizer
from anyloc_ros.ros.matches import read_matches
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, PointCloud2


def test_another_map_is_loaded_live_and_a_bad_one_refused(peer, localizer, taught, tmp_path):
    copy = tmp_path / 'copy.anyloc'
    copy.write_bytes(taught.read_bytes())
    assert peer.set_parameter('localizer', 'map_path', str(tmp_path / 'no.anyloc')).successful
    refused = peer.call('/localizer/load_map')
    assert not refused.success
    assert 'not found' in refused.message and 'map before' in refused.message
    assert localizer.loaded.path == taught
    assert peer.set_parameter('localizer', 'map_path', str(copy)).successful
    assert peer.call('/localizer/load_map').success
    assert localizer.loaded.path == copy
    matches = peer.listen(PointCloud2, '/localizer/matches')
    peer.image(4, peer.now_ns)
    peer.until(lambda: matches)
    assert read_matches(matches[0])[0].reference_id == 4


def unfinished(path):
    """Make a map that was recorded and not finished."""
    describer = build_describer(DescribeConfig(method='RootSIFT-VLAD'))
    config = TeachConfig()
    with (
        open_for_teaching(path, describer, asdict(describer.config), config) as place_map,
        TeachSession(place_map, describer, config) as session,
    ):
        session.begin_route()
        session.add_image(1, partial(np.zeros, (64, 64, 3), np.uint8))


def foreign(path):
    """Make a file that is no map."""
    path.write_bytes(b'no map at all' * 100)


@pytest.mark.parametrize(
    ('make', 'method', 'reason'),
    [
        (lambda path: None, '', 'not found'),
        (foreign, '', 'no map of anyloc'),
        (unfinished, '', 'anyloc map finish'),
        (None, 'AnyLoc-VLAD-DINOv2-L', "method 'RootSIFT-GeM', expected 'AnyLoc-VLAD-DINOv2-L'"),
    ],
    ids=['missing', 'foreign', 'unfinished', 'other method'],
)
def test_a_wrong_map_fails_and_a_good_one_works_later(
    peer, start, taught, tmp_path, make, method, reason
):
    path = taught if make is None else tmp_path / 'wrong.anyloc'
    if make is not None:
        make(path)
    node = start(Localizer, map_path=str(path), method=method)
    status = peer.status('localizer')
    values = peer.until(lambda: status() if reason in status().get('reason', '') else None)
    assert (values['state'], values['level']) == ('NO_MAP', DiagnosticStatus.ERROR)
    assert node.phase == 'unconfigured'
    assert not peer.change_state('localizer', 'configure')
    assert peer.set_parameter('localizer', 'map_path', str(taught)).successful
    assert peer.set_parameter('localizer', 'method', '').successful
    assert peer.change_state('localizer', 'configure')
    assert peer.change_state('localizer', 'activate')
    matches = peer.listen(PointCloud2, '/localizer/matches')
    peer.image(4, peer.now_ns)
    peer.until(lambda: matches)


def test_deactivated_it_is_silent_and_cleaned_up_it_has_no_map(peer, localizer):
    assert peer.change_state('localizer', 'deactivate')
    status = peer.status('localizer')
    peer.until(lambda: status().get('reason') == 'the node is inactive')
    assert not peer.node.count_subscribers('image')
    assert peer.change_state('localizer', 'activate')
    peer.until(lambda: peer.node.count_subscribers('image'))
    assert peer.change_state('localizer', 'deactivate')
    assert peer.change_state('localizer', 'cleanup')
    assert localizer.loaded is None
    peer.until(lambda: status().get('state') == 'NO_MAP')


def test_another_camera_is_warned_of(peer, start, taught, tmp_path, caplog):
    path = tmp_path / 'camera.anyloc'
    path.write_bytes(taught.read_bytes())
    with PlaceMap.open_to_write(path) as place_map, place_map.transaction():
        camera = {'frame_id': 'left', 'encoding': 'bgr8', 'height': 120, 'width': 640}
        place_map.set_meta('camera', camera)
        place_map.set_meta('camera_info', {'height': 120, 'width': 640, 'd': [], 'k': [0.0] * 9})
    warned = []
    node = start(Localizer, map_path=str(path))
    node.warn = warned.append
    peer.until(lambda: node.phase == 'active')
    peer.publish('camera_info', CameraInfo(height=120, width=160))
    peer.image(3, peer.now_ns)
    peer.until(lambda: len(warned) >= 4)
    told = '\n'.join(warned)
    for text in ("frame_id 'left', now it is 'camera'", "encoding 'bgr8'", 'width 640, now it is'):
        assert text in told
    assert 'height' not in told
