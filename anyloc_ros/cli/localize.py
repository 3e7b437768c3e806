# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc localize`: where on the map was each image taken."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Annotated, Any, TYPE_CHECKING

from anyloc_ros.cli import common
from anyloc_ros.config import (
    DescribeConfig,
    LocalizeConfig,
    MonitorConfig,
    parameters_of,
    SequenceConfig,
    TeachConfig,
    VerifyConfig,
)
from anyloc_ros.errors import ImageError
import typer

if TYPE_CHECKING:
    from anyloc_ros.localize.recognizer import Recognition

LOCALIZING = (LocalizeConfig, SequenceConfig, MonitorConfig, VerifyConfig)

SETTABLE = frozenset(
    [
        *common.RUNTIME,
        *(name for name in parameters_of(TeachConfig) if name.startswith('pose_')),
        *(name for group in LOCALIZING for name in parameters_of(group) if name != 'top_k'),
    ]
)
"""What the node localizer has too."""

COLUMNS = (
    'stamp_ns',
    'rank',
    'reference_id',
    'index',
    'route',
    'similarity',
    'probability',
    'accepted',
    'state',
    'x',
    'y',
    'z',
    'yaw',
)


def localize(
    source: Annotated[str, typer.Argument(metavar='SOURCE', help=common.SOURCE_HELP)],
    map_file: Annotated[Path, typer.Option('--map', metavar='FILE', help='A finished map.')],
    out: Annotated[
        Path, typer.Option(metavar='FILE', help='CSV to write; one there is replaced.')
    ],
    top_k: Annotated[int, typer.Option(help='Candidates for each image.')] = 5,
    settings: common.SetOption = (),
    rate: common.RateOption = 10.0,
    image_topic: common.ImageTopicOption = '',
    pose_topic: common.PoseTopicOption = '',
    poses_file: common.PosesOption = '',
    json_file: common.JsonOption = None,
) -> None:
    """
    Localize every image of a bag or a folder on a map.

    The CSV has a row for each image and rank (1 is the best candidate): metres and rad in the
    frame of the map, empty where the reference has no pose; probability is empty with filter=none.
    The poses of the source are its odometry, as on a robot; without any, neighbours are searched.
    """
    from anyloc_ros.evaluate.replay import localize_source
    from anyloc_ros.io.source import open_source
    from anyloc_ros.localize.recognizer import open_recognizer

    here, poses, config, sequence, monitor, verify = common.configs(
        (DescribeConfig, TeachConfig, *LOCALIZING), settings, only=SETTABLE, top_k=top_k
    )
    run = open_source(
        source,
        rate_hz=rate,
        image_topic=image_topic,
        pose_topic=pose_topic,
        poses_file=poses_file,
    )
    recognizer = open_recognizer(
        map_file, config, here, sequence=sequence, monitor=monitor, verify=verify
    )
    for problem in recognizer.problems:
        common.say(f'{map_file}: {problem}')
    read: list[Recognition] = []
    bad = 0
    with (
        common.output('--out', out, [source, map_file]) as file,
        common.progress_bars() as progress,
    ):
        text = io.TextIOWrapper(file, encoding='utf-8', newline='')
        table = csv.writer(text, lineterminator='\n')
        table.writerow(COLUMNS)
        for sample, answer in localize_source(run, recognizer, progress, poses):
            if isinstance(answer, ImageError):
                bad += 1
                common.say(f'{sample.name} at {sample.stamp_ns}: {answer}')
                continue
            read.append(answer)
            table.writerows(_rows(answer))
        text.flush()
        text.detach()
    common.say_notes(run)
    accepted = sum(answer.match is not None for answer in read)
    result = {
        'map': str(map_file),
        'method': recognizer.describer.config.method,
        'queries': len(read),
        'accepted': accepted,
        'bad_images': bad,
        'filter': sequence.filter,
        'describe_ms_median': _median([answer.describe_ms for answer in read]),
        'search_ms_median': _median([answer.search_ms for answer in read]),
    }
    common.report(result, json_file)


def _rows(answer: Recognition) -> list[list[Any]]:
    rows = []
    for rank, candidate in enumerate(answer.candidates, start=1):
        reference = candidate.reference
        pose = reference.pose
        place = (*pose.position, pose.yaw) if pose else (math.nan,) * 4
        rows.append(
            [
                answer.stamp_ns,
                rank,
                reference.id,
                reference.index,
                reference.route,
                f'{candidate.similarity:.6f}',
                _number(candidate.probability),
                int(rank == 1 and answer.match is not None),
                answer.state,
                *map(_number, place),
            ]
        )
    return rows


def _number(number: float) -> str:
    return '' if math.isnan(number) else f'{number:.6f}'


def _median(numbers: list[float]) -> float:
    import numpy as np

    return float(np.median(numbers)) if numbers else math.nan
