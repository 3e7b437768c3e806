# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The report of a repeat run: one HTML file that needs no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
from typing import Any

from anyloc_ros.evaluate.repeat_run import RepeatRun
from anyloc_ros.evaluate.report import pictures
from anyloc_ros.evaluate.report.page import render
from anyloc_ros.evaluate.report.pairs import Choice, Pair
import numpy as np

TEMPLATE = 'repeat_report.html.jinja'

PAIRS = 4
"""Pairs of pictures of each kind."""


def choose(run: RepeatRun) -> list[Choice]:
    """
    Return the queries to be shown: right ones evenly over the run, and the worst.

    Without a truth accepted ones stand for right ones. The worst are the wrong ones, or the least
    similar where nothing is known to be wrong.
    """
    answered = np.array([bool(answer and answer.ranked) for answer in run.answers], bool)
    similarity = np.array([a.similarity if a and a.ranked else np.nan for a in run.answers])
    accepted = run.accepted()
    good = accepted if run.truth is None else run.right()
    typical = np.flatnonzero(good)
    typical = typical[_spread(len(typical))].tolist()
    wrong = np.flatnonzero(answered & ~good) if run.truth is not None else []
    if len(wrong):
        surest = sorted(
            wrong.tolist(), key=lambda number: (not accepted[number], -similarity[number])
        )
        return [Choice('Right', typical), Choice('Wrong, the surest first', surest[:PAIRS])]
    hardest = sorted(np.flatnonzero(answered).tolist(), key=lambda number: similarity[number])
    names = ('Accepted', 'Least similar') if run.truth is None else ('Right', 'Hardest; all right')
    return [Choice(names[0], typical), Choice(names[1], hardest[:PAIRS])]


def _spread(count: int) -> np.ndarray:
    """Return up to PAIRS whole numbers below `count`, evenly spread."""
    wanted = min(PAIRS, count)
    return ((np.arange(wanted) + 0.5) * count / max(wanted, 1)).astype(int)


def pair_title(run: RepeatRun, number: int) -> str:
    """Return what is known of a query and its best reference."""
    answer, error_m = run.answers[number], run.errors_m()[number]
    parts = [f'image {number}', f'reference {answer.ranked[0]}']
    parts.append(f'similarity {answer.similarity:.2f}')
    if math.isfinite(error_m):
        parts.append(f'{error_m:.2f} m away')
    parts.append('accepted' if answer.accepted else 'not accepted')
    return ', '.join(parts)


def write_report(
    run: RepeatRun,
    *,
    facts: Mapping[str, str],
    sentences: Sequence[str],
    pairs: Mapping[str, Sequence[Pair]],
    similarity: np.ndarray,
    rows: Sequence[int],
) -> str:
    """
    Return the report as HTML.

    :param facts: what was run, as name and text.
    :param sentences: the outcome in words.
    :param pairs: query beside reference, under a title.
    :param similarity: (R, M) cosines of the queries `rows` with all references.
    """
    drawn = [
        pictures.route_picture(run),
        pictures.matrix_picture(run, similarity, rows),
        pictures.latency_picture(run),
    ]
    return render(
        TEMPLATE,
        facts=facts,
        sentences=sentences,
        figures={name: _text(name, value) for name, value in run.figures().items()},
        plots=drawn,
        pairs=pairs,
    )


def in_words(run: RepeatRun, truth: str, pace: str) -> list[str]:
    """Return the figures of a run as sentences."""
    figures = run.figures()
    total, accepted = figures['queries'], figures['accepted']
    said = [
        f'The repeat run has {total} images, played to the localizer {pace}: '
        f'{total - figures["dropped"] - figures["unreadable"]} were answered, '
        f'{figures["dropped"]} were dropped, {figures["unreadable"]} could not be read.'
    ]
    if run.truth is not None:
        right = int(run.right().sum())
        said.append(
            f'For {right} of {total} images the best of {figures["keyframes"]} references shows '
            f'the right place ({truth}): recall@1 is {figures["recall_at_1"]:.3f}, recall@5 is '
            f'{figures["recall_at_5"]:.3f}.'
        )
    if math.isfinite(figures['median_error_m']):
        said.append(
            f'The best reference was {figures["median_error_m"]:.2f} m from the true position '
            f'(median; 95 % of them within {figures["p95_error_m"]:.2f} m).'
        )
    wrong = '' if run.truth is None else f', {figures["accepted_wrong"]} of them wrong'
    said.append(f'{accepted} matches were accepted{wrong}.')
    if math.isfinite(figures['latency_ms_p50']):
        said.append(
            f'An answer took {figures["latency_ms_p50"]:.0f} ms (median; 95 % within '
            f'{figures["latency_ms_p95"]:.0f} ms), from sending the image to having the answer.'
        )
    if run.truth is None:
        said.append('No truth was given, so nothing is known of right and wrong.')
    return said


def _text(name: str, value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return '–'
    if not isinstance(value, float):
        return str(value)
    return f'{value:.1f}' if '_ms' in name else f'{value:.3f}'
