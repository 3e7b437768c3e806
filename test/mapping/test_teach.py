# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""From images and poses in the order they arrive to references."""

from functools import partial
import math

from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import ImageError, MapError
from anyloc_ros.mapping.geodesy import Datum
from anyloc_ros.mapping.images import decode_image, encode_image
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.teach import TeachSession
from anyloc_ros.pose import GeoPoint, Pose, UtmPoint
import numpy as np
import pytest

S = 10**9


@pytest.fixture
def session(create, describer):
    """Return what opens a session with a begun route on a new map."""
    maps = []

    def start(fake=None, every_image=False, **config):
        fake = fake or describer()
        maps.append(create(f'{len(maps)}.anyloc', fake))
        made = TeachSession(maps[-1], fake, TeachConfig(**config), every_image=every_image)
        made.begin_route()
        return made, maps[-1]

    yield start
    for place_map in maps:
        place_map.close()


def at_x(x):
    return Pose.from_xy_yaw(x, 0.0, 0.0)


def bad():
    raise ImageError('image/compressed: JPEG ends early')


def test_references_lie_where_the_robot_was_at_the_stamp_of_the_image(session, picture):
    made, place_map = session(keyframe_distance_m=0.5)
    # 10 Hz poses at 1 m/s, images between them: references are at 0.05, 0.55 and 1.05 m.
    for tick in range(13):
        made.add_pose(tick * S // 10, at_x(tick / 10))
        made.add_image(tick * S // 10 + S // 20, partial(picture, tick))
    made.end_route()
    keyframes = place_map.keyframes()
    assert [keyframe.pose.x for keyframe in keyframes] == pytest.approx([0.05, 0.55, 1.05])
    assert [keyframe.stamp_ns for keyframe in keyframes] == [S // 20, 11 * S // 20, 21 * S // 20]
    assert [keyframe.odometry_m for keyframe in keyframes] == pytest.approx([0.05, 0.55, 1.05])
    assert [(keyframe.id, keyframe.route, keyframe.index) for keyframe in keyframes] == [
        (0, 0, 0),
        (1, 0, 1),
        (2, 0, 2),
    ]
    counters = made.counters
    assert (counters.images, counters.keyframes, counters.waiting) == (13, 3, 0)
    # The last image lies behind the last pose.
    assert counters.without_pose == {'no pose': 1}


def test_an_image_waits_for_the_pose_after_it(session, picture):
    made, place_map = session()
    made.add_pose(0, at_x(0))
    made.add_image(S // 20, partial(picture, 0))
    assert made.counters.waiting == 1 and place_map.keyframes() == []
    made.add_pose(S // 10, at_x(1))
    assert made.counters.waiting == 0
    assert place_map.keyframes()[0].pose.x == pytest.approx(0.5)


def test_an_image_waits_no_longer_than_a_pose_can_be_late(session, picture):
    made, _ = session(pose_max_gap_s=0.2)
    made.add_image(0, partial(picture, 0))
    made.add_image(round(1.2 * S), partial(picture, 1))
    assert (made.counters.waiting, made.counters.keyframes) == (2, 0)
    made.add_image(round(1.2 * S) + 1, partial(picture, 2))
    assert (made.counters.waiting, made.counters.keyframes) == (2, 1)


def test_the_queue_is_bounded_and_loses_nothing(session, picture):
    made, place_map = session(keyframe_period_s=0.0)
    # Stamps that hardly move; 250 images for each of the 1.2 s that a pose may be late.
    for i in range(400):
        made.add_image(i, partial(picture, i % 3))
    assert made.counters.waiting == 300
    made.end_route()
    assert [keyframe.stamp_ns for keyframe in place_map.keyframes()] == list(range(400))


@pytest.mark.parametrize(
    ('image_hz', 'pose_hz', 'offset_s', 'gap_s'),
    [(10, 10, -2.0, 0.2), (10, 10, -10.0, 0.2), (10, 10, 10.0, 0.2), (60, 1, 0.0, 1.5)],
)
def test_no_pose_that_comes_is_missed(session, picture, image_hz, pose_hz, offset_s, gap_s):
    made, place_map = session(
        every_image=True, pose_time_offset_s=offset_s, pose_max_gap_s=gap_s, store_images=False
    )
    poses = [(tick * S // pose_hz, 0, tick / pose_hz) for tick in range(-10, 16 * pose_hz)]
    images = [(tick * S // image_hz, 1, None) for tick in range(5 * image_hz)]
    for stamp_ns, is_image, x in sorted(poses + images, key=lambda sample: sample[:2]):
        if is_image:
            made.add_image(stamp_ns, partial(picture, 0))
        else:
            made.add_pose(stamp_ns, at_x(x))
    made.end_route()
    # A pose of 1 m/s was stamped `offset_s` before the image that it is for.
    first_s = max(-10 / pose_hz + offset_s, 0.0)
    known = [keyframe for keyframe in place_map.keyframes() if keyframe.pose is not None]
    assert len(known) == max(0, sum(tick / image_hz >= first_s for tick in range(5 * image_hz)))
    for keyframe in known:
        assert keyframe.pose.x == pytest.approx(keyframe.stamp_ns / S - offset_s, abs=1e-6)


def test_a_clock_set_back_keeps_no_image_waiting(session, picture):
    made, place_map = session()
    made.add_image(1000 * S, partial(picture, 0))
    made.add_image(5 * S, partial(picture, 1))
    assert made.counters.waiting == 1
    made.end_route()
    assert [keyframe.stamp_ns for keyframe in place_map.keyframes()] == [1000 * S, 5 * S]


def test_only_references_are_decoded(session, picture):
    made, _ = session(keyframe_distance_m=5.0)
    decoded = []

    def decode(second):
        decoded.append(second)
        return picture(second)

    for second in range(11):
        made.add_pose(second * S, at_x(second))
        made.add_image(second * S, partial(decode, second))
    assert decoded == [0, 5, 10]


def test_bad_images_are_counted_and_the_next_image_takes_their_place(session, picture):
    made, place_map = session(keyframe_distance_m=1.0)
    for half in range(6):
        made.add_pose(half * S // 2, at_x(half / 2))
        made.add_image(half * S // 2, bad if half == 2 else partial(picture, half))
    assert [keyframe.pose.x for keyframe in place_map.keyframes()] == [0.0, 1.5, 2.5]
    assert made.counters.bad_images == 1
    (event,) = place_map.events()
    assert (event.stamp_ns, event.level) == (S, 'warning')
    assert event.text == 'bad image: image/compressed: JPEG ends early'


def test_a_flood_of_bad_images_does_not_fill_the_map(session):
    made, place_map = session()
    for i in range(500):
        made.add_image(i, bad)
    made.end_route()
    assert made.counters.bad_images == 500 and made.counters.keyframes == 0
    assert len(place_map.events()) == 4
    assert place_map.events()[-1].text == "500 of the kind 'bad image' on route 0"


def test_a_forced_reference(session, picture):
    made, place_map = session()
    for second in range(6):
        made.add_pose(second * S, at_x(0.0))
        if second in (2, 4):
            made.force_keyframe()
        # The forced image at 4 s is bad: the one after it is taken.
        made.add_image(second * S, bad if second == 4 else partial(picture, second))
    assert [keyframe.stamp_ns // S for keyframe in place_map.keyframes()] == [0, 2, 5]


def test_every_image(session, picture):
    made, place_map = session(every_image=True)
    for i in range(5):
        made.add_image(i, partial(picture, 0))
    made.end_route()
    assert len(place_map.keyframes()) == 5
    assert {keyframe.pose for keyframe in place_map.keyframes()} == {None}


def test_poses_that_cannot_be_and_jumps_are_counted_and_noted(session):
    made, place_map = session()
    made.add_pose(0, at_x(0))
    made.add_pose(S, Pose(math.nan, 0.0))
    made.add_pose(2 * S, Pose(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    made.add_pose(3 * S, at_x(1000.0))
    assert (made.counters.rejected_poses, made.counters.jumps) == (2, 1)
    assert [event.text.split(':')[0][:14] for event in place_map.events()] == [
        'pose rejected',
        'pose rejected',
        'the pose jumps',
    ]


def test_without_real_stamps_nothing_is_a_jump(create, describer, picture):
    place_map = create()
    with TeachSession(place_map, describer(), TeachConfig(), max_speed_mps=math.inf) as made:
        made.begin_route()
        made.add_pose(0, at_x(0.0))
        made.add_image(S // 20, partial(picture, 0))
        made.add_pose(S // 10, at_x(1e5))
    assert place_map.keyframes()[0].pose.x == pytest.approx(5e4)
    assert made.counters.jumps == 0
    place_map.close()


def test_poses_of_another_frame_are_noted_once(session):
    made, place_map = session(map_frame='map')
    for second, frame_id in enumerate(['', 'map', 'odom', 'odom', 'world']):
        made.add_pose(second * S, at_x(second), frame_id)
    made.begin_route()
    made.add_pose(0, at_x(0), 'odom')
    assert [(event.stamp_ns, event.level, event.text) for event in place_map.events()] == [
        (
            2 * S,
            'warning',
            "poses are in the frame 'odom', map_frame is 'map': taken as they are",
        )
    ]


def test_the_frame_of_a_gps_antenna_is_not_that_of_its_poses(session):
    made, place_map = session()
    made.add_pose(0, GeoPoint(48.0, 11.0), 'gps')
    assert place_map.events() == ()


def test_the_frame_of_the_camera_is_kept(session, picture):
    made, place_map = session()
    assert place_map.meta('camera_frame') is None
    for i, frame_id in enumerate(['', 'front', 'rear']):
        made.add_image(i, partial(picture, i), None, frame_id)
    assert place_map.meta('camera_frame') == 'front'


def test_a_gap_gives_no_pose_and_never_the_identity(session, picture):
    made, place_map = session(pose_max_gap_s=0.2)
    made.add_pose(0, at_x(7.0))
    made.add_image(S // 2, partial(picture, 0))
    made.add_pose(S, at_x(8.0))
    (keyframe,) = place_map.keyframes()
    assert keyframe.pose is None
    assert made.counters.without_pose == {'gap': 1}
    assert 'gap of 1.000 s' in place_map.events()[0].text


def test_the_first_geographic_pose_is_the_datum(session, picture):
    made, place_map = session()
    made.add_pose(0, GeoPoint(math.nan, math.nan, math.nan))
    made.add_pose(0, GeoPoint(95.0, 11.0))
    assert place_map.datum is None and made.counters.rejected_poses == 2
    for second, latitude in enumerate([48.0, 48.00001]):
        made.add_pose(second * S, GeoPoint(latitude, 11.0, 500.0))
        made.add_image(second * S, partial(picture, second))
    assert place_map.datum == Datum(GeoPoint(48.0, 11.0, 500.0))
    # a (1 - e2) / (1 - e2 sin^2)^1.5 = 6370735 m is the radius of the meridian at 48 degrees.
    x, y, z = place_map.keyframes()[1].pose.position
    assert (x, y, z) == pytest.approx((0.0, math.radians(1e-5) * (6370735 + 500), 0.0), abs=1e-6)
    with pytest.raises(MapError, match='map has wgs84 poses and got a local one'):
        made.add_pose(2 * S, at_x(0.0))


def test_append_uses_the_datum_of_the_map(create, describer, picture):
    place_map = create()
    for route, easting in enumerate([500000.0, 500010.0]):
        with TeachSession(place_map, describer(), TeachConfig()) as made:
            made.begin_route()
            made.add_pose(0, UtmPoint(easting, 5300000.0, '32U'))
            made.add_image(0, partial(picture, route))
    assert [keyframe.pose.x for keyframe in place_map.keyframes()] == [0.0, 10.0]
    assert [keyframe.route for keyframe in place_map.keyframes()] == [0, 1]
    place_map.close()


def test_descriptors_come_from_the_stored_bytes(session, picture, describer):
    made, place_map = session(every_image=True, descriptor_dtype='float32')
    png = encode_image(picture(5))
    made.add_image(0, partial(picture, 4))
    made.add_image(1, partial(decode_image, png), png)
    made.end_route()
    assert place_map.image(1).data == png
    _, descriptors = place_map.descriptors()
    for row in range(2):
        pixels = decode_image(place_map.image(row).data)
        assert np.array_equal(descriptors[row], describer().describe([pixels])[0])
    assert not np.array_equal(descriptors[0], describer().describe([picture(4)])[0])


def test_without_images_the_descriptors_are_the_same(session, picture):
    stored = {}
    for store_images in (True, False):
        made, place_map = session(every_image=True, store_images=store_images)
        made.add_image(0, partial(picture, 4))
        made.end_route()
        stored[store_images] = place_map.descriptors()[1]
        assert (place_map.image(0) is None) is not store_images
        assert place_map.keyframes()[0].image_size == (48, 64)
    assert np.array_equal(stored[True], stored[False])


def test_a_describer_without_words_records_and_describes_later(session, describer, picture):
    made, place_map = session(describer(needs_vocabulary=True), every_image=True)
    made.add_image(0, partial(picture, 0))
    made.end_route()
    assert place_map.undescribed() == [0] and place_map.vocabulary() is None


def test_a_given_vocabulary_is_kept_in_the_map(session, describer, picture):
    fake = describer(needs_vocabulary=True)
    words = fake.fit_vocabulary(fake.features([picture(0)]))
    made, place_map = session(fake.with_vocabulary(words), every_image=True)
    made.add_image(0, partial(picture, 0))
    made.end_route()
    assert place_map.undescribed() == []
    assert np.array_equal(place_map.vocabulary().words, words.words)
    other = fake.with_vocabulary(fake.fit_vocabulary(fake.features([picture(1)])))
    with pytest.raises(MapError, match=r'has the vocabulary \w{12}, the describer \w{12}'):
        TeachSession(place_map, other, TeachConfig())


@pytest.mark.parametrize('error', [KeyboardInterrupt, RuntimeError])
def test_leaving_by_an_error_keeps_the_images_that_wait(create, describer, picture, error):
    with (
        pytest.raises(error),
        create() as place_map,
        TeachSession(place_map, describer(), TeachConfig()) as made,
    ):
        made.begin_route()
        made.add_image(0, partial(picture, 0))
        assert made.counters.waiting == 1
        raise error
    with PlaceMap.open_to_read(place_map.path) as place_map:
        assert len(place_map.keyframes()) == 1


def test_a_route_must_be_begun(create, describer, picture):
    with create() as place_map:
        made = TeachSession(place_map, describer(), TeachConfig())
        with pytest.raises(RuntimeError, match='begin_route'):
            made.add_image(0, partial(picture, 0))


def test_the_same_input_gives_the_same_references(teach):
    maps = [PlaceMap.open_to_read(teach(f'{name}.anyloc')) for name in 'ab']
    assert maps[0].keyframes() == maps[1].keyframes()
    for reference_id in range(5):
        assert maps[0].image(reference_id) == maps[1].image(reference_id)
    assert np.array_equal(maps[0].descriptors()[1], maps[1].descriptors()[1])
    for place_map in maps:
        place_map.close()
