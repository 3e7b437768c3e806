# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Faults of the camera, its driver and its messages."""

from __future__ import annotations

import time

from anyloc_ros.ros.messages import header
from case import case
import cv2
import numpy as np
import panorama
from rig import Rig
from robot import rgb
from sensor_msgs.msg import CompressedImage, Image

COMPRESSED = {'image_transport': 'compressed'}
HOUR_NS = 3600 * 10**9


@case('the driver of the camera ends', 'STALE', 'no image for', quick=True)
def camera_dies(rig: Rig) -> None:
    rig.robot.lose_camera()


@case('the driver ends and is started again', 'LOCALIZED')
def camera_dies_and_comes_back(rig: Rig) -> None:
    rig.robot.lose_camera()
    rig.ends('STALE', 'no image for')
    rig.robot.use_camera()


@case('nobody publishes images', 'STALE', 'nobody publishes /image', localized=False)
def no_camera(rig: Rig) -> None:
    rig.robot.lose_camera()


@case('the same message comes again and again', 'STALE', 'stamps')
def camera_repeats_one_message(rig: Rig) -> None:
    frozen = rgb(panorama.view(rig.robot.way_m), time.time_ns())
    rig.robot.message = lambda picture, stamp_ns: frozen


@case('the picture stays the same under new stamps, the robot drives on', 'LOST')
def camera_freezes(rig: Rig) -> None:
    frozen = panorama.view(rig.robot.way_m)
    rig.robot.view = lambda way_m: frozen


@case('the picture stays the same because the robot stands', 'LOCALIZED')
def robot_stands(rig: Rig) -> None:
    rig.robot.speed_mps = 0.0
    rig.robot.drive(3.0)


@case('the pictures become black', 'LOST', quick=True)
def camera_goes_black(rig: Rig) -> None:
    rig.robot.view = lambda way_m: np.zeros((120, 160, 3), np.uint8)


@case('the pictures become white', 'LOST')
def camera_is_dazzled(rig: Rig) -> None:
    rig.robot.view = lambda way_m: np.full((120, 160, 3), 255, np.uint8)


@case('the pictures become noise', 'LOST')
def camera_shows_noise(rig: Rig) -> None:
    rng = np.random.default_rng(0)
    rig.robot.view = lambda way_m: rng.integers(0, 256, (120, 160, 3), np.uint8)


def _covered(way_m: float, share: float) -> np.ndarray:
    picture = panorama.view(way_m)
    picture[:, : round(share * picture.shape[1])] = 90
    return picture


@case('something covers a third of the picture', 'LOCALIZED')
def camera_is_partly_covered(rig: Rig) -> None:
    rig.robot.view = lambda way_m: _covered(way_m, 1 / 3)
    rig.robot.drive(2.0)


@case('something covers the whole picture', 'LOST')
def camera_is_covered(rig: Rig) -> None:
    rig.robot.view = lambda way_m: _covered(way_m, 1.0)


@case('something covers the picture for a second', 'LOCALIZED')
def camera_is_covered_for_a_moment(rig: Rig) -> None:
    rig.robot.view = lambda way_m: _covered(way_m, 1.0)
    rig.robot.drive(1.0)
    rig.robot.view = panorama.view


@case('the pictures become twice as large', 'LOCALIZED')
def resolution_doubles(rig: Rig) -> None:
    # As a driver does that was started anew: the method shrinks both to the same size or not.
    rig.robot.view = lambda way_m: cv2.resize(panorama.view(way_m), (320, 240))
    _look_on(rig)


@case('the pictures become 8 px wide', 'LOST')
def resolution_collapses(rig: Rig) -> None:
    rig.robot.view = lambda way_m: cv2.resize(panorama.view(way_m), (8, 6))


@case('the encoding becomes mono8, then bgr8', 'LOCALIZED')
def encoding_changes(rig: Rig) -> None:
    rig.robot.message = lambda picture, stamp_ns: _encoded(
        cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), 'mono8', stamp_ns
    )
    rig.robot.drive(1.0)
    rig.robot.message = lambda picture, stamp_ns: _encoded(
        cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), 'bgr8', stamp_ns
    )
    _look_on(rig)


@case('the encoding becomes one that nobody knows', 'LOST', 'unknown image encoding')
def encoding_is_unknown(rig: Rig) -> None:
    rig.robot.message = lambda picture, stamp_ns: _encoded(picture, 'rgb7', stamp_ns)


@case('messages have fewer bytes than they say', 'LOST', 'bytes of data', quick=True)
def images_are_cut_off(rig: Rig) -> None:
    def cut(picture: np.ndarray, stamp_ns: int) -> Image:
        message = rgb(picture, stamp_ns)
        message.data = message.data[:-7]
        return message

    rig.robot.message = cut


@case('every second message is broken', 'LOCALIZED')
def every_second_image_is_broken(rig: Rig) -> None:
    def cut(picture: np.ndarray, stamp_ns: int) -> Image:
        message = rgb(picture, stamp_ns)
        if rig.robot.frames % 2:
            message.data = message.data[:-7]
        return message

    rig.robot.message = cut
    _look_on(rig)


@case('a message says that it has four billion rows', 'LOST', 'expected 1 to')
def image_claims_to_be_huge(rig: Rig) -> None:
    def huge(picture: np.ndarray, stamp_ns: int) -> Image:
        message = rgb(picture, stamp_ns)
        message.height = 2**32 - 1
        return message

    rig.robot.message = huge


@case('images come ten times as often', 'LOCALIZED')
def camera_is_too_fast(rig: Rig) -> None:
    rig.robot.rate_hz = 150.0
    _look_on(rig)


@case('images come without a stamp', 'LOCALIZED')
def images_have_no_stamp(rig: Rig) -> None:
    rig.robot.stamp_ns = lambda now_ns: 0
    _look_on(rig)


@case('stamps are an hour old', 'STALE', 'stamps')
def stamps_are_old(rig: Rig) -> None:
    rig.robot.stamp_ns = lambda now_ns: now_ns - HOUR_NS


@case('stamps are of an hour from now', 'STALE', 'stamps')
def stamps_are_of_the_future(rig: Rig) -> None:
    rig.robot.stamp_ns = lambda now_ns: now_ns + HOUR_NS


@case('one image of an hour ago comes in between', 'LOCALIZED')
def one_old_image(rig: Rig) -> None:
    rig.robot.stamp_ns = lambda now_ns: now_ns - HOUR_NS
    rig.robot.tick()
    rig.robot.stamp_ns = lambda now_ns: now_ns


@case('the publisher becomes best-effort', 'LOCALIZED', quick=True)
def publisher_becomes_best_effort(rig: Rig) -> None:
    rig.robot.use_camera('BEST_EFFORT')
    _look_on(rig)


@case('the publisher becomes best-effort and reliable again, twice', 'LOCALIZED')
def publisher_changes_to_and_fro(rig: Rig) -> None:
    for reliability in ('BEST_EFFORT', 'RELIABLE') * 2:
        rig.robot.use_camera(reliability)
        _look_on(rig)


@case(
    '`image_reliability` is reliable and the publisher is not',
    'STALE',
    'no image yet',
    parameters={'image_reliability': 'reliable'},
    localized=False,
)
def publisher_does_not_fit(rig: Rig) -> None:
    rig.robot.use_camera('BEST_EFFORT')


def _jpeg(picture: np.ndarray, stamp_ns: int) -> CompressedImage:
    data = cv2.imencode('.jpg', picture[:, :, ::-1])[1].tobytes()
    return CompressedImage(header=header(stamp_ns, 'camera'), format='jpeg', data=data)


@case('JPEG files are cut off', 'LOST', 'truncated', parameters=COMPRESSED, localized=False)
def jpeg_is_truncated(rig: Rig) -> None:
    rig.robot.message = _jpeg
    rig.localize()

    def cut(picture: np.ndarray, stamp_ns: int) -> CompressedImage:
        message = _jpeg(picture, stamp_ns)
        message.data = message.data[: len(message.data) // 2]
        return message

    rig.robot.message = cut


@case(
    'text comes where JPEG was', 'LOST', 'expected a JPEG', parameters=COMPRESSED, localized=False
)
def text_in_place_of_jpeg(rig: Rig) -> None:
    rig.robot.message = _jpeg
    rig.localize()
    rig.robot.message = lambda picture, stamp_ns: CompressedImage(
        header=header(stamp_ns, 'camera'), format='jpeg', data=b'<html>not found</html>'
    )


@case(
    'a PNG header announces 4 gigapixels',
    'LOST',
    '65535x65535',
    parameters=COMPRESSED,
    localized=False,
)
def png_claims_to_be_huge(rig: Rig) -> None:
    rig.robot.message = _jpeg
    rig.localize()
    data = bytearray(cv2.imencode('.png', panorama.view(3.0))[1].tobytes())
    data[16:24] = (65535).to_bytes(4, 'big') * 2
    rig.robot.message = lambda picture, stamp_ns: CompressedImage(
        header=header(stamp_ns, 'camera'), format='png', data=bytes(data)
    )


def _encoded(pixels: np.ndarray, encoding: str, stamp_ns: int) -> Image:
    height, width = pixels.shape[:2]
    message = Image(header=header(stamp_ns, 'camera'), height=height, width=width)
    message.encoding, message.step = encoding, pixels[0].nbytes
    message.data.frombytes(np.ascontiguousarray(pixels).tobytes())
    return message


def _look_on(rig: Rig) -> None:
    """Drive until ten more images are answered: what was said before them does not count."""
    before = len(rig.robot.answers)
    assert rig.robot.drive_until(lambda: len(rig.robot.answers) >= before + 10, 20.0)
