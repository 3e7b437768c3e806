# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A drive as a rosbag2 recording, with the truth beside what the robot believes.

| topic | type | when |
|---|---|---|
| /image (/image/compressed) | Image rgb8 (CompressedImage, JPEG) | at `rate_hz` |
| /camera_info | CameraInfo | with every image |
| /odom | Odometry, odom to base_link | at `odometry_rate_hz` |
| /truth | PoseStamped, base_link in the map | with every image and every odometry |
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyloc_ros.errors import SourceError
from anyloc_ros.mapping.progress import Progress
from anyloc_ros.simulate import messages
from anyloc_ros.simulate.drive import Drive, odometry
from anyloc_ros.simulate.run import RunConfig
from anyloc_ros.simulate.world import World
from rosbags.rosbag2 import StoragePlugin, Writer

IMAGE_TOPIC = '/image'
COMPRESSED_TOPIC = '/image/compressed'
CAMERA_INFO_TOPIC = '/camera_info'
ODOMETRY_TOPIC = '/odom'
TRUTH_TOPIC = '/truth'

_IMAGES = {
    False: (IMAGE_TOPIC, messages.IMAGE, messages.image),
    True: (COMPRESSED_TOPIC, messages.COMPRESSED_IMAGE, messages.compressed_image),
}


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What was recorded."""

    path: Path
    images: int
    length_m: float
    duration_s: float


def record_run(
    world: World, path: str | Path, *, run: RunConfig, progress: Progress | None = None
) -> RunSummary:
    """
    Drive and write the folder `path`; the images pass through, one is held at a time.

    The same world and run give the same messages, bit for bit, with the same libraries.

    :param progress: is called after every image.
    :raises SourceError: `path` exists.
    """
    path = Path(path)
    if path.exists():
        raise SourceError(f'{path} exists and is not overwritten; give another path or remove it')
    drive = Drive(world, run)
    image_topic, image_type, image_message = _IMAGES[run.compressed]
    types = {
        ODOMETRY_TOPIC: messages.ODOMETRY,
        TRUTH_TOPIC: messages.POSE,
        CAMERA_INFO_TOPIC: messages.CAMERA_INFO,
        image_topic: image_type,
    }
    plugin = StoragePlugin[run.storage.upper()]
    # Version 8 is what every distribution from Humble on can play.
    with Writer(path, version=8, storage_plugin=plugin) as writer:
        connections = {
            topic: writer.add_connection(
                topic, kind, typestore=messages.STORE, offered_qos_profiles=[messages.RELIABLE]
            )
            for topic, kind in types.items()
        }

        def write(topic: str, message: Any) -> None:
            data = messages.STORE.serialize_cdr(message, types[topic])
            writer.write(connections[topic], stamp_ns, data)

        believed = odometry(drive, run)
        truth_ns = None
        for time_ns, is_image, number in _schedule(drive, run):
            stamp_ns = run.start_ns + time_ns
            if truth_ns != stamp_ns:
                pose = drive.true_pose(
                    number / (run.rate_hz if is_image else run.odometry_rate_hz)
                )
                write(TRUTH_TOPIC, messages.true_pose(stamp_ns, pose))
                truth_ns = stamp_ns
            if not is_image:
                write(ODOMETRY_TOPIC, messages.odometry(stamp_ns, next(believed)))
                continue
            write(CAMERA_INFO_TOPIC, messages.camera_info(stamp_ns, run.camera))
            write(image_topic, image_message(stamp_ns, drive.image(number)))
            if progress is not None:
                progress(path.name, number + 1, drive.num_images)
    return RunSummary(path, drive.num_images, drive.length_m, drive.length_m / run.speed_mps)


def _schedule(drive: Drive, run: RunConfig) -> list[tuple[int, bool, int]]:
    """Return `(nanoseconds, is image, number)` of all samples in time order, odometry first."""
    ticks = (
        (False, drive.num_odometry, run.odometry_rate_hz),
        (True, drive.num_images, run.rate_hz),
    )
    return sorted(
        (round(number * 1e9 / rate_hz), is_image, number)
        for is_image, count, rate_hz in ticks
        for number in range(count)
    )
