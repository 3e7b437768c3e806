# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""
How long a map takes to open and to search: `python benchmarks/map.py`.

Opening is everything the recognizer does: reading references and descriptors, the index, the
thresholds. The descriptors are random, which costs what others cost.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from anyloc_ros.config import DescribeConfig, LocalizeConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.localize.recognizer import PlaceRecognizer
from anyloc_ros.mapping.place_map import FINISHED, PlaceMap
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.mapping.unrelated import COUNT, PACKAGE
from anyloc_ros.pose import Pose
import numpy as np

SIZES = ((10_000, 512), (2_000, 32_768))
SEARCHES = 200


def _write(path: Path, references: int, width: int, fingerprint: dict) -> None:
    rng = np.random.default_rng(0)
    with PlaceMap.create(path, fingerprint=fingerprint, describe_config={}) as place_map:
        with place_map.transaction():
            for i in range(references):
                pose = Pose.from_xy_yaw(0.5 * i, 0.0, 0.0)
                place_map.add_keyframe(Keyframe(i, 0, i, i, pose, 0.5 * i, (480, 640)), None)
        for start in range(0, references, 500):
            ids = range(start, min(start + 500, references))
            rows = rng.standard_normal((len(ids), width), np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            with place_map.transaction():
                place_map.set_descriptors(ids, rows, 'float16')
        with place_map.transaction():
            place_map.set_unrelated(PACKAGE, rows[:COUNT], 'float16')
            place_map.set_meta('state', FINISHED)


def main() -> None:
    """Print a row for each size."""
    describer = build_describer(DescribeConfig(method='RootSIFT-GeM'))
    for references, width in SIZES:
        with TemporaryDirectory() as folder:
            path = Path(folder) / 'map.anyloc'
            _write(path, references, width, describer.fingerprint)
            began = perf_counter()
            with PlaceMap.open_to_read(path) as place_map:
                recognizer = PlaceRecognizer(place_map, describer, LocalizeConfig())
            opened = perf_counter() - began
            queries = np.random.default_rng(1).standard_normal((SEARCHES, width), np.float32)
            times = []
            for query in queries / np.linalg.norm(queries, axis=1, keepdims=True):
                began = perf_counter()
                recognizer.index.similarities(query)
                times.append((perf_counter() - began) * 1e3)
            megabytes = path.stat().st_size / 2**20
            print(
                f'{references} references of {width} in float16, {megabytes:.0f} MiB: '
                f'open {opened:.2f} s, exact search {median(times):.2f} ms '
                f'(p95 {np.percentile(times, 95):.2f} ms)'
            )


if __name__ == '__main__':
    main()
