# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Data sets of the paper whose truth is a radius around positions in a file of their own."""

from __future__ import annotations

from pathlib import Path
import tokenize

from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.datasets.dataset import DataSet, within_radius
from anyloc_ros.evaluate.datasets.image_files import (
    ImageFiles,
    images_in,
    named_images,
    small_text,
)
from anyloc_ros.evaluate.datasets.mat_file import read_mat
from anyloc_ros.evaluate.datasets.published import Published
from anyloc_ros.io.samples import Position
from anyloc_ros.pose import Pose, UtmPoint
import numpy as np

MALL_RADIUS_M = 10.0
CORRIDOR_RADIUS_M = 8.0
CITY_RADIUS_M = 25.0
MAX_CAMERA_BYTES = 2**16
MAX_MAT_BYTES = 4 * 2**20


def baidu_mall(published: Published, folder: Path) -> DataSet:
    """
    Load the mall: the camera centre (x y z) is the line before the last of each .camera file.

    The filter by angle, which the published program has and leaves switched off, is not offered.
    """
    sides = []
    for side in ('training', 'query'):
        images = images_in(folder / f'{side}_images_undistort')
        cameras = [f'{path.stem}.camera' for path in images]
        files = named_images(folder / f'{side}_gt', cameras, str(images[0].parent))
        sides.append((images, [_camera_centre(file) for file in files]))
    return _positioned(published, *sides, MALL_RADIUS_M)


def hawkins(published: Published, folder: Path) -> DataSet:
    """Load the long corridor: x, y in rows 0 to 126 of the poses, and 127 to 244."""
    return _rows_of_poses(published, folder, 0, 127)


def laurel_caverns(published: Published, folder: Path) -> DataSet:
    """Load the caverns: x, y in rows 0 to 140 of the poses, and 229 to 340."""
    return _rows_of_poses(published, folder, 0, 229)


def oxford_robotcar(published: Published, folder: Path) -> DataSet:
    """Load Oxford by day against Oxford by night, with the radius of the final paper."""
    return _oxford(published, folder, CITY_RADIUS_M)


def oxford_robotcar_own_radius(published: Published, folder: Path) -> DataSet:
    """Load the same images with the radius that is stored in their .mat file."""
    return _oxford(published, folder, None)


def _camera_centre(path: Path) -> Pose:
    lines = small_text(path, MAX_CAMERA_BYTES).splitlines()
    try:
        x, y, z = (float(word) for word in lines[-2].split())
    except (IndexError, ValueError):
        raise SourceError(
            f'{path}: expected the camera centre "x y z" in the line before the last'
        ) from None
    return Pose(x, y, z)


def _rows_of_poses(
    published: Published, folder: Path, first_reference: int, first_query: int
) -> DataSet:
    path = folder / 'pose_topic_list.npy'
    try:
        # Mapped, so that a header cannot ask for more than the file has; objects are refused.
        poses = np.lib.format.open_memmap(path, mode='r')
        rows = np.array(poses[:, :2], float)
    except (
        ValueError, TypeError, IndexError, OverflowError, EOFError, SyntaxError, OSError,
        tokenize.TokenError,
    ) as error:  # fmt: skip
        raise SourceError(
            f'{path}: expected an array of numbers, one row x y ... for each image: {error}'
        ) from error
    sides = []
    for name, first, count in (
        ('db_images', first_reference, published.references),
        ('q_images', first_query, published.queries),
    ):
        images = images_in(folder / name)
        end = first + count
        if len(images) != count or len(rows) < end:
            raise SourceError(
                f'{folder / name}: expected {count} images, whose poses are rows {first} to '
                f'{end - 1} of {path.name}, got {len(images)} images and {len(rows)} rows; unpack '
                'the data set again'
            )
        sides.append((images, [Pose(x, y) for x, y in rows[first:end].tolist()]))
    return _positioned(published, *sides, CORRIDOR_RADIUS_M)


def _oxford(published: Published, folder: Path, radius_m: float | None) -> DataSet:
    """Read the names, UTM positions and radius of the structure dbStruct, as HEAPUtil wrote it."""
    path = folder / 'oxdatapart.mat'
    try:
        names, at, query_names, queries_at, _, _, stored_m, _ = read_mat(
            path, 'dbStruct', MAX_MAT_BYTES
        )
        files = [[name.replace(' ', '') for name in side] for side in (names, query_names)]
        at, queries_at = (
            np.asarray(positions, float).reshape(len(side), 2)
            for positions, side in zip((at, queries_at), files, strict=True)
        )
        stored_m = float(np.asarray(stored_m, float).item())
        if not (files[0] and files[1] and stored_m >= 0):
            raise ValueError(f'{len(names)} and {len(query_names)} images, radius {stored_m}')
    except (TypeError, ValueError, AttributeError) as error:
        raise SourceError(
            f'{path}: expected dbStruct of 8 cells: names and (n, 2) positions of references, '
            f'both of queries, two numbers, radius and its square: {error}'
        ) from error
    # Files of this kind have either order; at Oxford northings are nine times the eastings.
    order = [0, 1] if at[0, 0] < at[0, 1] else [1, 0]
    sides = [
        (
            named_images(folder / 'oxDataPart', side, path.name),
            [UtmPoint(*point) for point in positions[:, order].tolist()],
        )
        for side, positions in zip(files, (at, queries_at), strict=True)
    ]
    return _positioned(published, *sides, stored_m if radius_m is None else radius_m)


def _positioned(
    published: Published,
    references: tuple[list[Path], list[Position]],
    queries: tuple[list[Path], list[Position]],
    radius_m: float,
) -> DataSet:
    positives, reference_positions, query_positions = within_radius(
        references[1], queries[1], radius_m
    )
    return DataSet(
        published.title,
        ImageFiles(f'{published.title} references', *references),
        ImageFiles(f'{published.title} queries', *queries),
        positives,
        f'within {radius_m:g} m',
        reference_positions,
        query_positions,
        notes=published.notes(len(references[0]), len(queries[0])),
    )
