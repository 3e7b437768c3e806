# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The comparison of runs as one HTML file that needs no other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from anyloc_ros.evaluate.report import plots_compare
from anyloc_ros.evaluate.report.compare import figure_names, Group
from anyloc_ros.evaluate.report.compare_words import groups_in_words, overview
from anyloc_ros.evaluate.report.figure_rows import estimate_row, Row
from anyloc_ros.evaluate.report.page import render
from anyloc_ros.evaluate.run_folder import SavedRun

TEMPLATE = 'compare.html.jinja'


def compare_report(
    runs: Sequence[SavedRun], folders: Sequence[Path], groups: Sequence[Group]
) -> str:
    """Return the report of a comparison as HTML; folders tell runs of one name apart."""
    names = figure_names(runs)
    definitions = {name: text for run in runs for name, text in run.definitions.items()}
    return render(
        TEMPLATE,
        runs=list(zip(runs, folders, strict=True)),
        said=groups_in_words(groups),
        rows=[(name, [_row(run, name) for run in runs]) for name in names],
        definitions=definitions,
        groups=[
            {
                'names': ', '.join(str(number + 1) for number in group.runs),
                'sentences': overview(runs, group),
                'plots': [plots_compare.scatter(runs, group, c) for c in group.correlations],
            }
            for group in groups
            if len(group.runs) > 1
        ],
    )


def _row(run: SavedRun, name: str) -> Row | None:
    return estimate_row(name, run.headline[name]) if name in run.headline else None
