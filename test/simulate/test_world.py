# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What is seen depends on the arguments alone, and on them as it should."""

from anyloc_ros.errors import ConfigError
from anyloc_ros.pose import Pose
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.light import Light
from anyloc_ros.simulate.people import Person
from anyloc_ros.simulate.plan import TWIN_CENTRE
from anyloc_ros.simulate.world import World
import cv2
import numpy as np
import pytest

SMALL = Camera(160, 120)


def test_the_same_arguments_give_the_same_picture(world):
    pose = world.route.pose_at(5.0)
    first = world.render(pose, SMALL)
    world.render(world.route.pose_at(50.0), SMALL, Light(gain=0.5))
    assert (World(1).render(pose, SMALL) == first).all()
    assert (world.render(pose, SMALL) == first).all()
    assert first.shape == (120, 160, 3)
    assert first.dtype == np.uint8


def test_another_seed_is_another_building(world):
    other = World(2)
    for s in (2.0, 40.0, 70.0):
        pose = world.route.pose_at(s)
        difference = np.abs(world.render(pose, SMALL).astype(int) - other.render(pose, SMALL))
        assert difference.mean() > 20


@pytest.mark.parametrize('size', [(320, 240), (640, 480)])
def test_everywhere_there_is_enough_to_see(world, size):
    detector = cv2.SIFT_create()
    for s in np.arange(0, world.route.length_m, 8.0):
        image = world.render(world.route.pose_at(s), Camera(*size))
        assert len(detector.detect(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))) > 100


def difference_of_twins(world):
    """Return the mean difference between three places of one twin and their look-alikes."""
    total = 0.0
    for s in (2.0, 4.0, 6.0):
        here = world.route.pose_at(s)
        there = Pose.from_xy_yaw(
            2 * TWIN_CENTRE[0] - here.x, 2 * TWIN_CENTRE[1] - here.y, here.yaw + np.pi
        )
        images = [world.render(pose, SMALL).astype(int) for pose in (here, there)]
        total += np.abs(images[0] - images[1]).mean()
    return total / 3


def test_twins_look_alike_only_when_asked(world, twin_world):
    assert difference_of_twins(twin_world) < 6
    assert difference_of_twins(world) > 25


def test_twins_are_on_the_route_and_driven_the_same_way(world):
    for number, yaw in enumerate((0.0, np.pi)):
        part = world.twins[number]
        poses = [world.route.pose_at(s) for s in np.arange(0, world.route.length_m, 0.1)]
        within = [p for p in poses if part.x0 < p.x < part.x1 and part.y0 < p.y < part.y1]
        assert len(within) == pytest.approx(120, abs=1)
        assert all(abs(np.cos(p.yaw - yaw) - 1) < 1e-9 for p in within)


def test_light(world):
    pose = world.route.pose_at(5.0)
    usual = world.render(pose, SMALL).astype(float)
    dark = world.render(pose, SMALL, Light(gain=0.5))
    dull = world.render(pose, SMALL, Light(lamps_off=1.0))
    warm = world.render(pose, SMALL, Light(gain=0.6, warmth=0.2)).astype(float)
    level = world.render(pose, SMALL, Light(gain=0.6)).astype(float)
    inside = (usual > 20) & (usual < 250)
    assert np.median(dark[inside] / usual[inside]) == pytest.approx(0.5, abs=0.02)
    assert dull.mean() < 0.8 * usual.mean()
    assert np.median(warm[..., 0] / level[..., 0].clip(1)) == pytest.approx(1.2, abs=0.03)
    assert np.median(warm[..., 2] / level[..., 2].clip(1)) == pytest.approx(0.8, abs=0.03)


def test_a_person_hides_what_is_behind(world):
    here, there = world.route.pose_at(2.0), world.route.pose_at(5.0)
    empty = world.render(here, SMALL)
    changed = (world.render(here, SMALL, people=[Person(there.x, there.y)]) != empty).any(axis=2)
    rows, columns = np.nonzero(changed)
    # 2.85 m ahead of the lens, 1.76 m high, feet on the floor 0.9 m below; focal 95.3 px.
    assert rows.max() == pytest.approx(59.5 + 0.9 * 95.3 / 2.85, abs=2.5)
    assert rows.min() == pytest.approx(59.5 - (1.76 - 0.9) * 95.3 / 2.85, abs=3.5)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(79.5, abs=1.5)


def test_a_person_behind_a_wall_or_behind_the_camera_is_not_seen(world):
    here = world.route.pose_at(2.0)
    empty = world.render(here, SMALL)
    for x, y in ((12.0, 4.0), (5.0, 1.2)):
        assert (world.render(here, SMALL, people=[Person(x, y)]) == empty).all()


def test_a_camera_in_a_wall(world):
    with pytest.raises(ValueError, match='in a wall or outside'):
        world.render(Pose.from_xy_yaw(15.0, 10.0, 0.0), SMALL)


@pytest.mark.parametrize(
    ('kind', 'values'),
    [
        (Camera, {'width_px': 4}),
        (Camera, {'hfov_deg': 180.0}),
        (Light, {'gain': 0.0}),
        (Light, {'gamma': -1.0}),
        (Light, {'warmth': 1.0}),
        (Light, {'lamps_off': 1.1}),
    ],
)
def test_bad_values(kind, values):
    with pytest.raises(ConfigError, match='expected'):
        kind(**values)
