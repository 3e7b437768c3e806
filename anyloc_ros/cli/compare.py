# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc compare`: several runs side by side, and what their recall hides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TYPE_CHECKING

from anyloc_ros.cli import common
import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anyloc_ros.evaluate.report.compare import Group
    from anyloc_ros.evaluate.run_folder import SavedRun


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar='RUN...', help='Folders of runs, with metrics.json.')
    ],
    out: Annotated[
        Path | None, typer.Option(metavar='FILE.html', help='Write a report with plots there.')
    ] = None,
    json_file: common.JsonOption = None,
) -> None:
    """Compare runs: all figures, and whether the higher recall@1 serves a robot better."""
    from anyloc_ros.evaluate.report.compare import compare as compared
    from anyloc_ros.evaluate.report.compare_words import group_in_words, groups_in_words
    from anyloc_ros.evaluate.run_folder import METRICS, PER_QUERY, read_run, REPORT

    saved = [read_run(folder) for folder in runs]
    groups = compared(saved)
    sentences = groups_in_words(groups)
    sentences += [said for each in groups for said in group_in_words(saved, each)]
    inputs = [folder / name for folder in runs for name in (METRICS, PER_QUERY, REPORT)]
    if out is not None:
        with common.drawing('the report of --out is'):
            from anyloc_ros.evaluate.report.compare_report import compare_report
        with common.output('--out', out, inputs) as file:
            file.write(compare_report(saved, runs, groups).encode())
    common.write_json(json_file, _result(runs, saved, groups, sentences), inputs)
    _print(runs, saved)
    for sentence in sentences:
        typer.echo(sentence)


def _result(
    folders: Sequence[Path],
    runs: Sequence[SavedRun],
    groups: Sequence[Group],
    sentences: Sequence[str],
) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        'runs': [
            {
                'name': run.name,
                'folder': str(folder),
                'facts': dict(run.facts),
                'headline': {name: asdict(each) for name, each in run.headline.items()},
            }
            for folder, run in zip(folders, runs, strict=True)
        ],
        'groups': [asdict(group) for group in groups],
        'sentences': list(sentences),
    }


def _print(folders: Sequence[Path], runs: Sequence[SavedRun]) -> None:
    from anyloc_ros.evaluate.report.compare import figure_names
    from anyloc_ros.evaluate.report.figure_rows import interval, number

    for index, (folder, run) in enumerate(zip(folders, runs, strict=True), start=1):
        typer.echo(f'{index}: {run.name} ({folder})')
    for name in figure_names(runs):
        cells = [
            f'{number(run.headline[name].value)} {interval(run.headline[name])}'
            if name in run.headline
            else '–'
            for run in runs
        ]
        typer.echo(f'{name:<22} ' + ' '.join(f'{cell:<22}' for cell in cells).rstrip())
