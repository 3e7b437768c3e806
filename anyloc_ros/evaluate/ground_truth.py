# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Which references show the place of a query: the truth that recall is counted against.

A truth is written `frames:N`, `radius:METRES` or `vprbench:FILE.npy`.
"""

from __future__ import annotations

from collections.abc import Sequence
import io
import math
from pathlib import Path
import pickle

from anyloc_ros.errors import ConfigError, SourceError
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
    found = []
    for position in queries:
        distances = np.linalg.norm(references - position, axis=1)
        found.append(frozenset(np.flatnonzero(distances <= radius_m).tolist()))
    return found


def read_vprbench(path: str | Path, num_queries: int, num_references: int) -> list[frozenset[int]]:
    """
    Read the ground truth of VPR-Bench: an object array of rows (query, list of references).

    :raises SourceError: missing, too large, not this layout, or indices outside the images.
    """
    path = Path(path)
    if not path.is_file():
        raise SourceError(f'ground truth {path} not found; expected a VPR-Bench .npy file')
    if path.stat().st_size > MAX_BYTES:
        raise SourceError(f'{path} has {path.stat().st_size} bytes; no ground truth is so large')
    rows = _read_object_array(path)
    found: list[frozenset[int]] = [frozenset()] * num_queries
    try:
        for query, references in rows:
            ids = frozenset(int(id_) for id_ in references)
            if not 0 <= int(query) < num_queries or not all(0 <= i < num_references for i in ids):
                raise SourceError(
                    f'{path}: query {query} with references {sorted(ids)} lies outside the '
                    f'{num_queries} queries and {num_references} references given; use the whole '
                    f'folders'
                )
            found[int(query)] = ids
    except (TypeError, ValueError) as error:
        raise SourceError(f'{path}: expected rows (query, list of references): {error}') from error
    return found


class _Array:
    """Stands for numpy.ndarray, which must not be called with a size of the file's choice."""


_ARRAY_PARTS = {
    '_reconstruct': lambda kind, shape, code: np.empty(0, object),
    'scalar': np.float64(0).__reduce__()[0],
    'ndarray': _Array,
    'dtype': np.dtype,
}


class _ArraysOnly(pickle.Unpickler):
    """numpy stores object arrays as pickles; this reads arrays of plain values and no more."""

    def find_class(self, module: str, name: str) -> object:
        if module.split('.')[0] != 'numpy' or name not in _ARRAY_PARTS:
            raise pickle.UnpicklingError(f'{module}.{name} is not allowed in a ground truth')
        return _ARRAY_PARTS[name]


def _read_object_array(path: Path) -> np.ndarray:
    stream = io.BytesIO(path.read_bytes())
    try:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise SourceError(f'{path}: expected version 1.0 of the .npy format')
        np.lib.format.read_array_header_1_0(stream)
        rows = _ArraysOnly(stream).load()
    except (
        pickle.UnpicklingError, ValueError, TypeError, KeyError, IndexError, AttributeError,
        EOFError, MemoryError, OverflowError,
    ) as error:  # fmt: skip
        raise SourceError(f'{path} is no VPR-Bench ground truth: {error}') from error
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.shape[1] != 2:
        raise SourceError(f'{path}: expected rows (query, references), got {np.shape(rows)}')
    return rows


def parse_truth(text: str) -> tuple[str, str]:
    """
    Return `(kind, value)` of `frames:N`, `radius:METRES` or `vprbench:FILE.npy`.

    :raises ConfigError: another kind, or a value that is no number of 0 or more.
    """
    kind, _, value = text.partition(':')
    if kind not in ('frames', 'radius', 'vprbench') or not value:
        raise ConfigError(
            f'truth: expected frames:N, radius:METRES or vprbench:FILE.npy, got {text!r}'
        )
    if kind == 'frames' and not value.isdecimal():
        raise ConfigError(f'truth: frames needs a whole number of frames, got {value!r}')
    if kind == 'radius' and not _is_length(value):
        raise ConfigError(f'truth: radius needs metres of 0 or more, got {value!r}')
    return kind, value


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
    if kind == 'vprbench':
        return read_vprbench(value, len(queries), len(references))
    queries, references = np.asarray(queries, float), np.asarray(references, float)
    for name, positions in (('queries', queries), ('references', references)):
        if not np.isfinite(positions).all(axis=1).any():
            raise ConfigError(f'truth {truth}: the {name} have no poses; use frames:N')
    return positives_by_radius(queries, references, float(value))


def _is_length(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and float(text) >= 0
    except ValueError:
        return False
