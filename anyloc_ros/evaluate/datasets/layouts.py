# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Layouts in which data sets of many origins come: UTM names, VPR-Bench, CSV."""

from __future__ import annotations

import csv
from pathlib import Path

from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.datasets.dataset import DataSet, within_radius
from anyloc_ros.evaluate.datasets.image_files import (
    ImageFiles,
    images_in,
    named_images,
    require,
    small_text,
)
from anyloc_ros.evaluate.datasets.published import Published
from anyloc_ros.evaluate.ground_truth import MAX_BYTES, read_vprbench
from anyloc_ros.io.image_poses import utm_names
from anyloc_ros.io.pose_files import pose_file_form, read_pose_file
from anyloc_ros.io.samples import Position

RADIUS_M = 25.0
"""What place recognition in cities usually counts as the same place."""


def published_utm(published: Published, folder: Path) -> DataSet:
    """Load a city of the paper: file names with UTM coordinates below images/test."""
    return utm(folder, RADIUS_M, published)


def utm(folder: Path, radius_m: float = RADIUS_M, published: Published | None = None) -> DataSet:
    """
    Load images whose names are @easting@northing@...: in database/ and queries/.

    Both lie in the folder itself or in images/test/ below it.

    :raises SourceError: no such folders, no images, or other names.
    """
    title = published.title if published else str(folder)
    inner = folder / 'images' / 'test'
    inner = inner if inner.is_dir() else folder
    require(
        title,
        inner,
        {'database/': 'references', 'queries/': 'queries, both @easting@northing@....jpg'},
        'Give the folder that holds them, or one with images/test/ in it.',
    )
    sides = []
    for name in ('database', 'queries'):
        paths = images_in(inner / name)
        found = utm_names(inner / name, [path.name for path in paths])
        if found is None:
            raise SourceError(
                f'{inner / name}: expected @easting@northing@ in every file name, got '
                f'{paths[0].name!r}'
            )
        sides.append((paths, found.poses))
    (paths, poses), (query_paths, query_poses) = sides
    return DataSet(
        title,
        ImageFiles(f'{title} references', paths, poses),
        ImageFiles(f'{title} queries', query_paths, query_poses),
        *_truth(poses, query_poses, radius_m),
        notes=published.notes(len(paths), len(query_paths)) if published else (),
    )


def vprbench(folder: Path) -> DataSet:
    """
    Load the layout of VPR-Bench: ref/, query/ and the lists of ground_truth_new.npy.

    :raises SourceError: one of them is missing, or they do not fit.
    """
    require(
        str(folder),
        folder,
        {
            'ref/': 'references',
            'query/': 'queries',
            'ground_truth_new.npy': 'rows (query, list of references)',
        },
        'This is how VPR-Bench packs its data sets; unpack one again.',
    )
    references, queries = images_in(folder / 'ref'), images_in(folder / 'query')
    positives = read_vprbench(folder / 'ground_truth_new.npy', len(queries), len(references))
    return DataSet(
        str(folder),
        ImageFiles(f'{folder} references', references),
        ImageFiles(f'{folder} queries', queries),
        positives,
        'list ground_truth_new.npy',
    )


def table(folder: Path, radius_m: float = RADIUS_M) -> DataSet:
    """
    Load images named in references.csv and queries.csv, relative to their folder.

    Both have a header with `name` and, for a truth by radius, positions as every pose file of
    this package has them. A column `positives` of queries.csv is a truth by list: the names of
    references, separated by semicolons; it goes before the positions.

    :raises SourceError: a file is missing, too large, malformed, or names what is not there.
    """
    require(
        str(folder),
        folder,
        {
            'references.csv': 'name and position of each reference',
            'queries.csv': 'name and position, or name and positives, of each query',
        },
        'Positions are x,y | latitude,longitude | easting,northing.',
    )
    (names, poses, _), (query_names, query_poses, lists) = (
        _read_table(folder / f'{name}.csv') for name in ('references', 'queries')
    )
    known = bool(poses and query_poses)
    if not lists and not known:
        raise SourceError(
            f'{folder}: expected positions in references.csv and queries.csv, or a column '
            'positives in queries.csv; there is neither'
        )
    positives, truth, at, queries_at = [], '', None, None
    if known:
        positives, truth, at, queries_at = _truth(poses, query_poses, radius_m)
    if lists:
        positives, truth = _by_name(folder / 'queries.csv', lists, names), 'list queries.csv'
    return DataSet(
        str(folder),
        ImageFiles(f'{folder} references', named_images(folder, names, 'references.csv'), poses),
        ImageFiles(
            f'{folder} queries', named_images(folder, query_names, 'queries.csv'), query_poses
        ),
        positives,
        truth,
        at,
        queries_at,
    )


def _truth(poses: list[Position], query_poses: list[Position], radius_m: float) -> tuple:
    positives, at, queries_at = within_radius(poses, query_poses, radius_m)
    return positives, f'within {radius_m:g} m', at, queries_at


def _read_table(path: Path) -> tuple[list[str], list[Position], list[str]]:
    """Return the names, the positions (none where the file has none) and the positives."""
    try:
        rows = list(csv.DictReader(small_text(path, MAX_BYTES).splitlines()))
    except csv.Error as error:
        raise SourceError(f'{path}: it is no table: {error}') from error
    names = [(row.get('name') or '').strip() for row in rows]
    if not rows or not all(names):
        raise SourceError(f'{path}: expected a header with "name" and a row for each image')
    if len(set(names)) < len(names):
        raise SourceError(f'{path}: an image stands in two rows')
    poses = []
    if pose_file_form(path) == 'CSV':
        poses = [row.pose for row in read_pose_file(path)[1]]
    if poses and len(poses) != len(names):
        raise SourceError(f'{path}: expected no comments between the rows')
    lists = [row['positives'] or '' for row in rows] if 'positives' in rows[0] else []
    return names, poses, lists


def _by_name(path: Path, lists: list[str], names: list[str]) -> list[frozenset[int]]:
    numbers = {name: number for number, name in enumerate(names)}
    wanted = [[name.strip() for name in text.split(';') if name.strip()] for text in lists]
    unknown = {name for row in wanted for name in row} - set(numbers)
    if unknown:
        raise SourceError(
            f'{path}: {len(unknown)} positives are no names of references.csv, the first is '
            f'{min(unknown)!r}'
        )
    return [frozenset(numbers[name] for name in row) for row in wanted]
