# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The sheet of unrelated images in the package is the one that is drawn here."""

from anyloc_ros.mapping.unrelated import unrelated_images
from anyloc_ros.simulate import unrelated
import numpy as np


def test_the_sheet_of_the_package_is_what_is_drawn(monkeypatch):
    # One building of three: they take seconds.
    monkeypatch.setattr(unrelated, 'BUILDINGS', unrelated.BUILDINGS[:1])
    drawn = unrelated.unrelated_sheet()
    assert drawn.shape == (6 * 192, 8 * 256, 3)
    tiles = drawn.reshape(6, 192, 8, 256, 3).swapaxes(1, 2).reshape(48, 192, 256, 3)
    shipped = np.stack(list(unrelated_images((192, 256), grey=False)))[:48]
    off = np.abs(np.subtract(shipped, tiles, dtype=int)).mean(axis=(1, 2, 3))
    # The JPEG takes the noise away, 3 levels of deviation, and half of the colours.
    assert off.max() < 8
    # Other pictures differ by 31 at least.
    assert np.abs(np.subtract(shipped, np.roll(tiles, 1, axis=0), dtype=int)).mean() > 40


def test_no_two_of_them_are_alike():
    images = np.stack(list(unrelated_images((12, 16), grey=False))).astype(int)
    apart = np.abs(images[:, None] - images[None]).mean(axis=(2, 3, 4))
    assert apart[~np.eye(64, dtype=bool)].min() > 15
