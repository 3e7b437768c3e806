# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Light that can be told by hand."""

from anyloc_ros.simulate.light import AMBIENT, irradiance, Light
import numpy as np
import pytest


def test_lamps_off():
    assert Light().lamps_on(40).all()
    on = Light(lamps_off=0.3, seed=1).lamps_on(40)
    assert on.sum() == 28
    assert (on != Light(lamps_off=0.3, seed=2).lamps_on(40)).any()


def test_tone():
    tone = Light(gain=0.5, gamma=2.0, warmth=0.2).tone()
    np.testing.assert_allclose(tone[255], 255 * np.array([0.6, 0.5, 0.4]) ** 2, rtol=1e-6)
    np.testing.assert_allclose(Light().tone()[:, 1], np.arange(256), atol=1e-4)


def test_a_lamp_lights_what_faces_it_and_is_near():
    lamps = np.array([[0.0, 0.0]])
    points = np.array([[2.0, 0.0, 1.0], [4.0, 0.0, 1.0], [-2.0, 0.0, 1.0]])
    near, far, behind = irradiance(points, np.array([-1.0, 0.0, 0.0]), lamps)
    assert near > far > AMBIENT
    assert behind == pytest.approx(AMBIENT)
