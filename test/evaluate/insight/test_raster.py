# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Values of features over the pixels, on grids one can do in one's head."""

from anyloc_ros.evaluate.insight.raster import spread, spread_labels
import numpy as np

NAN = np.nan
SQUARE = np.array([(1, 1), (5, 1), (1, 5), (5, 5)], float)


def test_linear_between_features_and_level_for_half_a_step_outside():
    heat = spread(np.array([0.0, 4.0, 8.0, 12.0]), SQUARE, (8, 9))
    across = [0, 0, 1, 2, 3, 4, 4, 4]
    np.testing.assert_allclose(heat[0], [*across, NAN])
    np.testing.assert_allclose(heat[1], [*across, NAN])
    np.testing.assert_allclose(heat[3], [*np.add(across, 4), NAN])
    np.testing.assert_allclose(heat[7, :8], np.add(across, 8))


def test_where_a_feature_is_missing_is_nothing():
    heat = spread(np.array([0.0, 4.0, 8.0]), SQUARE[:3], (8, 8))
    # Nearest to the missing one at (5, 5): from 3 on, rounded to even at the middle itself.
    np.testing.assert_array_equal(np.isnan(heat[4:, 4:]), True)
    assert np.isfinite(heat[:3]).all() and np.isfinite(heat[:, :3]).all()
    # At (3, 2): weights 1/2 * 3/4 for two in the upper row, 1/2 * 1/4 for the lower left one.
    np.testing.assert_allclose(heat[2, 3], (0.375 * 4 + 0.125 * 8) / 0.875)


def test_labels_are_those_of_the_nearest_feature():
    labels = spread_labels(np.array([7, 2, 9]), SQUARE[:3], (8, 9))
    assert labels[0, 0] == 7 and labels[2, 4] == 2 and labels[7, 0] == 9
    assert labels[7, 7] == -1 and labels[0, 8] == -1


def test_one_feature_is_as_large_as_the_image():
    heat = spread(np.array([3.0]), np.array([(2.0, 3.0)]), (4, 6))
    assert np.isfinite(heat[1:, :6]).all() and np.nanmax(np.abs(heat - 3)) == 0


def test_a_step_that_is_no_whole_number():
    positions = np.array([(0.5 + 2.5 * i, 0.0) for i in range(4)])
    heat = spread(np.arange(4.0), positions, (1, 9))
    np.testing.assert_allclose(heat[0], np.clip((np.arange(9) - 0.5) / 2.5, 0, 3), atol=1e-6)
