# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Which parts of images are like a point: by hand, and on real images."""

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.local_features import LocalFeatures
from anyloc_ros.errors import ConfigError, ImageError
from anyloc_ros.evaluate.insight.similarity_map import likenesses, locator, nearest_feature
from anyloc_ros.io.decode import decode_compressed
import numpy as np
import pytest

PANEL = ('', 'x')


def local(features, positions, sizes_px=None):
    count = len(features)
    sizes_px = np.full(count, 4.0) if sizes_px is None else np.array(sizes_px)
    return LocalFeatures(np.array(features, float), np.array(positions, float), sizes_px)


def test_cosines_of_features_that_are_not_of_unit_length():
    first = local([(2, 0), (0, 5)], [(0, 0), (4, 0)])
    other = local([(3, 3), (-1, 0), (0, 0)], [(0, 0), (4, 0), (8, 0)])
    found = likenesses((1, 0), [{PANEL: first}, {PANEL: other}], [(1, 6), (1, 10)])[PANEL]
    assert [round(one.highest, 6) for one in found] == [1, round(0.5**0.5, 6)]
    assert [one.best for one in found] == [(0, 0), (0, 0)]
    np.testing.assert_allclose(found[0].heat[0, [0, 4]], [1, 0])
    np.testing.assert_allclose(found[1].heat[0, [0, 4, 8]], [0.5**0.5, -1, 0], atol=1e-6)


def test_only_the_finest_features_are_shown():
    first = local([(1, 0), (0, 1)], [(0, 0), (2, 0)], [4, 8])
    found = likenesses((2, 0), [{PANEL: first}], [(1, 4)])[PANEL]
    assert found[0].best == (0, 0)


def test_what_cannot_be_shown_is_refused():
    bare = LocalFeatures(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0))
    first = local([(1, 0)], [(0, 0)])
    for point in ((-1, 0), (6, 0), (0, 1)):
        with pytest.raises(ConfigError, match='x from 0 to 5 and y from 0 to 0'):
            likenesses(point, [{PANEL: first}], [(1, 6)])
    with pytest.raises(ImageError, match='image 2 has no features'):
        likenesses((0, 0), [{PANEL: first}, {PANEL: bare}], [(1, 6), (1, 6)])


def _image(path):
    return decode_compressed(path.read_bytes())


def test_the_own_patch_is_the_most_similar_on_a_real_image(data):
    office = data / 'office_two_laps'
    images = [_image(office / f'{n}.jpg') for n in (20, 60)]
    find = locator(DescribeConfig(method='RootSIFT-VLAD'), (), ())
    found = [find(image) for image in images]
    (panel,) = found[0]
    here, there = likenesses((200, 120), found, [(384, 512)] * 2)[panel]
    positions = found[0][panel].finest().positions
    assert here.best == tuple(positions[nearest_feature(positions, (200, 120))])
    assert here.highest == pytest.approx(1, abs=1e-6)
    assert np.nanmax(here.heat) <= 1 + 1e-6
    assert there.highest < 0.999
    assert here.heat.shape == (384, 512) and np.isfinite(here.heat).mean() > 0.5


def test_a_network_has_a_panel_for_each_layer_and_facet(data):
    image = _image(data / 'corridor' / 'ref' / '0000000.jpg')
    config = DescribeConfig(method='AnyLoc-VLAD-DINOv2-S', weights_path='random:1', device='cpu')
    find = locator(config, (0, 1), ('key', 'token'))
    panels = likenesses((80, 60), [find(image)], [image.shape[:2]])
    assert list(panels) == [
        (f'layer {layer}', facet) for layer in (0, 1) for facet in ('key', 'token')
    ]
    assert all(one.highest == pytest.approx(1, abs=1e-5) for (one,) in panels.values())


def test_dense_sift_has_no_layers():
    with pytest.raises(ConfigError, match='has no layers and facets'):
        locator(DescribeConfig(method='RootSIFT-VLAD'), (3,), ())
