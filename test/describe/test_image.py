# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Sizes, crops and values of network inputs."""

from __future__ import annotations

from anyloc_ros.describe.backbones import find_backbone
from anyloc_ros.describe.image import preparation
from anyloc_ros.describe.mask import read_mask
from anyloc_ros.errors import ConfigError, ImageError
import cv2
import numpy as np
import pytest
import torch

CPU = torch.device('cpu')
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def rule(image_size, name='dinov2_vits14', stride=None):
    """Return the preparation for a network of the table."""
    backbone = find_backbone(name)
    return preparation(backbone, image_size, stride or backbone.stride)


@pytest.mark.parametrize(
    ('size', 'crop'),
    [
        ((480, 640), (2, 5, 476, 630)),
        ((320, 320), (6, 6, 308, 308)),
        ((601, 803), (6, 2, 588, 798)),  # 6.5 and 2.5 round to even
        ((14, 14), (0, 0, 14, 14)),
        ((17, 15), (2, 0, 14, 14)),  # 1.5 and 0.5 round to even
    ],
)
def test_crop_is_central_with_halves_rounded_to_even(size, crop):
    assert rule('native').crop(size) == crop


@pytest.mark.parametrize(
    ('text', 'size', 'resized'),
    [
        ('native', (481, 641), (481, 641)),
        ('480x640', (100, 100), (480, 640)),
        ('max:1024', (1080, 1920), (576, 1024)),
        ('max:1024', (1920, 1080), (1024, 576)),
        ('max:448', (480, 641), (335, 448)),  # 335.47 is cut, not rounded
        ('max:448', (448, 300), (448, 300)),
        ('max:448', (100, 200), (100, 200)),  # never enlarged
        ('max:448+antialias', (480, 640), (336, 448)),
    ],
)
def test_resize_rules(text, size, resized):
    assert rule(text).resized(size) == resized


def test_patch_grid():
    assert rule('native').patch_grid((480, 640)) == (34, 45)
    assert rule('max:448').patch_grid((480, 640)) == (24, 32)
    assert rule('224x298', 'dino_vits8').patch_grid((480, 640)) == (55, 73)
    assert rule('224x298', 'dino_vits8', stride=8).patch_grid((480, 640)) == (28, 37)
    assert rule('native', 'clip_vitb32').patch_grid((480, 640)) == (7, 7)


def test_native_values_are_normalised_and_cropped():
    image = np.random.default_rng(0).integers(0, 256, (17, 29, 3), dtype=np.uint8)
    found = rule('native').prepare(image, CPU)
    expected = (image[2:16, 0:28] / 255 - MEAN) / DEVIATION
    np.testing.assert_allclose(found.numpy(), expected.transpose(2, 0, 1), atol=1e-6)


def bilinear(image, height, width):
    """Resize (H, W, 3) without antialiasing, pixel centres at halves, straight from the rule."""

    def weights(out, n):
        at = np.clip((np.arange(out) + 0.5) * n / out - 0.5, 0, None)
        low = np.minimum(at.astype(int), n - 1)
        matrix = np.zeros((out, n))
        matrix[np.arange(out), low] += 1 - (at - low)
        matrix[np.arange(out), np.minimum(low + 1, n - 1)] += at - low
        return matrix

    rows, columns = weights(height, image.shape[0]), weights(width, image.shape[1])
    return np.einsum('ah,hwc,bw->abc', rows, image.astype(float), columns)


def test_forced_size_is_bilinear_without_antialiasing_unless_asked():
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    expected = (bilinear(image, 28, 42) / 255 - MEAN) / DEVIATION
    found = rule('28x42').prepare(image, CPU)
    np.testing.assert_allclose(found.numpy(), expected.transpose(2, 0, 1), atol=1e-4)
    smooth = rule('28x42+antialias').prepare(image, CPU)
    assert smooth.std() < 0.6 * found.std()


def test_dino_takes_the_nearest_pixel_and_is_not_cropped():
    image = np.arange(4 * 8 * 3, dtype=np.uint8).reshape(4, 8, 3).repeat(4, 0).repeat(4, 1)
    found = rule('8x12', 'dino_vits8').prepare(image, CPU)
    rows, columns = np.arange(8) * 16 // 8, np.arange(12) * 32 // 12
    expected = (image[rows][:, columns] / 255 - MEAN) / DEVIATION
    np.testing.assert_allclose(found.numpy(), expected.transpose(2, 0, 1), atol=1e-6)


def test_clip_takes_the_central_square_and_its_own_mean():
    image = np.zeros((448, 896, 3), np.uint8)
    image[:, 224:672] = 255  # exactly the central square
    found = rule('native', 'clip_vitb16').prepare(image, CPU)
    assert found.shape == (3, 224, 224)
    white = (1 - 0.48145466) / 0.26862954
    torch.testing.assert_close(found[0, :, 4:-4], torch.full((224, 216), white))
    with pytest.raises(ConfigError, match='224x224'):
        rule('max:448', 'clip_vitb16')


def test_too_small_names_the_sizes():
    with pytest.raises(ImageError, match=r'13x640.*14x14'):
        rule('native').prepare(np.zeros((13, 640, 3), np.uint8), CPU)
    with pytest.raises(ImageError, match='6x448'):
        rule('max:448').prepare(np.zeros((30, 2000, 3), np.uint8), CPU)


@pytest.mark.parametrize('text', ['', '480', '480x', 'max:', 'native+antialias', '480x640+aa'])
def test_other_texts_are_refused(text):
    with pytest.raises(ConfigError, match='image_size'):
        rule(text)


def test_mask_follows_the_resize():
    mask = np.ones((560, 560), bool)
    mask[:200] = False  # 5 of 14 rows of patches, and a share of 0 of the sixth
    kept = rule('196x196').kept_patches(mask).reshape(14, 14)
    assert not kept[:5].any()
    assert kept[5:].all()


def test_mask_file(tmp_path):
    image = np.array([[0, 127], [128, 255]], np.uint8)
    cv2.imwrite(str(tmp_path / 'mask.png'), image)
    np.testing.assert_array_equal(read_mask(tmp_path / 'mask.png'), [[False, False], [True, True]])
    (tmp_path / 'text.png').write_text('no image')
    (tmp_path / 'empty.png').touch()
    for name in ('text.png', 'empty.png'):
        with pytest.raises(ConfigError, match='no image'):
            read_mask(tmp_path / name)
    with pytest.raises(ConfigError, match='No such file'):
        read_mask(tmp_path / 'missing.png')
