# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Every data set by name.

A data set is written as one of these, folders being relative to a root:

NAME or NAME:FOLDER                     one of the paper, in the folder of its archive or another
utm:FOLDER or utm:FOLDER:METRES         UTM coordinates in file names, within 25 m or METRES
vprbench:FOLDER                         ref/, query/ and ground_truth_new.npy
csv:FOLDER or csv:FOLDER:METRES         references.csv and queries.csv
frames:N:REFERENCES,QUERIES             two runs in step: image i is within N of image i
radius:METRES:REFERENCES,QUERIES        two runs with poses in one frame
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
import math
from pathlib import Path

from anyloc_ros.errors import ConfigError, SourceError
from anyloc_ros.evaluate.datasets.dataset import DataSet
from anyloc_ros.evaluate.datasets.layouts import RADIUS_M, table, utm, vprbench
from anyloc_ros.evaluate.datasets.pairs import open_side, pair
from anyloc_ros.evaluate.datasets.paper import PAPER

_FORMS = (
    'utm:FOLDER[:METRES], vprbench:FOLDER, csv:FOLDER[:METRES], frames:N:REFERENCES,QUERIES or '
    'radius:METRES:REFERENCES,QUERIES'
)
_MARKS = {
    'vprbench': ('ref', 'query', 'ground_truth_new.npy'),
    'csv': ('references.csv', 'queries.csv'),
    'utm': ('images/test/database', 'images/test/queries'),
}
"""What a folder of a layout holds."""
_STEPS = ('frames', 'radius')


def open_dataset(text: str, root: str | Path = '.') -> DataSet:
    """
    Return the data set that `text` names; images are read later, one by one.

    :raises ConfigError: no known name or form.
    :raises SourceError: it is not in its folder: what is missing, and how to get it.
    """
    check_form(text)
    root = Path(root)
    kind, _, rest = text.partition(':')
    if kind in PAPER:
        return PAPER[kind].open_in(root / (rest or PAPER[kind].folder))
    return replace(_own(text, kind, rest, root), name=text)


def check_form(text: str) -> None:
    """
    Refuse a text that can name no data set, wherever it is looked for.

    :raises ConfigError: no known name or form.
    """
    kind, _, rest = text.partition(':')
    right = kind in PAPER or (kind in _MARKS and rest) or (kind in _STEPS and all(_two_runs(rest)))
    if not right:
        close = get_close_matches(kind, [*PAPER, *_MARKS, *_STEPS], n=1)
        meant = f'; did you mean {close[0]!r}?' if close and close[0] != kind else ''
        raise ConfigError(
            f'data set {text!r}: expected {", ".join(PAPER)}, or for your own {_FORMS}{meant}'
        )


def _own(text: str, kind: str, rest: str, root: Path) -> DataSet:
    if kind == 'vprbench':
        return vprbench(root / rest)
    if kind in ('utm', 'csv'):
        folder, radius_m = _folder_and_radius(rest)
        return {'utm': utm, 'csv': table}[kind](root / folder, radius_m)
    value, references, queries = _two_runs(rest)
    return pair(open_side(references, root), open_side(queries, root), f'{kind}:{value}')


def _two_runs(text: str) -> tuple[str, str, str]:
    value, _, sources = text.partition(':')
    references, _, queries = sources.partition(',')
    return value, references, queries


def found_in(root: str | Path) -> list[str]:
    """
    Return the names of the data sets that have a folder in `root`, those of the paper first.

    A folder counts once: Oxford RobotCar is the one of the final paper.

    :raises SourceError: the root is no folder.
    """
    root = Path(root)
    if not root.is_dir():
        raise SourceError(f'{root} is no folder; expected the root of the data sets')
    by_folder = {published.folder: name for name, published in reversed(PAPER.items())}
    names = [
        name
        for name, published in PAPER.items()
        if by_folder[published.folder] == name and (root / published.folder).is_dir()
    ]
    taken = set(by_folder)
    for folder in sorted(path for path in root.iterdir() if path.name not in taken):
        names += [
            f'{layout}:{folder.name}'
            for layout, marks in _MARKS.items()
            if all((folder / mark).exists() for mark in marks)
        ]
    return names


def _folder_and_radius(text: str) -> tuple[str, float]:
    folder, colon, metres = text.rpartition(':')
    if not colon:
        return text, RADIUS_M
    try:
        radius_m = float(metres)
    except ValueError:
        return text, RADIUS_M
    if not (math.isfinite(radius_m) and radius_m >= 0):
        raise ConfigError(f'data set: a radius needs metres of 0 or more, got {metres!r}')
    return folder, radius_m
