# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc evaluate`: how good are the answers, in recall, in metres and in words."""

from __future__ import annotations

from pathlib import Path
import time
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

LOCALIZING = (LocalizeConfig, SequenceConfig, MonitorConfig, VerifyConfig)
GROUPS = (DescribeConfig, TeachConfig, *LOCALIZING)

POSES = frozenset(name for name in parameters_of(TeachConfig) if name.startswith('pose_'))
ON_MAP = (
    POSES
    | frozenset(common.RUNTIME)
    | frozenset(name for group in LOCALIZING for name in parameters_of(group) if name != 'top_k')
)
"""A map has its own method; K is given by the measure."""

EVALUATED = ON_MAP | frozenset(
    name
    for group in (DescribeConfig, TeachConfig)
    for name in parameters_of(group)
    if not name.startswith(('keyframe_', 'map_', 'store_'))
)
"""Every reference image is used, in a map that is not kept."""


def evaluate(
    truth: Annotated[
        str,
        typer.Option(
            help='Which references show the place of a query: radius:METRES (poses of both, '
            'inclusive), frames:N (numbers of images), list:FILE.csv (rows of a query and its '
            'references, from 0) or vprbench:FILE.npy. Numbers of references are those of '
            'their images, or with --map those in the map.'
        ),
    ],
    references: Annotated[
        str,
        typer.Option(metavar='SOURCE', help=f'Make a map of every image. {common.SOURCE_HELP}'),
    ] = '',
    map_file: Annotated[
        Path | None, typer.Option('--map', metavar='FILE', help='A finished map instead.')
    ] = None,
    matches: Annotated[
        Path | None,
        typer.Option(
            metavar='FILE',
            help='Answers that were recorded on --map: a CSV of "anyloc localize", or a bag with '
            '~/matches. Without --queries the images and poses of the bag are the queries.',
        ),
    ] = None,
    queries: Annotated[str, typer.Option(metavar='SOURCE', help=common.SOURCE_HELP)] = '',
    off_map: Annotated[
        list[str],
        typer.Option(
            metavar='SOURCE',
            help='Queries whose place is not on the map, a drive by itself; may be repeated.',
        ),
    ] = (),
    method: common.MethodOption = '',
    seed: Annotated[
        int | None, typer.Option(help='Start of the vocabulary; 42 if not given.')
    ] = None,
    drive: Annotated[
        bool,
        typer.Option(
            '--drive',
            help='The queries are one drive: filter them as a robot does, not each by itself; '
            'and say what the filter gains. Its odometry are the poses of the queries.',
        ),
    ] = False,
    settings: common.SetOption = (),
    rate: common.RateOption = 10.0,
    image_topic: common.ImageTopicOption = '',
    pose_topic: common.PoseTopicOption = '',
    truth_topic: Annotated[
        str,
        typer.Option(
            help='Pose topic with the truth, in bags; else the odometry is taken for it.'
        ),
    ] = '',
    matches_topic: Annotated[
        str, typer.Option(help='Topic of the answers in the bag; else the one in /matches.')
    ] = '',
    reference_poses: Annotated[
        str, typer.Option(metavar='FILE', help='Pose file of the references: CSV, TUM or KITTI.')
    ] = '',
    query_poses: Annotated[
        str,
        typer.Option(
            metavar='FILE',
            help='Pose file of the queries; with a bag, by stamp, the truth alone.',
        ),
    ] = '',
    name: Annotated[str, typer.Option(help='What the run is called in tables.')] = '',
    times: Annotated[
        bool,
        typer.Option(
            '--times/--no-times',
            help='Without times and memory, the same input gives the same files, byte for byte.',
        ),
    ] = True,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar='FOLDER', help='Also write metrics.json, per_query.csv and report.html.'
        ),
    ] = None,
    json_file: common.JsonOption = None,
) -> None:
    """
    Judge answers against the truth: in recall, in metres, and in what they would do to a robot.

    Localizes queries on a map of every reference image or on a finished map, or takes answers
    that were recorded. Any limit of the figures can be given by --set too.
    """
    began_s = time.monotonic()
    of_references = bool(method or seed is not None or reference_poses)
    _check_options(references, map_file, matches, queries, of_references, bool(drive or off_map))
    from anyloc_ros.cli import evaluate_output, evaluate_runs
    from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
    from anyloc_ros.evaluate.judge.judge import figures_of
    from anyloc_ros.evaluate.judge.sentences import sentences
    from anyloc_ros.evaluate.metrics.stop import StopConfig
    from anyloc_ros.evaluate.run import Localizing

    if out is not None:
        evaluate_output.check(out)
    judging = (FiguresConfig, StopConfig)
    known = POSES if matches else ON_MAP if map_file else EVALUATED
    describe, teach, *localizing, limits, stop = common.configs(
        (*GROUPS, *judging),
        settings,
        only=known | frozenset(name for group in judging for name in parameters_of(group)),
        method=method,
        vocabulary_seed=seed,
        **({} if drive else {'filter': 'none', 'consecutive_accepts': 1}),
    )
    how = Localizing(*localizing, teach)
    given = evaluate_runs.Inputs(
        truth,
        references=references,
        map_file=map_file,
        matches=matches,
        queries=queries,
        off_map=off_map,
        rate_hz=rate,
        image_topic=image_topic,
        pose_topic=pose_topic,
        truth_topic=truth_topic,
        matches_topic=matches_topic,
        reference_poses=reference_poses,
        query_poses=query_poses,
        name=name,
        settings=settings,
        drive=drive,
        times=times,
    )
    with common.progress_bars() as progress:
        if matches:
            opened = evaluate_runs.from_matches(given, teach)
        elif map_file:
            opened = evaluate_runs.from_map(given, describe, how, progress)
        else:
            opened = evaluate_runs.from_references(given, describe, how, progress)
        with opened as run:
            figures = figures_of(run.record, limits, stop)
            words = sentences(run.record, figures)
            if out is not None:
                evaluate_output.write(out, run, figures, words)
    for note in run.notes:
        common.say(note)
    result = evaluate_output.result(run, figures)
    if times:
        result['seconds'] = round(time.monotonic() - began_s, 3)
    common.report(result, json_file)
    typer.echo('\n' + '\n'.join(words))


def _check_options(
    references: str,
    map_file: Path | None,
    matches: Path | None,
    queries: str,
    of_references: bool,
    of_queries: bool,
) -> None:
    """Refuse options that contradict each other, or would be of no effect."""
    if bool(references) == bool(map_file):
        raise typer.BadParameter('give --references, or --map: one of them')
    if matches and not map_file:
        raise typer.BadParameter('--matches needs the --map on which these answers were given')
    if not queries and not matches:
        raise typer.BadParameter('--queries is missing: what is to be localized')
    if map_file and of_references:
        raise typer.BadParameter(
            '--method, --seed and --reference-poses are for --references: a map has its own; see '
            'anyloc map rebuild'
        )
    if matches and of_queries:
        raise typer.BadParameter(
            '--drive and --off-map are for queries that are localized here: --matches are answers '
            'already'
        )
