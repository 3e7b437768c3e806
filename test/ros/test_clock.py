# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Time as the nodes see it: simulated, set back, missing, and stamps that are none."""

from __future__ import annotations

from anyloc_ros.ros.localizer import Localizer
import pytest
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, PointCloud2

SECOND = 10**9
BEGIN_NS = 1000 * SECOND


def show(peer, node, now_ns):
    """Publish the time until the node has it."""
    message = Clock()
    message.clock.sec, message.clock.nanosec = divmod(now_ns, SECOND)

    def shown():
        peer.publish('/clock', message)
        return node.now_ns() == now_ns

    peer.until(shown)


def answered(peer, node, place, stamp_ns):
    """Publish an image and wait for its answer."""
    peer.image(place, stamp_ns)
    peer.until(lambda: node.standing.newest_ns == stamp_ns)


@pytest.fixture
def simulated(connected, taught):
    """Give an active localizer on simulated time."""
    return connected(
        Localizer,
        map_path=str(taught),
        use_sim_time=True,
        filter='none',
        consecutive_accepts=1,
    )


def test_without_a_clock_it_starts_and_says_so(peer, simulated):
    status = peer.status('localizer')
    assert peer.until(lambda: 'no /clock arrives' in status().get('reason', ''))


def test_ages_are_on_the_simulated_clock(peer, simulated):
    status = peer.status('localizer')
    show(peer, simulated, BEGIN_NS)
    answered(peer, simulated, 3, BEGIN_NS)
    values = peer.until(lambda: status() if status().get('state') == 'LOCALIZED' else None)
    assert float(values['age_ms']) == 0.0
    show(peer, simulated, BEGIN_NS + SECOND)
    values = peer.until(lambda: status() if status().get('age_ms') == '1000.000' else None)
    assert (values['state'], values['time_since_accept_s']) == ('LOCALIZED', '1.000')
    show(peer, simulated, BEGIN_NS + 10 * SECOND)
    values = peer.until(lambda: status() if status().get('state') == 'STALE' else None)
    assert values['reason'] == 'no image for 10.0 s'


def test_set_back_ages_and_poses_are_forgotten(peer, simulated):
    show(peer, simulated, BEGIN_NS)
    for step in range(3):
        peer.odometry(float(step), BEGIN_NS + step * SECOND)
    peer.until(lambda: simulated.odometer.way_m(BEGIN_NS, BEGIN_NS + 2 * SECOND) == 2.0)
    status = peer.status('localizer')
    answered(peer, simulated, 3, BEGIN_NS)
    assert peer.until(lambda: status().get('state') == 'LOCALIZED')
    show(peer, simulated, BEGIN_NS - 100 * SECOND)
    peer.until(lambda: status().get('state') == 'STALE')
    assert (status()['age_ms'], status()['time_since_accept_s']) == ('', '')
    assert simulated.odometer.way_m(BEGIN_NS, BEGIN_NS + 2 * SECOND) is None
    answered(peer, simulated, 4, BEGIN_NS - 100 * SECOND)
    assert peer.until(lambda: status().get('state') == 'LOCALIZED')


def test_a_clock_that_jumps_ahead_makes_the_place_too_old(peer, simulated):
    show(peer, simulated, BEGIN_NS)
    status = peer.status('localizer')
    answered(peer, simulated, 3, BEGIN_NS)
    peer.until(lambda: status().get('state') == 'LOCALIZED')
    later_ns = BEGIN_NS + 3600 * SECOND
    show(peer, simulated, later_ns)
    peer.until(lambda: status()['state'] == 'STALE')
    # lost_after_s is 10: nothing of an hour ago is gone on with.
    answered(peer, simulated, None, later_ns)
    values = peer.until(lambda: status() if status()['state'] == 'LOST' else None)
    assert values['time_since_accept_s'] == '3600.000'


def test_set_back_while_teaching_another_route_begins(peer, build):
    node = build(use_sim_time=True)
    show(peer, node, BEGIN_NS)
    peer.drive(node, [0, 1], BEGIN_NS)
    show(peer, node, BEGIN_NS - 50 * SECOND)
    peer.drive(node, [2, 3], BEGIN_NS - 50 * SECOND)
    peer.until(lambda: len(node.report.references) == 4)
    assert [(k.route, k.index) for k in node.report.references] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_an_image_without_a_stamp_has_the_time_of_its_arrival(peer, localizer):
    warned = []
    localizer.warn = localizer.inputs._warn = warned.append
    matches = peer.listen(PointCloud2, '/localizer/matches')
    before_ns = peer.now_ns
    peer.image(3, 0)
    peer.until(lambda: matches)
    stamp = matches[0].header.stamp
    assert before_ns <= stamp.sec * SECOND + stamp.nanosec <= peer.now_ns
    assert 'no stamp' in warned[0]


def test_no_more_images_than_the_highest_rate(peer, start, taught, monkeypatch):
    now = [100.0]
    monkeypatch.setattr('anyloc_ros.ros.inputs.time.monotonic', lambda: now[0])
    peer.publisher('image', Image)
    node = start(Localizer, map_path=str(taught), max_rate_hz=20.0)
    peer.until(
        lambda: node.phase == 'active' and node.inputs.image.reliability == 'reliable',
    )
    taken = []
    node.inputs._on_image = lambda image: taken.append(round(now[0] - 100, 3))
    # A camera of 30 Hz for a third of a second, and again after a pause.
    for number in (*range(10), 300, 301):
        now[0] = 100 + number / 30
        node.inputs._take_image('', peer.image(0, peer.now_ns))
    assert taken == [0.0, 0.067, 0.1, 0.167, 0.2, 0.267, 0.3, 10.0]
    assert node.mailbox.counts.dropped == 4
