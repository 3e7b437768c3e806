# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The record of a run: what was asked, what was answered, what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from time import perf_counter

from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.benchmark.descriptors import Descriptors
from anyloc_ros.evaluate.benchmark.opened import Opened
from anyloc_ros.evaluate.benchmark.plan import Plan, RANDOM_NOTE
from anyloc_ros.evaluate.benchmark.search import nearest_of_parts
from anyloc_ros.evaluate.metrics.recall import PAPER_KS
from anyloc_ros.evaluate.record import Answers, RunRecord
import numpy as np

K = max(PAPER_KS)


def record_of(
    plan: Plan,
    opened: Opened,
    references: Sequence[Descriptors],
    queries: Descriptors,
    key: str,
) -> RunRecord:
    """
    Search every query among the references and distractors, and return the run.

    :param key: what the run is known by when it is asked for again.
    :raises SourceError: none of the references, or none of the queries, can be read.
    """
    looked = [_look(references), _look([queries])]
    method, workers = queries.method, queries.bench.workers
    settings = method.describer.fingerprint
    peaks = np.fmax(*(side.peak_bytes for side in looked))
    facts = {
        'data set': f'{plan.dataset} ({opened.dataset.name})',
        'truth': opened.dataset.truth,
        'order': 'as driven' if opened.driven else 'of file names, which need not be a drive',
        'method': plan.method,
        'weights': RANDOM_NOTE
        if plan.random
        else str(settings.get('weights_sha256', 'none needed')),
        'settings': ', '.join(f'{name} {value}' for name, value in settings.items()),
        'vocabulary': _vocabulary(queries),
        'whitening': 'none',
        'filter': 'none: each image by itself, and its best reference counts as accepted',
        'device': f'{method.device}, processes of {workers.threads} threads: {workers.jobs}',
        'times': f'of up to {len(queries.side.digests_of(0))} images described together, and of '
        'all searches together, shared evenly',
        'describe_ms': f'{np.nanmean(looked[1].times_ms):.2f}',
        'peak_mib': f'{peaks[0] / 2**20:.0f}',
        'notes': '; '.join(_notes(plan, opened, looked)),
        'key': key,
    }
    return RunRecord(
        name=f'{plan.dataset}, {plan.method}',
        facts=facts,
        taught=opened.taught(),
        answers=_answers(opened, references, queries, looked[1]),
        truth=opened.right(),
        real_time=opened.driven and opened.dataset.queries.has_stamps,
        costs={
            'descriptor_bytes': 4.0 * method.describer.width,
            'peak_rss_bytes': float(peaks[0]),
            'peak_gpu_bytes': float(peaks[1]),
        },
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """What the chunks of a side say beside descriptors, see Described."""

    name: str
    readable: np.ndarray
    times_ms: np.ndarray
    peak_bytes: np.ndarray


def _look(sides: Sequence[Descriptors]) -> _Looked:
    readable, times_ms, peaks = [], [], []
    for chunk in chain.from_iterable(side.chunks() for side in sides):
        readable.append(chunk.readable)
        times_ms.append(chunk.times_ms)
        peaks.append(chunk.peak_bytes)
    found = _Looked(
        sides[0].side.source.name,
        np.concatenate(readable),
        np.concatenate(times_ms).astype(float),
        np.fmax.reduce(np.array(peaks)),
    )
    if not found.readable.any():
        raise SourceError(f'{found.name}: none of {len(found.readable)} images can be read')
    return found


def _answers(
    opened: Opened, references: Sequence[Descriptors], queries: Descriptors, looked: _Looked
) -> Answers:
    began = perf_counter()
    rows, similarities = nearest_of_parts(
        queries.parts, lambda: chain.from_iterable(side.parts() for side in references), K
    )
    search_ms = (perf_counter() - began) * 1e3 / len(rows)
    unknown = np.full(len(rows), np.nan)
    return Answers(
        stamps_ns=np.array(opened.queries.stamps_ns, np.int64),
        rows=rows,
        similarities=similarities,
        accepted=rows[:, 0] >= 0,
        answered=looked.readable,
        probabilities=unknown,
        off_route=unknown,
        inliers=np.full(len(rows), -1),
        shift_px=unknown,
        heading_rad=unknown,
        heading_sigma=unknown,
        states=[''] * len(rows),
        times_ms={
            'describe': looked.times_ms,
            'search': np.where(looked.readable, search_ms, np.nan),
        },
    )


def _vocabulary(queries: Descriptors) -> str:
    words = queries.method.describer.vocabulary
    if words is None:
        return 'none needed'
    config = queries.method.describer.config
    origin = (
        f'fit on the references, seed {config.vocabulary_seed}'
        if queries.vocabulary
        else f'file {config.vocabulary}'
    )
    return f'{len(words.words)} words, {origin}, {words.sha256[:12]}'


def _notes(plan: Plan, opened: Opened, looked: Sequence[_Looked]) -> list[str]:
    notes = [RANDOM_NOTE] if plan.random else []
    if plan.changes:
        notes.append(f'with {plan.changes}')
    if opened.dataset.stride > 1:
        notes.append(f'one reference in {opened.dataset.stride}')
    notes += opened.dataset.notes
    for side in looked:
        bad = int((~side.readable).sum())
        if bad:
            notes.append(f'{side.name}: {bad} of {len(side.readable)} images cannot be read')
    return notes
