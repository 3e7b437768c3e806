# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc teach`: a recorded run becomes a map."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from anyloc_ros.cli import common
from anyloc_ros.config import DescribeConfig, parameters_of, TeachConfig
import typer


def teach(
    source: Annotated[str, typer.Argument(metavar='SOURCE', help=common.SOURCE_HELP)],
    map_file: Annotated[Path, typer.Option('--map', metavar='FILE', help='The map to write.')],
    method: common.MethodOption = '',
    append: Annotated[bool, typer.Option('--append', help='Add a route to the map.')] = False,
    overwrite: Annotated[bool, typer.Option('--overwrite', help='Replace the map.')] = False,
    finish_now: Annotated[
        bool, typer.Option('--finish/--no-finish', help='Fit the vocabulary and describe.')
    ] = True,
    settings: common.SetOption = (),
    rate: common.RateOption = 10.0,
    image_topic: common.ImageTopicOption = '',
    pose_topic: common.PoseTopicOption = '',
    poses_file: common.PosesOption = '',
    json_file: common.JsonOption = None,
) -> None:
    """
    Teach a route from a bag or an image folder into a map file.

    A folder without poses or stamps gives a reference for every image; else way, turn and time
    decide, see keyframe_distance_m, keyframe_angle_deg and keyframe_period_s.
    """
    from anyloc_ros.describe.describer import build_describer
    from anyloc_ros.evaluate.replay import max_speed_mps, teach_source
    from anyloc_ros.io.source import open_source
    from anyloc_ros.mapping.finish import finish
    from anyloc_ros.mapping.method import describer_of
    from anyloc_ros.mapping.place_map import PlaceMap
    from anyloc_ros.mapping.teach import open_for_teaching, TeachSession

    if append and overwrite:
        raise typer.BadParameter('give --append or --overwrite, not both')
    mode = 'append' if append else 'overwrite' if overwrite else 'create'
    by_map = append and not method
    # A map that is appended to says itself how it describes.
    asked = common.RUNTIME if by_map else parameters_of(DescribeConfig)
    describe, config = common.configs(
        (DescribeConfig, TeachConfig),
        settings,
        only={*asked, *parameters_of(TeachConfig)} - {'map_mode'},
        method=method,
        map_mode=mode,
    )
    run = open_source(
        source,
        rate_hz=rate,
        image_topic=image_topic,
        pose_topic=pose_topic,
        poses_file=poses_file,
    )
    if by_map:
        # Opened to write: a map whose writer was killed is recovered here.
        with PlaceMap.open_to_write(map_file) as place_map:
            describer = describer_of(place_map, describe)
    else:
        describer = build_describer(describe)
    with (
        open_for_teaching(map_file, describer, asdict(describer.config), config) as place_map,
        common.progress_bars() as progress,
    ):
        noted = len(place_map.events())
        session = TeachSession(
            place_map,
            describer,
            config,
            every_image=not (run.has_poses or run.has_stamps),
            max_speed_mps=max_speed_mps(run),
        )
        teach_source(run, session, progress)
        if finish_now:
            finish(
                place_map,
                describer,
                whitening_dim=describe.whitening_dim,
                descriptor_dtype=config.descriptor_dtype,
                progress=progress,
            )
        info, counters = place_map.info(), session.counters
    common.say_notes(run)
    common.say_warnings(info.events[noted:])
    result = {
        'map': str(map_file),
        'state': info.state,
        'method': info.method,
        'images': counters.images,
        'references': info.references,
        'length_m': info.length_m,
        'bad_images': counters.bad_images,
        'rejected_poses': counters.rejected_poses,
        'pose_jumps': counters.jumps,
        **{
            f'without_pose_{cause.replace(" ", "_")}': n
            for cause, n in counters.without_pose.items()
        },
    }
    common.report(result, json_file)
    if not finish_now:
        common.say(f'not finished: run "anyloc map finish {map_file}" before localizing on it')
