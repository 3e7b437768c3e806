# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The two runs of `anyloc demo`: recorded ones, or rendered ones with their truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.methods import method_of
from anyloc_ros.evaluate.ground_truth import parse_truth
from anyloc_ros.io.source import open_source, Source
from anyloc_ros.mapping.progress import Progress
from anyloc_ros.simulate.record import ODOMETRY_TOPIC, record_run, TRUTH_TOPIC
from anyloc_ros.simulate.run import RunConfig
from anyloc_ros.simulate.world import World

RENDERED_TRUTH = 'radius:1.0'

FOLDER_RATE_HZ = 10.0
"""Images per second of a folder that does not say."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The run that teaches and the one that repeats; `whereabouts` are the true poses of this."""

    teach: Source
    repeat: Source
    whereabouts: Source
    truth: str
    rendered: bool


def check(describe: DescribeConfig, truth: str) -> None:
    """
    Find what can be found wrong before minutes of work.

    :raises ConfigError: an unknown method, or a malformed truth.
    """
    method_of(describe)
    if truth:
        parse_truth(truth)


def open_runs(
    teach_from: str, repeat_from: str, truth: str, *, rate_hz: float, **topics: str
) -> Runs:
    """
    Open two recorded runs.

    :param rate_hz: images per second of the repeat run where it does not say; 0 chooses.
    :raises AnyLocError: one cannot be used.
    """
    sources = [
        open_source(text, rate_hz=rate, **topics)
        for text, rate in ((teach_from, FOLDER_RATE_HZ), (repeat_from, rate_hz or FOLDER_RATE_HZ))
    ]
    return Runs(*sources, whereabouts=sources[1], truth=truth, rendered=False)


def render_runs(out: Path, progress: Progress) -> Runs:
    """Render a teach and a repeat run into bags."""
    world = World()

    def rendered(name: str, done: int, total: int) -> None:
        progress(f'render {name}', done, total)

    for name, config in (('teach', RunConfig.teach()), ('repeat', RunConfig.repeat())):
        record_run(world, out / name, run=config, progress=rendered)
    teach_from = open_source(out / 'teach', pose_topic=ODOMETRY_TOPIC)
    repeat_from = open_source(out / 'repeat', pose_topic=ODOMETRY_TOPIC)
    whereabouts = open_source(out / 'repeat', pose_topic=TRUTH_TOPIC)
    return Runs(teach_from, repeat_from, whereabouts, RENDERED_TRUTH, rendered=True)
