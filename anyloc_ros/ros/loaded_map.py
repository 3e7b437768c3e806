# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A map ready to be localized on, with what the node tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyloc_ros.config import (
    DescribeConfig,
    LocalizeConfig,
    MonitorConfig,
    SequenceConfig,
    VerifyConfig,
)
from anyloc_ros.errors import ConfigError, MapError
from anyloc_ros.localize.recognizer import Candidate, PlaceRecognizer
from anyloc_ros.mapping.cameras import CAMERA, require_cameras
from anyloc_ros.mapping.method import describer_of
from anyloc_ros.mapping.place_map import CALIBRATION, PlaceMap
from anyloc_ros.ros.diagnostics import fingerprint_digest
from anyloc_ros.ros.estimate import usual_step_m
import numpy as np


@dataclass(slots=True, eq=False)
class LoadedMap:
    """
    A recognizer and the facts of its map.

    `camera` and `calibration` are what it was taught with (None where it does not say), `rows` the
    places of the references in the recognizer by id, `last_index` the position of the last
    reference of each route.
    """

    path: Path
    recognizer: PlaceRecognizer
    frame: str
    method: str
    fingerprint: str
    step_m: float
    rows: dict[int, int]
    last_index: dict[int, int]
    camera: dict[str, Any] | None
    calibration: dict[str, Any] | None

    def same_place(self, candidates: Sequence[Candidate]) -> list[bool]:
        """Return which of the candidates show the place of the first one."""
        rows = np.array([self.rows[candidate.reference.id] for candidate in candidates])
        return self.recognizer.places.same(rows[0], rows).tolist()


def load_map(
    path: str,
    method: str,
    cameras: Sequence[str],
    where: DescribeConfig,
    localize: LocalizeConfig,
    sequence: SequenceConfig,
    monitor: MonitorConfig,
    verify: VerifyConfig,
) -> LoadedMap:
    """
    Open a map, load the network it was made with, and describe one image to warm up.

    :param method: refuse another one, empty text takes any.
    :param cameras: refuse others, see `require_cameras`.
    :param where: see describer_of.
    :raises ConfigError: `path` is empty.
    :raises MapError: missing, foreign, damaged, not recovered, not finished, of another method,
        with other cameras.
    :raises ModelError: the weights of its method are missing or are others.
    """
    if not path:
        raise ConfigError('map_path is empty; name a map that was taught and finished')
    with PlaceMap.open_to_read(path) as place_map:
        place_map.require_finished()
        if method not in ('', place_map.method):
            raise MapError(
                f'{place_map.path} was made with method {place_map.method!r}, expected '
                f'{method!r}; leave the parameter method empty, or make a map for it: anyloc map '
                f'rebuild {place_map.path} --out NEW'
            )
        require_cameras(place_map, cameras)
        describer = describer_of(place_map, where)
        recognizer = PlaceRecognizer(
            place_map, describer, localize, sequence=sequence, monitor=monitor, verify=verify
        )
        references = recognizer.references
        last_index: dict[int, int] = {}
        for reference in references:
            last_index[reference.route] = max(reference.index, last_index.get(reference.route, 0))
        loaded = LoadedMap(
            path=place_map.path,
            recognizer=recognizer,
            frame=place_map.map_frame,
            method=place_map.method,
            fingerprint=fingerprint_digest(place_map.fingerprint),
            step_m=usual_step_m(references),
            rows={reference.id: row for row, reference in enumerate(references)},
            last_index=last_index,
            camera=place_map.meta(CAMERA),
            calibration=place_map.meta(CALIBRATION),
        )
    # The first image is slower: now, at the size the map has, and not while somebody waits.
    size = references[0].image_size
    describer.describe([np.zeros((*size, 3), np.uint8)])
    return loaded
