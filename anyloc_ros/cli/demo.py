# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc demo`: teach and localize with the real nodes, as processes, over DDS."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import signal
import sys
import time
from typing import Annotated

from anyloc_ros.cli import common
from anyloc_ros.config import (
    DescribeConfig,
    LocalizeConfig,
    MonitorConfig,
    SequenceConfig,
    TeachConfig,
    VerifyConfig,
)
from anyloc_ros.errors import AnyLocError, ConfigError
import typer

METHOD = 'RootSIFT-VLAD'
NETWORK = 'AnyLoc-VLAD-DINOv2-S'

RENDERED_RECALL = 0.9
"""Recall@1 below which the demo in the rendered world has failed."""

MARKER = '.anyloc-demo'
"""Lies in a folder in which a demo made the files below, and the next one may replace them."""

FOLDERS = ('teach', 'repeat', 'ros_log')
FILES = ('route.anyloc', 'map_builder.log', 'localizer.log', 'summary.json', 'report.html')


def demo(
    teach: Annotated[str, typer.Option(metavar='SOURCE', help=common.SOURCE_HELP)] = '',
    repeat: Annotated[str, typer.Option(metavar='SOURCE', help=common.SOURCE_HELP)] = '',
    truth: Annotated[
        str, typer.Option(help='frames:N, radius:METRES or vprbench:FILE.npy (inclusive).')
    ] = '',
    method: common.MethodOption = METHOD,
    rate: Annotated[
        float,
        typer.Option(
            help='Images of the repeat run per second; 0 sends each after the answer to the last.'
        ),
    ] = 0.0,
    out: Annotated[Path, typer.Option(metavar='FOLDER', help='Where all is written.')] = Path(
        'out/demo'
    ),
    settings: common.SetOption = (),
    image_topic: common.ImageTopicOption = '',
    pose_topic: common.PoseTopicOption = '',
) -> None:
    """
    Teach and localize with the real nodes: in a rendered world, or on two runs of yours.

    Writes summary.json, report.html, the map and the logs of the nodes. In the rendered world the
    exit status is 1 when recall@1 is below 0.9.
    """
    began_s = time.monotonic()
    if bool(teach) != bool(repeat):
        raise typer.BadParameter('give both --teach and --repeat, or none for the rendered world')
    if truth and not teach:
        raise typer.BadParameter('--truth is for runs of yours: the rendered world has its own')
    for source in (teach, repeat):
        if source and out.resolve() in Path(source).resolve().parents:
            raise ConfigError(f'{source} lies in --out {out}, which is written anew: give another')
    if not 0 <= rate <= 1000:
        raise ConfigError(f'--rate: expected images per second from 0 to 1000, got {rate:g}')
    configs = common.configs(
        (
            DescribeConfig,
            TeachConfig,
            LocalizeConfig,
            SequenceConfig,
            MonitorConfig,
            VerifyConfig,
        ),
        settings,
        method=method,
    )
    from anyloc_ros.cli import demo_runs

    demo_runs.check(configs[0], truth)
    runs = None
    if teach:
        topics = {'image_topic': image_topic, 'pose_topic': pose_topic}
        runs = demo_runs.open_runs(teach, repeat, truth, rate_hz=rate, **topics)
    steps, process = _parts()
    _make_room(out)
    # The nodes are ended by `with` statements, which SIGTERM would pass over.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    os.environ.update(process.private_domain())
    os.environ['ROS_LOG_DIR'] = str(out.absolute() / 'ros_log')
    with common.progress_bars() as progress:
        runs = runs or demo_runs.render_runs(out, progress)
        done = steps.run(runs, out, configs, rate, progress)
        summary = steps.write(done, out, progress)
    for source in (runs.teach, runs.repeat):
        common.say_notes(source)
    summary['seconds'] = round(time.monotonic() - began_s, 1)
    common.report(summary, out / 'summary.json')
    common.say(f'look at {out / "report.html"}')
    if method == METHOD:
        common.say(
            f'the same by a network: anyloc weights fetch {NETWORK}, then --method {NETWORK} '
            f'(make demo METHOD={NETWORK})'
        )
    if runs.rendered and summary['recall_at_1'] < RENDERED_RECALL:
        raise AnyLocError(
            f'recall@1 in the rendered world is {summary["recall_at_1"]:.3f}, expected '
            f'{RENDERED_RECALL} or more; see {out / "report.html"} and the logs beside it'
        )


def _parts():
    """
    Return the modules that do the work, which need more than the other verbs.

    :raises AnyLocError: something of it is not installed.
    """
    # Before torch is loaded. Its threads would wait spinning, in several processes on few cores:
    # on two busy cores an image took five times as long.
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
    try:
        from anyloc_ros.cli import demo_steps
        from anyloc_ros.ros import process
    except ImportError as error:
        if (error.name or '').startswith('anyloc_ros'):
            raise
        raise AnyLocError(
            f'the demo needs ROS 2 for Python, matplotlib and jinja2: {error}; with ROS: source '
            f'/opt/ros/DISTRO/setup.bash and pip install "anyloc_ros[report]"; without it: pip '
            f'install "anyloc_ros[report,wheels]"'
        ) from error
    return demo_steps, process


def _make_room(out: Path) -> None:
    """
    Make the folder, or remove what an earlier demo made in it.

    :raises ConfigError: it has content that no demo made.
    """
    if (out / MARKER).exists():
        for name in FOLDERS:
            shutil.rmtree(out / name, ignore_errors=True)
        for name in FILES:
            (out / name).unlink(missing_ok=True)
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(
            f'--out {out} exists and was not made by a demo: give a new or an empty folder'
        )
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).touch()
