# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where local features are: on pictures with one thing in them, and by hand."""

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.backbones import find_backbone
from anyloc_ros.describe.dense_sift import DenseRootSift
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.describe.features import load_network, NetworkFeatures
from anyloc_ros.describe.image import preparation
from anyloc_ros.describe.local_features import LocalFeatures, rescale
from anyloc_ros.errors import ConfigError
import cv2
import numpy as np
import pytest


def dot(height, width, x, y, radius):
    """Return a grey picture with one bright square around a pixel."""
    image = np.full((height, width, 3), 90, np.uint8)
    image[y, x] = 250
    image = cv2.dilate(image, np.ones((2 * radius + 1, 2 * radius + 1)))
    return image


@pytest.mark.parametrize(('height', 'width'), [(240, 320), (480, 640), (120, 160), (600, 800)])
def test_rootsift_is_where_the_contrast_is(height, width):
    scale = max(1, width / 320)
    x, y = width // 3, height // 2
    found = DenseRootSift().locate(dot(height, width, x, y, round(3 * scale))).finest()
    assert found.sizes_px == pytest.approx(32 * scale)
    assert len(found.features) == len(found.positions) > 9
    # A feature reaches 16 px around its centre, and smoothing and bins some px more.
    assert np.abs(found.positions - [x, y]).max() < 26 * scale
    # Evenly around it, to half a step of the grid.
    middle = (found.positions.min(axis=0) + found.positions.max(axis=0)) / 2
    assert np.abs(middle - [x, y]).max() <= 4.5 * scale


def test_the_grid_of_rootsift_by_hand():
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    found = DenseRootSift().locate(noise)
    # 32 px fit from 0, 8, 16 down and from 0 to 32 across; 48 px once down and 3 times across.
    expected = [(15.5 + 8 * i, 15.5 + 8 * j) for j in range(3) for i in range(5)]
    np.testing.assert_allclose(found.positions[:15], expected)
    np.testing.assert_allclose(found.positions[15:], [(23.5, 23.5), (31.5, 23.5), (39.5, 23.5)])
    np.testing.assert_allclose(found.sizes_px, [32] * 15 + [48] * 3)


def test_masked_rootsift_knows_where_the_rest_is():
    noise = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    mask = np.ones((96, 128), bool)
    mask[:, :64] = False
    found = DenseRootSift(mask=mask).locate(noise)
    assert len(found.positions) == len(found.features) > 0
    assert found.positions[:, 0].min() > 63


def test_the_finest_of_nothing_is_nothing():
    found = DenseRootSift().locate(np.zeros((240, 320, 3), np.uint8))
    assert len(found.finest().positions) == 0


def test_patches_by_hand():
    # 30x44 is cut to 28x42, one px at each side; centres of 14 px are 6.5 behind their start.
    native = preparation(find_backbone('dinov2_vits14'), 'native', 14)
    expected = [(x, y) for y in (7.5, 21.5) for x in (7.5, 21.5, 35.5)]
    np.testing.assert_allclose(native.patch_centres((30, 44)), expected)


def test_patches_of_a_resized_image_by_hand():
    # 84x112 shrinks to 42x56: a patch of 14 px covers 28 px of the camera.
    shrunk = preparation(find_backbone('dinov2_vits14'), 'max:56', 14)
    expected = [(x, y) for y in (13.5, 41.5, 69.5) for x in (13.5, 41.5, 69.5, 97.5)]
    np.testing.assert_allclose(shrunk.patch_centres((84, 112)), expected)


def network(facet='value', mask=None):
    layer = -1 if facet == 'cls' else 0
    loaded = load_network('dinov2_vits14', layer=layer, facet=facet, random_seed=0)
    return NetworkFeatures(
        loaded, layer=layer, facet=facet, image_size='native', device='cpu', mask=mask
    )


def test_a_network_knows_where_its_unmasked_patches_are():
    image = np.random.default_rng(0).integers(0, 256, (28, 42, 3), np.uint8)
    mask = np.ones((28, 42), bool)
    mask[:14, 14:] = False
    found = network(mask=mask).locate(image)
    np.testing.assert_allclose(
        found.positions, [(6.5, 6.5), (6.5, 20.5), (20.5, 20.5), (34.5, 20.5)]
    )
    np.testing.assert_allclose(found.sizes_px, 14)
    every = network().locate(image)
    assert len(every.positions) == 6
    np.testing.assert_array_equal(every.features, network().extract([image])[0].numpy())


def test_a_class_token_is_nowhere():
    with pytest.raises(ConfigError, match='class token'):
        network('cls').locate(np.zeros((28, 28, 3), np.uint8))


def test_the_descriptor_of_located_features_is_that_of_the_image():
    image = np.random.default_rng(1).integers(0, 256, (96, 128, 3), np.uint8)
    describer = build_describer(DescribeConfig(method='RootSIFT-GeM'))
    (local,) = describer.locate(image)
    np.testing.assert_array_equal(
        describer.aggregate([local.features]), describer.describe([image])
    )


def test_edges_stay_edges_when_an_image_is_resized():
    corners = np.array([[-0.5, -0.5], [63.5, 47.5]])
    np.testing.assert_allclose(
        rescale(corners, (48, 64), (24, 128)), [[-0.5, -0.5], [127.5, 23.5]]
    )


def test_the_finest_are_those_of_the_smallest_size():
    local = LocalFeatures(np.eye(3), np.arange(6).reshape(3, 2), np.array([12.8, 19.2, 12.8]))
    assert local.finest().positions.tolist() == [[0, 1], [4, 5]]
