# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Which references show the place of a query: the truth that recall is counted against.

A truth is written `frames:N`, `radius:METRES`, `list:FILE.csv` or `vprbench:FILE.npy`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import math
from pathlib import Path

from anyloc_ros.errors import ConfigError, SourceError
from anyloc_ros.evaluate.object_array import read_object_array
import numpy as np

MAX_BYTES = 64 * 2**20
"""A ground truth file above this size is refused unread."""


def positives_by_frames(
    num_queries: int, num_references: int, tolerance: int
) -> list[frozenset[int]]:
    """Return, for query i, the references j with |i - j| <= `tolerance` (zero-based)."""
    return [
        frozenset(range(max(i - tolerance, 0), min(i + tolerance + 1, num_references)))
        for i in range(num_queries)
    ]


def positives_by_radius(
    queries: np.ndarray, references: np.ndarray, radius_m: float
) -> list[frozenset[int]]:
    """
    Return, for each query position, the references at most `radius_m` away, inclusive.

    :param queries: (Q, D) positions in metres; a row with NaN has no positive.
    :param references: (M, D) positions in the same frame.
    """
    known = np.flatnonzero(np.isfinite(references).all(axis=1))
    if not len(known):
        return [frozenset()] * len(queries)
    # Sorted along the axis that spreads them most, few references are left to measure.
    axis = int(np.argmax(np.ptp(references[known], axis=0)))
    ids = known[np.argsort(references[known, axis], kind='stable')]
    places = references[ids]
    reach = radius_m + 1e-6  # more than rounding moves a coordinate on the Earth
    begins = np.searchsorted(places[:, axis], queries[:, axis] - reach, 'left')
    ends = np.searchsorted(places[:, axis], queries[:, axis] + reach, 'right')
    found = []
    for position, begin, end in zip(queries, begins, ends, strict=True):
        distances = np.linalg.norm(places[begin:end] - position, axis=1)
        found.append(frozenset(ids[begin:end][distances <= radius_m].tolist()))
    return found


def read_list(path: str | Path, num_queries: int, num_references: int) -> list[frozenset[int]]:
    """
    Read a table without a header: in each row a query and then its references, from 0 on.

    Rows may be as long as they need to be; a query without a row has no positive.

    :raises SourceError: missing, too large, no such table, or numbers outside the images.
    """
    path = _checked(Path(path), 'rows QUERY,REFERENCE,REFERENCE,...')
    found: list[frozenset[int]] = [frozenset()] * num_queries
    lines = path.read_text(encoding='utf-8-sig', errors='replace').splitlines()
    for number, line in enumerate(lines, 1):
        try:
            numbers = [int(field) for field in line.split(',') if field.strip()]
        except ValueError as error:
            raise SourceError(
                f'{path}, line {number}: expected QUERY,REFERENCE,... in whole numbers: {error}'
            ) from error
        if numbers:
            query, ids = numbers[0], frozenset(numbers[1:])
            _check_within(path, query, ids, num_queries, num_references)
            found[query] |= ids
    return found


def read_vprbench(path: str | Path, num_queries: int, num_references: int) -> list[frozenset[int]]:
    """
    Read the ground truth of VPR-Bench: an object array of rows (query, list of references).

    :raises SourceError: missing, too large, not this layout, or indices outside the images.
    """
    found: list[frozenset[int]] = [frozenset()] * num_queries
    for query, ids in _rows(Path(path), 0):
        _check_within(Path(path), query, ids, num_queries, num_references)
        found[query] = ids
    return found


def read_rows(path: str | Path, first_row: int = 0) -> list[frozenset[int]]:
    """
    Read the references of each row of such a file in order, whatever the row calls its query.

    The data sets released with AnyLoc are counted so: row i, from `first_row` on, is query i.

    :raises SourceError: missing, too large or not this layout.
    """
    return [ids for _, ids in _rows(Path(path), first_row)]


def _rows(path: Path, first_row: int) -> Iterator[tuple[int, frozenset[int]]]:
    data = _checked(path, 'a VPR-Bench .npy file').read_bytes()
    try:
        shape, values = read_object_array(data)
    except ValueError as error:
        raise SourceError(f'{path} is no VPR-Bench ground truth: {error}') from error
    if shape[1:] == (2,):
        values = list(zip(values[::2], values[1::2], strict=True))
    elif len(shape) != 1:
        raise SourceError(f'{path}: expected rows (query, references), got an array of {shape}')
    total = 0
    for row in values[first_row:]:
        try:
            query, references = row
            total += len(references)
            if total > len(data):  # the same list in very many rows
                raise ValueError('more references than bytes')
            yield int(query), frozenset(map(int, references))
        except (TypeError, ValueError, OverflowError) as error:
            raise SourceError(
                f'{path}: expected rows (query, list of references): {error}'
            ) from error


def _check_within(
    path: Path, query: int, ids: frozenset[int], num_queries: int, num_references: int
) -> None:
    if not 0 <= query < num_queries or not all(0 <= id_ < num_references for id_ in ids):
        raise SourceError(
            f'{path}: query {query} with references {sorted(ids)} lies outside the '
            f'{num_queries} queries and {num_references} references given; use the whole folders'
        )


def _checked(path: Path, expected: str) -> Path:
    if not path.is_file():
        raise SourceError(f'ground truth {path} not found; expected {expected}')
    if path.stat().st_size > MAX_BYTES:
        raise SourceError(f'{path} has {path.stat().st_size} bytes; no ground truth is so large')
    return path


def parse_truth(text: str) -> tuple[str, str]:
    """
    Return `(kind, value)` of `frames:N`, `radius:METRES`, `list:FILE` or `vprbench:FILE`.

    :raises ConfigError: another kind, or a value that is no number of 0 or more.
    """
    kind, _, value = text.partition(':')
    if kind not in ('frames', 'radius', 'list', 'vprbench') or not value:
        raise ConfigError(
            f'truth: expected frames:N, radius:METRES, list:FILE.csv or vprbench:FILE.npy, '
            f'got {text!r}'
        )
    if kind == 'frames' and not value.isdecimal():
        raise ConfigError(f'truth: frames needs a whole number of frames, got {value!r}')
    if kind == 'radius' and not _is_length(value):
        raise ConfigError(f'truth: radius needs metres of 0 or more, got {value!r}')
    return kind, value


def without_poses(truth: str, name: str) -> str:
    """Return why a radius cannot be told, and what to do; `name` is queries or references."""
    if name == 'queries':
        ways = (
            'give their poses by --query-poses FILE (CSV, TUM or KITTI), by --pose-topic or '
            '--truth-topic in a bag, for a CSV of answers by --queries SOURCE'
        )
    else:
        ways = (
            'give their poses by --reference-poses FILE (CSV, TUM or KITTI), in a bag by '
            '--pose-topic, or teach the map with poses'
        )
    return f'truth {truth}: the {name} have no poses; {ways}; or use frames:N'


def in_words(truth: str) -> str:
    """
    Return what a truth as written on the command line calls right: "within 2 frames".

    :raises ConfigError: a malformed truth.
    """
    kind, value = parse_truth(truth)
    if kind == 'radius':
        return f'within {value} m'
    if kind == 'frames':
        return f'within {value} frame' if int(value) == 1 else f'within {value} frames'
    return f'as listed in {Path(value).name}'


def positives(
    truth: str,
    queries: Sequence[Sequence[float]],
    references: Sequence[Sequence[float]],
) -> list[frozenset[int]]:
    """
    Return the positives of every query for a truth as written on the command line.

    :param queries: (Q, 3) positions in metres in the frame of the references, NaN where unknown;
        they are used by `radius` only.
    :raises ConfigError: a malformed truth, or `radius` without any position.
    """
    kind, value = parse_truth(truth)
    if kind == 'frames':
        return positives_by_frames(len(queries), len(references), int(value))
    if kind == 'list':
        return read_list(value, len(queries), len(references))
    if kind == 'vprbench':
        return read_vprbench(value, len(queries), len(references))
    queries, references = np.asarray(queries, float), np.asarray(references, float)
    for name, positions in (('queries', queries), ('references', references)):
        if not np.isfinite(positions).all(axis=1).any():
            raise ConfigError(without_poses(truth, name))
    return positives_by_radius(queries, references, float(value))


def _is_length(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and float(text) >= 0
    except ValueError:
        return False
