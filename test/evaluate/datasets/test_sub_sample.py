# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A data set with every n-th reference: numbers, positions and images stay together."""

from __future__ import annotations

from anyloc_ros.errors import ConfigError
from anyloc_ros.evaluate.datasets.dataset import sub_sample
from anyloc_ros.evaluate.datasets.registry import open_dataset
from anyloc_ros.io.samples import ImageSample
import pytest


def greys(source) -> list[int]:
    samples = [sample for sample in source.samples() if isinstance(sample, ImageSample)]
    return [int(sample.decode()[0, 0, 0]) for sample in samples]


def test_every_second_reference_keeps_its_place(tmp_path, images):
    images(tmp_path / 'set' / 'database', [f'@{10 * number}@0@.jpg' for number in range(5)])
    images(tmp_path / 'set' / 'queries', [f'@{x}@0@.jpg' for x in (10, 20, 35)])
    whole = open_dataset('utm:set:10', tmp_path)
    assert whole.positives == [{0, 1, 2}, {1, 2, 3}, {3, 4}]
    thin = sub_sample(whole, 2)
    # References 0, 2, 4 are left, now 0, 1, 2.
    assert thin.positives == [{0, 1}, {1}, {2}]
    assert thin.reference_positions[:, 0].tolist() == [0, 20, 40]
    assert (len(thin.references), greys(thin.references)) == (3, [0, 2, 4])
    assert greys(thin.queries) == [0, 1, 2]
    assert (whole.stride, thin.stride, sub_sample(thin, 2).stride) == (1, 2, 4)
    assert sub_sample(thin, 2).positives == [{0}, set(), {1}]
    every_other = sub_sample(whole, 1, queries=2)
    assert every_other.positives == [{0, 1, 2}, {3, 4}]
    assert every_other.query_positions[:, 0].tolist() == [10, 35]
    assert greys(every_other.queries) == [0, 2]


def test_distractors_are_thinned_with_the_references(tmp_path, images, lists):
    images(tmp_path / 'VPAir' / 'reference_views', ['0.png', '1.png', '2.png'])
    images(tmp_path / 'VPAir' / 'queries', ['0.png'])
    images(tmp_path / 'VPAir' / 'distractors', [f'{number}.png' for number in range(7)])
    lists(tmp_path / 'VPAir' / 'vpair_gt.npy', [(0, [1, 2])])
    thin = sub_sample(open_dataset('vp_air', tmp_path), 2)
    assert (len(thin.references), greys(thin.distractors)) == (2, [0, 2, 4, 6])
    assert thin.positives == [{1}]
    assert thin.reference_positions is None


def test_a_stride_is_at_least_one(tmp_path, images):
    images(tmp_path / 'set' / 'database', ['@0@0@.jpg'])
    images(tmp_path / 'set' / 'queries', ['@0@0@.jpg'])
    with pytest.raises(ConfigError, match='stride of references: expected 1 or more, got 0'):
        sub_sample(open_dataset('utm:set', tmp_path), 0)
