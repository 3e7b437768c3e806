# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""The words of patches: by hand, as VLAD assigns them, and on two places."""

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.local_features import LocalFeatures
from anyloc_ros.errors import ConfigError
from anyloc_ros.evaluate.insight.clusters import assigned, clusters, wording
from anyloc_ros.io.decode import decode_compressed
import numpy as np
import pytest

CONFIG = DescribeConfig(method='RootSIFT-VLAD', num_words=16)


def test_the_word_of_greatest_cosine_however_long_it_is():
    words = np.array([(0.1, 0.0), (0.0, 9.0), (0.0, 0.0)], np.float32)
    features = np.array([(1, 0.9), (0.9, 1), (-1, -1)], np.float32)
    assert assigned(features, words).tolist() == [0, 1, 2]


def test_shares_and_pictures_by_hand():
    words = np.eye(4, dtype=np.float32)
    positions = np.array([(0, 0), (4, 0), (8, 0)], float)
    first = LocalFeatures(words[[2, 2, 0]], positions, np.full(3, 4.0))
    # Only the finest of a coarse and two fine features counts.
    second = LocalFeatures(words[[3, 2, 1]], positions, np.array([8.0, 4.0, 4.0]))
    bare = LocalFeatures(np.zeros((0, 4)), np.zeros((0, 2)), np.zeros(0))
    found = clusters([first, second, bare], [(1, 9)] * 3, words)
    np.testing.assert_allclose(found.shares, [0.2, 0.2, 0.6, 0])
    assert found.most_common(2) == [2, 0] and found.most_common(9) == [2, 0, 1]
    assert found.labels[0][0].tolist() == [2] * 6 + [0] * 3
    assert set(found.labels[1][0].tolist()) == {-1, 1, 2}
    assert (found.labels[2] == -1).all()


@pytest.fixture(scope='module', name='images')
def _images(data):
    office = data / 'office_two_laps'
    return [decode_compressed((office / f'{n}.jpg').read_bytes()) for n in (20, 60, 33)]


def test_the_words_are_those_that_the_descriptor_has_blocks_for(images):
    describer, origin = wording(None, CONFIG, images)
    assert origin == 'words fit on these images'
    for image in images:
        descriptor = describer.describe([image])[0].reshape(16, -1)
        (local,) = describer.locate(image)
        used = set(assigned(local.features, describer.vocabulary.words).tolist())
        assert used == set(np.flatnonzero(np.abs(descriptor).sum(axis=1)).tolist())


def _paths(data, name):
    if name == 'corridor':
        folders = (data / 'corridor' / side for side in ('ref', 'query'))
        return [[folder / f'{n:07d}.jpg' for n in range(5, 106, 20)] for folder in folders]
    folder = data / 'office_two_laps'
    return [[folder / f'{lap + n}.jpg' for n in range(2, 40, 6)] for lap in (0, 40)]


@pytest.mark.parametrize('name', ['corridor', 'office'])
def test_one_place_twice_has_more_equal_words_than_two_places(data, name):
    first, second = (
        [decode_compressed(path.read_bytes()) for path in paths] for paths in _paths(data, name)
    )
    images = first + second
    describer, _ = wording(None, CONFIG, images)
    located = [describer.locate(image)[0] for image in images]
    found = clusters(located, [i.shape[:2] for i in images], describer.vocabulary.words)
    equal = np.zeros((len(first), len(second)))
    for pair in np.ndindex(equal.shape):
        one, other = found.labels[pair[0]], found.labels[len(first) + pair[1]]
        equal[pair] = (one == other)[(one >= 0) & (other >= 0)].mean()
    same = np.eye(len(first), dtype=bool)
    assert equal[same].mean() > 1.15 * equal[~same].mean()


def test_methods_without_words_are_refused(images):
    with pytest.raises(ConfigError, match='words are shown of VLAD methods'):
        wording(None, DescribeConfig(method='RootSIFT-GeM'), images)
