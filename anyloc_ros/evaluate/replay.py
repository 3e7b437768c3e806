# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A recorded run through the sessions that the robot uses: every image, as fast as it goes."""

from __future__ import annotations

from collections.abc import Iterator
import math

from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import ImageError
from anyloc_ros.io.samples import ImageSample, PoseSample
from anyloc_ros.io.source import Source
from anyloc_ros.localize.odometer import Odometer
from anyloc_ros.localize.recognizer import PlaceRecognizer, Recognition
from anyloc_ros.mapping.progress import Progress
from anyloc_ros.mapping.teach import TeachSession


def ignore_progress(title: str, done: int, total: int) -> None:
    """Show nothing."""


def max_speed_mps(source: Source) -> float | None:
    """Return infinity where stamps are made from a rate: they tell no speed, so no jump either."""
    return None if source.has_stamps else math.inf


def teach_source(
    source: Source, session: TeachSession, progress: Progress = ignore_progress
) -> None:
    """Teach one route from all samples of a source."""
    done = 0
    with session:
        session.begin_route()
        for sample in source.samples():
            if isinstance(sample, PoseSample):
                session.add_pose(sample.stamp_ns, sample.pose, sample.frame_id)
                continue
            session.add_image(sample.stamp_ns, sample.decode, sample.encoded, sample.frame_id)
            done += 1
            progress('teach', done, len(source))


def localize_source(
    source: Source,
    recognizer: PlaceRecognizer,
    progress: Progress = ignore_progress,
    poses: TeachConfig | None = None,
) -> Iterator[tuple[ImageSample, Recognition | ImageError]]:
    """
    Yield every image with its answer, or with why it could not be read.

    The poses of the source are its odometry, and as on a robot only those up to the stamp of an
    image are known then.

    :param poses: says which of them can be used, by default as TeachConfig does.
    """
    odometer = Odometer(poses or TeachConfig(), max_speed_mps=max_speed_mps(source))
    done, before_ns = 0, None
    for sample in source.samples():
        if isinstance(sample, PoseSample):
            odometer.add(sample.stamp_ns, sample.pose, sample.frame_id)
            continue
        done += 1
        progress('localize', done, len(source))
        odometry = odometer.at(sample.stamp_ns, before_ns)
        before_ns = sample.stamp_ns if odometry else None
        try:
            yield sample, recognizer.recognize(sample.decode(), sample.stamp_ns, odometry)
        except ImageError as error:
            recognizer.missed(sample.stamp_ns, str(error), odometry)
            yield sample, error
