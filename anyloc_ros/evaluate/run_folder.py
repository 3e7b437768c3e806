# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
One run, one folder: metrics.json for programs, per_query.csv for tables, report.html for people.

metrics.json has `format`, `name`, `facts` (what was run), `definitions` (what figures mean),
`headline` (the figures that runs are compared by, each with its interval and count) and
`figures`, all of them by group. Runs of a simulated robot have a per_run.csv beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.metrics.intervals import Estimate
from anyloc_ros.evaluate.per_query import per_query
from anyloc_ros.evaluate.record import RunRecord
from anyloc_ros.evaluate.to_json import number, plain

FORMAT = 'anyloc-run/1'
METRICS, PER_QUERY, REPORT = 'metrics.json', 'per_query.csv', 'report.html'
PER_RUN = 'per_run.csv'
MAX_BYTES = 64 * 2**20
"""Larger metrics.json are refused unread: 100,000 queries make 6 MiB."""


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A run as its metrics.json has it; `figures` are plain: null for NaN, "inf" for infinity."""

    name: str
    facts: Mapping[str, str]
    headline: Mapping[str, Estimate]
    figures: Mapping[str, Any]
    definitions: Mapping[str, str]


def write_run(folder: Path, record: RunRecord, figures: Figures, report_html: str) -> None:
    """
    Write the three files of a run; those of an earlier run in the same folder are replaced.

    :raises SourceError: files of these names that are of no run, no permission, a full disk.
    """
    groups = figures.groups()
    groups['cost']['costs'] = record.costs
    metrics = metrics_text(
        SavedRun(record.name, record.facts, figures.headline(), groups, figures.definitions)
    )
    texts = {PER_QUERY: per_query(record, figures), REPORT: report_html, METRICS: metrics}
    write_texts(folder, texts)


def metrics_text(run: SavedRun) -> str:
    """Return what metrics.json has for a run, the same bytes for the same run."""
    content = {
        'format': FORMAT,
        'name': run.name,
        'facts': run.facts,
        'definitions': run.definitions,
        'headline': run.headline,
        'figures': run.figures,
    }
    return json.dumps(plain(content), indent=1, ensure_ascii=False, allow_nan=False) + '\n'


def write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """
    Write files of a run into its folder, none of them before all are complete.

    :param texts: content by name; metrics.json, which makes the folder that of a run, is last.
    :raises SourceError: files of these names that are of no run, a run of another kind, no
        permission, a full disk.
    """
    require_kind(folder, simulated=PER_RUN in texts)
    there = [name for name in texts if (folder / name).exists()]
    if there and not _is_run(folder):
        raise SourceError(
            f'{folder} has a {there[0]} that is of no run of this program; it is kept: name '
            f'another folder'
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix='.unfinished_', dir=folder) as unfinished:
            for name, text in texts.items():
                # A path may have bytes that are no text: JSON reads them back from this.
                data = text.encode('utf-8', 'backslashreplace')
                Path(unfinished, name).write_bytes(data)
            for name in texts:
                Path(unfinished, name).replace(folder / name)
    except OSError as error:
        raise SourceError(f'{folder}: a run cannot be written there: {error.strerror}') from error


def require_kind(folder: Path, *, simulated: bool) -> None:
    """
    Refuse to replace simulated runs by an evaluation, or the other way round.

    :raises SourceError: the folder has the other kind.
    """
    kinds = 'an evaluation', 'simulated runs'
    there = (folder / PER_RUN).exists()
    if there != simulated and _is_run(folder):
        raise SourceError(
            f'{folder} holds {kinds[there]}, which would be replaced by {kinds[simulated]}; it is '
            f'kept: name another folder'
        )


def read_run(folder: Path) -> SavedRun:
    """
    Return the run that was written into a folder.

    :raises SourceError: no such folder, or a metrics.json that is too large, damaged or foreign.
    """
    path = Path(folder) / METRICS
    if not path.is_file():
        raise SourceError(f'{folder} is no folder of a run: it has no {METRICS}')
    if path.stat().st_size > MAX_BYTES:
        raise SourceError(f'{path} has {path.stat().st_size} bytes; no run has so many')
    try:
        content = json.loads(path.read_text(encoding='utf-8'), parse_constant=_refused)
        return _saved(content)
    except (OSError, ValueError, OverflowError, RecursionError) as error:
        raise SourceError(f'{path} is not readable as figures of a run: {error}') from error


def _saved(content: Any) -> SavedRun:
    """Return the run, or raise ValueError that says what is wrong with it."""
    if not isinstance(content, dict) or content.get('format') != FORMAT:
        raise ValueError(f'expected the format {FORMAT}')
    for key in ('facts', 'definitions', 'headline', 'figures'):
        if not isinstance(content.get(key), dict):
            raise ValueError(f'expected names and values as {key}, got {content.get(key)!r:.80}')
    texts = [content.get('name'), *content['facts'].values(), *content['definitions'].values()]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError('expected texts as name, facts and definitions')
    return SavedRun(
        name=content['name'],
        facts=content['facts'],
        headline={name: _estimate(name, each) for name, each in content['headline'].items()},
        figures=content['figures'],
        definitions=content['definitions'],
    )


def _estimate(name: str, found: Any) -> Estimate:
    if not isinstance(found, dict) or not isinstance(found.get('count'), int):
        raise ValueError(
            f'headline {name}: expected value, low, high and count, got {found!r:.80}'
        )
    return Estimate(*(number(found.get(key)) for key in ('value', 'low', 'high')), found['count'])


def _refused(constant: str) -> float:
    raise ValueError(f'{constant} is no JSON')


def _is_run(folder: Path) -> bool:
    try:
        read_run(folder)
    except SourceError:
        return False
    return True
