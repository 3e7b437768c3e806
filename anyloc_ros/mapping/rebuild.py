# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The same images and poses under another method: a new map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
import time
from typing import Any, TYPE_CHECKING

from anyloc_ros.config import AUTO
from anyloc_ros.errors import MapError
from anyloc_ros.mapping.cameras import copy_cameras
from anyloc_ros.mapping.copying import copy_events, new_map
from anyloc_ros.mapping.finish import finish, Progress
from anyloc_ros.mapping.place_map import PlaceMap

if TYPE_CHECKING:
    from anyloc_ros.describe.describer import Describer


def rebuild(
    source: PlaceMap,
    path: str | Path,
    describer: Describer,
    describe_config: Mapping[str, Any],
    *,
    whitening_dim: int | str = AUTO,
    descriptor_dtype: str = 'float16',
    progress: Progress = lambda stage, done, total: None,
) -> None:
    """
    Write a finished map with the references of `source`, ids unchanged, described anew.

    When it is interrupted after the images are copied, `anyloc map finish` goes on with the new
    map. The source is only read and may be unfinished.

    :param describe_config: the parameters `describer` was built from.
    :raises MapError: the source keeps no images, the new file exists or cannot be written.
    """
    with new_map(
        path,
        fingerprint=describer.fingerprint,
        describe_config=describe_config,
        map_frame=source.map_frame,
    ) as target:
        _copy(source, target, describer, progress)
    with PlaceMap.open_to_write(path) as target:
        finish(
            target,
            describer,
            whitening_dim=whitening_dim,
            descriptor_dtype=descriptor_dtype,
            progress=progress,
        )


def _copy(source: PlaceMap, target: PlaceMap, describer: Describer, progress: Progress) -> None:
    keyframes = source.keyframes()
    with target.transaction():
        if source.datum is not None:
            target.set_meta('datum', source.datum.to_json())
        copy_cameras(source, target)
        if describer.vocabulary is not None:
            target.set_vocabulary(describer.vocabulary)
        for done, keyframe in enumerate(keyframes):
            progress('copy', done, len(keyframes))
            image = source.image(keyframe.id)
            if image is None:
                raise MapError(
                    f'{source.path} keeps no image of reference {keyframe.id}, so it cannot be '
                    f'described by another method; teach the route again with store_images true'
                )
            target.add_keyframe(keyframe, image)
        copy_events(source, target)
        target.add_event(time.time_ns(), 'info', f'rebuilt from {source.path.name}')
    progress('copy', len(keyframes), len(keyframes))
