# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc simulate`: a robot acts on the answers, in the rendered world."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
import os
from pathlib import Path
import signal
import sys
from tempfile import TemporaryDirectory
from typing import Annotated, TYPE_CHECKING

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
from anyloc_ros.errors import ConfigError
import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from anyloc_ros.simulate.closed_loop.study import Configuration

METHOD = 'RootSIFT-VLAD'
SEVERAL = 'Several, "A,B", make a study.'


def simulate(
    out: Annotated[Path, typer.Option(metavar='FOLDER', help='Where all is written.')] = Path(
        'out/simulate'
    ),
    runs: Annotated[int, typer.Option(help='Repeat runs of each configuration.', min=1)] = 20,
    method: Annotated[
        str, typer.Option(help=f'Preset by name, see "anyloc methods". {SEVERAL}')
    ] = METHOD,
    speed: Annotated[str, typer.Option(help=f'Metres per second. {SEVERAL}')] = '0.7',
    rate: Annotated[str, typer.Option(help=f'Images per second. {SEVERAL}')] = '5',
    latency: Annotated[
        str,
        typer.Option(
            help='Seconds from an image to its answer, whatever this machine needs. ' + SEVERAL
        ),
    ] = '0.1',
    start_offset: Annotated[
        str, typer.Option(help=f'Metres beside the path at the start. {SEVERAL}')
    ] = '0.3',
    spacing: Annotated[str, typer.Option(help=f'Metres between references. {SEVERAL}')] = '0.5',
    size: Annotated[
        str, typer.Option(help=f'Of the images, WIDTHxHEIGHT in px. {SEVERAL}')
    ] = '320x240',
    length: Annotated[float, typer.Option(help='Metres of the route.', min=2.0, max=80.0)] = 32.0,
    tolerance: Annotated[
        float, typer.Option(help='Recall: a reference is right so near along the route, m.', min=0)
    ] = 1.0,
    seed: Annotated[int, typer.Option(help='Of the runs.', min=0, max=10_000)] = 0,
    world_seed: Annotated[int, typer.Option(help='Of the building.', min=0)] = 1,
    jobs: Annotated[int, typer.Option(help='Processes; 0 is one for each core.', min=0)] = 0,
    animation: Annotated[
        Path | None,
        typer.Option(metavar='F.gif|F.mp4', help='Also a film of the first run of the first.'),
    ] = None,
    settings: common.SetOption = (),
) -> None:
    """
    Teach a route and let a robot repeat it, which acts on nothing but the answers and odometry.

    Every run has a light, people, a start and odometry errors of its own. The same seed gives the
    same files. Writes metrics.json, per_query.csv, per_run.csv and report.html, for a study in a
    folder for each configuration, and study.csv and compare.html beside them. Any parameter of
    the robot, its controller and of what counts as a success can be given by --set too.
    """
    from anyloc_ros.cli import simulate_output
    from anyloc_ros.simulate.animation import animate
    from anyloc_ros.simulate.closed_loop.study import drive_all
    from anyloc_ros.simulate.film import check_film
    from anyloc_ros.simulate.world import World

    configurations, judge = _plan(
        settings, method, speed, rate, latency, start_offset, spacing, size, length, world_seed
    )
    folders = simulate_output.folders(out, configurations)
    if animation is not None:
        check_film(animation)
    # The processes are ended by `with` statements, which SIGTERM would pass over.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    study = simulate_output.Study(judge, tolerance, f'{runs} repeat runs, seed {seed}')
    world = World(world_seed)
    jobs = jobs or len(os.sched_getaffinity(0))
    done = []
    with (
        TemporaryDirectory(prefix='anyloc_') as maps,
        common.progress_bars() as progress,
    ):
        every = drive_all(configurations, runs, seed, jobs, Path(maps), progress)
        for folder, driven in zip(folders, every, strict=True):
            done.append(study.write(folder, world, driven))
            if animation is not None and len(done) == 1:
                animate(driven.runs[0], driven.taught, world, animation)
    simulate_output.conclude(out, folders, done)


def _plan(
    settings: Sequence[str],
    method: str,
    speed: str,
    rate: str,
    latency: str,
    start_offset: str,
    spacing: str,
    size: str,
    length_m: float,
    world_seed: int,
) -> tuple[list[Configuration], tuple[object, object, object]]:
    """
    Return every combination of what is asked for, and what a success, a stop and far off are.

    :raises ConfigError: a value that is no number or out of range, an unknown parameter.
    """
    from anyloc_ros.describe.methods import method_of
    from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
    from anyloc_ros.evaluate.metrics.closed_loop import SuccessConfig
    from anyloc_ros.evaluate.metrics.stop import StopConfig
    from anyloc_ros.simulate.camera import Camera
    from anyloc_ros.simulate.closed_loop.controller import ControllerConfig
    from anyloc_ros.simulate.closed_loop.robot import RobotConfig
    from anyloc_ros.simulate.closed_loop.run import LoopConfig, Setup
    from anyloc_ros.simulate.closed_loop.study import Configuration, Lesson
    from anyloc_ros.simulate.closed_loop.wheels import WheelsConfig

    groups = (
        DescribeConfig, TeachConfig, LocalizeConfig, SequenceConfig, MonitorConfig, VerifyConfig,
        LoopConfig, RobotConfig, WheelsConfig, ControllerConfig,
        SuccessConfig, StopConfig, FiguresConfig,
    )  # fmt: skip
    given = {'method', 'map_mode', 'store_images', 'map_frame', 'keyframe_distance_m', 'goals'}
    given.add('top_k')  # as the node has it; with fewer nothing could be said of recall@5
    given |= {name for name in parameters_of(LoopConfig) if name != 'stand_s'}
    settable = {name for group in groups for name in parameters_of(group)} - given
    found = common.configs(groups, settings, only=settable, method=METHOD, verify='patches')
    describe, teach, localize, sequence, monitor, verify = found[:6]
    loop, robot, wheels, controller, success, stop, limits = found[6:]
    axes = {
        'method': method.split(','),
        'spacing': _numbers('--spacing', spacing),
        'size': [_size(text) for text in size.split(',')],
        'speed': _numbers('--speed', speed),
        'rate': _numbers('--rate', rate),
        'latency': _numbers('--latency', latency),
        'offset': _numbers('--start-offset', start_offset),
    }
    configurations = []
    for values in product(*axes.values()):
        at = dict(zip(axes, values, strict=True))
        lesson = Lesson(
            replace(describe, method=at['method']),
            replace(teach, keyframe_distance_m=at['spacing']),
            Camera(*at['size']),
            length_m,
            wheels,
            world_seed,
        )
        method_of(lesson.describe)
        drive = replace(
            loop,
            speed_mps=at['speed'],
            rate_hz=at['rate'],
            latency_s=at['latency'],
            start_offset_m=at['offset'],
        )
        name = ', '.join(_words(axes, at)) or at['method']
        setup = Setup(drive, robot, wheels, controller, monitor)
        configurations.append(Configuration(name, lesson, setup, localize, sequence, verify))
    return configurations, (limits, success, stop)


def _words(axes: dict[str, list], at: dict) -> Iterator[str]:
    """Yield what tells this combination from the others."""
    said = {
        'method': '{}',
        'spacing': 'references {:g} m apart',
        'size': '{0[0]}x{0[1]} px',
        'speed': '{:g} m/s',
        'rate': '{:g} Hz',
        'latency': 'latency {:g} s',
        'offset': 'offset {:g} m',
    }
    for name, words in said.items():
        if len(axes[name]) > 1:
            yield words.format(at[name])


def _numbers(option: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(',')]
    except ValueError as error:
        raise ConfigError(
            f'{option}: expected a number, or several, "2,5", got {text!r}'
        ) from error


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition('x')
    if not (cross and width.isdigit() and height.isdigit() and len(text) < 12):
        raise ConfigError(f'--size: expected WIDTHxHEIGHT in px, such as 320x240, got {text!r}')
    return int(width), int(height)
