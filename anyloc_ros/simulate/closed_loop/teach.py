# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Somebody drives the robot along the route once; odometry says where its references lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
import math
from pathlib import Path

from anyloc_ros.config import DescribeConfig, TeachConfig
from anyloc_ros.evaluate.metrics.path import TaughtPath
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.closed_loop.wheels import Wheels, WheelsConfig
from anyloc_ros.simulate.drive import Drive
from anyloc_ros.simulate.run import RunConfig
from anyloc_ros.simulate.world import World
import numpy as np

CAMERA_HZ = 20.0
SPEED_MPS = 0.5
PATH_STEP_M = 0.05


@dataclass(frozen=True, slots=True)
class TaughtRoute:
    """
    A finished map of the first `length_m` of the route, and the truth of it.

    `ids` (M,) int64 are those of the references, `s_m` (M,) how far along the route each was truly
    taken; the last one is the goal. `costs`: see map_costs.
    """

    path: Path
    camera: Camera
    ids: np.ndarray
    s_m: np.ndarray
    costs: Mapping[str, float]

    @property
    def goal_s_m(self) -> float:
        """Return how far along the route the goal truly is, metres."""
        return float(self.s_m[-1])

    def path_of(self, world: World) -> TaughtPath:
        """Return the true path from the beginning to the goal, finely."""
        ways = np.linspace(0.0, self.goal_s_m, math.ceil(self.goal_s_m / PATH_STEP_M) + 1)
        return TaughtPath(np.array([world.route.pose_at(s).position[:2] for s in ways.tolist()]))


def teach_route(
    world: World,
    path: Path,
    camera: Camera,
    length_m: float,
    describe: DescribeConfig,
    teach: TeachConfig,
    wheels: WheelsConfig,
    tick: Callable[[], None] = lambda: None,
) -> TaughtRoute:
    """
    Drive along the route and make the map `path` of it, by the session that the robot uses.

    The poses in the map are those of the wheels, which drift from the seed of the world. Images
    come every 25 mm, so that references lie as far apart as `teach` says; only they are rendered.
    The image at the end is a reference wherever the one before lies: it is the goal.

    :param tick: called at each image; what it raises ends the lesson.
    :raises AnyLocError: a method that cannot be built, a full disk.
    """
    from anyloc_ros.describe.describer import build_describer
    from anyloc_ros.evaluate.costs import map_costs
    from anyloc_ros.mapping.finish import finish
    from anyloc_ros.mapping.place_map import CALIBRATION
    from anyloc_ros.mapping.teach import open_for_teaching, TeachSession

    run = RunConfig(
        camera=camera,
        seed=world.seed,
        noise=1.5,
        length_m=length_m,
        speed_mps=SPEED_MPS,
        rate_hz=CAMERA_HZ,
    )
    drive = Drive(world, run)
    describer = build_describer(describe)
    pose = drive.true_pose(0.0)
    odometry = Wheels(pose, wheels, (world.seed, 42))
    with open_for_teaching(path, describer, asdict(describer.config), teach) as place_map:
        with place_map.transaction():
            place_map.set_meta(CALIBRATION, calibration_of(camera))
        with TeachSession(place_map, describer, teach) as session:
            session.begin_route()
            for number in range(drive.num_images):
                tick()
                seconds = number / CAMERA_HZ
                before, pose = pose, drive.true_pose(seconds)
                turn_rad = math.remainder(pose.yaw - before.yaw, math.tau)
                odometry.roll(before.distance_to(pose), turn_rad)
                if number == drive.num_images - 1:
                    session.force_keyframe()
                stamp_ns = round(seconds * 1e9)
                session.add_pose(stamp_ns, odometry.pose)
                session.add_image(stamp_ns, lambda number=number: drive.image(number))
        finish(
            place_map,
            describer,
            whitening_dim=describe.whitening_dim,
            progress=lambda stage, done, total: tick(),
        )
        references, costs = place_map.keyframes(), map_costs(place_map)
    return TaughtRoute(
        path,
        camera,
        np.array([reference.id for reference in references]),
        np.array([reference.stamp_ns * 1e-9 * SPEED_MPS for reference in references]),
        costs,
    )


def calibration_of(camera: Camera) -> dict[str, object]:
    """Return what camera_info says of the camera, as a map keeps it."""
    return {
        'height': camera.height_px,
        'width': camera.width_px,
        'distortion_model': 'plumb_bob',
        'd': [0.0] * 5,
        'k': camera.matrix().ravel().tolist(),
    }
