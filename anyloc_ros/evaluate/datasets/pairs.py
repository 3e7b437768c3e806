# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Two recorded runs of one route as a data set: folders or bags, aligned by frames or by poses.

Frame-aligned seasons (Nordland), drives with KITTI or TUM poses, and bags are such pairs.
"""

from __future__ import annotations

from pathlib import Path

from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import ConfigError, SourceError
from anyloc_ros.evaluate.datasets.dataset import DataSet
from anyloc_ros.evaluate.ground_truth import in_words, parse_truth, positives
from anyloc_ros.evaluate.whereabouts import positions
from anyloc_ros.io.samples import PoseSample
from anyloc_ros.io.source import open_source, Source
from anyloc_ros.mapping.geodesy import Datum, is_on_earth
import numpy as np


def open_side(text: str, root: Path) -> Source:
    """
    Return the source that one side of a pair names, relative to `root`.

    It is a SOURCE as every verb takes it, and after an @ the pose file that belongs to it:
    `sequences/00/image_0:1-1000@poses/00.txt`.

    :raises SourceError: it is not there or cannot be used.
    """
    images, _, poses = text.partition('@')
    return open_source(root / images, poses_file=str(root / poses) if poses else '')


def pair(references: Source, queries: Source, truth: str) -> DataSet:
    """
    Return the data set of two runs with a truth as written on the command line.

    For a radius, positions are interpolated at the stamps of the images, as on a robot.

    :raises ConfigError: a malformed truth, or a radius where a run has no poses.
    :raises SourceError: a list of another size, or images that are announced and not there.
    """
    kind, _ = parse_truth(truth)
    known = [None, None]
    if kind == 'radius':
        for source in (references, queries):
            if not source.has_poses:
                raise ConfigError(f'truth {truth}: {source.name} has no poses; use frames:N')
        datum = _datum(references)
        known = [_positions(source, datum) for source in (references, queries)]
    unused = [np.full((len(source), 3), np.nan) for source in (queries, references)]
    return DataSet(
        f'{queries.name} on {references.name}',
        references,
        queries,
        positives(truth, *(known[::-1] if kind == 'radius' else unused)),
        in_words(truth),
        *known,
    )


def _datum(source: Source) -> Datum:
    poses = (sample.pose for sample in source.samples() if isinstance(sample, PoseSample))
    first = next(filter(is_on_earth, poses), None)
    if first is None:
        raise ConfigError(f'{source.name} has no pose that is on the Earth; use frames:N')
    return Datum.of(first)


def _positions(source: Source, datum: Datum) -> np.ndarray:
    found = np.array(positions(source, datum, TeachConfig()), float).reshape(-1, 3)
    if len(found) != len(source):
        raise SourceError(
            f'{source.name}: {len(source)} images are announced and {len(found)} can be read; '
            'numbers would not mean the same: repair the bag'
        )
    return found
