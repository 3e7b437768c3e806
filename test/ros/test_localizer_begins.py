# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""When the localizer begins anew, and where: services, initialpose, start_index, pauses."""

from __future__ import annotations

import re
import threading
from typing import ClassVar

from anyloc_ros.localize.recognizer import PlaceRecognizer
from anyloc_ros.pose import Pose
from anyloc_ros.ros.localizer import Localizer
from anyloc_ros.ros.matches import read_matches
from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
import pytest
from sensor_msgs.msg import PointCloud2
from std_srvs.srv import SetBool


@pytest.fixture
def begun(monkeypatch):
    """Return a list of how recognizers were told to begin; they do as told."""
    calls, deep = [], []

    def spied(name):
        told = getattr(PlaceRecognizer, name)

        def call(self, *arguments):
            if not deep:  # what it does to do so is its own affair
                calls.append((name, *arguments))
            deep.append(name)
            try:
                return told(self, *arguments)
            finally:
                deep.pop()

        monkeypatch.setattr(PlaceRecognizer, name, call)

    for name in ('forget', 'start_at', 'start_near'):
        spied(name)
    return calls


def told(begun, *names):
    """Return the calls of these names."""
    return [call for call in begun if call[0] in names]


@pytest.fixture
def status(peer, localizer):
    """Give the newest status of a localizer that has answered an image."""
    newest = peer.status('localizer')
    peer.image(3, peer.now_ns)
    peer.until(lambda: newest().get('state') == 'LOCALIZED')
    return newest


def state(peer, status, wanted, reason):
    """Wait for a state with a reason."""
    return peer.until(
        lambda: (
            status() if status().get('state') == wanted and reason in status()['reason'] else None
        )
    )


def test_relocalize_forgets_at_once_while_the_worker_is_busy(
    peer, localizer, status, begun, monkeypatch
):
    matches = peer.listen(PointCloud2, '/localizer/matches')
    go_on = threading.Event()
    recognizer = localizer.loaded.recognizer
    quick = recognizer.recognize

    def recognize(*arguments):
        assert go_on.wait(20)
        return quick(*arguments)

    monkeypatch.setattr(recognizer, 'recognize', recognize)
    peer.image(4, peer.now_ns)
    peer.until(lambda: localizer.mailbox.counts.pending and not localizer.mailbox.waiting)
    answer = peer.call('/localizer/relocalize')
    assert answer.success and 'forgotten' in answer.message
    assert not go_on.is_set() and not told(begun, 'forget')
    state(peer, status, 'SEARCHING', '~/relocalize')
    go_on.set()
    # The image of before is answered, but nothing is accepted by what was to be forgotten.
    peer.until(lambda: matches)
    assert read_matches(matches[0])[0].reference_id == 4
    assert not any(match.accepted for match in read_matches(matches[0]))
    peer.until(lambda: told(begun, 'forget'))
    assert status()['state'] == 'SEARCHING'
    peer.image(5, peer.now_ns)
    peer.until(lambda: len(matches) == 2)
    assert read_matches(matches[1])[0].accepted


def test_not_active_it_does_not_relocalize(peer, start, taught):
    start(Localizer, map_path=str(taught), autostart=False)
    answer = peer.call('/localizer/relocalize')
    assert not answer.success
    assert 'unconfigured' in answer.message


def test_a_loaded_map_is_begun_anew(peer, localizer, status):
    before = localizer.loaded.recognizer
    assert peer.call('/localizer/load_map').success
    state(peer, status, 'SEARCHING', 'a map was loaded')
    assert localizer.loaded.recognizer is not before


def test_after_a_pause_the_robot_may_be_elsewhere(peer, localizer, status, begun):
    assert peer.call('/localizer/enable', SetBool, data=True).success
    assert not begun and status()['state'] == 'LOCALIZED'
    assert peer.call('/localizer/enable', SetBool, data=False).success
    state(peer, status, 'STALE', 'disabled')
    assert peer.call('/localizer/enable', SetBool, data=True).success
    state(peer, status, 'SEARCHING', 'enabled again')
    peer.until(lambda: told(begun, 'forget'))


def test_activated_again_it_has_forgotten(peer, localizer, status, begun):
    assert peer.change_state('localizer', 'deactivate')
    assert told(begun, 'forget')
    assert peer.change_state('localizer', 'activate')
    state(peer, status, 'STALE', '/image')


def test_stamps_that_go_back_far_are_a_clock_set_back(peer, localizer, status, begun):
    matches = peer.listen(PointCloud2, '/localizer/matches')
    peer.image(4, peer.now_ns - 100 * 10**9)
    peer.until(lambda: matches)
    assert read_matches(matches[0])[0].accepted
    peer.until(lambda: told(begun, 'forget'))
    state(peer, status, 'STALE', '100.')


def test_it_begins_at_the_start_index(peer, start, taught, begun):
    node = start(Localizer, map_path=str(taught), start_index=4)
    peer.until(lambda: node.phase == 'active')
    assert told(begun, 'start_at') == [('start_at', 4, 0)]
    assert begun[-1] == ('start_at', 4, 0)


def test_a_start_index_that_is_not_on_the_map_is_refused(peer, start, taught):
    node = start(Localizer, map_path=str(taught), start_index=10)
    status = peer.status('localizer')
    peer.until(lambda: '10' in status().get('reason', ''))
    assert (status()['state'], node.phase) == ('NO_MAP', 'unconfigured')


# initialpose


def initial_pose(x, y, *, frame_id='map', variance=0.25):
    """Return the message of RViz."""
    message = PoseWithCovarianceStamped()
    message.header.frame_id = frame_id
    message.pose.pose.position.x, message.pose.pose.position.y = x, y
    message.pose.pose.orientation.w = 1.0
    covariance = np.zeros((6, 6))
    covariance[0, 0], covariance[1, 1] = variance, variance / 4
    message.pose.covariance = covariance.ravel()
    return message


@pytest.fixture
def give(peer, localizer, status):
    """Give what publishes an initialpose and waits for what is said of it."""
    peer.publisher('initialpose', PoseWithCovarianceStamped)
    peer.until(lambda: peer._publishers['initialpose'].get_subscription_count())

    def publish(*arguments, **fields):
        before = status()['request']
        peer.publish('initialpose', initial_pose(*arguments, **fields))
        peer.until(lambda: status()['request'] != before)
        return status()['request']

    return publish


def test_it_begins_near_an_initial_pose(peer, status, begun, give):
    assert 'begun near (6.0, 0.5)' in give(6.0, 0.5, variance=4.0)
    assert told(begun, 'start_near') == [('start_near', 6.0, 0.5, 2.0)]
    state(peer, status, 'SEARCHING', 'initialpose')


def test_nobody_knows_better_than_a_step_of_the_map(begun, give):
    give(6.0, 0.5, variance=0.0)
    assert told(begun, 'start_near') == [('start_near', 6.0, 0.5, 1.0)]


@pytest.mark.parametrize(
    ('fields', 'reason'),
    [
        ({'x': 900.0}, 'refused'),
        ({'x': float('nan')}, 'finite'),
        ({'variance': float('inf')}, 'finite'),
        ({'variance': -1.0}, 'negative'),
        ({'frame_id': ''}, "no frame_id, expected 'map'"),
        ({'frame_id': 'odom'}, "frame is 'odom', not 'map'.*tf2_ros"),
    ],
)
def test_one_that_cannot_be_used_is_refused_with_a_reason(status, begun, give, fields, reason):
    fields = {'x': 6.0, 'y': 0.0} | fields
    assert re.search(reason, give(fields.pop('x'), fields.pop('y'), **fields))
    assert not told(begun, 'forget')
    assert status()['state'] == 'LOCALIZED'


@pytest.fixture
def tf2_ros(monkeypatch):
    """Put a module that knows one transform in the place of tf2_ros."""
    from geometry_msgs.msg import TransformStamped

    class StandIn:
        class TransformException(Exception):
            pass

        known: ClassVar = {}
        listening = 0

        class Buffer:
            def lookup_transform(self, target, source, time):
                if (target, source) not in StandIn.known:
                    raise StandIn.TransformException('unknown')
                return StandIn.known[target, source]

        class TransformListener:
            def __init__(self, buffer, node):
                StandIn.listening += 1

            def unregister(self):
                StandIn.listening -= 1

    turned = Pose.from_xy_yaw(5.0, -2.0, np.pi / 2)
    transform = TransformStamped()
    move, turn = transform.transform.translation, transform.transform.rotation
    move.x, move.y, move.z = turned.position
    turn.x, turn.y, turn.z, turn.w = turned.quaternion
    StandIn.known['map', 'site'] = transform
    monkeypatch.setattr('anyloc_ros.ros.transforms.require_tf2', lambda name: StandIn)
    return StandIn


def test_one_in_another_frame_is_transformed(begun, give, tf2_ros):
    # 2 m along x of a frame that is turned left are 2 m along y of the map.
    assert 'begun near (5.0, 0.0)' in give(2.0, 0.0, frame_id='site')
    (call,) = told(begun, 'start_near')
    assert call[1:3] == pytest.approx((5.0, 0.0))
    assert tf2_ros.listening == 0


def test_one_in_a_frame_that_is_not_known_is_refused(begun, give, tf2_ros, monkeypatch):
    monkeypatch.setattr('anyloc_ros.ros.transforms.TransformOnce.PATIENCE_S', 0.1)
    assert "no transform from its frame 'moon' to 'map'" in give(2.0, 0.0, frame_id='moon')
    assert not told(begun, 'start_near')
    assert tf2_ros.listening == 0


def test_not_active_it_is_refused(peer, localizer, give, status):
    assert peer.change_state('localizer', 'deactivate')
    assert 'the node is inactive' in give(2.0, 0.0)
