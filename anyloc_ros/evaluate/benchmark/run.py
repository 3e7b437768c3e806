# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""One data set by one method: descriptors, search, figures, and the folder they go to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import perf_counter

from anyloc_ros.evaluate.benchmark.cache import key_of
from anyloc_ros.evaluate.benchmark.descriptors import (
    Bench,
    complete,
    Descriptors,
    MethodHere,
    with_vocabulary,
)
from anyloc_ros.evaluate.benchmark.opened import Opened
from anyloc_ros.evaluate.benchmark.plan import Plan, RANDOM_NOTE
from anyloc_ros.evaluate.benchmark.recording import K, record_of
from anyloc_ros.evaluate.benchmark.search import similarities_of_parts
from anyloc_ros.evaluate.evenly import evenly
from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.judge import figures_of
from anyloc_ros.evaluate.judge.sentences import sentences
from anyloc_ros.evaluate.record import RunRecord
from anyloc_ros.evaluate.report.pair_pictures import pictures
from anyloc_ros.evaluate.report.pairs import Pair, pair_title, worth_a_look
from anyloc_ros.evaluate.report.plots_matrix import MAX_ROWS, Similarity
from anyloc_ros.evaluate.report.run_report import run_report
from anyloc_ros.evaluate.run_folder import METRICS, read_run, SavedRun, write_run
import numpy as np


def run(plan: Plan, opened: Opened, method: MethodHere, out: Path, bench: Bench) -> SavedRun:
    """
    Return the result of a run, which is made and written unless it is there already.

    :raises AnyLocError: it cannot be made, and why.
    """
    began = perf_counter()
    key = key_of('run', plan.dataset, method.identity(), opened.identity(), K)
    folder = out / plan.folder
    if (folder / METRICS).exists():
        saved = read_run(folder)
        if saved.facts.get('key') == key:
            return saved
    method, vocabulary = with_vocabulary(method, opened.references, bench)
    *references, queries = (
        Descriptors(side, method, vocabulary, bench)
        for side in (*opened.reference_sides(), opened.queries)
    )
    complete([*references, queries], bench.progress)
    record = record_of(plan, opened, references, queries, key)
    figures = figures_of(record, FiguresConfig())
    report = run_report(
        record,
        figures,
        _pairs(record, figures, opened),
        [RANDOM_NOTE] * plan.random + sentences(record, figures),
        _similarity(references, queries),
    )
    seconds = f'{perf_counter() - began:.1f}'
    record = replace(record, facts={**record.facts, 'seconds': seconds})
    write_run(folder, record, figures, report)
    return read_run(folder)


def _pairs(record: RunRecord, figures: Figures, opened: Opened) -> dict[str, list[Pair]]:
    """Return the pictures of the queries that are worth a look, and of their best references."""
    choices = worth_a_look(record, figures)
    numbers = {number for choice in choices for number in choice.numbers}
    best = {number: int(record.answers.best()[number]) for number in numbers}
    queries = pictures([opened.queries.source], numbers)
    references: dict[int, np.ndarray] = {}
    first = 0
    for side in opened.reference_sides():
        inside = pictures([side.source], {row - first for row in best.values()})
        references |= {first + row: image for row, image in inside.items()}
        first += len(side.digests)
    return {
        choice.title: [
            Pair(
                pair_title(record, figures, number),
                queries[number],
                references.get(best[number]),
            )
            for number in choice.numbers
        ]
        for choice in choices
    }


def _similarity(references: list[Descriptors], queries: Descriptors) -> Similarity:
    """Return the cosines of some queries, evenly spread, with all references."""
    count = len(queries.side.digests)
    numbers = evenly(count, MAX_ROWS)
    parts = (part for side in references for part in side.parts())
    return Similarity(similarities_of_parts(queries.rows(numbers), parts), numbers)
