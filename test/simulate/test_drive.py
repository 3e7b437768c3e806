# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where the robot is, believes to be, and what its camera adds."""

from dataclasses import replace
from itertools import pairwise
import math

from anyloc_ros.errors import ConfigError
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.drive import Drive, odometry, Wander
from anyloc_ros.simulate.run import RunConfig
import numpy as np
import pytest

TINY = Camera(64, 48)


def test_wander_reaches_its_bounds_and_never_leaves_them():
    values = np.array([Wander(0.3, (1, 2)).at(s) for s in np.arange(0, 200, 0.05)])
    assert np.abs(values).max() <= 0.3
    assert values.max() > 0.29
    assert values.min() < -0.29
    # Between two images 0.25 m apart it moves a few centimetres: smooth.
    assert np.abs(np.diff(values)).max() < 0.01
    assert Wander(0.3, (1, 3)).at(5.0) != Wander(0.3, (1, 2)).at(5.0)


def test_a_plain_drive_follows_the_route(world):
    drive = Drive(world, RunConfig(speed_mps=0.5, start_m=3.0))
    expected = world.route.pose_at(3.0 + 4.0)
    found = drive.true_pose(8.0)
    assert found.position == pytest.approx(expected.position)
    assert found.yaw == pytest.approx(expected.yaw)


def test_offsets_stay_within_their_bounds(world):
    run = RunConfig(lateral_m=0.3, heading_deg=5.0, seed=3)
    drive = Drive(world, run)
    lateral, heading = [], []
    for t in np.arange(0, 88, 0.25):
        on_route, found = world.route.pose_at(t), drive.true_pose(t)
        lateral.append(found.distance_to(on_route))
        heading.append(math.degrees(math.remainder(found.yaw - on_route.yaw, math.tau)))
    assert 0.29 < max(lateral) <= 0.3 + 1e-9
    assert 4.8 < max(np.abs(heading)) <= 5.0 + 1e-9
    # One radian of heading at one place and the other sign at another: it swings.
    assert min(heading) < -4
    assert max(heading) > 4


@pytest.mark.parametrize(
    ('values', 'images', 'samples'),
    [
        ({'length_m': 2.0}, 9, 41),  # 2 s at 4 Hz and at 20 Hz, both ends included
        ({'length_m': 2.1}, 9, 43),  # the odometry goes on past the last image
        ({'length_m': 2.0, 'speed_mps': 0.5, 'rate_hz': 10.0}, 41, 81),
    ],
)
def test_numbers_of_samples(world, values, images, samples):
    drive = Drive(world, RunConfig(**values))
    assert (drive.num_images, drive.num_odometry) == (images, samples)


def test_presets_give_enough_keyframes_and_queries(world):
    teach, repeat = Drive(world, RunConfig.teach()), Drive(world, RunConfig.repeat())
    assert teach.length_m / 0.5 >= 100
    assert repeat.num_images >= 100


def test_odometry_without_drift_is_the_truth(world):
    run = RunConfig(lateral_m=0.3, heading_deg=5.0, length_m=20.0)
    drive = Drive(world, run)
    samples = list(odometry(drive, run))
    assert len(samples) == drive.num_odometry == 401
    for number, sample in enumerate(samples):
        true = drive.true_pose(number / 20)
        assert sample.pose.distance_to(true) < 1e-9
        assert math.remainder(sample.pose.yaw - true.yaw, math.tau) == pytest.approx(0, abs=1e-9)
    assert samples[0].forward_mps == 0.0
    assert samples[-1].forward_mps == pytest.approx(1.0, abs=0.1)


def test_drift_grows_with_the_way(world):
    run = RunConfig(odometry_drift=0.02, length_m=40.0, seed=4)
    drive = Drive(world, run)
    samples = list(odometry(drive, run))
    way = sum(a.pose.distance_to(b.pose) for a, b in pairwise(samples))
    assert way == pytest.approx(40.0 * 1.02, rel=1e-3)
    assert samples[-1].pose.distance_to(drive.true_pose(40.0)) > 0.3
    again = list(odometry(Drive(world, run), run))
    assert again == samples


def test_any_image_can_be_made_again_by_itself(world):
    run = replace(RunConfig.repeat(TINY), length_m=4.0)
    images = [Drive(world, run).image(n) for n in range(3)]
    assert (Drive(world, run).image(2) == images[2]).all()
    assert (images[1] != images[2]).any()


def test_noise_has_the_strength_asked(world):
    still = RunConfig(camera=TINY, light=RunConfig.repeat().light)
    clean = Drive(world, still).image(3).astype(float)
    noisy = Drive(world, replace(still, noise=5.0)).image(3)
    inside = (clean > 30) & (clean < 225)
    assert (noisy - clean)[inside].std() == pytest.approx(5.0, rel=0.1)


def test_blur_takes_contrast_away(world):
    sharp = Drive(world, RunConfig(camera=TINY)).image(3).astype(float)
    soft = Drive(world, RunConfig(camera=TINY, blur_px=1.5)).image(3).astype(float)
    assert np.abs(np.diff(soft, axis=1)).mean() < 0.7 * np.abs(np.diff(sharp, axis=1)).mean()
    assert soft.mean() == pytest.approx(sharp.mean(), rel=0.02)


def test_a_person_walks_ahead(world):
    plain = RunConfig(camera=Camera(160, 120))
    for number in (0, 20, 40):
        empty = Drive(world, plain).image(number)
        walked = Drive(world, replace(plain, person=True)).image(number)
        share = (empty != walked).any(axis=2).mean()
        assert 0.005 < share < 0.3


@pytest.mark.parametrize(
    'values',
    [
        {'speed_mps': 0.0},
        {'rate_hz': float('nan')},
        {'lateral_m': 1.0},
        {'noise': -1.0},
        {'storage': 'bag'},
        {'length_m': -1.0},
    ],
)
def test_bad_values(values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        RunConfig(**values)
