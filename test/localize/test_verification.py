# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The check of candidates on pictures whose shift and turn are known."""

import math

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.describe.methods import METHODS
from anyloc_ros.errors import ConfigError, ImageError, MapError
from anyloc_ros.localize.lens import Lens
from anyloc_ros.localize.verification import Check, REFERENCES_KEPT, Verifier
import cv2
import numpy as np
import pytest

K = np.array([[190.0, 0, 159.5], [0, 190.0, 119.5], [0, 0, 1]])
LENS = Lens((240, 320), K, np.zeros(5))
FOREIGN_INLIERS = 32
"""Images of other places get no more with RootSIFT, see docs/decisions.md."""


def looks_foreign(check):
    """Return whether the query shows as little of the reference as images from elsewhere do."""
    return 0 <= check.inliers <= FOREIGN_INLIERS


class Counting:
    """A describer that counts how often it is asked."""

    def __init__(self, describer):
        self.method, self.config = describer.method, describer.config
        self._describer = describer
        self.located = 0

    def locate(self, image):
        self.located += 1
        return self._describer.locate(image)


@pytest.fixture(scope='module')
def describer():
    return build_describer(DescribeConfig(method='RootSIFT-GeM'))


def scene(seed=0, height=300, width=480):
    """Return a picture of rectangles of all sizes, larger than a view."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 128, np.uint8)
    for _ in range(400):
        x, y = rng.integers(0, (width, height)).tolist()
        w, h = rng.integers(6, 50, 2).tolist()
        cv2.rectangle(picture, (x, y), (x + w, y + h), rng.integers(0, 256, 3).tolist(), -1)
    return cv2.GaussianBlur(picture, (0, 0), 1)


def view(seed=0, left=80, top=30):
    bottom, right = top + 240, left + 320
    return np.ascontiguousarray(scene(seed)[top:bottom, left:right])


def turned(image, left_deg):
    """Return what the camera sees after a turn to the left: pixel K R K^-1 of each pixel."""
    cos, sin = math.cos(math.radians(left_deg)), math.sin(math.radians(left_deg))
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    return cv2.warpPerspective(image, K @ turn @ np.linalg.inv(K), image.shape[1::-1])


def of(images, describer, lens=None):
    return Verifier(describer, images.get, lens)


@pytest.mark.parametrize('shift_px', [-37, 0, 21])
def test_content_that_moved_right_has_a_positive_shift(describer, shift_px):
    (found,) = of({4: view()}, describer).check(view(left=80 - shift_px), [4])
    assert found.shift_px == pytest.approx(shift_px, abs=0.1)
    assert found.inliers > 300
    assert math.isnan(found.heading_rad)
    assert math.isnan(found.heading_sigma)


@pytest.mark.parametrize('left_deg', [-9.0, 3.0, 10.0])
def test_a_turn_to_the_left_is_a_positive_heading(describer, left_deg):
    (found,) = of({0: view()}, describer, LENS).check(turned(view(), left_deg), [0])
    assert math.degrees(found.heading_rad) == pytest.approx(left_deg, abs=0.2)
    assert 0 < math.degrees(found.heading_sigma) < 1
    assert np.sign(found.shift_px) == np.sign(left_deg)


def test_other_light_changes_nothing(describer):
    dark = (turned(view(), 5.0) * [0.35, 0.5, 0.6]).astype(np.uint8)
    (found,) = of({0: view()}, describer, LENS).check(dark, [0])
    assert math.degrees(found.heading_rad) == pytest.approx(5.0, abs=0.3)


def test_another_picture_looks_foreign_and_the_same_does_not(describer):
    same, other = of({0: view(0), 1: view(1)}, describer).check(view(0, left=100), [0, 1])
    assert not looks_foreign(same)
    assert looks_foreign(other)


def test_of_several_views_the_best_one_counts_and_nothing_has_shifted():
    several = build_describer(DescribeConfig(method='RootSIFT-GeM', views=2))
    reference, query = np.hstack([view(0), view(1)]), np.hstack([view(0, left=100), view(2)])
    (found,) = of({0: reference}, several, LENS).check(query, [0])
    single = build_describer(DescribeConfig(method='RootSIFT-GeM'))
    (best,) = of({0: view(0)}, single).check(view(0, left=100), [0])
    assert found.inliers == best.inliers > 300
    assert all(map(math.isnan, (found.shift_px, found.heading_rad, found.heading_sigma)))
    # Views are compared with their own camera only.
    (crossed,) = of({0: reference}, several).check(np.hstack([view(2), view(0)]), [0])
    assert looks_foreign(crossed)


def test_what_was_not_compared_does_not_look_foreign():
    assert not looks_foreign(Check())
    assert looks_foreign(Check(inliers=0))


def test_a_query_of_twice_the_size_has_twice_the_shift(describer):
    large = cv2.resize(view(left=70), (640, 480), interpolation=cv2.INTER_CUBIC)
    (found,) = of({0: view()}, describer, LENS).check(large, [0])
    assert found.shift_px == pytest.approx(20, abs=0.3)
    assert math.isfinite(found.heading_rad)


def test_sizes_may_change_between_the_drives(describer):
    small = cv2.resize(view(left=60), (160, 120), interpolation=cv2.INTER_AREA)
    for reference, query, expected in ((view(), small, 10), (small, view(), -20)):
        (found,) = of({0: reference}, describer).check(query, [0])
        assert found.shift_px == pytest.approx(expected, abs=1)


def test_an_image_of_another_shape_than_the_calibration_has_no_heading(describer):
    square = np.ascontiguousarray(view()[:, 40:280])
    (found,) = of({0: square}, describer, LENS).check(square, [0])
    assert found.shift_px == pytest.approx(0, abs=0.1)
    assert math.isnan(found.heading_rad)


def test_references_without_an_image_or_with_a_damaged_one_are_not_verified(describer):
    def stored(reference_id):
        if reference_id == 1:
            return None
        if reference_id == 2:
            raise ImageError('cannot be decoded')
        if reference_id == 3:
            raise MapError('has no reference 3')
        return view()

    found = Verifier(describer, stored, LENS).check(view(), [1, 2, 3, 0])
    assert [check.inliers for check in found[:3]] == [-1, -1, -1]
    for check in found[:3]:
        assert np.isnan([check.shift_px, check.heading_rad, check.heading_sigma]).all()
    assert found[3].inliers > 300


@pytest.mark.parametrize('size', [(1, 1), (9, 9), (31, 200), (240, 320)])
def test_images_without_features_have_no_inliers(describer, size):
    black = np.zeros((*size, 3), np.uint8)
    for reference, query in ((view(), black), (black, view()), (black, black)):
        assert of({0: reference}, describer, LENS).check(query, [0])[0].inliers == 0


def test_noise_finds_nothing_and_breaks_nothing(describer):
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    assert looks_foreign(of({0: view()}, describer, LENS).check(noise, [0])[0])


def test_recent_references_are_read_once_and_old_ones_forgotten(describer):
    picture = cv2.resize(view(), (80, 60))
    read = []

    def stored(reference_id):
        read.append(reference_id)
        return picture

    verifier = Verifier(describer, stored)
    verifier.check(picture, [0, 1, 0])
    assert read == [0, 1]
    # 0 was used last: as many others push it out, 1 before it.
    verifier.check(picture, range(2, REFERENCES_KEPT + 1))
    verifier.check(picture, [0])
    assert read == list(range(REFERENCES_KEPT + 1))
    verifier.check(picture, [1])
    assert read[-1] == 1


def test_features_that_are_there_are_not_computed_again(describer):
    counting = Counting(describer)
    verifier = Verifier(counting, {0: view()}.get)
    known = verifier.check(view(left=90), [0], describer.locate(view(left=90)))
    assert counting.located == 1
    assert verifier.check(view(left=90), [0]) == known
    assert counting.located == 2


def test_a_method_of_one_token_is_refused(describer):
    counting = Counting(describer)
    counting.method = METHODS['DINO-CLS']
    with pytest.raises(ConfigError, match='set verify to none'):
        Verifier(counting, {}.get)
