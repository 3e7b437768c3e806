# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Answers that were recorded: in a CSV, or in a bag from a node."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.records import KEPT, Said
from anyloc_ros.io.bag_matches import BagMatches

MAX_BYTES = 2**30
"""A table of answers above this size is refused unread: a day of images has a tenth of it."""

COLUMNS = (
    'stamp_ns',
    'rank',
    'reference_id',
    'similarity',
    'probability',
    'accepted',
    'state',
)
"""What is used of a table that `anyloc localize --out` wrote."""

LAST_STAMP_NS = 2**63 - 1
ROUNDING = 1e-4
"""Of descriptors in float16, which are not exactly of length 1, and of the table."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One answer as recorded, and when it was received, where that is known."""

    stamp_ns: int
    said: Said
    received_ns: int | None = None


def read_table(path: Path, known: Collection[int]) -> list[Recorded]:
    """
    Read the answers of a CSV as `anyloc localize --out` writes it.

    An image that could not be read has no row in it.

    :param known: the ids of the references of the map.
    :raises SourceError: it cannot be read, is too large, or a row is malformed: which one.
    """
    found: list[Recorded] = []
    rank = 0
    for line, row in _rows(path):
        try:
            values = _values(row, known)
            if values['rank'] == 1:
                rank = 0
            elif not found or found[-1].stamp_ns != values['stamp_ns']:
                raise ValueError('the first row of an image has rank 1')
            if values['rank'] != rank + 1:
                raise ValueError(f'rank {values["rank"]} after {rank}')
        except ValueError as error:
            raise SourceError(f'{path}, line {line}: {error}') from error
        rank += 1
        if rank == 1:
            said = Said([], [], values['accepted'], values['probability'], state=values['state'])
            found.append(Recorded(values['stamp_ns'], said))
        if rank <= KEPT:
            found[-1].said.ids.append(values['reference_id'])
            found[-1].said.similarities.append(values['similarity'])
    if not found:
        raise SourceError(f'{path}: no answers in it')
    return found


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceError(
                f'{path} has {path.stat().st_size} bytes, answers are read up to {MAX_BYTES}'
            )
        with path.open(encoding='utf-8', errors='replace', newline='') as file:
            reader = csv.reader(file)
            columns = next(reader, [])
            missing = [name for name in COLUMNS if name not in columns]
            if missing or len(set(columns)) < len(columns):
                raise SourceError(
                    f'{path}: expected a table as "anyloc localize --out" writes it, with the '
                    f'columns {",".join(COLUMNS)}, got {",".join(columns)[:200]!r}'
                )
            for row in reader:
                if len(row) != len(columns):
                    raise SourceError(
                        f'{path}, line {reader.line_num}: expected {len(columns)} fields as in '
                        f'the header, got {len(row)}'
                    )
                yield reader.line_num, dict(zip(columns, row, strict=True))
    except csv.Error as error:
        raise SourceError(f'{path}, line {reader.line_num}: {error}') from error
    except OSError as error:
        raise SourceError(f'{path}: the answers cannot be read: {error.strerror}') from error


def _values(row: Mapping[str, str], known: Collection[int]) -> dict[str, Any]:
    """Return the values of a row in their types; ValueError says what is wrong."""
    stamp_ns, rank, reference_id = (int(row[name]) for name in COLUMNS[:3])
    if not 0 <= stamp_ns <= LAST_STAMP_NS:
        raise ValueError(f'stamp_ns {stamp_ns} is outside 0 to {LAST_STAMP_NS}')
    similarity, probability = float(row['similarity']), float(row['probability'] or 'nan')
    similarity = _checked(reference_id, similarity, probability, known)
    if row['accepted'] not in ('0', '1'):
        raise ValueError(f'accepted: expected 0 or 1, got {row["accepted"]!r}')
    return {
        'stamp_ns': stamp_ns,
        'rank': rank,
        'reference_id': reference_id,
        'similarity': similarity,
        'probability': probability,
        'accepted': row['accepted'] == '1',
        'state': row['state'],
    }


def read_bag(bag: BagMatches, known: Collection[int]) -> list[Recorded]:
    """
    Read the answers of a localizer from a bag.

    :param known: the ids of the references of the map.
    :raises SourceError: the bag is damaged, or the answers are of another map.
    """
    found = []
    for number, answer in enumerate(bag.answers()):
        matches = answer.matches[:KEPT]
        try:
            similarities = [
                _checked(match.reference_id, match.similarity, match.probability, known)
                for match in matches
            ]
        except ValueError as error:
            raise SourceError(f'{bag.name}, answer {number}: {error}') from error
        said = Said([], [], False)
        if matches:
            best = matches[0]
            said = Said(
                [match.reference_id for match in matches],
                similarities,
                best.accepted,
                best.probability,
                inliers=best.inliers,
                shift_px=best.shift_px,
                heading_rad=best.heading_rad,
                heading_sigma=best.heading_sigma,
            )
        found.append(Recorded(answer.stamp_ns, said, answer.received_ns))
    if not found:
        raise SourceError(f'{bag.name}: no answers in it')
    return found


def _checked(
    reference_id: int, similarity: float, probability: float, known: Collection[int]
) -> float:
    """Return the similarity within -1 and 1; ValueError says what is wrong with a candidate."""
    if reference_id not in known:
        raise ValueError(
            f'reference {reference_id} is not in the map: these are answers of another map'
        )
    if not abs(similarity) <= 1 + ROUNDING:
        raise ValueError(f'similarity {similarity} is no cosine')
    # NaN, no filter, is neither.
    if probability < 0 or probability > 1 + ROUNDING:
        raise ValueError(f'probability {probability} is outside 0 to 1')
    return min(1.0, max(-1.0, similarity))
