# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Teaching on the worker's thread: the open map, its session, and the finish stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from threading import Event
import time
from typing import Any

from anyloc_ros.config import DescribeConfig, TeachConfig
from anyloc_ros.describe.describer import build_describer, Describer
from anyloc_ros.describe.mask import read_mask
from anyloc_ros.errors import AnyLocError
from anyloc_ros.mapping.cameras import CAMERA
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.method import describer_for
from anyloc_ros.mapping.place_map import CALIBRATION, FINISHED
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.mapping.teach import open_for_teaching, TeachCounters, TeachSession
from anyloc_ros.ros.camera import camera_of, differences
from anyloc_ros.ros.inputs import CameraImage, PoseInput
import numpy as np

QUICK_S = 0.1
"""Describing that takes longer than this is left to the finish stage: meanwhile some images of a
camera would wait in memory."""

USUAL_SIZE = (480, 640)
"""Height and width of the image of each camera describing is tried with: none is known yet."""


class FinishInterrupted(AnyLocError):
    """The finish stage was told to end early; what it did is kept."""


class Recorder:
    """
    A map that is being taught; for one thread at a time, `interrupted` for any.

    References are described while recording only where that keeps up with the camera, or where
    images are not kept; else `finish` does it. Either way every one is on the disk before the
    next image is looked at.

    :param cameras: the names of several, whose images come side by side.
    :param waiting: tells how many images wait to be taken.
    :param say: is given a sentence about what is odd, a weak spot of the route for example.
    :param taken: is given every reference when it is stored.
    """

    def __init__(
        self,
        map_path: str,
        describe: DescribeConfig,
        teach: TeachConfig,
        cameras: Sequence[str] = (),
        *,
        waiting: Callable[[], int],
        say: Callable[[str], None],
        taken: Callable[[Keyframe], None],
    ) -> None:
        describer = build_describer(replace(describe, views=max(1, len(cameras))))
        self.map = open_for_teaching(map_path, describer, asdict(describer.config), teach, cameras)
        self._teach = teach
        self._whitening_dim = describe.whitening_dim
        self._waiting = waiting
        self._say = say
        self._tell = taken
        self.interrupted = Event()
        """Set it to have `finish` end at its next step, for the node is to end."""
        self._session: TeachSession | None = None
        self._ended: TeachCounters | None = None
        self._image: CameraImage | None = None
        self._compared: dict | None = None
        try:
            self.describer: Describer = describer_for(self.map, describer)
            self._describes = self._keeps_up()
            self._taught: dict | None = self.map.meta(CAMERA)
        except BaseException:
            self.close()
            raise

    def begin_route(self) -> None:
        """Begin a route."""
        self._session = TeachSession(
            self.map, self.describer, self._teach, taken=self._take, warned=self._say
        )
        self._session.begin_route()

    def add_pose(self, pose: PoseInput) -> None:
        """Take a pose of the open route; without one it is left out."""
        if self._session is not None:
            self._choose_to_describe()
            self._session.add_pose(pose.stamp_ns, pose.sample)

    def add_image(self, image: CameraImage, *, forced: bool) -> None:
        """
        Take an image of the open route; without one it is left out.

        :param forced: it becomes a reference, wherever it is.
        """
        if self._session is None:
            return
        if forced:
            self._session.force_keyframe()
        self._choose_to_describe()
        self._image = image
        self._session.add_image(image.stamp_ns, image.decode, image.encoded)

    @property
    def counters(self) -> TeachCounters | None:
        """Return what happened on the newest route, None before the first one."""
        session = self._session
        return self._ended if session is None else session.counters

    def end_route(self) -> None:
        """Decide on the images that still wait, and end the route."""
        if self._session is not None:
            self._session.end_route()
            self._ended = self._session.counters
            self._session = None

    def set_limits(self, teach: TeachConfig) -> None:
        """Choose references by other distances, angles and periods from now on."""
        self._teach = teach
        if self._session is not None:
            self._session.set_limits(teach)

    def add_calibration(self, calibration: dict[str, Any]) -> None:
        """Keep the calibration of the camera; say where it is not that of earlier routes."""
        taught = self.map.meta(CALIBRATION)
        if taught is None:
            with self.map.transaction():
                self.map.set_meta(CALIBRATION, calibration)
        for text in differences(taught, calibration):
            self._say(text)

    def save(self) -> None:
        """Fold the log into the map file; what was taught is on the disk already."""
        self.map.checkpoint()

    def finish(self, progress: Callable[[str, int, int], None]) -> None:
        """
        Make the map answer.

        :raises FinishInterrupted: `interrupted` is set.
        """

        def go_on(stage: str, done: int, total: int) -> None:
            if self.interrupted.is_set() and stage != FINISHED:
                raise FinishInterrupted(
                    f'the finish stage was interrupted; go on with: anyloc map finish '
                    f'{self.map.path}'
                )
            progress(stage, done, total)

        noted = len(self.map.events())
        self.describer = finish(
            self.map,
            self.describer,
            whitening_dim=self._whitening_dim,
            descriptor_dtype=self._teach.descriptor_dtype,
            progress=go_on,
        )
        for event in self.map.events()[noted:]:
            if event.level != 'info':
                self._say(event.text)
        self._describes = self._keeps_up()
        self.map.checkpoint()

    def close(self) -> None:
        """Close the map; one that was made here and holds nothing leaves no file."""
        try:
            self.end_route()
        finally:
            self.map.close()

    def _take(self, keyframe: Keyframe) -> None:
        # The newest image is a little later than the reference, and of the same camera.
        camera = camera_of(self._image.frame_id, self._image.encoding, keyframe.image_size)
        if camera != self._compared:
            self._compared = camera
            if self._taught is None:
                self._taught = camera
                with self.map.transaction():
                    self.map.set_meta(CAMERA, camera)
            for text in differences(self._taught, camera):
                self._say(text)
        self._tell(keyframe)

    def _choose_to_describe(self) -> None:
        """Have references described at once, unless images would wait for that."""
        must = not self._teach.store_images
        self._session.describes = must or (self._describes and not self._waiting())

    def _keeps_up(self) -> bool:
        """Return whether one image is described so quickly that none has to wait long."""
        if not self.describer.ready:
            return False
        config, (height, width) = self.describer.config, USUAL_SIZE
        usual = height, config.views * width
        size = read_mask(config.mask_path).shape if config.mask_path else usual
        image = np.zeros((*size, 3), np.uint8)
        # The first time is slower: memory is taken, kernels are chosen.
        self.describer.describe([image])
        began_s = time.perf_counter()
        self.describer.describe([image])
        return time.perf_counter() - began_s <= QUICK_S
