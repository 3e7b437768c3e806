# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Several maps of one method become one map with all their routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
import time

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.cameras import cameras_of, copy_cameras, require_cameras
from anyloc_ros.mapping.copying import copy_events, new_map
from anyloc_ros.mapping.finish import Progress
from anyloc_ros.mapping.geodesy import Datum
from anyloc_ros.mapping.place_map import FINISHED, PlaceMap
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.mapping.unrelated import PACKAGE
from anyloc_ros.pose import Pose


def merge(
    sources: Sequence[PlaceMap],
    path: str | Path,
    *,
    progress: Progress = lambda stage, done, total: None,
) -> int:
    """
    Write a map with all references of `sources`; return how many are still to be described.

    The references of the first map keep ids and routes, those of the others get the next ones.
    Vocabulary and whitening are those of the first map; a descriptor is kept where its map has
    the same two, the other references are described by `finish` from their images. The new map
    is finished when nothing is left to do. Poses come into the datum of the first map that has
    one; local poses are taken as they are, so the maps must share their frame.

    :raises MapError: other methods or frames, poses that do not join, images that are missing
        where they are needed, the new file exists or cannot be written.
    """
    first = sources[0]
    for source in sources[1:]:
        require_cameras(source, cameras_of(first))
        first.compare(source.fingerprint)
        if source.map_frame != first.map_frame:
            raise MapError(
                f'{source.path} has poses in the frame {source.map_frame!r}, {first.path} in '
                f'{first.map_frame!r}; only maps of one frame can be merged'
            )
    with (
        new_map(
            path,
            fingerprint=first.fingerprint,
            describe_config=first.describe_config,
            map_frame=first.map_frame,
        ) as target,
        target.transaction(),
    ):
        left = _fill(target, sources, progress)
    return left


def _fill(target: PlaceMap, sources: Sequence[PlaceMap], progress: Progress) -> int:
    first = sources[0]
    if (vocabulary := first.vocabulary()) is not None:
        target.set_vocabulary(vocabulary)
    if (whitening := first.whitening()) is not None:
        target.set_whitening(whitening)
    # Not those that were given: they may show the routes of the other maps.
    target.set_unrelated(PACKAGE, first.unrelated(PACKAGE), 'float32')
    datum = next((source.datum for source in sources if source.datum is not None), None)
    if datum is not None:
        target.set_meta('datum', datum.to_json())
    copy_cameras(first, target)
    for number, source in enumerate(sources):
        progress('merge', number, len(sources))
        _append(target, source, datum, keep=_terms(source) == _terms(first))
    progress('merge', len(sources), len(sources))
    left = len(target.undescribed())
    if not left and all(source.state == FINISHED for source in sources):
        target.set_meta('state', FINISHED)
    return left


def _append(target: PlaceMap, source: PlaceMap, datum: Datum | None, *, keep: bool) -> None:
    """Add the references of one map, with their descriptors if these can be kept."""
    next_id, next_route = target.next_id(), target.next_route()
    is_first = not next_id
    keyframes = source.keyframes()
    for place, keyframe in enumerate(keyframes):
        image, descriptor = source.image(keyframe.id), source.descriptor(keyframe.id)
        if image is None and not (keep and descriptor is not None):
            raise MapError(
                f'{source.path} has another vocabulary or whitening than the first map and keeps '
                f'no image of reference {keyframe.id} to describe it again; teach it again with '
                f'store_images true, or with the vocabulary of the first map'
            )
        moved = replace(keyframe, pose=_moved(keyframe, source.datum, datum))
        if not is_first:
            moved = replace(moved, id=next_id + place, route=next_route + keyframe.route)
        target.add_keyframe(moved, image)
        if keep and descriptor is not None:
            target.set_descriptors([moved.id], descriptor[None], descriptor.dtype.name)
    copy_events(source, target)
    text = f'{len(keyframes)} references from {source.path.name}'
    if keyframes and not is_first:
        text += f': ids from {next_id} on, routes from {next_route} on'
    target.add_event(time.time_ns(), 'info', text)


def _moved(keyframe: Keyframe, source: Datum | None, target: Datum | None) -> Pose | None:
    if keyframe.pose is None or source == target:
        return keyframe.pose
    return target.to_local(source.to_sample(keyframe.pose))


def _terms(source: PlaceMap) -> tuple[str | None, str | None]:
    """Return the hashes of what descriptors depend on besides the method."""
    vocabulary, whitening = source.vocabulary(), source.whitening()
    return vocabulary and vocabulary.sha256, whitening and whitening.sha256
