# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Queries localized on a map: what the recognizer of the robot answers becomes a RunRecord."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from anyloc_ros.config import (
    DescribeConfig,
    LocalizeConfig,
    MonitorConfig,
    SequenceConfig,
    TeachConfig,
    VerifyConfig,
)
from anyloc_ros.describe.describer import build_describer, Describer
from anyloc_ros.errors import ImageError, SourceError
from anyloc_ros.evaluate.costs import map_costs, peak_memory
from anyloc_ros.evaluate.evenly import evenly
from anyloc_ros.evaluate.record import RunRecord
from anyloc_ros.evaluate.records import (
    answers_of,
    KEPT,
    Numbered,
    Said,
    said_by,
    taught_of,
    truth_of,
    with_off_map,
)
from anyloc_ros.evaluate.replay import (
    ignore_progress,
    localize_source,
    max_speed_mps,
    teach_source,
)
from anyloc_ros.evaluate.singles import LastDescriptor, RememberingDescriber, WithSingles
from anyloc_ros.evaluate.whereabouts import file_name, odometry_of, poses_on, Track
from anyloc_ros.io.samples import ImageSample
from anyloc_ros.io.source import Source
from anyloc_ros.localize.recognizer import PlaceRecognizer, Recognition
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.progress import Progress
from anyloc_ros.mapping.teach import open_for_teaching, TeachSession
import numpy as np

STEPS = ('describe', 'search', 'filter', 'verify', 'total')

SHOWN = 300
"""Queries of which all similarities are kept; of a longer run they are spread evenly."""


@dataclass(frozen=True, slots=True)
class Localizing:
    """How queries are localized; `poses` says how those of their source are interpolated."""

    localize: LocalizeConfig
    sequence: SequenceConfig
    monitor: MonitorConfig
    verify: VerifyConfig
    poses: TeachConfig

    def single(self) -> Localizing:
        """Return the same for single images: without a filter and what follows from it."""
        return replace(
            self,
            sequence=replace(self.sequence, filter='none'),
            monitor=replace(self.monitor, consecutive_accepts=1),
            verify=VerifyConfig(),
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """
    Queries of one drive and what is known of them.

    :param truth: as written on the command line, see ground_truth.
    :param track: stamps of the queries, and poses that are their odometry.
    :param true: the same stamps, and poses that are true.
    :param off_map: drives that do not show the map.
    """

    queries: Source
    truth: str
    track: Track
    true: Track
    off_map: Sequence[Source] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Ran:
    """
    A run and what only was at hand while it ran.

    :param cosines: (R, M) similarity of the queries `shown` with all references.
    :param problems: what the map lacks for what was asked, in words.
    """

    record: RunRecord
    shown: Sequence[int]
    cosines: np.ndarray
    problems: Sequence[str]


@contextmanager
def taught_map(
    references: Source,
    describe: DescribeConfig,
    teach: TeachConfig,
    progress: Progress = ignore_progress,
) -> Iterator[tuple[PlaceMap, Describer]]:
    """Give a finished map of every image, in a temporary file, and the describer of it."""
    describer = build_describer(describe)
    with TemporaryDirectory(prefix='anyloc_') as folder:
        path = Path(folder) / 'references.anyloc'
        with open_for_teaching(path, describer, asdict(describe), teach) as place_map:
            session = TeachSession(
                place_map,
                describer,
                teach,
                every_image=True,
                max_speed_mps=max_speed_mps(references),
            )
            teach_source(references, session, progress)
            width = describe.whitening_dim
            ready = finish(place_map, describer, whitening_dim=width, progress=progress)
        # Closed in between: whoever looks up an image of a reference opens the map to read.
        with PlaceMap.open_to_read(path) as place_map:
            yield place_map, ready


def run_on_map(
    place_map: PlaceMap,
    describer: Describer,
    numbered: Numbered,
    asked: Asked,
    how: Localizing,
    *,
    name: str,
    facts: Mapping[str, str],
    with_raw: bool = False,
    with_times: bool = True,
    progress: Progress = ignore_progress,
) -> Ran:
    """
    Localize every query on a finished map by the recognizer of the robot.

    An image that cannot be read finds nothing, and keeps its number in the truth.

    :param with_raw: the queries are localized as single images as well.
    :param with_times: without, nothing that differs from run to run is kept: times and memory.
    :raises AnyLocError: a map, a source or a truth that cannot be used.
    """
    remembering = RememberingDescriber(describer)
    recognizer = _recognizer(place_map, remembering, how)
    taught = taught_of(recognizer.references)
    truth = truth_of(
        asked.truth, taught, numbered, poses_on(place_map.datum, asked.true, how.poses)
    )
    asker: PlaceRecognizer | WithSingles = recognizer
    if with_raw:
        single = _recognizer(place_map, LastDescriptor(remembering), how.single())
        asker = WithSingles(recognizer, single)
    count = len(asked.track.stamps_ns)
    heard = _Heard(evenly(count, SHOWN))
    for source in (asked.queries, *asked.off_map):
        if heard.said:
            asker.forget('another drive')
        for sample, answer in localize_source(source, asker, progress, how.poses):
            if heard.add(sample, answer):
                heard.cosines.append(recognizer.index.similarities(remembering.last))
    if not any(heard.said[:count]):
        raise SourceError(f'{asked.queries.name}: none of its {count} images can be read')
    off_map = len(heard.said) - count
    times_ms = heard.by_step() if with_times else {}
    record = RunRecord(
        name=name,
        facts=facts,
        taught=taught,
        answers=answers_of(heard.stamps_ns, heard.said, taught, times_ms),
        truth=with_off_map(truth, off_map),
        real_time=asked.queries.has_stamps,
        raw=answers_of(heard.stamps_ns, asker.said, taught, {}) if with_raw else None,
        odometry=odometry_of(asked.track, how.poses, off_map),
        costs=map_costs(place_map) | (peak_memory() if with_times else {}),
        images=heard.images,
    )
    return Ran(record, heard.shown, np.array(heard.cosines), recognizer.problems)


class _Heard:
    """The answers as they come; the similarities of the queries `wanted` are to be added."""

    def __init__(self, wanted: Collection[int]) -> None:
        self.stamps_ns: list[int] = []
        self.images: list[str] = []
        self.said: list[Said | None] = []
        self.shown: list[int] = []
        self.cosines: list[np.ndarray] = []
        self._times_ms: list[tuple[float, ...]] = []
        self._wanted = frozenset(wanted)

    def add(self, sample: ImageSample, answer: Recognition | ImageError) -> bool:
        """Keep an answer; return whether the similarities of this query are wanted."""
        number = len(self.said)
        self.stamps_ns.append(sample.stamp_ns)
        self.images.append(file_name(sample))
        if isinstance(answer, ImageError):
            self.said.append(None)
            self._times_ms.append((np.nan,) * len(STEPS))
            return False
        self.said.append(said_by(answer))
        steps_ms = answer.describe_ms, answer.search_ms, answer.filter_ms, answer.verify_ms
        self._times_ms.append((*steps_ms, sum(steps_ms)))
        if number in self._wanted:
            self.shown.append(number)
        return number in self._wanted

    def by_step(self) -> dict[str, np.ndarray]:
        """Return the times of all queries in ms by step."""
        return dict(zip(STEPS, np.array(self._times_ms).T, strict=True))


def _recognizer(
    place_map: PlaceMap, describer: RememberingDescriber | LastDescriptor, how: Localizing
) -> PlaceRecognizer:
    return PlaceRecognizer(
        place_map,
        describer,
        replace(how.localize, top_k=KEPT),
        sequence=how.sequence,
        monitor=how.monitor,
        verify=how.verify,
    )
