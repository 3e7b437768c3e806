# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""References against queries: teach a map from the one, ask for the places of the other, count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

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
from anyloc_ros.evaluate.ground_truth import parse_truth, positives
from anyloc_ros.evaluate.metrics.recall import Recall, recall_at_k
from anyloc_ros.evaluate.replay import (
    ignore_progress,
    localize_source,
    max_speed_mps,
    teach_source,
)
from anyloc_ros.io.samples import ImageSample, PoseSample
from anyloc_ros.io.source import Source
from anyloc_ros.localize.recognizer import PlaceRecognizer
from anyloc_ros.mapping.finish import finish, Progress
from anyloc_ros.mapping.geodesy import Datum, is_on_earth
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.poses import PoseBuffer
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.mapping.teach import open_for_teaching, TeachSession
import numpy as np

KS = (1, 5, 10, 20)
UNKNOWN = (np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """
    What `anyloc evaluate` tells; `accepted` counts the queries with an accepted match.

    Poses of queries are looked at for a truth by radius only (else None).
    """

    recall: Recall
    references: int
    references_without_pose: int
    queries_without_pose: int | None
    bad_references: int
    bad_queries: int
    accepted: int
    seconds: float


def evaluate(
    references: Source,
    queries: Source,
    truth: str,
    describe: DescribeConfig,
    teach: TeachConfig,
    localize: LocalizeConfig,
    progress: Progress = ignore_progress,
    *,
    sequence: SequenceConfig,
    monitor: MonitorConfig,
    verify: VerifyConfig,
) -> Evaluation:
    """
    Make a map of every image of `references` and localize every image of `queries` on it.

    It is the map and the recognizer of the robot, in a temporary file. An image that cannot be
    read is no reference, or a query that finds nothing; both keep their number in the truth.

    :param truth: `frames:N`, `radius:METRES` or `vprbench:FILE.npy`.
    :raises AnyLocError: a source, a method or a truth that cannot be used.
    """
    began = perf_counter()
    kind, _ = parse_truth(truth)
    with _taught(references, describe, teach, progress) as (place_map, describer):
        recognizer = PlaceRecognizer(
            place_map,
            describer,
            replace(localize, top_k=max(KS)),
            sequence=sequence,
            monitor=monitor,
            verify=verify,
        )
        datum = place_map.datum
        answers = [answer for _, answer in localize_source(queries, recognizer, progress, teach)]
    read = [answer for answer in answers if not isinstance(answer, ImageError)]
    if not read:
        raise SourceError(f'{queries.name}: none of its {len(answers)} images can be read')

    number_of = numbers_of(recognizer.references, stamps_of(references))
    reference_positions = [UNKNOWN] * len(references)
    for reference in recognizer.references:
        if reference.pose is not None:
            reference_positions[number_of[reference.id]] = reference.pose.position
    asked = kind == 'radius' and datum is not None
    query_positions = positions(queries, datum, teach) if asked else [UNKNOWN] * len(answers)
    right = positives(truth, query_positions, reference_positions)
    ranked = [
        []
        if isinstance(answer, ImageError)
        else [number_of[candidate.reference.id] for candidate in answer.candidates]
        for answer in answers
    ]
    return Evaluation(
        recall=recall_at_k(ranked, right, KS),
        references=len(references),
        references_without_pose=reference_positions.count(UNKNOWN),
        queries_without_pose=query_positions.count(UNKNOWN) if asked else None,
        bad_references=len(references) - len(number_of),
        bad_queries=len(answers) - len(read),
        accepted=sum(answer.match is not None for answer in read),
        seconds=perf_counter() - began,
    )


def positions(
    source: Source, datum: Datum, teach: TeachConfig
) -> list[tuple[float, float, float]]:
    """Return (x, y, z) in metres about `datum` at the stamp of each image, NaN where unknown."""
    poses = [sample for sample in source.samples() if isinstance(sample, PoseSample)]
    buffer, used, found = PoseBuffer(teach, max_speed_mps=max_speed_mps(source)), 0, []
    for stamp_ns in stamps_of(source):
        while used < len(poses) and (buffer.newest_ns is None or buffer.newest_ns < stamp_ns):
            if is_on_earth(poses[used].pose):
                buffer.add(poses[used].stamp_ns, datum.to_local(poses[used].pose))
            used += 1
        pose = buffer.at(stamp_ns).pose
        found.append(UNKNOWN if pose is None else pose.position)
    return found


@contextmanager
def _taught(
    references: Source, describe: DescribeConfig, teach: TeachConfig, progress: Progress
) -> Iterator[tuple[PlaceMap, Describer]]:
    """Give a finished map of every image, in a temporary file, and the describer of it."""
    describer = build_describer(describe)
    with (
        TemporaryDirectory(prefix='anyloc_') as folder,
        open_for_teaching(
            Path(folder) / 'references.anyloc', describer, asdict(describe), teach
        ) as place_map,
    ):
        session = TeachSession(
            place_map,
            describer,
            teach,
            every_image=True,
            max_speed_mps=max_speed_mps(references),
        )
        teach_source(references, session, progress)
        yield (
            place_map,
            finish(place_map, describer, whitening_dim=describe.whitening_dim, progress=progress),
        )


def stamps_of(source: Source) -> list[int]:
    """Return the stamp of each image of a source."""
    return [sample.stamp_ns for sample in source.samples() if isinstance(sample, ImageSample)]


def numbers_of(references: Sequence[Keyframe], stamps_ns: Sequence[int]) -> dict[int, int]:
    """Return the number in the source of each reference id: bad images are not in the map."""
    numbers, number = {}, 0
    for reference in references:
        while stamps_ns[number] != reference.stamp_ns:
            number += 1
        numbers[reference.id] = number
        number += 1
    return numbers
