# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The doctor's judgement of what was seen, on made-up sights."""

from __future__ import annotations

from dataclasses import replace

from anyloc_ros.cli import image_checks, ros_checks
from anyloc_ros.cli.image_checks import lost_share
from anyloc_ros.ros.observed import Arrival, ImageTopic, Surroundings
import pytest

MB = 1_000_000
AROUND = Surroundings(
    distribution='jazzy',
    middleware='rmw_fastrtps_cpp',
    domain_id=0,
    discovery_range='SUBNET',
    nodes=('/camera',),
    topics={'/image': ('sensor_msgs/msg/Image',), '/odom': ('nav_msgs/msg/Odometry',)},
    clocks=0,
)


def arrivals(stamps_s, system_age_s=0.02, clock_age_s=None):
    """Return images that arrive when they were taken."""
    return tuple(
        Arrival(round(stamp_s * 1e9), stamp_s, system_age_s, clock_age_s) for stamp_s in stamps_s
    )


TENTHS = [100 + k / 10 for k in range(20)]
SEEN = ImageTopic(
    name='/image',
    kind='sensor_msgs/msg/Image',
    publishers=(('/camera', 'reliable'),),
    subscribed='reliable',
    duration_s=2.0,
    arrivals=arrivals(TENTHS),
    encoding='rgb8',
    size=(480, 640),
    num_bytes=640 * 480 * 3,
    frame_id='camera',
)


def test_all_is_well():
    found = [
        *ros_checks.check_surroundings(AROUND),
        *image_checks.check_presence('/image', SEEN, AROUND),
        image_checks.check_quality(SEEN),
        image_checks.check_rate(SEEN),
        *image_checks.check_image(SEEN, None),
        image_checks.check_stamps(SEEN),
    ]
    assert {finding.level for finding in found} == {'ok'}
    texts = {finding.subject: finding.text for finding in found}
    assert texts['rate'] == '10.0 Hz, longest gap 0.10 s'
    assert texts['stamps'] == '20 ms old on arrival'


@pytest.mark.parametrize(
    ('stamps_s', 'share'),
    [
        ([], 0.0),
        ([1.0], 0.0),
        ([1.0, 1.0], 0.0),
        (TENTHS, 0.0),
        # Every second pair is missing: 0 1 . . 4 5 . . 8 9
        ([0.0, 0.1, 0.4, 0.5, 0.8, 0.9], 0.4),
    ],
)
def test_lost_share(stamps_s, share):
    assert lost_share(arrivals(stamps_s)) == pytest.approx(share)


def test_lost_images_are_a_warning():
    seen = replace(SEEN, arrivals=arrivals([0.0, 0.1, 0.4, 0.5, 0.8, 0.9]))
    finding = image_checks.check_rate(seen)
    assert finding.level == 'warning' and '40% of the images are lost' in finding.text


def test_silence_is_an_error():
    for stamps_s in ([], [1.0]):
        finding = image_checks.check_rate(replace(SEEN, arrivals=arrivals(stamps_s)))
        assert finding.level == 'error' and '/camera' in finding.text


@pytest.mark.parametrize(
    ('reliability', 'num_bytes', 'level'),
    [
        ('reliable', 6 * MB, 'ok'),
        ('best_effort', 320 * 240 * 3, 'ok'),
        ('best_effort', 640 * 480 * 3, 'warning'),
    ],
)
def test_reliability(reliability, num_bytes, level):
    seen = replace(SEEN, publishers=(('/camera', reliability),), num_bytes=num_bytes)
    assert image_checks.check_quality(seen).level == level


@pytest.mark.parametrize(
    ('system_age_s', 'clock_age_s', 'level', 'part'),
    [
        (0.3, None, 'ok', '300 ms'),
        (1.5, None, 'warning', '1.5 s old on arrival'),
        (300.0, None, 'error', '5 min old: a recording without /clock'),
        (-0.5, None, 'error', '0.5 s in the future'),
        (9e7, 0.01, 'ok', 'on the time of /clock'),
        (0.01, -9e7, 'error', 'carry the time of the system'),
        (9e7, 300.0, 'error', '5 min old by /clock, 1042 days by the system'),
    ],
)
def test_ages(system_age_s, clock_age_s, level, part):
    seen = replace(SEEN, arrivals=arrivals(TENTHS, system_age_s, clock_age_s))
    finding = image_checks.check_stamps(seen)
    assert (finding.level, part in finding.text) == (level, True), finding


@pytest.mark.parametrize(
    ('stamps_s', 'level', 'part'),
    [([0.0, 0.0], 'error', 'without a stamp'), ([1.0, 2.0, 1.0], 'warning', 'go back')],
)
def test_stamps(stamps_s, level, part):
    finding = image_checks.check_stamps(replace(SEEN, arrivals=arrivals(stamps_s)))
    assert (finding.level, part in finding.text) == (level, True), finding


def test_presence():
    for seen, part in ((None, 'nobody'), (replace(SEEN, kind='x/msg/Y'), 'type x/msg/Y')):
        (finding,) = image_checks.check_presence('/image', seen, AROUND)
        assert finding.level == 'error' and part in finding.text
        assert finding.advice == 'topics of images: /image'
    two = replace(SEEN, publishers=(('/a', 'reliable'), ('/b', 'reliable')))
    assert image_checks.check_presence('/image', two, AROUND)[0].level == 'warning'
    packed = replace(SEEN, kind='sensor_msgs/msg/CompressedImage')
    (finding,) = image_checks.check_presence('/image/compressed', packed, AROUND)
    assert finding.advice == 'image_transport: compressed, image_topic:=/image'


@pytest.mark.parametrize(
    ('change', 'subject', 'level'),
    [
        ({'nodes': ()}, 'nodes', 'warning'),
        ({'discovery_range': 'LOCALHOST'}, 'reach', 'warning'),
        ({'clocks': 1}, 'clock', 'ok'),
        ({'clocks': 2}, 'clock', 'error'),
    ],
)
def test_surroundings(change, subject, level):
    found = ros_checks.check_surroundings(replace(AROUND, **change))
    assert [f.level for f in found if f.subject == subject] == [level]


@pytest.mark.parametrize(
    ('flags', 'level', 'part'),
    [
        ({'lo': 0x9, 'eth0': 0x1003}, 'ok', 'eth0'),
        ({'lo': 0x9, 'eth0': 0x1002}, 'warning', 'only the loopback'),  # down
        ({'lo': 0x9, 'tun0': 0x11}, 'warning', 'tun0'),  # without multicast
        ({'lo': 0x1009}, 'warning', 'only the loopback'),
    ],
)
def test_interfaces(flags, level, part):
    finding = ros_checks.check_interfaces(flags)
    assert (finding.level, part in finding.text) == (level, True), finding
