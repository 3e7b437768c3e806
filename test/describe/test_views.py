# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Several views in one image: what they give together, from what each gives alone."""

from dataclasses import replace

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer, Describer
from anyloc_ros.describe.features import load_network, NetworkFeatures
from anyloc_ros.describe.methods import Method
from anyloc_ros.describe.views import split_views
from anyloc_ros.errors import ConfigError, ImageError
import cv2
import numpy as np
import pytest

ONE = DescribeConfig(method='RootSIFT-GeM')
THREE = replace(ONE, views=3)
VLAD = DescribeConfig(method='RootSIFT-VLAD', num_words=4)


def picture(seed, height=48, width=64):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def strip(*seeds):
    return np.hstack([picture(seed) for seed in seeds])


def test_views_are_parts_from_left_to_right():
    image = np.arange(6, dtype=np.uint8).reshape(1, 6, 1).repeat(3, axis=2)
    left, middle, right = split_views(image, 3)
    assert [part[0, :, 0].tolist() for part in (left, middle, right)] == [[0, 1], [2, 3], [4, 5]]
    (whole,) = split_views(image, 1)
    assert np.array_equal(whole, image)
    mask = np.array([[True, False]])
    assert [part.tolist() for part in split_views(mask, 2)] == [[[True]], [[False]]]


def test_a_width_that_is_not_divisible_is_a_bad_image():
    image = np.zeros((48, 128, 3), np.uint8)
    for call in (lambda d: d.describe([image]), lambda d: d.locate(image)):
        with pytest.raises(ImageError, match='128x48 px are not 3 views of one width'):
            call(build_describer(THREE))


def test_the_cosine_of_images_is_the_mean_of_the_cosines_of_their_views():
    alone, together = build_describer(ONE), build_describer(THREE)
    a, b, c, d, e, f = alone.describe([picture(seed) for seed in range(6)])
    first, second = together.describe([strip(0, 1, 2), strip(3, 4, 5)])
    assert first @ second == pytest.approx((a @ d + b @ e + c @ f) / 3, abs=1e-6)
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-6)
    # A view is compared with the same view, not with the one that looks like it.
    swapped = together.describe([strip(1, 0, 2)])[0]
    assert first @ swapped == pytest.approx((a @ b + b @ a + 1) / 3, abs=1e-6)
    assert together.width == len(first) == 3 * alone.width


def test_a_view_without_features_adds_nothing():
    together = build_describer(replace(ONE, views=2))
    half_dark = np.hstack([picture(0), np.zeros((48, 64, 3), np.uint8)])
    dark, light = together.describe([half_dark, strip(0, 1)])
    assert dark @ light == pytest.approx(0.5, abs=1e-6)


def test_words_are_fit_on_the_features_of_all_views():
    alone, together = build_describer(VLAD), build_describer(replace(VLAD, views=2))
    (joined,) = together.features([strip(0, 1)])
    left, right = alone.features([picture(0), picture(1)])
    np.testing.assert_array_equal(joined, np.concatenate([left, right]))
    vocabulary = together.fit_vocabulary([joined])
    assert vocabulary.origin['num_features'] == len(left) + len(right)
    ready, single = together.with_vocabulary(vocabulary), alone.with_vocabulary(vocabulary)
    a, b = single.describe([picture(0), picture(1)])
    np.testing.assert_allclose(
        ready.describe([strip(0, 1)])[0], np.concatenate([a, b]) / 2**0.5, atol=1e-6
    )
    assert ready.width == 2 * 4 * 128


def test_features_are_located_in_their_view():
    alone, together = build_describer(ONE), build_describer(THREE)
    located = together.locate(strip(0, 1, 2))
    for seed, view in enumerate(located):
        expected = alone.locate(picture(seed))[0]
        np.testing.assert_array_equal(view.positions, expected.positions)
        np.testing.assert_array_equal(view.features, expected.features)
    np.testing.assert_array_equal(
        together.aggregate([view.features for view in located]),
        together.describe([strip(0, 1, 2)]),
    )


@pytest.fixture
def half_masks(tmp_path):
    """Give a mask for two views: the left half of the first, the right half of the second."""
    mask = np.zeros((48, 128), np.uint8)
    mask[:, :32] = mask[:, 96:] = 255
    path = tmp_path / 'mask.png'
    cv2.imwrite(str(path), mask)
    return str(path)


def test_each_view_has_its_part_of_the_mask(half_masks):
    config = replace(ONE, views=2, mask_path=half_masks)
    masked, bare = build_describer(config), build_describer(replace(ONE, views=2))
    left, right = masked.locate(strip(0, 1))
    assert left.positions[:, 0].max() < 32 and right.positions[:, 0].min() > 31
    # The same without locating, and for several images at once.
    images = [strip(0, 1), strip(2, 3)]
    together = masked.describe(images)
    np.testing.assert_array_equal(together[0], masked.describe(images[:1])[0])
    np.testing.assert_array_equal(
        together[0], masked.aggregate([left.features, right.features])[0]
    )
    (joined,) = masked.features([strip(0, 1)])
    assert len(joined) == len(left.features) + len(right.features)
    assert masked.fingerprint['mask_sha256'] != bare.fingerprint['mask_sha256']
    first, second = masked.fingerprint['mask_sha256'].split(',')
    assert first != second


def test_a_mask_of_another_shape_is_refused(half_masks):
    with pytest.raises(ConfigError, match='mask_path: 128x48 px are not 3 views'):
        build_describer(replace(THREE, mask_path=half_masks))


def test_the_fingerprint_tells_views_only_where_there_are_several():
    assert 'views' not in build_describer(ONE).fingerprint
    fingerprint = build_describer(THREE).fingerprint
    assert fingerprint == build_describer(ONE).fingerprint | {'views': 3}


def test_views_go_through_a_network_together(monkeypatch):
    loaded = load_network('dinov2_vits14', layer=0, facet='value', random_seed=0)
    extractor = NetworkFeatures(loaded, layer=0, facet='value', image_size='native', device='cpu')
    method = Method('dinov2_vits14', 0, 'value', 'gap', 0)
    alone = Describer(extractor, method, DescribeConfig())
    together = Describer(extractor, method, DescribeConfig(views=2))
    images = [picture(seed, 28, 28) for seed in range(2)]
    a, b = alone.describe(images)
    batches = []
    quick = extractor.extract
    monkeypatch.setattr(
        extractor, 'extract', lambda parts: batches.append(len(parts)) or quick(parts)
    )
    (joined,) = together.describe([np.hstack(images)])
    assert batches == [2]
    np.testing.assert_allclose(joined, np.concatenate([a, b]) / 2**0.5, atol=1e-6)
