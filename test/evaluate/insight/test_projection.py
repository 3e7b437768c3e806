# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Principal components, against a singular value decomposition and on two real places."""

from anyloc_ros.config import DescribeConfig, TeachConfig
from anyloc_ros.errors import ConfigError, MapError
from anyloc_ros.evaluate.insight.gather import gather
from anyloc_ros.evaluate.insight.projection import MOST, project
from anyloc_ros.evaluate.run import taught_map
from anyloc_ros.io.source import open_source
import numpy as np
import pytest

GEM = DescribeConfig(method='RootSIFT-GeM')


def test_points_on_a_line_have_one_component():
    found = project(np.array([(0, 0, 1), (3, 4, 1), (9, 12, 1)], np.float32))
    np.testing.assert_allclose(found.explained, [1, 0], atol=1e-6)
    # Ways along the line are 0, 5 and 15; their mean is 20 / 3.
    np.testing.assert_allclose(found.points[:, 0], np.array([-20, -5, 25]) / 3, rtol=1e-5)


@pytest.mark.parametrize('shape', [(20, 7), (7, 20)], ids=['tall', 'wide'])
def test_as_the_singular_value_decomposition_has_it(shape):
    rows = np.random.default_rng(3).normal(size=shape).astype(np.float32) * np.arange(
        1, 1 + shape[1]
    )
    rows = rows.astype(np.float32)
    found = project(rows)
    centred = rows.astype(float) - rows.astype(float).mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(found.points), np.abs(left[:, :2] * values[:2]), atol=1e-3)
    np.testing.assert_allclose(found.explained, (values**2 / (values**2).sum())[:2], rtol=1e-4)
    assert (np.power(found.points, 3).sum(axis=0) > 0).all()


def test_nothing_to_project_is_refused():
    with pytest.raises(ConfigError, match='at least 3 descriptors, got 2'):
        project(np.eye(2, dtype=np.float32))
    with pytest.raises(ConfigError, match='all descriptors are the same'):
        project(np.ones((4, 5), np.float32))
    with pytest.raises(ConfigError, match='take every n-th image'):
        project(np.zeros((MOST + 1, MOST + 1), np.float32))


def test_two_real_places_lie_apart(data):
    texts = [str(data / 'office_two_laps'), str(data / 'corridor' / 'ref')]
    found = gather(texts, GEM, every=4)
    assert [len(rows) for rows in found.descriptors] == [21, 28]
    office, corridor = np.split(project(np.concatenate(found.descriptors)).points, [21])
    middles = np.stack([office.mean(axis=0), corridor.mean(axis=0)])

    def nearer_own(points, own):
        away = np.linalg.norm(points[:, None] - middles, axis=2)
        return (away.argmin(axis=1) == own).mean()

    assert nearer_own(office, 0) > 0.9 and nearer_own(corridor, 1) > 0.9


@pytest.fixture(scope='module', name='folder')
def _folder(data):
    return f'{data / "corridor" / "ref"}:1-5'


def test_a_map_gives_what_its_images_are_described_as(folder, tmp_path):
    with taught_map(open_source(folder), GEM, TeachConfig()) as (place_map, describer):
        path = str(place_map.path)
        by_map = gather([path, folder], None)
        with pytest.raises(ConfigError, match='is a map and says how'):
            gather([path], GEM)
    stored, described = by_map.descriptors
    assert stored.shape == described.shape == (5, describer.width)
    np.testing.assert_allclose(stored, described, atol=1e-3)
    np.testing.assert_array_equal(gather([folder], GEM, every=2).descriptors[0], described[::2])


def test_maps_of_different_words_are_not_compared(folder):
    vlad = DescribeConfig(method='RootSIFT-VLAD', num_words=4)
    other = DescribeConfig(method='RootSIFT-VLAD', num_words=4, vocabulary_seed=1)
    with (
        taught_map(open_source(folder), vlad, TeachConfig()) as (first, _),
        taught_map(open_source(folder), other, TeachConfig()) as (second, _),
        taught_map(open_source(folder), GEM, TeachConfig()) as (third, _),
    ):
        with pytest.raises(MapError, match='another vocabulary or whitening'):
            gather([str(first.path), str(second.path)], None)
        with pytest.raises(MapError, match='was made with'):
            gather([str(first.path), str(third.path)], None)


def test_sources_need_a_method_that_is_ready(folder):
    with pytest.raises(ConfigError, match='none of these is a map'):
        gather([folder], None)
    with pytest.raises(ConfigError, match='needs a vocabulary'):
        gather([folder], DescribeConfig(method='RootSIFT-VLAD'))
