# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The heading against a taught image, where the truth is exact: offsets, other light, a person."""

import math

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.localize.lens import lens_of
from anyloc_ros.localize.verification import Check, Verifier
from anyloc_ros.pose import Pose
from anyloc_ros.simulate.run import CAMERA, RunConfig
import cv2
import numpy as np
import pytest

FRAMES = 60


@pytest.fixture(scope='module')
def drive(world):
    """Return (FRAMES, 3): true heading in rad, found heading and its sigma; and the checks."""
    calibration = {
        'height': CAMERA.height_px,
        'width': CAMERA.width_px,
        'distortion_model': 'plumb_bob',
        'd': [0.0] * 5,
        'k': CAMERA.matrix().ravel().tolist(),
    }
    light = RunConfig.repeat().light
    rng = np.random.default_rng(8)
    taught: dict[int, np.ndarray] = {}
    verifier = Verifier(
        build_describer(DescribeConfig(method='RootSIFT-VLAD')), taught.get, lens_of(calibration)
    )
    poses = []
    # All references first: the light of each drive is worked out once.
    for number in range(FRAMES):
        s = world.route.length_m * number / FRAMES
        reference = world.route.pose_at(s)
        taught[number] = world.render(reference)
        beside = world.route.pose_at(s + rng.uniform(-0.25, 0.25), rng.uniform(-0.3, 0.3))
        yaw = reference.yaw + math.radians(rng.uniform(-10, 10))
        poses.append((Pose.from_xy_yaw(beside.x, beside.y, yaw), yaw - reference.yaw))
    checks: list[Check] = []
    for number, (pose, _) in enumerate(poses):
        image = world.render(pose, light=light).astype(np.float32)
        image += rng.standard_normal(image.shape, np.float32) * 4
        image = cv2.GaussianBlur(image, (0, 0), 0.6).clip(0, 255).astype(np.uint8)
        checks += verifier.check(image, [number])
    truth = [true for _, true in poses]
    found = [(check.heading_rad, check.heading_sigma) for check in checks]
    return np.column_stack([truth, found]), checks


def test_the_heading_is_right_to_a_degree(drive):
    truth, found, _ = drive[0].T
    errors_deg = np.degrees(np.abs(found - truth))
    assert np.median(errors_deg) < 0.3
    assert np.quantile(errors_deg, 0.9) < 1


def test_the_robot_is_told_the_right_side(drive):
    truth, found, _ = drive[0].T
    aside = np.abs(truth) > math.radians(2)
    assert aside.sum() > 40
    assert np.mean(np.sign(found[aside]) == np.sign(truth[aside])) >= 0.98


def test_sigma_is_honest(drive):
    truth, found, sigma = drive[0].T
    normalised = np.abs(found - truth) / sigma
    # A normal error is within 2 sigma 95 times in 100.
    assert np.mean(normalised < 2) > 0.9
    assert np.sqrt(np.mean(np.square(normalised))) < 1.5
    assert np.degrees(np.median(sigma)) < 1


def test_the_shift_has_the_unit_and_the_sign_of_the_camera(drive):
    truth = drive[0][:, 0]
    shifts_px = np.array([check.shift_px for check in drive[1]])
    expected_px = CAMERA.focal_px * np.tan(truth)
    # A step aside shifts the picture as well: 0.3 m at 3 m is 19 px.
    assert np.median(np.abs(shifts_px - expected_px)) < 15
    assert np.corrcoef(shifts_px, expected_px)[0, 1] > 0.8
