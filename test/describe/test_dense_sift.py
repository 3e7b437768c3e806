# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""RootSIFT against a pixel-by-pixel definition, on ramps one can compute, and on a corridor."""

from anyloc_ros.describe.aggregate import vlad
from anyloc_ros.describe.dense_sift import DenseRootSift
from anyloc_ros.describe.kmeans import cosine_kmeans
from anyloc_ros.errors import ConfigError
import cv2
import numpy as np
import pytest
import torch


def _rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


def _noise(height: int, width: int, low: int = 0, high: int = 256) -> np.ndarray:
    coarse = np.random.RandomState(7).randint(low, high, (height // 4 + 1, width // 4 + 1))
    return np.kron(coarse, np.ones((4, 4), int))[:height, :width]


def _features(grey: np.ndarray, **settings) -> np.ndarray:
    return DenseRootSift(**settings).extract([_rgb(grey)])[0]


def _ramp(step_x: int, step_y: int, side: int = 48) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    ramp = step_x * x + step_y * y
    return ramp - ramp.min()


def _inner(features: np.ndarray) -> np.ndarray:
    """Return (bin row, bin column, direction) of the middle 32 px feature of a 48 px image."""
    # 48 px hold 3x3 features of 32 px; the middle one, 8 px from every border, comes fifth.
    return features[4].reshape(4, 4, 8)


@pytest.mark.parametrize(
    ('step_x', 'step_y', 'direction'),
    [(2, 0, 0), (2, 2, 1), (0, 2, 2), (-2, 2, 3), (-2, 0, 4), (-2, -2, 5), (0, -2, 6), (2, -2, 7)],
)
def test_a_ramp_fills_the_bin_of_its_direction(step_x, step_y, direction):
    # All 16 bins hold the same gradient, times the Gaussian window of two bins deviation:
    # exp(-0.5 * (0.5 / 2)^2) = 0.9692 for the two inner rows, exp(-0.5 * 0.75^2) = 0.7548 outside.
    # Over the L2 norm 3.018 of the 16 products: inner 0.3112, edge 0.2424, corner 0.1888;
    # the first two are cut to 0.2. Their sum is 12 * 0.2 + 4 * 0.1888 = 3.1552.
    expected = np.zeros((4, 4, 8))
    expected[:, :, direction] = np.sqrt(0.2 / 3.1552)
    expected[::3, ::3, direction] = np.sqrt(0.1888 / 3.1552)
    bins = _inner(_features(_ramp(step_x, step_y)))
    np.testing.assert_allclose(bins, expected, atol=2e-3)


def test_a_direction_between_two_bins_is_shared_linearly():
    # atan(1/2) is 26.565 degrees: 0.5903 of the way from direction 0 to direction 1.
    corner = _inner(_features(_ramp(2, 1)))[0, 0]
    assert corner[0] ** 2 / corner[1] ** 2 == pytest.approx(0.4097 / 0.5903, rel=1e-3)
    assert not corner[2:].any()


def _by_definition(grey: np.ndarray, top: int, left: int, bin_size: int) -> np.ndarray:
    """Return one RootSIFT feature (128,) by a loop over pixels, window at the bin centres."""
    grey = cv2.GaussianBlur(grey.astype(float), (9, 9), 1.0, borderType=cv2.BORDER_REPLICATE)
    padded = np.pad(grey, 1, mode='edge')
    histogram = np.zeros((4, 4, 8))
    for y in range(grey.shape[0]):
        for x in range(grey.shape[1]):
            dx = (padded[y + 1, x + 2] - padded[y + 1, x]) / 2
            dy = (padded[y + 2, x + 1] - padded[y, x + 1]) / 2
            turn = np.degrees(np.arctan2(dy, dx)) % 360 / 45
            for row in range(4):
                for column in range(4):
                    off_y = abs(y + 0.5 - top - (row + 0.5) * bin_size) / bin_size
                    off_x = abs(x + 0.5 - left - (column + 0.5) * bin_size) / bin_size
                    if off_y >= 1 or off_x >= 1:
                        continue
                    share = (1 - off_y) * (1 - off_x) * np.hypot(dx, dy)
                    share *= np.exp(-((row - 1.5) ** 2 + (column - 1.5) ** 2) / 8)
                    histogram[row, column, int(turn) % 8] += share * (1 - turn % 1)
                    histogram[row, column, (int(turn) + 1) % 8] += share * (turn % 1)
    unit = histogram.ravel() / np.linalg.norm(histogram)
    unit = np.minimum(unit, 0.2)
    return np.sqrt(unit / unit.sum())


def test_features_equal_the_definition_at_every_scale():
    grey = _noise(80, 80)
    features = _features(grey)
    # 80 px hold 7x7 features of 32 px, 5x5 of 48 px and 3x3 of 64 px, from px 0 on.
    assert features.shape == (49 + 25 + 9, 128)
    assert features.dtype == np.float32
    for row, top, left, bin_size in [(8, 8, 8, 8), (49 + 7, 8, 16, 12), (49 + 25 + 4, 8, 8, 16)]:
        np.testing.assert_allclose(
            features[row], _by_definition(grey, top, left, bin_size), atol=1e-5
        )


def test_rows_have_unit_length():
    np.testing.assert_allclose(np.linalg.norm(_features(_noise(120, 160)), axis=1), 1, atol=1e-5)


def test_brightness_and_contrast_change_nothing():
    grey = _noise(120, 160, 0, 100)
    np.testing.assert_allclose(_features(2 * grey + 30), _features(grey), atol=1e-4)


def test_a_shift_by_one_step_shifts_the_grid():
    scene = _noise(96, 104)
    here, there = _features(scene[:, :96]), _features(scene[:, 8:])
    # 96 px hold 9 features of 32 px along an axis; those at the border also see the border.
    here, there = (x[: 9 * 9].reshape(9, 9, 128) for x in (here, there))
    np.testing.assert_allclose(there[1:-1, 1:-2], here[1:-1, 2:-1], atol=1e-5)


@pytest.mark.parametrize('size', [(1, 1), (1, 500), (31, 31), (2, 640), (31, 200)])
def test_an_image_smaller_than_a_feature_has_none(size):
    assert _features(_noise(*size)).shape == (0, 128)


def test_the_smallest_image_with_a_feature():
    assert _features(_noise(32, 32)).shape == (1, 128)


@pytest.mark.parametrize('level', [0, 128, 255])
def test_a_uniform_image_has_no_features(level):
    assert _features(np.full((120, 160), level)).shape == (0, 128)


def test_camera_noise_on_a_bare_wall_is_no_feature():
    noise = np.random.RandomState(3).normal(128, 3, (480, 640))
    assert _features(noise.round()).shape == (0, 128)


def test_only_the_bare_half_is_dropped():
    grey = _noise(96, 192)
    whole = _features(grey)
    grey[:, 96:] = 90
    half = _features(grey)
    assert 0 < len(half) < len(whole)
    assert np.isfinite(half).all()


def test_large_images_shrink_to_the_longer_side():
    small = _noise(240, 320)
    large = np.kron(small, np.ones((2, 2), int))
    np.testing.assert_allclose(_features(large), _features(small), atol=1e-5)
    assert len(_features(large, longer_side=640)) > len(_features(small, longer_side=640))


def test_masked_centres_are_dropped():
    grey = _noise(96, 96)
    mask = np.ones((96, 96), bool)
    assert np.array_equal(_features(grey, mask=mask), _features(grey))
    mask[:, 48:] = False
    # 9, 7 and 5 rows of features; their centres begin at px 16, 24 and 32, and stay below 48.
    assert len(_features(grey, mask=mask)) == 9 * 4 + 7 * 3 + 5 * 2
    assert _features(grey, mask=np.zeros((96, 96), bool)).shape == (0, 128)


def test_a_mask_of_the_camera_size_follows_the_shrinking():
    grey = np.kron(_noise(240, 320), np.ones((2, 2), int))
    mask = np.zeros((480, 640), bool)
    mask[32:34, 32:34] = True
    features = _features(grey, mask=mask)
    assert np.array_equal(features, _features(grey)[:1])


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ConfigError, match=r'100x120 px .*the image 96x96'):
        _features(_noise(96, 96), mask=np.ones((100, 120), bool))


def test_each_image_of_a_batch_stands_for_itself():
    images = [_rgb(_noise(64, 64)), _rgb(_noise(96, 64)), _rgb(np.zeros((64, 64)))]
    together = DenseRootSift().extract(images)
    assert [len(x) for x in together] == [25 + 9 + 1, 45 + 21 + 5, 0]
    for image, features in zip(images, together, strict=True):
        assert np.array_equal(DenseRootSift().extract([image])[0], features)
    assert DenseRootSift().extract([]) == []


def test_the_same_bits_again_with_any_number_of_threads():
    grey = _noise(480, 640)
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = _features(grey)
        cv2.setNumThreads(4)
        assert np.array_equal(_features(grey), alone)
        assert np.array_equal(_features(grey), alone)
    finally:
        cv2.setNumThreads(threads)


def test_settings_tell_what_the_features_depend_on():
    plain = DenseRootSift().settings()
    assert plain['image_size'] == 'max:320'
    assert DenseRootSift().settings() == plain
    assert DenseRootSift(longer_side=256).settings() != plain
    assert DenseRootSift(mask=np.ones((2, 2), bool)).settings() != plain


def _described(folder, words=None):
    paths = sorted(
        folder.glob('*.jpg'), key=lambda path: int(''.join(filter(str.isdigit, path.stem)))
    )
    images = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in paths]
    features = DenseRootSift().extract(images)
    if words is None:
        words = cosine_kmeans(np.concatenate(features), 64, 0, max_iterations=15)
    return words, torch.stack(
        [vlad(torch.from_numpy(x), torch.from_numpy(words)) for x in features]
    )


def test_a_corridor_is_recognised(data):
    words, references = _described(data / 'corridor' / 'ref')
    _, queries = _described(data / 'corridor' / 'query', words)
    truth = np.load(data / 'corridor' / 'ground_truth_new.npy', allow_pickle=True)
    found = (queries @ references.T).argmax(dim=1).tolist()
    hits = [place in positives for place, (_, positives) in zip(found, truth, strict=True)]
    assert np.mean(hits) >= 0.80
