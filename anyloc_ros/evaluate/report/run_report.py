# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The report of a run: one HTML file that needs no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.record import RunRecord
from anyloc_ros.evaluate.report import (
    plots_matrix,
    plots_path,
    plots_recall,
    plots_time,
)
from anyloc_ros.evaluate.report.figure_rows import estimate_row, figure_rows
from anyloc_ros.evaluate.report.page import render
from anyloc_ros.evaluate.report.pairs import Pair
from anyloc_ros.evaluate.report.plots_matrix import Similarity

TEMPLATE = 'run_report.html.jinja'

DEFINED_AS = {
    'loc_err_median_m': 'loc_err_m',
    'longest_lost_m': 'longest_lost',
    'false_stop_per_run': 'stop',
}
"""Where the meaning is of the first figure of several that share one; else by its own name."""


def run_report(
    record: RunRecord,
    figures: Figures,
    pairs: Mapping[str, Sequence[Pair]],
    sentences: Sequence[str],
    similarity: Similarity | None = None,
) -> str:
    """
    Return the report of a run as HTML.

    :param pairs: queries beside their best references, under a title; see `worth_a_look`.
    :param sentences: the outcome in words.
    :param similarity: cosines of some queries with all references; without it the matrix is left
        out.
    """
    drawn = [
        plots_path.route(record, figures),
        plots_recall.tolerance(figures),
        plots_recall.recall_at_k(figures),
        plots_recall.precision_recall(figures),
        plots_recall.calibration(figures),
        plots_path.along_and_across(record, figures),
        plots_time.drive(record, figures),
        plots_matrix.similarity(record, figures, similarity),
        plots_time.timing(record),
    ]
    headline = figures.headline()
    meaning = {
        name: name if name in figures.definitions else DEFINED_AS.get(name, name)
        for name in headline
    }
    return render(
        TEMPLATE,
        name=record.name,
        facts=record.facts,
        sentences=sentences,
        headline=[
            estimate_row(name, estimate, figures.definitions.get(meaning[name], ''))
            for name, estimate in headline.items()
        ],
        plots=drawn,
        pairs=pairs,
        figures=figure_rows(figures),
        definitions={
            name: text
            for name, text in figures.definitions.items()
            if name not in meaning.values()
        },
    )
