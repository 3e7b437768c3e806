# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Recorded runs played over DDS: everything arrives, every answer is found, silence is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
import math
from threading import Event, Thread
import time
from types import SimpleNamespace

from anyloc_ros.errors import AnyLocError, ImageError
from anyloc_ros.io.samples import ImageSample, PoseSample
from anyloc_ros.pose import GeoPoint, Pose
import numpy as np
import pytest

BEGAN_NS = 1_700_000_000_123_456_789
STEP_NS = 250_000_000
TIMEOUT_S = 20.0


class Run:
    """A recorded run made of given samples."""

    name = 'run'
    has_stamps = True

    def __init__(self, *samples: ImageSample | PoseSample, calibration: object = None) -> None:
        self._samples = samples
        self.calibration = calibration
        self.has_poses = any(isinstance(sample, PoseSample) for sample in samples)

    def __len__(self) -> int:
        return sum(isinstance(sample, ImageSample) for sample in self._samples)

    def samples(self) -> Iterator[ImageSample | PoseSample]:
        return iter(self._samples)


def picture(place: int) -> np.ndarray:
    return np.random.default_rng(place).integers(0, 255, (6, 8, 3), np.uint8)


def image(
    number: int,
    *,
    stamp_ns: int | None = None,
    encoded: bytes | None = None,
    decode: Callable[[], np.ndarray] | None = None,
) -> ImageSample:
    at_ns = BEGAN_NS + number * STEP_NS if stamp_ns is None else stamp_ns
    return ImageSample(at_ns, f'{number}.png', 'cam', encoded, decode or partial(picture, number))


def damaged() -> np.ndarray:
    raise ImageError('too short')


def stamp_ns(message) -> int:
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


@contextmanager
def in_background(peer) -> Iterator[None]:
    """Have the executor of a peer go on in a thread, for the player occupies this one."""
    ended = Event()

    def spin() -> None:
        while not ended.is_set():
            peer.executor.spin_once(timeout_sec=0.05)

    thread = Thread(target=spin)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def robot(peer, answers: Callable[[int], bool] = lambda number: True) -> Iterator[dict[str, list]]:
    """
    Give what a node `robot` hears while it answers with an empty cloud.

    :param answers: whether it answers the image of this number.
    """
    from nav_msgs.msg import Odometry
    from rosgraph_msgs.msg import Clock
    from sensor_msgs.msg import CameraInfo, CompressedImage, Image, NavSatFix, PointCloud2

    heard: dict[str, list] = {}
    publisher = peer.node.create_publisher(PointCloud2, '/robot/matches', 10)

    def on_image(message) -> None:
        heard['image'].append(message)
        if answers(len(heard['image']) - 1):
            # The player knows of this publisher, which may not know of the player yet.
            end_s = time.monotonic() + TIMEOUT_S
            while not publisher.get_subscription_count() and time.monotonic() < end_s:
                time.sleep(0.01)
            publisher.publish(PointCloud2(header=message.header))

    for topic, kind in (
        ('image', Image),
        ('image/compressed', CompressedImage),
        ('odom', Odometry),
        ('fix', NavSatFix),
        ('camera_info', CameraInfo),
        ('/clock', Clock),
    ):
        key = topic.partition('/')[0] or 'clock'
        got = heard.setdefault(key, [])
        callback = on_image if key == 'image' else got.append
        peer.node.create_subscription(kind, topic, callback, 100)
    with in_background(peer):
        yield heard


def played(peer, run: Run, pace, *, clock: bool = False, answer_s: float = TIMEOUT_S, **options):
    """Play a run to a robot and return what became of it and what the robot heard."""
    from anyloc_ros.ros.remote import Remote
    from anyloc_ros.ros.replay import Player

    with robot(peer, **options) as heard, Remote('robot') as remote:
        player = Player(remote, run, answers='matches', clock=clock)
        player.connect(TIMEOUT_S)
        outcome = player.play(pace, answer_s=answer_s)
        images = len(run) - len(outcome.unreadable)
        remote.wait(lambda: len(heard['image']) == images, TIMEOUT_S, 'an image is lost')
    return outcome, heard


@pytest.fixture
def lock_step(ros):
    from anyloc_ros.ros.pace import LOCK_STEP

    return LOCK_STEP


def test_pixels_and_stamps_arrive_as_recorded(peer, lock_step):
    outcome, heard = played(peer, Run(*map(image, range(5))), lock_step)
    assert [stamp_ns(message) for message in heard['image']] == [
        BEGAN_NS + number * STEP_NS for number in range(5)
    ]
    for number, message in enumerate(heard['image']):
        assert (message.encoding, message.step, message.header.frame_id) == ('rgb8', 24, 'cam')
        assert bytes(message.data) == picture(number).tobytes()
    assert sorted(outcome.answers) == [0, 1, 2, 3, 4]
    assert (outcome.images, outcome.sent, outcome.dropped) == (5, 5, 0)
    assert all(0 < answer.latency_s < TIMEOUT_S for answer in outcome.answers.values())


def test_files_travel_as_they_are_and_other_images_without_loss(peer, lock_step):
    from anyloc_ros.io.decode import decode_compressed

    run = Run(image(0, encoded=b'\xff\xd8 whatever a camera wrote'), image(1))
    _, heard = played(peer, run, lock_step)
    first, second = heard['image']
    assert (first.format, bytes(first.data)) == ('jpeg', b'\xff\xd8 whatever a camera wrote')
    assert second.format == 'png'
    np.testing.assert_array_equal(decode_compressed(bytes(second.data)), picture(1))


def test_poses_and_calibration_arrive_before_their_image(peer, lock_step):
    calibration = SimpleNamespace(
        width=8, height=6, distortion_model='plumb_bob', d=np.arange(5.0), k=np.arange(9.0),
        r=np.eye(3).ravel(), p=np.arange(12.0),
    )  # fmt: skip
    run = Run(
        PoseSample(BEGAN_NS, Pose.from_xy_yaw(1.0, 2.0, math.pi / 2, 3.0), 'world'),
        image(0),
        PoseSample(BEGAN_NS + STEP_NS, Pose(4.0, 5.0)),
        image(1),
        calibration=calibration,
    )
    _, heard = played(peer, run, lock_step, clock=True)
    first, second = heard['odom']
    assert (first.header.frame_id, second.header.frame_id) == ('world', 'odom')
    assert (stamp_ns(first), stamp_ns(second)) == (BEGAN_NS, BEGAN_NS + STEP_NS)
    position, turn = first.pose.pose.position, first.pose.pose.orientation
    assert (position.x, position.y, position.z) == (1.0, 2.0, 3.0)
    assert (turn.x, turn.y) == (0.0, 0.0)
    assert turn.z == pytest.approx(math.sqrt(0.5))
    assert turn.w == pytest.approx(math.sqrt(0.5))
    # No orientation is a quaternion of zeros, which every reader here takes for unknown.
    turn = second.pose.pose.orientation
    assert (turn.x, turn.y, turn.z, turn.w) == (0.0, 0.0, 0.0, 0.0)
    info = heard['camera_info'][0]
    assert (stamp_ns(info), info.header.frame_id) == (BEGAN_NS, 'cam')
    assert (info.width, info.height, info.distortion_model) == (8, 6, 'plumb_bob')
    assert list(info.d) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert list(info.p) == list(range(12))
    clocks = [message.clock.sec * 10**9 + message.clock.nanosec for message in heard['clock']]
    assert clocks == sorted(set(clocks))
    assert set(clocks) <= {BEGAN_NS, BEGAN_NS + STEP_NS}


def test_geographic_points_are_fixes(peer, lock_step):
    run = Run(PoseSample(BEGAN_NS, GeoPoint(55.5, 13.25, 7.0), 'gps'), image(0))
    _, heard = played(peer, run, lock_step)
    (fix,) = heard['fix']
    assert (fix.latitude, fix.longitude, fix.altitude) == (55.5, 13.25, 7.0)
    assert fix.status.status >= 0


def test_zero_is_no_stamp_in_a_message(peer, lock_step):
    run = Run(image(0, stamp_ns=0), image(1, stamp_ns=100))
    run.has_stamps = False
    outcome, heard = played(peer, run, lock_step)
    assert [stamp_ns(message) for message in heard['image']] == [10**9, 10**9 + 100]
    assert sorted(outcome.answers) == [0, 1]


def test_an_image_that_cannot_be_read_is_told_and_the_others_keep_their_numbers(peer, lock_step):
    run = Run(image(0), image(1, decode=damaged), image(2), image(3, decode=damaged))
    outcome, heard = played(peer, run, lock_step)
    assert outcome.unreadable == {1: 'too short', 3: 'too short'}
    assert sorted(outcome.answers) == [0, 2]
    assert (outcome.images, outcome.sent, outcome.dropped) == (4, 2, 0)
    assert len(heard['image']) == 2


def test_images_that_share_a_stamp_are_answered_each(peer, lock_step):
    run = Run(*(image(number, stamp_ns=BEGAN_NS) for number in range(3)))
    outcome, _ = played(peer, run, lock_step)
    assert sorted(outcome.answers) == [0, 1, 2]


def test_a_rate_is_kept_and_what_is_not_answered_is_dropped(peer):
    from anyloc_ros.ros.pace import Pace

    began_s = time.monotonic()
    outcome, _ = played(
        peer, Run(*map(image, range(11))), Pace(rate_hz=20.0),
        answers=lambda number: number % 2 == 0,
    )  # fmt: skip
    assert time.monotonic() - began_s >= 10 / 20
    assert sorted(outcome.answers) == [0, 2, 4, 6, 8, 10]
    assert (outcome.sent, outcome.dropped) == (11, 5)


def test_poses_long_before_the_first_image_are_not_waited_for(peer):
    from anyloc_ros.ros.pace import Pace

    early = PoseSample(BEGAN_NS - 3600 * 10**9, Pose(1.0, 2.0))
    outcome, heard = played(peer, Run(early, image(0), image(1)), Pace(speed=1.0))
    assert (outcome.dropped, len(heard['odom'])) == (0, 1)


def test_speed_is_measured_in_time_of_the_recording(ros):
    from anyloc_ros.ros.pace import LOCK_STEP, Pace

    assert Pace(speed=5.0).due_s(3, 2.5) == 0.5
    assert Pace(rate_hz=5.0).due_s(3, 2.5) == 0.6
    assert LOCK_STEP.due_s(3, 2.5) == 0.0
    assert LOCK_STEP.is_lock_step
    assert [str(pace) for pace in (LOCK_STEP, Pace(rate_hz=5), Pace(speed=2))] == [
        'lock-step', '5 images per second', '2 times real time',
    ]  # fmt: skip


def test_lock_step_names_the_image_that_is_not_answered(peer, lock_step):
    run = Run(*map(image, range(3)))
    with pytest.raises(
        AnyLocError, match=r'/matches for image 2 of run \(1\.png at 17000'
    ) as seen:
        played(peer, run, lock_step, answer_s=1.5, answers=lambda number: number == 0)
    assert '1.5 s' in str(seen.value)


def test_nobody_listens(ros):
    from anyloc_ros.ros.remote import Remote
    from anyloc_ros.ros.replay import Player

    with Remote('nobody') as remote:
        player = Player(remote, Run(image(0)), answers='matches')
        with pytest.raises(AnyLocError, match='nobody does not subscribe reliably to /image with'):
            player.connect(0.3)


def test_waiting_ends_when_the_check_raises(ros):
    from anyloc_ros.ros.remote import Remote

    def check() -> None:
        raise AnyLocError('it has ended')

    with Remote('nobody', check) as remote, pytest.raises(AnyLocError, match='it has ended'):
        remote.trigger('stop')


def test_every_place_is_found_by_a_localizer(peer, start, taught, lock_step):
    from anyloc_ros.ros.localizer import Localizer
    from anyloc_ros.ros.remote import Remote
    from anyloc_ros.ros.replay import Player

    given = {'pose_source': 'none', 'autostart': False, 'filter': 'none'}  # no drive, but places
    start(Localizer, map_path=str(taught), **given)
    places = [7, 0, 3, 9]
    run = Run(*(image(i, decode=partial(peer.scene, place)) for i, place in enumerate(places)))
    with in_background(peer), Remote('localizer') as remote:
        player = Player(remote, run, answers='matches')
        remote.start()
        player.connect(TIMEOUT_S)
        outcome = player.play(lock_step)
    best = [outcome.answers[number].matches[0].reference_id for number in range(4)]
    assert best == places


@pytest.mark.parametrize('lost', ['request', 'response'])
def test_what_is_lost_on_the_way_is_asked_for_again(peer, lost):
    """A service may be discovered by who does not discover its client: DDS loses one of both."""
    from anyloc_ros.ros.qos import LATCHED
    from anyloc_ros.ros.remote import Remote
    from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
    from lifecycle_msgs.srv import ChangeState, GetState

    state, asked = 1, []  # unconfigured

    def change(request, response):
        nonlocal state
        asked.append(request.transition.id)
        if not (lost == 'request' and asked == [1]):
            response.success = True
            state += 1
        return response

    def tell(request, response):
        response.current_state.id = state
        return response

    service = peer.node.create_service(ChangeState, '/robot/change_state', change)
    send = service.send_response
    service.send_response = lambda *answer: None if asked == [1] else send(*answer)
    peer.node.create_service(GetState, '/robot/get_state', tell)
    status = peer.node.create_publisher(DiagnosticArray, '/robot/status', LATCHED)
    beat = DiagnosticArray(status=[DiagnosticStatus()])
    peer.node.create_timer(0.05, lambda: status.publish(beat))
    with in_background(peer), Remote('robot') as remote:
        remote.start(TIMEOUT_S)
    configure, activate = 1, 3
    again = [configure] if lost == 'request' else []
    assert asked == [configure, *again, activate]
    assert state == 3  # active


def test_a_node_that_cannot_start_says_why(peer, start, tmp_path):
    from anyloc_ros.ros.localizer import Localizer
    from anyloc_ros.ros.remote import Remote

    start(Localizer, map_path=str(tmp_path / 'missing.anyloc'), autostart=False)
    with (
        in_background(peer),
        Remote('localizer') as remote,
        pytest.raises(AnyLocError, match=r'localizer cannot start: .*missing\.anyloc'),
    ):
        remote.start()
