# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What `anyloc evaluate` leaves: the folder of a run, and what it prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anyloc_ros.cli import common
from anyloc_ros.cli.evaluate_runs import Opened
from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.report.pair_pictures import pairs_of
from anyloc_ros.evaluate.run_folder import read_run, require_kind, write_run
import numpy as np

PRINTED_KS = (1, 5, 10, 20)
PRINTED_FACTS = ('method', 'truth', 'filter')


def check(out: Path, *, simulated: bool = False) -> None:
    """
    Refuse what would fail after minutes of work.

    :param simulated: the folder is to hold the runs of a simulated robot, not an evaluation.
    :raises AnyLocError: a folder of something else, or the report needs what is not installed.
    """
    with common.drawing('the report of --out is'):
        from anyloc_ros.evaluate.report import run_report  # noqa: F401 (asked whether it is there)
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        try:
            read_run(out)
        except SourceError as error:
            raise SourceError(
                f'--out {out} holds something else, which is kept: name a new folder, or that of '
                f'an earlier run ({error})'
            ) from error
        require_kind(out, simulated=simulated)


def write(out: Path, run: Opened, figures: Figures, words: list[str]) -> None:
    """Write the folder of a run, its report included."""
    from anyloc_ros.evaluate.report.plots_matrix import Similarity
    from anyloc_ros.evaluate.report.run_report import run_report

    pairs = pairs_of(run.record, figures, run.sources, run.place_map) if run.sources else {}
    seen = None if run.cosines is None else Similarity(run.cosines, run.shown)
    page = run_report(run.record, figures, pairs, words, seen)
    write_run(out, run.record, figures, page)
    common.say(f'look at {out / "report.html"}')


def result(run: Opened, figures: Figures) -> dict[str, Any]:
    """Return what is printed: what was asked, the figures that runs are compared by, counts."""
    record, recall = run.record, figures.recall
    shares = {
        f'recall_at_{k}{suffix}': at[k]
        for suffix, at in (('', recall.at), ('_answerable', recall.at_answerable))
        for k in PRINTED_KS
    }
    headline = {name: found.value for name, found in figures.headline().items()}
    del headline['accepted']  # the count is below
    by_radius = record.facts['truth'].startswith('radius:')
    on_map = record.truth.positions[slice(recall.queries)]  # those off the map follow
    return {
        'name': record.name,
        **{name: text for name, text in record.facts.items() if name in PRINTED_FACTS},
        **shares,
        **headline,
        'queries': recall.queries,
        'queries_off_map': len(record.truth.positions) - recall.queries,
        'references': len(record.taught.ids) + run.bad_references,
        'queries_without_positive': recall.queries_without_positive,
        'queries_without_pose': _unknown(on_map) if by_radius else None,
        'references_without_pose': _unknown(record.taught.positions) + run.bad_references,
        'bad_queries': int((~record.answers.answered).sum()),
        'bad_references': run.bad_references,
        'accepted': int(record.answers.accepted.sum()),
    }


def _unknown(positions: np.ndarray) -> int:
    return int(np.isnan(positions[:, 0]).sum())
