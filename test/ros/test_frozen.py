# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The same picture again and again: told where the robot may stand, refused where it drives."""

from __future__ import annotations

from anyloc_ros.errors import ImageError
from anyloc_ros.ros.frozen import SamePicture
import numpy as np
import pytest

SECOND = 10**9


def picture(number):
    """Return an image."""
    return np.full((48, 64, 3), number, np.uint8)


def same_picture(speed_mps):
    """Return what knows a robot of this speed."""
    if speed_mps is None:
        return SamePicture(lambda begin_ns, end_ns: None)
    return SamePicture(lambda begin_ns, end_ns: speed_mps * (end_ns - begin_ns) / SECOND)


@pytest.mark.parametrize('speed_mps', [None, 0.0])
def test_it_is_told_for_how_long(speed_mps):
    same = same_picture(speed_mps)
    seen = [(1, 7), (2, 7), (62, 7), (63, 8), (64, 8)]
    told = [same.seconds(picture(number), second * SECOND) for second, number in seen]
    assert told == [0.0, 1.0, 61.0, 0.0, 1.0]


def test_driving_it_is_refused_until_it_changes():
    same = same_picture(0.2)
    for second in (1, 2, 3):
        same.seconds(picture(7), second * SECOND)
    for second in (4, 5):
        with pytest.raises(ImageError, match=r'byte for byte.*frozen'):
            same.seconds(picture(7), second * SECOND)
    assert same.seconds(picture(8), 6 * SECOND) == 0.0
    assert same.seconds(picture(8), 7 * SECOND) == 1.0


def test_little_noise_makes_another_picture():
    same = same_picture(1.0)
    noisy = picture(7)
    noisy[40, 56, 1] += 1
    same.seconds(picture(7), SECOND)
    assert same.seconds(noisy, 2 * SECOND) == 0.0


def test_another_size_is_another_picture():
    same = same_picture(1.0)
    same.seconds(picture(7), SECOND)
    assert same.seconds(picture(7)[:24], 2 * SECOND) == 0.0


def test_a_buffer_that_is_used_again_is_no_trap():
    same, image = same_picture(1.0), picture(7)
    same.seconds(image, SECOND)
    image[:] = 8
    assert same.seconds(image, 2 * SECOND) == 0.0
