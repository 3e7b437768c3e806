# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A rosbag2 recording as a source: images of one topic and poses of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from anyloc_ros.errors import SourceError
from anyloc_ros.io.bag_file import BagFile, noted
from anyloc_ros.io.messages import CAMERA_INFO, image_of, IMAGES, POSES
from anyloc_ros.io.samples import ImageSample, PoseSample


class BagSource:
    """
    Images of one topic of a bag and poses of another, see open_source.

    The stamp is the one of the header; where that is zero, the time the bag received the message.
    All poses are read before the first image, for they often arrive after the image they belong
    to. Images come as recorded: in time order unless the clock of the camera was set back.
    """

    has_stamps = True

    def __init__(
        self,
        path: Path,
        *,
        name: str = '',
        image_topic: str = '',
        pose_topic: str | None = '',
    ) -> None:
        """
        Choose the topics; a topic need not be named when it is the only one of its kind.

        :param pose_topic: None leaves all poses alone.

        :raises SourceError: the bag is damaged or empty, or the topic is missing or ambiguous.
        """
        self.name = name or str(path)
        self.notes: list[str] = []
        self._bag = BagFile(path)
        image = self._bag.choose(IMAGES, image_topic, 'images', '--image-topic')
        if image is None:
            raise SourceError(
                f'{path}: no topic with images ({", ".join(IMAGES)}); the bag has '
                + self._bag.listed()
            )
        self._image = image
        self._pose = None
        if pose_topic is not None:
            self._pose = self._bag.choose(POSES, pose_topic, 'poses', '--pose-topic')
        self.has_poses = self._pose is not None
        self.notes.append(f'images from {self._image}')
        self.notes.append(f'poses from {self._pose}' if self._pose else 'no poses')

    @cached_property
    def calibration(self) -> Any | None:
        """
        Return the first sensor_msgs/CameraInfo beside the images, None where there is none.

        Beside /front/image_raw and /front/image_raw/compressed it is /front/camera_info.
        """
        images = self._image.name.removesuffix('/compressed')
        name = images.rpartition('/')[0] + '/camera_info'
        for topic in self._bag.topics:
            if (topic.name, topic.msgtype) == (name, CAMERA_INFO):
                with self._bag.open() as reader:
                    first = next(self._bag.messages(reader, topic, Counter()), None)
                return None if first is None else first.message
        return None

    def __len__(self) -> int:
        """Return the number of image messages, those that cannot be read included."""
        return self._image.count

    def samples(self) -> Iterator[ImageSample | PoseSample]:
        """
        Yield poses and images by stamp, a pose before the image of the same stamp.

        What was left out is added to the notes at the end.

        :raises SourceError: the bag is damaged from here on.
        """
        tally: Counter[str] = Counter()
        newest_ns = 0
        with self._bag.open() as reader:
            poses = self._bag.poses(reader, self._pose, tally) if self._pose else []
            given = 0
            for item in self._bag.messages(reader, self._image, tally):
                stamp_ns = item.stamp_ns
                tally['images are stamped earlier than one before them'] += stamp_ns < newest_ns
                newest_ns = max(newest_ns, stamp_ns)
                while given < len(poses) and poses[given].stamp_ns <= stamp_ns:
                    yield poses[given]
                    given += 1
                yield self._image_sample(item.message, stamp_ns)
            yield from poses[given:]
        self.notes.extend(note for note in noted(tally) if note not in self.notes)

    def _image_sample(self, message: Any, stamp_ns: int) -> ImageSample:
        decoder, encoded = image_of(message, self._image.msgtype)
        frame_id = message.header.frame_id
        return ImageSample(stamp_ns, self._image.name, frame_id, encoded, decoder)
