# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What `anyloc simulate` leaves: a folder for each configuration, and a study of several."""

from __future__ import annotations

from collections.abc import Sequence
import csv
from dataclasses import dataclass
import io
from pathlib import Path
import re
from typing import TYPE_CHECKING

from anyloc_ros.cli import common
from anyloc_ros.cli.evaluate_output import check
from anyloc_ros.errors import ConfigError, SourceError
from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.sentences import sentences
from anyloc_ros.evaluate.metrics.closed_loop import SuccessConfig
from anyloc_ros.evaluate.metrics.stop import StopConfig
from anyloc_ros.evaluate.per_query import per_query
from anyloc_ros.evaluate.report.compare import compare, figure_names
from anyloc_ros.evaluate.report.compare_words import reversals_in_words
from anyloc_ros.evaluate.run_folder import (
    METRICS,
    metrics_text,
    PER_QUERY,
    PER_RUN,
    read_run,
    REPORT,
    SavedRun,
    write_texts,
)
from anyloc_ros.simulate.closed_loop.figures import loop_figures
from anyloc_ros.simulate.closed_loop.pictures import pairs_of
from anyloc_ros.simulate.closed_loop.record import record_of
from anyloc_ros.simulate.closed_loop.words import loop_sentences, per_run
import typer

if TYPE_CHECKING:
    from anyloc_ros.simulate.closed_loop.study import Configuration, Driven
    from anyloc_ros.simulate.world import World

STUDY, COMPARISON = 'study.csv', 'compare.html'
SUCCESS = 'repeat_success'
PRINTED = ('recall_at_1', 'loc_err_p95_m', SUCCESS, 'xte_rms_m', 'stop_err_m', 'longest_lost_m')
"""Of several configurations; all figures are in study.csv."""


def folders(out: Path, configurations: Sequence[Configuration]) -> list[Path]:
    """
    Return the folder of each configuration: `out` itself where there is one.

    :raises ConfigError: two configurations have one name.
    :raises AnyLocError: one holds something else, or the report needs what is not installed.
    """
    found = [out]
    if len(configurations) > 1:
        found = [out / re.sub(r'[^\w.]+', '-', each.name).strip('-') for each in configurations]
        twice = [folder for number, folder in enumerate(found) if folder in found[:number]]
        if twice:
            raise ConfigError(
                f'two configurations would be written to {twice[0]}: give each value once, and '
                f'values that differ in their first six digits'
            )
        _check_study(out)
    for folder in found:
        check(folder, simulated=True)
    return found


def _check_study(out: Path) -> None:
    """Refuse a folder that has files of the names of a study, and no run beside them."""
    there = [name for name in (STUDY, COMPARISON) if (out / name).exists()]
    if there and not any(out.glob(f'*/{METRICS}')):
        raise SourceError(
            f'--out {out} has a {there[0]} that is of no study of this program; it is kept: name '
            f'another folder'
        )


@dataclass(frozen=True, slots=True)
class Study:
    """What all configurations are judged by; `queries` says which runs these are."""

    limits: tuple[FiguresConfig, SuccessConfig, StopConfig]
    tolerance_m: float
    queries: str

    def write(self, folder: Path, world: World, driven: Driven) -> SavedRun:
        """Judge the runs of a configuration, write its folder, and return what is in it."""
        from anyloc_ros.evaluate.report.run_report import run_report

        name = driven.configuration.name
        facts = self._facts(driven)
        record = record_of(name, facts, world, driven.taught, driven.runs, self.tolerance_m)
        figures = loop_figures(record, driven.runs, *self.limits)
        outcome = loop_sentences(figures)
        pairs = pairs_of(world, driven, record, figures)
        saved = SavedRun(name, facts, figures.headline(), figures.groups(), figures.definitions)
        texts = {
            PER_QUERY: per_query(record, figures),
            PER_RUN: per_run(driven.runs, *self.limits[1:]),
            REPORT: run_report(record, figures, pairs, [*outcome, *sentences(record, figures)]),
            METRICS: metrics_text(saved),
        }
        write_texts(folder, texts)
        for sentence in outcome:
            common.say(f'{name}: {sentence}')
        return read_run(folder)

    def _facts(self, driven: Driven) -> dict[str, str]:
        each = driven.configuration
        lesson, loop = each.lesson, each.setup.loop
        return {
            'method': lesson.describe.method,
            'references': f'rendered building {lesson.world_seed}, route of {lesson.length_m:g} m',
            'queries': self.queries,
            'truth': f'within {self.tolerance_m:g} m along the taught route',
            'positions': 'true ones of references and queries, not those of odometry',
            'map': f'{len(driven.taught.ids)} references, '
            f'{lesson.teach.keyframe_distance_m:g} m apart or less in bends',
            'camera': f'{lesson.camera.width_px}x{lesson.camera.height_px} px, '
            f'{loop.rate_hz:g} Hz',
            'drive': f'{loop.speed_mps:g} m/s from {loop.start_offset_m:g} m beside the path',
            'latency': f'{loop.latency_s:g} s, set',
            'filter': each.sequence.filter,
            'verify': each.verify.verify,
        }


def conclude(out: Path, written: Sequence[Path], runs: Sequence[SavedRun]) -> None:
    """Print the figures; of several configurations also compare them and write the study."""
    if len(runs) == 1:
        figures = {name: each.value for name, each in runs[0].headline.items()}
        common.report({'name': runs[0].name, **figures}, None)
        common.say(f'look at {written[0] / REPORT}')
        return
    from anyloc_ros.evaluate.report.compare_report import compare_report

    groups = compare(runs)
    # Relative ones: the same study in another folder has the same bytes.
    places = [folder.relative_to(out) for folder in written]
    with common.output('--out', out / STUDY) as file:
        file.write(_table(runs).encode())
    with common.output('--out', out / COMPARISON) as file:
        file.write(compare_report(runs, places, groups).encode())
    width = max(len(run.name) for run in runs)
    typer.echo(f'{"":<{width}}  ' + '  '.join(PRINTED))
    for run in runs:
        cells = (
            f'{run.headline[name].value:<{len(name)}.3f}' if name in run.headline else '–'
            for name in PRINTED
        )
        typer.echo(f'{run.name:<{width}}  ' + '  '.join(cells))
    reversals = [r for group in groups for r in group.reversals if r.name == SUCCESS]
    if not reversals:
        typer.echo(
            f'Among these {len(runs)} configurations none with a higher R@1 has a lower repeat '
            f'success than one with a lower R@1: {"; ".join(run.name for run in runs)}.'
        )
    for group in groups:
        for sentence in reversals_in_words(runs, group):
            typer.echo(sentence)
    common.say(f'look at {out / COMPARISON}')


def _table(runs: Sequence[SavedRun]) -> str:
    """Return all headline figures of all configurations as CSV, with their intervals."""
    text = io.StringIO(newline='')
    table = csv.writer(text, lineterminator='\n')
    names = figure_names(runs)
    parts = ('value', 'low', 'high')
    table.writerow(['name', *(f'{name}_{part}' for name in names for part in parts)])
    for run in runs:
        cells = (
            getattr(run.headline[name], part) if name in run.headline else ''
            for name in names
            for part in parts
        )
        table.writerow([run.name, *('' if cell != cell else cell for cell in cells)])
    return text.getvalue()
