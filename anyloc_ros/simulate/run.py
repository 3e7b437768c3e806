# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""How one drive along the route differs from another."""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.errors import ConfigError
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.light import Light

CAMERA = Camera()
TEACH_LIGHT = Light()
STORAGES = ('sqlite3', 'mcap')


@dataclass(frozen=True, slots=True)
class RunConfig:
    """
    One drive: the defaults follow the route exactly, in the light of teaching, without noise.

    `speed_mps` and `rate_hz` give the way between two images; `odometry_rate_hz` is that of the
    odometry. `length_m` is the way, 0 being one lap. `lateral_m` and `heading_deg` are the
    greatest offsets from the route, between which the robot wanders smoothly. `noise` is the
    standard deviation of the sensor in grey levels, `blur_px` that of the lens. With `person`
    somebody walks ahead. `odometry_drift` is the error of the way as a share of it, and of the
    heading in rad for the root of each metre. `start_ns` is the stamp of the first image.
    """

    camera: Camera = CAMERA
    light: Light = TEACH_LIGHT
    seed: int = 0
    start_m: float = 0.0
    length_m: float = 0.0
    speed_mps: float = 1.0
    rate_hz: float = 4.0
    odometry_rate_hz: float = 20.0
    lateral_m: float = 0.0
    heading_deg: float = 0.0
    noise: float = 0.0
    blur_px: float = 0.0
    person: bool = False
    odometry_drift: float = 0.0
    compressed: bool = False
    storage: str = 'sqlite3'
    start_ns: int = 1_700_000_000_000_000_000

    def __post_init__(self) -> None:
        for name, low, high in (
            ('start_m', -1e5, 1e5),
            ('length_m', 0.0, 1e5),
            ('speed_mps', 0.01, 10.0),
            ('rate_hz', 0.1, 1000.0),
            ('odometry_rate_hz', 0.1, 1000.0),
            ('lateral_m', 0.0, 0.8),
            ('heading_deg', 0.0, 45.0),
            ('noise', 0.0, 64.0),
            ('blur_px', 0.0, 20.0),
            ('odometry_drift', 0.0, 0.5),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f'{name}: expected a number from {low} to {high}, got {value!r}')
        if self.storage not in STORAGES:
            raise ConfigError(f'storage: expected {" or ".join(STORAGES)}, got {self.storage!r}')

    @classmethod
    def teach(cls, camera: Camera = CAMERA) -> RunConfig:
        """Return the drive that teaches: slight noise, four images for each metre."""
        return cls(camera=camera, seed=1, noise=1.5)

    @classmethod
    def repeat(cls, camera: Camera = CAMERA) -> RunConfig:
        """
        Return a drive on another day: beside the route, other light, somebody in view.

        Its speed is such that its images lie anywhere between those of teaching.
        """
        return cls(
            camera=camera,
            light=Light(gain=0.8, gamma=1.1, warmth=0.08, lamps_off=0.3, seed=2),
            seed=2,
            speed_mps=0.93,
            lateral_m=0.3,
            heading_deg=5.0,
            noise=4.0,
            blur_px=0.6,
            person=True,
            odometry_drift=0.01,
            start_ns=1_700_086_400_000_000_000,
        )
