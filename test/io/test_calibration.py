# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The calibration of the camera that a bag has."""

from anyloc_ros.io.source import open_source
from anyloc_ros.simulate.record import record_run
from anyloc_ros.simulate.run import RunConfig
from anyloc_ros.simulate.world import World
import numpy as np
import pytest


@pytest.mark.parametrize('compressed', [False, True])
def test_calibration_beside_the_images(tmp_path, compressed):
    run = RunConfig(length_m=0.3, compressed=compressed)
    record_run(World(), tmp_path / 'run', run=run)
    found = open_source(tmp_path / 'run', pose_topic='/odom').calibration
    assert (found.width, found.height) == (run.camera.width_px, run.camera.height_px)
    # Half of the width is seen under half of 80 degrees.
    assert found.k[0] == pytest.approx(160 / np.tan(np.radians(40)))
    assert found.k[2] == pytest.approx(159.5)


def test_a_folder_has_none(data):
    assert open_source(data / 'lund_gps').calibration is None
