# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Teaching: images and poses of a run become the references of a map."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
import time
from typing import TYPE_CHECKING

from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import ImageError
from anyloc_ros.mapping.geodesy import Datum, is_on_earth
from anyloc_ros.mapping.images import storable, StoredImage
from anyloc_ros.mapping.keyframes import KeyframePolicy
from anyloc_ros.mapping.method import describer_for
from anyloc_ros.mapping.opening import check_images, open_for_teaching
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.poses import PoseBuffer
from anyloc_ros.mapping.records import Keyframe, TeachCounters
from anyloc_ros.mapping.watch import WeakSpotWatch
from anyloc_ros.pose import GeoPoint, Pose, UtmPoint
import numpy as np

if TYPE_CHECKING:
    from anyloc_ros.describe.describer import Describer

__all__ = ['TeachCounters', 'TeachSession', 'open_for_teaching']

MAX_RATE_HZ = 250
"""
More images than this for each second that poses may be late do not wait: stamps stand still.

By default these are 300 images, 1.9 GB of raw full HD ones. A camera of 30 Hz has 36 of them
waiting (220 MB) for poses that do not come, and few for poses that do.
"""

EVENTS_PER_KIND = 3
"""Events of one kind that are written for one route; of the others only the number is."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    stamp_ns: int
    decode: Callable[[], np.ndarray]
    encoded: bytes | None
    forced: bool


class TeachSession:
    """
    Takes images and poses of one or more routes in the order they arrive, and stores references.

    An image waits until a pose at or after its stamp is there, or it is clear that none comes. It
    is decoded only when it becomes a reference. Every reference is committed before the call that
    made it returns. Use it in a `with` statement: leaving it, by an error too, ends the route; the
    map stays open for whoever opened it.

    `describes` may be set to False where describing is too slow for the stream: references are
    then stored without descriptors, which `finish` makes.

    :param every_image: every image becomes a reference (folders without poses or stamps).
    :param taken: is given every reference when it is stored.
    :param warned: is given the text of every warning that is written as an event.
    :param max_speed_mps: see PoseBuffer.
    :raises ConfigError: images that are not kept, and a vocabulary that needs them.
    :raises MapError: the map was made by another method.
    """

    def __init__(
        self,
        place_map: PlaceMap,
        describer: Describer,
        config: TeachConfig,
        *,
        every_image: bool = False,
        taken: Callable[[Keyframe], None] = lambda keyframe: None,
        warned: Callable[[str], None] = lambda text: None,
        max_speed_mps: float | None = None,
    ) -> None:
        self.describes = True
        self._taken = taken
        self._warned = warned
        self._map = place_map
        self._describer = describer_for(place_map, describer)
        check_images(self._describer, config)
        self._config = config
        self._policy = KeyframePolicy(config, every_image=every_image)
        self._watch = WeakSpotWatch(config)
        self._poses = PoseBuffer(config, max_speed_mps=max_speed_mps)
        self._max_waiting = self._poses.patience_ns * MAX_RATE_HZ // 10**9
        self._datum = place_map.datum
        self._waiting: deque[_Waiting] = deque()
        self._route: int | None = None
        self._index = 0
        self._force_next = False
        self._counts: Counter[str] = Counter()
        self._without_pose: Counter[str] = Counter()
        self._events: Counter[str] = Counter()
        self._noted_ns = 0
        self._frame_noted = False
        self._camera_frame = place_map.meta('camera_frame')
        if place_map.vocabulary() is None and self._describer.vocabulary is not None:
            with place_map.transaction():
                place_map.set_vocabulary(self._describer.vocabulary)

    def __enter__(self) -> TeachSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.end_route()

    @property
    def counters(self) -> TeachCounters:
        """Return what happened so far."""
        return TeachCounters(
            images=self._counts['images'],
            waiting=len(self._waiting),
            keyframes=self._counts['keyframes'],
            without_pose=dict(self._without_pose),
            bad_images=self._counts['bad images'],
            rejected_poses=self._poses.rejected + self._counts['rejected poses'],
            jumps=self._poses.jumps,
        )

    def begin_route(self) -> None:
        """Begin a route, numbered after those in the map; one that is open ends first."""
        self.end_route()
        self._route, self._index = self._map.next_route(), 0
        self._poses.clear()
        self._policy.begin_route()
        self._watch.begin_route()
        self._events.clear()

    def end_route(self) -> None:
        """Decide on the images that still wait with the poses there are, and end the route."""
        if self._route is None:
            return
        self._decide_waiting(to_the_end=True)
        for kind, number in self._events.items():
            if number > EVENTS_PER_KIND:
                with self._map.transaction():
                    text = f'{number} of the kind {kind!r} on route {self._route}'
                    self._map.add_event(self._noted_ns, 'warning', text)
        if self._index and self._poses.newest_ns is None:
            with self._map.transaction():
                text = f'route {self._route} has no poses'
                self._map.add_event(time.time_ns(), 'info', text)
        self._route = None

    def set_limits(self, config: TeachConfig) -> None:
        """Choose references by other distances, angles and periods from now on."""
        self._policy.set_limits(config)
        self._watch.set_limits(config)

    def force_keyframe(self) -> None:
        """Make the next image a reference, wherever it is."""
        self._force_next = True

    def add_pose(
        self, stamp_ns: int, sample: Pose | GeoPoint | UtmPoint, frame_id: str = ''
    ) -> None:
        """
        Take a pose sample of the open route; one that cannot be used is counted and noted.

        :param frame_id: as recorded, empty when not known; another than `map_frame` is noted.
        :raises MapError: a sample of another kind than the poses of the map.
        """
        self._require_route()
        # The frame of a point on the Earth is that of the antenna.
        if isinstance(sample, Pose) and frame_id and not self._frame_noted:
            self._note_frame(stamp_ns, frame_id)
        datum = self._datum or Datum.of(sample)
        jumps = self._poses.jumps
        if not is_on_earth(sample):
            self._counts['rejected poses'] += 1
            self._note('rejected pose', stamp_ns, 'warning', f'pose rejected: {sample}')
        elif not self._poses.add(stamp_ns, datum.to_local(sample)):
            self._note('rejected pose', stamp_ns, 'warning', f'pose rejected: {sample}')
        elif self._datum is None:
            with self._map.transaction():
                self._map.set_meta('datum', datum.to_json())
            self._datum = datum
        if self._poses.jumps > jumps:
            self._note('jump', stamp_ns, 'warning', f'the pose jumps to {sample}')
        self._decide_waiting()

    def add_image(
        self,
        stamp_ns: int,
        decode: Callable[[], np.ndarray],
        encoded: bytes | None = None,
        frame_id: str = '',
    ) -> None:
        """
        Take an image of the open route.

        :param decode: gives the RGB pixels (H, W, 3) uint8, or raises ImageError.
        :param encoded: the file the pixels come from, kept as it is; None makes a JPEG of them.
        :param frame_id: of the camera; the first one is kept in the map as `camera_frame`.
        :raises MapError: a reference could not be stored, for example on a full disk.
        """
        self._require_route()
        if frame_id and not self._camera_frame:
            with self._map.transaction():
                self._map.set_meta('camera_frame', frame_id)
            self._camera_frame = frame_id
        self._counts['images'] += 1
        self._waiting.append(_Waiting(int(stamp_ns), decode, encoded, self._force_next))
        self._force_next = False
        self._decide_waiting()

    def _decide_waiting(self, *, to_the_end: bool = False) -> None:
        while self._waiting and (to_the_end or self._can_decide(self._waiting[0].stamp_ns)):
            self._decide(self._waiting.popleft())

    def _can_decide(self, stamp_ns: int) -> bool:
        newest_ns = self._poses.newest_ns
        if newest_ns is not None and newest_ns >= stamp_ns:
            return True
        # The absolute value: after a clock was set back the older images must not wait for ever.
        waited_ns = abs(self._waiting[-1].stamp_ns - stamp_ns)
        return waited_ns > self._poses.patience_ns or len(self._waiting) > self._max_waiting

    def _decide(self, image: _Waiting) -> None:
        lookup = self._poses.at(image.stamp_ns)
        if lookup.pose is None:
            self._without_pose[lookup.cause] += 1
        if not self._policy.reason(image.stamp_ns, lookup.pose, forced=image.forced):
            return
        try:
            stored, pixels = storable(image.decode, image.encoded)
            describes = self.describes and self._describer.ready
            descriptors = self._describer.describe([pixels]) if describes else None
        except ImageError as error:
            self._counts['bad images'] += 1
            self._force_next |= image.forced
            self._note('bad image', image.stamp_ns, 'warning', f'bad image: {error}')
            return
        keyframe = Keyframe(
            id=self._map.next_id(),
            route=self._route,
            index=self._index,
            stamp_ns=image.stamp_ns,
            pose=lookup.pose,
            odometry_m=self._poses.travelled_m(image.stamp_ns),
            image_size=pixels.shape[:2],
        )
        self._store(keyframe, stored, descriptors)
        # A run without any pose is said once, when the route ends.
        if lookup.pose is None and self._poses.newest_ns is not None:
            text = f'reference {keyframe.id} has no pose: {lookup.reason}'
            self._note(lookup.cause, image.stamp_ns, 'info', text)
        for spot in self._watch.judge(keyframe, pixels):
            self._note(spot.kind, image.stamp_ns, 'warning', spot.text)

    def _store(
        self, keyframe: Keyframe, stored: StoredImage, descriptors: np.ndarray | None
    ) -> None:
        with self._map.transaction():
            self._map.add_keyframe(keyframe, stored if self._config.store_images else None)
            if descriptors is not None:
                self._map.set_descriptors(
                    [keyframe.id], descriptors, self._config.descriptor_dtype
                )
        self._policy.took(keyframe.stamp_ns, keyframe.pose)
        self._index += 1
        self._counts['keyframes'] += 1
        self._map.place()
        self._taken(keyframe)

    def _note_frame(self, stamp_ns: int, frame_id: str) -> None:
        if (ours := self._config.map_frame) != frame_id:
            text = f'poses are in the frame {frame_id!r}, map_frame is {ours!r}: taken as they are'
            self._note('frame', stamp_ns, 'warning', text)
            self._frame_noted = True

    def _note(self, kind: str, stamp_ns: int, level: str, text: str) -> None:
        """Write an event; of a flood of them the first, and at the end their number."""
        self._events[kind] += 1
        self._noted_ns = stamp_ns
        if self._events[kind] > EVENTS_PER_KIND:
            return
        with self._map.transaction():
            self._map.add_event(stamp_ns, level, text)
        if level == 'warning':
            self._warned(text)

    def _require_route(self) -> None:
        if self._route is None:
            raise RuntimeError('begin_route() comes before the images and poses of a route')
