# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Images that tell nothing, odometry that lies, memory that ends: what the localizer says."""

from __future__ import annotations

from functools import partial

from anyloc_ros.localize.recognizer import PlaceRecognizer
from anyloc_ros.ros.localizer import Localizer
from anyloc_ros.ros.matches import read_matches
from diagnostic_msgs.msg import DiagnosticStatus
import pytest
from rclpy.duration import Duration
from rclpy.qos import QoSProfile
from sensor_msgs.msg import PointCloud2

SECOND = 10**9
TENTH = SECOND // 10


@pytest.fixture
def heard(peer, localizer):
    """Give the messages of ~/matches, and the status."""
    return peer.listen(PointCloud2, '/localizer/matches'), peer.status('localizer')


def ask(peer, matches, place, stamp_ns):
    """Publish an image and return its answer."""
    before = len(matches)
    message = peer.image(place, stamp_ns)
    peer.until(lambda: len(matches) > before)
    assert matches[before].header.stamp == message.header.stamp
    return read_matches(matches[before])


@pytest.mark.parametrize(
    ('back_ns', 'reason'), [(0, 'stamps of the images stand still'), (TENTH, 'back by 0.100 s')]
)
def test_a_stamp_that_does_not_advance_is_no_fresh_image(
    peer, localizer, heard, monkeypatch, back_ns, reason
):
    monkeypatch.setattr('anyloc_ros.ros.localize_report.STALE_AFTER_S', 0.6)
    matches, status = heard
    stamp_ns = peer.now_ns
    assert ask(peer, matches, 3, stamp_ns)[0].accepted
    assert ask(peer, matches, 4, stamp_ns - back_ns) == []
    assert localizer.standing.bad_images == 1
    values = peer.until(lambda: status() if status().get('state') == 'STALE' else None)
    assert 'no newer image for' in values['reason'] and reason in values['reason']
    assert ask(peer, matches, 4, peer.now_ns)[0].accepted
    peer.until(lambda: status()['state'] == 'LOCALIZED')


def test_the_highest_age_changes_live(peer, localizer, heard):
    matches, status = heard
    ask(peer, matches, 3, peer.now_ns)
    peer.until(lambda: status().get('state') == 'LOCALIZED')
    assert peer.set_parameter('localizer', 'max_image_age_s', 0.001).successful
    peer.until(lambda: status().get('state') == 'STALE')


def test_stamps_in_the_future_are_stale_and_say_so(peer, localizer, heard):
    matches, status = heard
    ask(peer, matches, 3, peer.now_ns + 100 * SECOND)
    values = peer.until(lambda: status() if 'in the future' in status().get('reason', '') else 0)
    assert (values['state'], values['level']) == ('STALE', DiagnosticStatus.STALE)


def test_a_frozen_picture_is_refused_while_odometry_moves(peer, localizer, heard):
    matches, status = heard
    begin_ns = peer.now_ns - SECOND
    for step in range(6):
        peer.odometry(0.1 * step, begin_ns + step * TENTH)
        peer.until(lambda s=step: localizer.odometer.at(begin_ns + s * TENTH))
        answer = ask(peer, matches, 3, begin_ns + step * TENTH)
        assert bool(answer) == (step < 5)
    values = peer.until(lambda: status() if status().get('bad_images') == '1' else None)
    assert 'frozen' in values['reason']
    # Another picture, and all is well again.
    assert ask(peer, matches, 4, begin_ns + 6 * TENTH)


def test_a_picture_that_stays_is_told(peer, localizer, heard, monkeypatch):
    monkeypatch.setattr('anyloc_ros.ros.localize_report.SAME_PICTURE_S', 0.2)
    matches, status = heard
    begin_ns = peer.now_ns - SECOND
    for step in range(4):
        ask(peer, matches, 3, begin_ns + step * TENTH)
    values = peer.until(lambda: status() if status().get('same_picture_s') == '0.300' else None)
    assert values['state'] == 'LOCALIZED'
    assert values['reason'].endswith('the picture has not changed for 0.3 s')


def test_no_memory_refuses_the_image_and_the_node_lives(peer, localizer, heard, monkeypatch):
    matches, status = heard
    extractor = localizer.loaded.recognizer.describer.extractor

    def extract(*_):
        raise MemoryError

    with monkeypatch.context() as patch:
        for name in ('extract', 'locate'):
            patch.setattr(extractor, name, extract, raising=False)
        assert ask(peer, matches, 3, peer.now_ns) == []
    peer.until(lambda: 'not enough memory' in status().get('reason', ''))
    assert ask(peer, matches, 3, peer.now_ns)[0].accepted


@pytest.fixture
def given(monkeypatch):
    """Return a list of the x of odometry that was given with each image, None without."""
    given, recognize = [], PlaceRecognizer.recognize

    def spied(self, image, stamp_ns, odometry=None):
        given.append(odometry and odometry.x)
        return recognize(self, image, stamp_ns, odometry)

    monkeypatch.setattr(PlaceRecognizer, 'recognize', spied)
    return given


def test_an_image_has_the_odometry_of_its_stamp_and_none_over_a_jump(
    peer, localizer, heard, given
):
    matches, status = heard
    begin_ns = peer.now_ns - 2 * SECOND
    ask(peer, matches, 0, begin_ns - SECOND)
    poses = (0.0, 0.2, 0.4, 90.0, 90.2, 90.4)
    for step, x in enumerate(poses):
        peer.odometry(x, begin_ns + step * TENTH)
    peer.until(lambda: localizer.odometer.at(begin_ns + 5 * TENTH))
    for number, tenths in enumerate((0.5, 2, 4, 5, 6)):
        ask(peer, matches, number, begin_ns + round(tenths * TENTH))
    # Before the first pose, between two, at one, after the jump, at one, after the last.
    assert given == [None, pytest.approx(0.1), 0.4, None, 90.4, 90.4]
    assert status()['state'] != 'NO_MAP'


def test_way_and_time_since_the_match_go_on_without_images(peer, localizer, heard):
    matches, status = heard
    begin_ns = peer.now_ns
    peer.odometry(1.0, begin_ns)
    peer.until(lambda: localizer.odometer.at(begin_ns))
    assert ask(peer, matches, 3, begin_ns)[0].accepted
    for step in range(1, 4):
        peer.odometry(1.0 + 0.3 * step, begin_ns + step * TENTH // 10)
    peer.until(lambda: status().get('distance_since_accept_m') == '0.900')
    assert float(status()['time_since_accept_s']) > 0.03


@pytest.fixture
def doubtful(connected, taught):
    """Give a localizer that takes images by themselves and is lost after four without a match."""
    return connected(
        Localizer,
        map_path=str(taught),
        filter='none',
        consecutive_accepts=1,
        lost_after_frames=4,
    )


def ask_for_states(peer, node, send, count):
    """Send images and return the states and levels that the status has after each of them."""
    matches = peer.listen(PointCloud2, '/localizer/matches')
    status, begin_ns, seen = peer.status('localizer'), peer.now_ns - SECOND, []
    for step in range(count):
        send(step, begin_ns + step * TENTH // 2)
        peer.until(lambda n=step: len(matches) > n)
        state = node.standing.answer.state
        values = peer.until(lambda s=state: status() if status().get('state') == s else None)
        seen.append((state, values['level']))
        assert state == 'LOCALIZED' or values['reason']
    return seen, values['reason']


LEVELS = [
    ('SEARCHING', DiagnosticStatus.WARN),
    ('LOCALIZED', DiagnosticStatus.OK),
    ('UNCERTAIN', DiagnosticStatus.WARN),
    ('LOST', DiagnosticStatus.ERROR),
]


def test_the_states_have_their_levels_and_reasons(peer, doubtful):
    seen, _ = ask_for_states(
        peer, doubtful, lambda step, stamp_ns: peer.image(3 if step == 1 else None, stamp_ns), 8
    )
    assert list(dict.fromkeys(seen)) == LEVELS


def test_images_that_cannot_be_read_end_in_lost(peer, doubtful):
    def send(step, stamp_ns):
        message = peer.image_message(step, stamp_ns)
        if step:
            message.data = message.data[:-1]
        peer.publish('image', message)

    seen, reason = ask_for_states(peer, doubtful, send, 7)
    assert list(dict.fromkeys(seen)) == LEVELS[1:]
    assert 'bytes of data' in reason
    assert doubtful.standing.bad_images == 6


def test_a_missed_deadline_is_told_to_who_asked_for_it(peer, connected, taught):
    try:
        from rclpy.event_handler import SubscriptionEventCallbacks
    except ImportError:  # ROS 2 Humble
        from rclpy.qos_event import SubscriptionEventCallbacks
    node = connected(Localizer, map_path=str(taught), output_deadline_s=0.2)
    missed, matches = [], []
    peer.node.create_subscription(
        PointCloud2,
        '/localizer/matches',
        matches.append,
        QoSProfile(depth=1, deadline=Duration(nanoseconds=SECOND // 5)),
        event_callbacks=SubscriptionEventCallbacks(deadline=missed.append),
    )
    peer.until(partial(peer.node.count_publishers, '/localizer/matches'))
    ask(peer, matches, 3, peer.now_ns)
    peer.until(lambda: missed and node.answers.deadlines_missed)
    status = peer.status('localizer')
    peer.until(lambda: int(status().get('deadlines_missed', 0)) >= 1)
