# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""The image sets, maps and replays of trust.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from anyloc_ros.config import DescribeConfig, LocalizeConfig, SequenceConfig, TeachConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.errors import ImageError
from anyloc_ros.evaluate.ground_truth import positives_by_frames, read_vprbench
from anyloc_ros.evaluate.replay import localize_source, max_speed_mps, teach_source
from anyloc_ros.io.samples import ImageSample, PoseSample
from anyloc_ros.io.source import open_source, Source
from anyloc_ros.localize.recognizer import PlaceRecognizer, Recognition
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.method import describer_of
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.teach import open_for_teaching, TeachSession
from anyloc_ros.simulate.drive import Drive
from anyloc_ros.simulate.run import RunConfig
from anyloc_ros.simulate.world import World
import cv2
import torch

SEQUENCE = SequenceConfig()
METHOD = 'RootSIFT-VLAD'
RATE_HZ = 2.0
"""Images in a second where a set has no stamps: with it `lost_after_s` is `lost_after_frames`."""


def use_one_thread() -> None:
    """Leave the other cores to the other processes."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


class DriveSource:
    """A drive through the rendered building as a source; its poses are the true ones."""

    has_stamps = has_poses = True
    calibration = None

    def __init__(self, world: World, run: RunConfig) -> None:
        self.name = f'drive through world {world.seed}'
        self.notes: list[str] = []
        self._run = run
        self._drive = Drive(world, run)

    def __len__(self) -> int:
        return self._drive.num_images

    def samples(self) -> Iterator[ImageSample | PoseSample]:
        """Yield the pose and the image of every place."""
        for number in range(len(self)):
            seconds = number / self._run.rate_hz
            stamp_ns = self._run.start_ns + round(seconds * 1e9)
            yield PoseSample(stamp_ns, self._drive.true_pose(seconds))
            draw = partial(self._drive.image, number)
            yield ImageSample(stamp_ns, f'{number}', '', None, draw)


@dataclass(frozen=True, slots=True, eq=False)
class ImageSet:
    """
    A run to teach and, where there is one, another to ask.

    `positives` are the references (by number) that show the place of each query, None where no
    truth is known.
    """

    name: str
    references: Source
    queries: Source | None
    positives: list[frozenset[int]] | None = None
    every_image: bool = True


def image_sets(folder: Path) -> dict[str, ImageSet]:
    """Return the real sets in a folder and a rendered one; lund has too few images to ask."""
    open_folder = partial(open_source, rate_hz=RATE_HZ)
    corridor, office = folder / 'corridor', folder / 'office_teach_repeat'
    world = World(1, look_alikes=True)
    sets = (
        ImageSet(
            'corridor',
            open_folder(corridor / 'ref'),
            open_folder(corridor / 'query'),
            read_vprbench(corridor / 'ground_truth_new.npy', 111, 111),
        ),
        ImageSet(
            'two_laps',
            open_folder(f'{folder / "office_two_laps"}:1-40'),
            open_folder(f'{folder / "office_two_laps"}:41-80'),
            positives_by_frames(40, 40, 2),
        ),
        ImageSet('teach_repeat', open_folder(office / 'kfls'), open_folder(office / 'imgs')),
        ImageSet('lund', open_folder(folder / 'lund_gps'), None),
        ImageSet(
            'rendered',
            DriveSource(world, RunConfig.teach()),
            DriveSource(world, replace(RunConfig.repeat(), length_m=40.0)),
            every_image=False,
        ),
    )
    return {each.name: each for each in sets}


def teach(path: Path, references: Source, *, every_image: bool) -> None:
    """Make a finished map of a run, by the sessions that the robot uses."""
    describe, config = DescribeConfig(method=METHOD), TeachConfig()
    describer = build_describer(describe)
    with open_for_teaching(path, describer, asdict(describe), config) as place_map:
        session = TeachSession(
            place_map,
            describer,
            config,
            every_image=every_image,
            max_speed_mps=max_speed_mps(references),
        )
        teach_source(references, session)
        finish(place_map, describer)


def recognizer_on(path: Path, sequence: SequenceConfig = SEQUENCE) -> PlaceRecognizer:
    """Return a recognizer on a map with the default parameters, but perhaps for the filter."""
    with PlaceMap.open_to_read(path) as place_map:
        return PlaceRecognizer(
            place_map, describer_of(place_map), LocalizeConfig(), sequence=sequence
        )


def replay(recognizer: PlaceRecognizer, queries: Source) -> list[Recognition]:
    """Return the answer to every image of a run, without odometry."""
    answers = []
    for sample, answer in localize_source(queries, recognizer):
        if isinstance(answer, ImageError):
            raise SystemExit(f'{queries.name}: {sample.name} cannot be read: {answer}')
        answers.append(answer)
    return answers
