# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Plots over the drive: what was similar, believed and accepted when, and how long that took."""

from __future__ import annotations

from collections.abc import Sequence

from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.record import RunRecord
from anyloc_ros.evaluate.report import plots
from anyloc_ros.evaluate.report.plots import Plot
from anyloc_ros.localize.monitor import LOCALIZED, LOST, UNCERTAIN
from matplotlib.axes import Axes
from matplotlib.figure import Figure
import numpy as np

STATES = {LOCALIZED: plots.GREEN, UNCERTAIN: plots.AMBER, LOST: plots.RED}
"""In all others (SEARCHING) nothing has gone wrong: they are grey."""


@plots.styled
def drive(record: RunRecord, figures: Figures) -> Plot:
    """Return similarity, probability, acceptance and state over time."""
    title = 'Similarity, belief and state over the drive'
    answers = record.answers
    x, label = seconds(record)
    figure = Figure(figsize=(plots.WIDE_IN, 4.6), layout='constrained')
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 1.1))
    best = answers.similarities[:, 0] if answers.similarities.shape[1] else np.full(len(x), np.nan)
    wrong = 'wrong' if record.truth.on_map is None else 'wrong or off the map'
    for chosen, colour, words in (
        (figures.right & answers.accepted, plots.GREEN, 'right, accepted'),
        (figures.right & ~answers.accepted, plots.GREY, 'right, not accepted'),
        (~figures.right & ~answers.accepted, plots.AMBER, f'{wrong}, not accepted'),
        (~figures.right & answers.accepted, plots.RED, f'{wrong}, accepted'),
    ):
        if chosen.any():
            top.plot(
                x[chosen],
                best[chosen],
                '.',
                color=colour,
                markersize=4,
                label=f'{words} ({chosen.sum()})',
                rasterized=chosen.sum() > plots.MANY,
            )
    top.set_ylabel('similarity')
    missing = []
    for values, colour, words in (
        (answers.probabilities, plots.BLUE, 'of the best reference'),
        (answers.off_route, plots.AMBER, 'off the route'),
    ):
        if np.isfinite(values).any():
            middle.plot(x, values, color=colour, label=words)
        else:
            missing.append(f'the probability {words}')
    middle.set_ylabel('probability')
    plots.show_share(middle.yaxis)
    if len(missing) < 2:
        middle.legend(loc='lower left', bbox_to_anchor=(0, 0.95), ncols=2)
    if any(answers.states):
        _draw_states(bottom, x, answers.states)
    else:
        missing.append('the state')
        bottom.set_visible(False)
    bottom.set_xlabel(label)
    if not any(answers.states):
        middle.set_xlabel(label)
        middle.tick_params(labelbottom=True)
    figure.legend(*top.get_legend_handles_labels(), loc='outside upper center', ncols=2)
    unknown = f' Not known: {", ".join(missing)}.' if missing else ''
    return Plot(
        title,
        'Red points are answers that a robot would have acted on to its harm.' + unknown,
        f'{int(answers.accepted.sum())} of {len(x)} answers accepted, '
        f'{int((answers.accepted & ~figures.right).sum())} of them wrong.',
        plots.to_svg(figure),
        wide=True,
    )


def _draw_states(axes: Axes, x: np.ndarray, states: Sequence[str]) -> None:
    """Draw a bar for each stretch of one state, and one entry of a legend for each state."""
    words = np.array([state or 'unknown' for state in states])
    starts = np.flatnonzero(np.append(True, words[1:] != words[:-1]))
    ends = np.append(starts[1:], len(words) - 1)
    bars = {}
    for start, end in zip(starts, ends, strict=True):
        state = str(words[start])
        colour = STATES.get(state, plots.GREY)
        bars[state] = axes.axvspan(x[start], x[end], color=colour, linewidth=0)
    axes.set_yticks([])
    axes.set_ylabel('state')
    axes.figure.legend(bars.values(), bars, loc='outside lower center', ncols=4)


@plots.styled
def timing(record: RunRecord) -> Plot:
    """Return how long answers took, each step and in total."""
    title = 'How long an answer takes'
    times = {name: ms[np.isfinite(ms)] for name, ms in record.answers.times_ms.items()}
    times = {name: ms for name, ms in times.items() if len(ms) and ms.max() > 0}
    if not times:
        return Plot(title, 'Left out: times were not recorded.')
    whole = 'total' if 'total' in times else max(times, key=lambda name: np.median(times[name]))
    figure, axes = plots.sheet(xlabel=f'{whole} (ms)', ylabel='images')
    ms = times[whole]
    plots.histogram(axes, ms)
    steps = ', '.join(
        f'{name} {np.median(values):.1f} ms' for name, values in times.items() if name != whole
    )
    return Plot(
        title,
        'A controller has to live with the tail, not with the middle.'
        + (f' Medians of the steps: {steps}.' if steps else ''),
        f'{len(ms)} times, median {np.median(ms):.1f} ms, 95 % within '
        f'{np.percentile(ms, 95):.1f} ms.',
        plots.to_svg(figure),
    )


def seconds(record: RunRecord) -> tuple[np.ndarray, str]:
    """
    Return (Q,) when each query was taken, and what that is in words.

    In seconds; by the number of the query where stamps are made up, or begin again with a second
    drive.
    """
    stamps = record.answers.stamps_ns
    if not record.real_time or (np.diff(stamps) < 0).any():
        return np.arange(len(stamps), dtype=float), 'query'
    return (stamps - stamps[:1]) / 1e9, 'time (s)'
