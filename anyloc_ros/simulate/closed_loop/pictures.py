# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What the camera saw where the answers were worst, rendered again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyloc_ros.evaluate.report.pairs import Pair, pair_title, worth_a_look
from anyloc_ros.simulate.closed_loop.day import Day
from anyloc_ros.simulate.world import World

if TYPE_CHECKING:
    from anyloc_ros.evaluate.judge.figures import Figures
    from anyloc_ros.evaluate.record import RunRecord
    from anyloc_ros.simulate.closed_loop.study import Driven


def pairs_of(
    world: World, driven: Driven, record: RunRecord, figures: Figures
) -> dict[str, list[Pair]]:
    """Return queries of the record of these runs beside their best references, by why."""
    from anyloc_ros.evaluate.report.pair_pictures import reference_picture
    from anyloc_ros.mapping.place_map import PlaceMap

    taught, choices = driven.taught, worth_a_look(record, figures)
    every = [(run, image) for run in driven.runs for image in run.images]
    best = record.answers.best()
    queries = {}
    # In order: the light of each run is worked out once.
    for number in sorted({number for choice in choices for number in choice.numbers}):
        run, image = every[number]
        offset_m = run.setup.loop.start_offset_m
        day = Day(world, taught.camera, run.seed, taught.goal_s_m, offset_m)
        queries[number] = day.image(image.true_pose, float(run.s_m[image.taken]), image.number)
    with PlaceMap.open_to_read(taught.path) as place_map:
        return {
            choice.title: [
                Pair(
                    pair_title(record, figures, number),
                    queries[number],
                    reference_picture(place_map, int(taught.ids[best[number]])),
                )
                for number in choice.numbers
            ]
            for choice in choices
        }
