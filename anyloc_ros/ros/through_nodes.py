# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Teaching and localizing by the nodes, as processes, from recorded runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyloc_ros.config import parameters_of, TeachConfig
from anyloc_ros.io.source import Source
from anyloc_ros.mapping.progress import Progress
from anyloc_ros.ros.pace import Pace
from anyloc_ros.ros.process import NodeProcess
from anyloc_ros.ros.remote import Remote
from anyloc_ros.ros.replay import input_parameters, Played, Player

TEACH_RATE_HZ = 20.0
"""A run with fewer images per second is played faster than it was recorded."""

CONNECT_S = 20.0
ARRIVAL_S = 3.0
FINISH_S = 3600.0
"""A long route, a large network and a small computer."""

ANSWER_S = 60.0
"""One image in the largest network on a small computer."""


@dataclass(frozen=True, slots=True)
class Taught:
    """
    What became of a teach run.

    `lost` images were sent and did not reach the node, `played_later_ns` is by how much the stamps
    of its references are later than those of the source, `map_info` is the last one of the node.
    """

    played: Played
    lost: int
    played_later_ns: int
    map_info: Mapping[str, Any]


def teaching_pace(source: Source, duration_s: float) -> Pace:
    """Return real time, or faster where a run of this duration has few images per second."""
    rate_hz = len(source) / duration_s if duration_s > 0 else TEACH_RATE_HZ
    return Pace(speed=max(1.0, TEACH_RATE_HZ / rate_hz))


def teach(
    source: Source,
    pace: Pace,
    parameters: Mapping[str, Any],
    log: Path,
    progress: Progress,
) -> Taught:
    """
    Teach one route by a map builder of its own, and have it finish the map.

    :param parameters: of the node; what depends on the source is added.
    :param log: the file for the output of the node.
    :raises AnyLocError: the node cannot start, ends, or cannot finish the map.
    """
    made = _any_speed(source)
    if not source.has_stamps and not source.has_poses:
        made['keyframe_period_s'] = 0.0
    with _node('map_builder', source, made | dict(parameters), log) as (remote, player):
        played = player.play(pace, progress=lambda done, all_: progress('teach', done, all_))
        # The end of the route must not overtake its last images.
        remote.spin_until(lambda: _received(remote) >= played.sent, ARRIVAL_S)
        lost = played.sent - _received(remote)
        info = remote.finish_map(FINISH_S, progress)
    return Taught(played, lost, player.offset_ns, info)


def localize(
    source: Source,
    pace: Pace,
    parameters: Mapping[str, Any],
    log: Path,
    progress: Progress,
) -> Played:
    """
    Ask a localizer of its own where each image was taken.

    :param parameters: of the node; what depends on the source is added.
    :param log: the file for the output of the node.
    :raises AnyLocError: the node cannot start, ends, or in lock-step does not answer.
    """
    made = _any_speed(source) | dict(parameters)
    with _node('localizer', source, made, log, answers='matches') as (_, player):
        return player.play(
            pace,
            answer_s=ANSWER_S,
            progress=lambda done, all_: progress('localize', done, all_),
        )


def _any_speed(source: Source) -> dict[str, float]:
    """Return the parameter that finds no jumps where stamps are made from a rate: no speed."""
    known = parameters_of(TeachConfig)['pose_max_speed_mps'][1]
    return {} if source.has_stamps else {'pose_max_speed_mps': known.high}


@contextmanager
def _node(
    name: str, source: Source, parameters: Mapping[str, Any], log: Path, answers: str = ''
) -> Iterator[tuple[Remote, Player]]:
    """Give a running node that hears the player; it ends with the `with` statement."""
    common = {'autostart': False, 'use_sim_time': True, **input_parameters(source)}
    with (
        NodeProcess(name, common | dict(parameters), log) as process,
        Remote(name, process.check) as remote,
    ):
        player = Player(remote, source, answers=answers, clock=True)
        remote.start()
        player.connect(CONNECT_S)
        yield remote, player


def _received(remote: Remote) -> int:
    return int(remote.status.get('received', 0))
