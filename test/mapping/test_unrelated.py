# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The images that show no route, for cameras of every shape."""

from anyloc_ros.mapping.unrelated import unrelated_images
import numpy as np
import pytest


@pytest.mark.parametrize('grey', [False, True])
def test_they_are_of_the_size_of_the_camera(grey):
    images = list(unrelated_images((48, 80), grey=grey))
    assert {image.shape for image in images} == {(48, 80, 3)}
    assert all((image == image[:, :, :1]).all() for image in images) == grey


@pytest.mark.parametrize('views', [3, 5])
def test_each_view_shows_another_picture_of_its_own_shape(views):
    alone = list(unrelated_images((48, 80), grey=False))
    strips = list(unrelated_images((48, 80 * views), grey=False, views=views))
    assert len(strips) == len(alone)
    for image in strips:
        shown = [
            next(n for n, other in enumerate(alone) if np.array_equal(part, other))
            for part in np.split(image, views, axis=1)
        ]
        assert len(set(shown)) == views
