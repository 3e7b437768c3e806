# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Figures as rows of a table: each with its interval, and from how many values it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
import math

from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.metrics.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Row:
    """A figure as text; `interval` and `count` are empty where it has none."""

    name: str
    value: str
    interval: str = ''
    count: str = ''
    definition: str = ''


def figure_rows(figures: Figures) -> dict[str, list[Row]]:
    """Return the figures by group, single numbers and texts only; an empty group is unknown."""
    return {
        group: [row for name, value in named.items() for row in _rows(name, value)]
        for group, named in figures.groups().items()
    }


def estimate_row(name: str, estimate: Estimate, definition: str = '') -> Row:
    """Return the row of an estimate."""
    return Row(name, number(estimate.value), interval(estimate), str(estimate.count), definition)


def _rows(name: str, value: object) -> Iterator[Row]:
    if isinstance(value, Estimate):
        yield estimate_row(name, value)
    elif is_dataclass(value):
        for item in fields(value):
            yield from _rows(f'{name}.{item.name}', getattr(value, item.name))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            key = ', '.join(map(str, key)) if isinstance(key, tuple) else key
            yield from _rows(f'{name}.{key}', each)
    elif isinstance(value, (bool, int, float, str)):
        yield Row(name, number(value) if isinstance(value, float) else str(value))


def interval(estimate: Estimate) -> str:
    """Return the interval of an estimate in brackets, empty where it is unknown."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return ''
    return f'[{number(estimate.low)}, {number(estimate.high)}]'


def number(value: float) -> str:
    """Return a number with three digits that count, a dash where it is unknown."""
    if math.isnan(value):
        return '–'
    if math.isinf(value):
        return '∞' if value > 0 else '−∞'
    return f'{value:.0f}' if abs(value) >= 1000 else f'{value:.3g}'
