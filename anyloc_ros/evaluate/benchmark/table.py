# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The table of a benchmark: a row for each run, as CSV, JSON and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
import csv
from dataclasses import dataclass
import io
import json
import math

from anyloc_ros.evaluate.benchmark.plan import Plan
from anyloc_ros.evaluate.datasets.paper_recall import NOT_RECHECKED
from anyloc_ros.evaluate.metrics.intervals import Estimate
from anyloc_ros.evaluate.run_folder import SavedRun
from anyloc_ros.evaluate.to_json import plain

FORMAT = 'anyloc-benchmark/1'
PAPER_NOTE = f'R@1 of the paper is {NOT_RECHECKED}'
HEADER = (
    'data set', 'method', 'R@1', '95 %', 'R@5', '95 %', 'queries', "paper's R@1 (not re-checked)",
    'seconds', 'ms/image', 'MiB', 'notes',
)  # fmt: skip
_UNKNOWN = Estimate(math.nan, math.nan, math.nan, 0)


@dataclass(frozen=True, slots=True)
class Row:
    """
    One run; `error` says why it has no figures.

    Last comes what differs from machine to machine and from one time to the next: `seconds` the
    run took when it was last taken up, the mean time `describe_ms` of a query, and the memory
    `peak_mib` of a process that describes.
    """

    dataset: str
    method: str
    folder: str
    random_weights: bool
    recall_at_1: Estimate
    recall_at_5: Estimate
    paper_recall_at_1: float
    notes: str
    error: str
    seconds: float
    describe_ms: float
    peak_mib: float

    def outcome(self) -> str:
        """Return in a few words what came of it."""
        if self.error:
            return f'failed: {self.error}'
        mark = ' (random weights: it means nothing)' if self.random_weights else ''
        return f'R@1 {self.recall_at_1.value:.3f}{mark}, {self.seconds:.1f} s'

    def cells(self) -> list[str]:
        """Return the texts below HEADER; those of what is not known are empty."""
        first, fifth = self.recall_at_1, self.recall_at_5
        return [
            self.dataset,
            self.method,
            _text(first.value, '.3f'),
            _interval(first),
            _text(fifth.value, '.3f'),
            _interval(fifth),
            str(first.count or ''),
            _text(self.paper_recall_at_1, '.3f'),
            _text(self.seconds, '.1f'),
            _text(self.describe_ms, '.1f'),
            _text(self.peak_mib, '.0f'),
            f'failed: {self.error}' if self.error else self.notes,
        ]


def made(plan: Plan, saved: SavedRun) -> Row:
    """Return the row of a run that was made."""
    seconds, describe_ms, peak_mib = (
        float(saved.facts[name]) for name in ('seconds', 'describe_ms', 'peak_mib')
    )
    return Row(
        plan.dataset,
        plan.method,
        str(plan.folder),
        plan.random,
        saved.headline['recall_at_1'],
        saved.headline['recall_at_5'],
        math.nan if plan.paper is None else plan.paper,
        saved.facts['notes'],
        '',
        seconds,
        describe_ms,
        peak_mib,
    )


def failed(plan: Plan, error: Exception) -> Row:
    """Return the row of a run that could not be made, with the first line of the reason."""
    unknown = (_UNKNOWN, _UNKNOWN, math.nan, '')
    reason = str(error).partition('\n')[0]
    return Row(plan.dataset, plan.method, '', plan.random, *unknown, reason, *[math.nan] * 3)


def as_csv(rows: Sequence[Row]) -> str:
    """Return the table for programs: numbers in full, estimates as three columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    estimates = [f'recall_at_{k}{end}' for k in (1, 5) for end in ('', '_low', '_high')]
    writer.writerow([
        'dataset', 'method', 'random_weights', *estimates, 'queries',
        'paper_recall_at_1_not_rechecked', 'notes', 'error', 'seconds', 'describe_ms', 'peak_mib',
    ])  # fmt: skip
    for row in rows:
        numbers = [
            number
            for each in (row.recall_at_1, row.recall_at_5)
            for number in (each.value, each.low, each.high)
        ]
        measured = (row.seconds, row.describe_ms, row.peak_mib)
        writer.writerow([
            row.dataset, row.method, int(row.random_weights), *map(_text, numbers),
            row.recall_at_1.count, _text(row.paper_recall_at_1), row.notes, row.error,
            *map(_text, measured),
        ])  # fmt: skip
    return text.getvalue()


def as_json(rows: Sequence[Row]) -> str:
    """Return the same as JSON; NaN is null."""
    content = {'format': FORMAT, 'paper': PAPER_NOTE, 'runs': rows}
    return json.dumps(plain(content), indent=1, ensure_ascii=False, allow_nan=False) + '\n'


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the same for people."""
    lines = [HEADER, ['---'] * len(HEADER), *(row.cells() for row in rows)]
    table = ('| ' + ' | '.join(cell.replace('|', '\\|') for cell in line) + ' |' for line in lines)
    return '\n'.join(table) + f'\n\n{PAPER_NOTE}.\n'


def _text(value: float, form: str = 'r') -> str:
    if math.isnan(value):
        return ''
    return repr(value) if form == 'r' else format(value, form)


def _interval(estimate: Estimate) -> str:
    if math.isnan(estimate.low):
        return ''
    return f'{estimate.low:.3f}..{estimate.high:.3f}'
