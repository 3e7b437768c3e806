# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Sharpness and texture of pictures that were blurred on purpose, and of walls."""

from anyloc_ros.mapping.image_quality import BLURRED, image_quality
import cv2
import numpy as np
import pytest


def shelf(contrast=1.0):
    """Return boxes (240, 320, 3) of 2 to 40 px in all greys."""
    rng = np.random.default_rng(3)
    image = np.full((240, 320, 3), 128, np.uint8)
    for _ in range(150):
        x, y, w, h = rng.integers((0, 0, 2, 2), (320, 240, 40, 40))
        cv2.rectangle(image, (x, y), (x + w, y + h), int(rng.integers(256)) * np.ones(3), -1)
    return cv2.addWeighted(image, contrast, np.full_like(image, 128), 1 - contrast, 0)


def wall(noise):
    """Return plaster (240, 320, 3), brighter to one side, by a camera with this noise."""
    ramp = np.linspace(100, 160, 320)[None, :, None] * np.ones((240, 1, 3))
    return (ramp + np.random.default_rng(4).normal(size=ramp.shape) * noise).astype(np.uint8)


@pytest.mark.parametrize(
    'blur',
    [
        lambda image: cv2.GaussianBlur(image, (0, 0), 2.0),
        lambda image: cv2.blur(image, (9, 1)),
        lambda image: cv2.blur(image, (1, 9)),
    ],
    ids=['out of focus', 'while turning', 'while nodding'],
)
def test_blur_is_seen(blur):
    assert image_quality(blur(shelf())).sharpness < BLURRED * image_quality(shelf()).sharpness


def test_contrast_is_not_sharpness():
    faint, strong = image_quality(shelf(0.3)).sharpness, image_quality(shelf()).sharpness
    assert faint == pytest.approx(strong, rel=0.05)


def test_a_large_picture_is_as_sharp_as_a_small_one():
    large = cv2.resize(shelf(), (1280, 960), interpolation=cv2.INTER_NEAREST)
    assert image_quality(large).sharpness == pytest.approx(
        image_quality(shelf()).sharpness, rel=0.02
    )


@pytest.mark.parametrize('noise', [0.0, 3.0, 6.0])
def test_a_bare_wall_is_featureless(noise):
    assert image_quality(wall(noise)).featureless


def test_a_dark_picture_is_featureless():
    assert image_quality(np.zeros((240, 320, 3), np.uint8)).featureless


@pytest.mark.parametrize(('share', 'featureless'), [(0.1, True), (0.5, False)])
def test_a_part_of_the_picture_is_enough(share, featureless):
    image = wall(1.0)
    width = int(share * 320)
    image[:, :width] = shelf()[:, :width]
    assert image_quality(image).featureless is featureless


def test_texture_is_the_share_of_the_picture():
    assert image_quality(shelf()).texture > 0.9
    assert image_quality(np.zeros((2, 2, 3), np.uint8)).texture == 0.0
