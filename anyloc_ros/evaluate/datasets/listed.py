# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Data sets whose truth is a list of references for each query, made by the authors of AnyLoc."""

from __future__ import annotations

import csv
from pathlib import Path

from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.datasets.dataset import DataSet
from anyloc_ros.evaluate.datasets.image_files import (
    ImageFiles,
    images_in,
    named_images,
    small_text,
)
from anyloc_ros.evaluate.datasets.published import Published
from anyloc_ros.evaluate.ground_truth import read_rows

MAX_TABLE_BYTES = 2**20


def gardens_point(published: Published, folder: Path) -> DataSet:
    """Load day_right against night_right: the names of the queries are those of day_left."""
    names = [path.name for path in images_in(folder / 'day_left')]
    truth = folder / 'gardens_gt.npy'
    return _listed(
        published,
        truth,
        read_rows(truth),
        images_in(folder / 'day_right'),
        named_images(folder / 'night_right', names, f'the folder {folder / "day_left"}'),
    )


def seventeen_places(published: Published, folder: Path) -> DataSet:
    """Load the layout of VPR-Bench, of which AnyLoc reads the rows in order."""
    truth = folder / 'ground_truth_new.npy'
    return _listed(
        published, truth, read_rows(truth), images_in(folder / 'ref'), images_in(folder / 'query')
    )


def mid_atlantic_ridge(published: Published, folder: Path) -> DataSet:
    """Load the dives of 2015 and 2020: the rows of the queries begin at number 101."""
    truth = folder / 'eiffel_gt.npy'
    return _listed(
        published,
        truth,
        read_rows(truth, first_row=101),
        images_in(folder / 'db_images'),
        images_in(folder / 'q_images'),
    )


def vp_air(published: Published, folder: Path) -> DataSet:
    """Load the flight, with the images of other places that follow the references."""
    truth = folder / 'vpair_gt.npy'
    distractors = images_in(folder / 'distractors')
    return _listed(
        published,
        truth,
        read_rows(truth),
        images_in(folder / 'reference_views'),
        images_in(folder / 'queries'),
        ImageFiles(f'{published.title} distractors', distractors),
    )


def nardo_air(published: Published, folder: Path) -> DataSet:
    """Load the flight, with the five references that gt_matches.csv has for each query."""
    truth = folder / 'gt_matches.csv'
    columns = [f'top_{rank}_ref_ind' for rank in range(1, 6)]
    table = csv.DictReader(small_text(truth, MAX_TABLE_BYTES).splitlines())
    try:
        rows = [frozenset(int(row[column]) for column in columns) for row in table]
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise SourceError(
            f'{truth}: expected a header with {", ".join(columns)} and whole numbers below it: '
            f'{type(error).__name__} {error}'
        ) from error
    return _listed(
        published,
        truth,
        rows,
        images_in(folder / 'reference_images'),
        images_in(folder / 'query_images'),
    )


def _listed(
    published: Published,
    truth: Path,
    rows: list[frozenset[int]],
    references: list[Path],
    queries: list[Path],
    distractors: ImageFiles | None = None,
) -> DataSet:
    if len(rows) != len(queries):
        raise SourceError(
            f'{truth}: expected a row for each of the {len(queries)} queries, got {len(rows)}; '
            f'{published.title} has {published.queries} queries: images are missing or added'
        )
    positives = [frozenset(id_ for id_ in row if 0 <= id_ < len(references)) for row in rows]
    outside = sum(map(len, rows)) - sum(map(len, positives))
    notes = published.notes(len(references), len(queries))
    if outside and notes:
        raise SourceError(
            f'{truth}: {outside} positives lie outside the {len(references)} references; '
            f'{published.title} has {published.references} of them: images are missing'
        )
    if outside:
        notes = (f'{outside} positives of {truth.name} name no reference and are left out',)
    return DataSet(
        published.title,
        ImageFiles(f'{published.title} references', references),
        ImageFiles(f'{published.title} queries', queries),
        positives,
        published.truth,
        distractors=distractors,
        notes=notes,
    )
