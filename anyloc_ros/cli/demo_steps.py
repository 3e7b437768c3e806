# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What `anyloc demo` does with its two runs: nodes answer, and the answers are judged."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
import math
import os
from pathlib import Path
import platform
from typing import Any

from anyloc_ros.cli.common import RUNTIME
from anyloc_ros.cli.demo_runs import Runs
from anyloc_ros.config import DescribeConfig, parameters_of, TeachConfig
from anyloc_ros.evaluate.evenly import evenly
from anyloc_ros.evaluate.repeat_run import QueryAnswer, RepeatRun, truth_of
from anyloc_ros.evaluate.report.look import look, MAX_ROWS, pairs_of
from anyloc_ros.evaluate.report.repeat_report import choose, in_words, write_report
from anyloc_ros.evaluate.whereabouts import stamps_of
from anyloc_ros.mapping.finish import Progress
from anyloc_ros.mapping.method import describer_of
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.ros.pace import Pace
from anyloc_ros.ros.replay import Played
from anyloc_ros.ros.through_nodes import localize, Taught, teach, teaching_pace


@dataclass(frozen=True, slots=True)
class Done:
    """What the nodes did."""

    runs: Runs
    taught: Taught
    played: Played
    pace: Pace
    map_path: Path
    describe: DescribeConfig
    teaching: TeachConfig


def run(
    runs: Runs,
    out: Path,
    configs: Sequence[Any],
    rate_hz: float,
    progress: Progress,
) -> Done:
    """
    Teach by a map builder, localize by a localizer.

    :param configs: a DescribeConfig, a TeachConfig, and the groups of the localizer.
    :param rate_hz: images of the repeat run per second, 0 in lock-step.
    :raises AnyLocError: a node cannot start, ends, or does not do its part.
    """
    describe, teaching, *localizing = (_given(config) for config in configs)
    map_path = out / 'route.anyloc'
    stamps_ns = stamps_of(runs.teach)
    taught = teach(
        runs.teach,
        teaching_pace(runs.teach, (stamps_ns[-1] - stamps_ns[0]) / 1e9),
        {'map_path': str(map_path), **describe, **teaching},
        out / 'map_builder.log',
        progress,
    )
    pace = Pace(rate_hz=rate_hz)
    where = {name: value for name, value in describe.items() if name in RUNTIME}
    played = localize(
        runs.repeat,
        pace,
        {'map_path': str(map_path), **where, **dict(ChainMap(*localizing))},
        out / 'localizer.log',
        progress,
    )
    return Done(runs, taught, played, pace, map_path, *configs[:2])


def write(done: Done, out: Path, progress: Progress) -> dict[str, Any]:
    """Write report.html and return the summary; None is unknown."""
    with PlaceMap.open_to_read(done.map_path) as place_map:
        repeat_run = _judge(done, place_map)
        choices = choose(repeat_run)
        rows = evenly(len(repeat_run.answers), MAX_ROWS)
        pictured = {number for choice in choices for number in choice.numbers}
        describer = describer_of(place_map, done.describe)
        seen = look(place_map, describer, done.runs.repeat, rows, pictured, progress)
        pairs = {
            choice.title: pairs_of(repeat_run, seen, place_map, choice.numbers)
            for choice in choices
        }
    pace = f'at {done.pace}' if done.pace.rate_hz else f'in {done.pace}'
    known = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in repeat_run.figures().items()
    }
    summary = known | {
        'same_best_as_single_images': seen.agreement(repeat_run),
        'teach_images': done.taught.played.images,
        'teach_lost': done.taught.lost,
        'method': done.describe.method,
        'truth': done.runs.truth or None,
        'playback': str(done.pace),
    }
    facts = {
        'teach run': done.runs.teach.name,
        'repeat run': done.runs.repeat.name,
        'map': f'{done.map_path} ({done.taught.map_info["references"]} references)',
        'method': done.describe.method,
        'truth': done.runs.truth or 'none',
        'playback': str(done.pace),
        'machine': f'{platform.platform()}, {os.cpu_count()} cores',
        'Python': platform.python_version(),
    }
    html = write_report(
        repeat_run,
        facts=facts,
        sentences=in_words(repeat_run, done.runs.truth, pace),
        pairs=pairs,
        similarity=seen.similarity,
        rows=seen.rows,
    )
    (out / 'report.html').write_text(html, encoding='utf-8')
    return summary


def _judge(done: Done, place_map: PlaceMap) -> RepeatRun:
    ids, _ = place_map.descriptors()
    described = set(ids.tolist())
    references = [keyframe for keyframe in place_map.keyframes() if keyframe.id in described]
    truth = None
    if done.runs.truth:
        truth = truth_of(
            done.runs.truth,
            done.runs.whereabouts,
            done.runs.teach,
            references,
            place_map.datum,
            done.teaching,
            played_later_ns=done.taught.played_later_ns,
        )
    played = done.played
    answers = [_query_answer(played, number) for number in range(played.images)]
    return RepeatRun(references, answers, truth, len(played.unreadable))


def _query_answer(played: Played, number: int) -> QueryAnswer | None:
    answer = played.answers.get(number)
    if answer is None:
        return None
    matches = answer.matches
    return QueryAnswer(
        ranked=tuple(match.reference_id for match in matches),
        similarity=matches[0].similarity if matches else float('nan'),
        accepted=any(match.accepted for match in matches),
        latency_s=answer.latency_s,
    )


def _given(config: Any) -> dict[str, Any]:
    """Return the values that are not the defaults."""
    known = parameters_of(type(config))
    return {name: value for name, value in asdict(config).items() if value != known[name][0]}
