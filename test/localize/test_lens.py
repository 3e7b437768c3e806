# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Pixels to rays: by hand, and the distortion models by their formulas."""

from anyloc_ros.errors import ConfigError
from anyloc_ros.localize.lens import lens_of
import numpy as np
import pytest

K = [200.0, 0, 159.5, 0, 250.0, 119.5, 0, 0, 1]


def calibration(**changes):
    fields = {'height': 240, 'width': 320, 'distortion_model': 'plumb_bob', 'd': [0.0] * 5, 'k': K}
    return fields | changes


def test_rays_without_distortion():
    lens = lens_of(calibration())
    points = [[159.5, 119.5], [259.5, 119.5], [159.5, 19.5]]
    expected = [[0, 0], [0.5, 0], [0, -0.4]]
    np.testing.assert_allclose(lens.rays(points, (240, 320)), expected, atol=1e-9)
    assert lens.rays(np.empty((0, 2)), (240, 320)).shape == (0, 2)


def test_an_image_of_twice_the_size_has_the_same_rays():
    # The left edge is at -0.5 in both, pixel 100 of the small one covers 200 and 201.
    rays = lens_of(calibration()).rays([[200.5, 41.5]], (480, 640))
    np.testing.assert_allclose(rays, [[(100 - 159.5) / 200, (20.5 - 119.5) / 250]], atol=1e-9)


def test_plumb_bob_by_its_formula():
    x, y, k1, k2, p1, p2 = 0.3, -0.2, -0.2, 0.05, 0.002, -0.001
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2**2
    u = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    v = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
    lens = lens_of(calibration(d=[k1, k2, p1, p2, 0.0]))
    found = lens.rays([[159.5 + 200 * u, 119.5 + 250 * v]], (240, 320))
    np.testing.assert_allclose(found, [[x, y]], atol=1e-4)


@pytest.mark.parametrize('d', [[], [0.0] * 4])
def test_an_ideal_fisheye_has_radii_like_angles(d):
    lens = lens_of(calibration(distortion_model='equidistant', d=d))
    angle = np.radians(50)
    found = lens.rays([[159.5 + 200 * angle, 119.5]], (240, 320))
    np.testing.assert_allclose(found, [[np.tan(angle), 0]], atol=1e-6)


def test_which_images_may_be_of_the_camera():
    lens = lens_of(calibration())
    assert lens.fits((480, 640))
    assert lens.fits((120, 160))
    assert not lens.fits((240, 240))


def test_no_calibration_and_an_uncalibrated_camera_have_no_lens():
    assert lens_of(None) is None
    assert lens_of(calibration(k=[0.0] * 9, distortion_model='', d=[])) is None


@pytest.mark.parametrize(
    ('changes', 'word'),
    [
        ({'distortion_model': 'bicubic'}, "got 'bicubic'"),
        ({'d': [0.1, 0.2]}, 'with 2'),
        ({'k': K[:8]}, '9 numbers k'),
        ({'k': [float('nan'), *K[1:]]}, 'focal lengths'),
        ({'k': [-1.0, *K[1:]]}, 'focal lengths'),
        ({'width': 0}, 'size of the image'),
        ({'d': [float('inf')] * 5}, 'focal lengths'),
        ({'d': 'nonsense'}, '9 numbers k'),
    ],
)
def test_a_calibration_that_cannot_be_is_refused(changes, word):
    with pytest.raises(ConfigError, match='camera_info') as error:
        lens_of(calibration(**changes))
    assert word in str(error.value)


def test_a_calibration_without_a_field_is_refused():
    fields = calibration()
    del fields['d']
    with pytest.raises(ConfigError, match="'d'"):
        lens_of(fields)
