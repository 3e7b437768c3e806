# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc evaluate`: recall of queries against references."""

from __future__ import annotations

from typing import Annotated

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
import typer

GROUPS = (
    DescribeConfig,
    TeachConfig,
    LocalizeConfig,
    SequenceConfig,
    MonitorConfig,
    VerifyConfig,
)

EVALUATED = frozenset(
    name
    for group in GROUPS
    for name in parameters_of(group)
    if not name.startswith(('keyframe_', 'map_', 'store_', 'top_k'))
)
"""Every reference image is used, in a map that is not kept; K is given by the measure."""


def evaluate(
    references: Annotated[str, typer.Option(help=common.SOURCE_HELP)],
    queries: Annotated[str, typer.Option(help=common.SOURCE_HELP)],
    truth: Annotated[
        str, typer.Option(help='frames:N, radius:METRES or vprbench:FILE.npy (inclusive).')
    ],
    method: common.MethodOption = '',
    seed: Annotated[
        int | None, typer.Option(help='Start of the vocabulary; 42 if not given.')
    ] = None,
    drive: Annotated[
        bool,
        typer.Option(
            '--drive',
            help='The queries are one drive: filter them as a robot does, not each by itself.',
        ),
    ] = False,
    settings: common.SetOption = (),
    rate: common.RateOption = 10.0,
    image_topic: common.ImageTopicOption = '',
    pose_topic: common.PoseTopicOption = '',
    reference_poses: Annotated[
        str, typer.Option(metavar='FILE', help='Pose file of the references: CSV, TUM or KITTI.')
    ] = '',
    query_poses: Annotated[
        str, typer.Option(metavar='FILE', help='Pose file of the queries.')
    ] = '',
    json_file: common.JsonOption = None,
) -> None:
    """Make a map of every reference image, localize every query image on it, print recall@K."""
    from anyloc_ros.evaluate.run import evaluate as run
    from anyloc_ros.io.source import open_source

    single = {} if drive else {'filter': 'none', 'consecutive_accepts': 1}
    describe, teach, localize, sequence, monitor, verify = common.configs(
        GROUPS,
        settings,
        only=EVALUATED,
        method=method,
        vocabulary_seed=seed,
        **single,
    )
    sources = [
        open_source(
            text,
            rate_hz=rate,
            image_topic=image_topic,
            pose_topic=pose_topic,
            poses_file=poses,
        )
        for text, poses in ((references, reference_poses), (queries, query_poses))
    ]
    with common.progress_bars() as progress:
        found = run(
            *sources,
            truth,
            describe,
            teach,
            localize,
            progress,
            sequence=sequence,
            monitor=monitor,
            verify=verify,
        )
    for source in sources:
        common.say_notes(source)
    result = {
        'method': describe.method,
        'truth': truth,
        'filter': sequence.filter,
        **{f'recall_at_{k}': share for k, share in found.recall.at.items()},
        **{f'recall_at_{k}_answerable': s for k, s in found.recall.at_answerable.items()},
        'queries': found.recall.queries,
        'references': found.references,
        'queries_without_positive': found.recall.queries_without_positive,
        'queries_without_pose': found.queries_without_pose,
        'references_without_pose': found.references_without_pose,
        'bad_queries': found.bad_queries,
        'bad_references': found.bad_references,
        'accepted': found.accepted,
        'seconds': round(found.seconds, 3),
    }
    common.report(result, json_file)
