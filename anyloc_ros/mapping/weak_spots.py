# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Weak spots of a route: what the operator ought to know before the robot does.

Aliased stretches, gaps between references, and references that are blurred or show nothing. Those
of a map are found on demand, see `mapping.watch` for those of a route that is being taught.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby, pairwise
import time

from anyloc_ros.errors import ImageError
from anyloc_ros.mapping.image_quality import BLURRED, image_quality, ImageQuality
from anyloc_ros.mapping.images import decode_image
from anyloc_ros.mapping.place_map import FINISHED, PlaceMap
from anyloc_ros.mapping.progress import Progress
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.mapping.stretches import look_alikes, LookAlike, Stretch, stretch, usual
import numpy as np

ALIAS, REVISIT, GAP, BLUR, FEATURELESS = 'alias', 'revisit', 'gap', 'blur', 'featureless'

GAP_STEPS = 3
"""A gap is longer than so many usual steps: beyond that references show different places."""

NOTED = 3
"""Pairs of stretches that get an event each; of the others only the number is noted."""

_TEXTS = {
    BLUR: 'blurred',
    FEATURELESS: 'hardly anything to recognize, a bare wall or darkness',
}


@dataclass(frozen=True, slots=True)
class WeakSpot:
    """
    A stretch where a localizer may fail, in words; `kind` is one of those above.

    `other` is the stretch that looks like it, with their similarity (mean cosine) and how far
    they are apart (m); None for the other kinds, the distance without poses too.
    """

    kind: str
    text: str
    stretch: Stretch
    other: Stretch | None = None
    similarity: float | None = None
    apart_m: float | None = None


def weak_spots(
    place_map: PlaceMap, progress: Progress = lambda stage, done, total: None
) -> list[WeakSpot]:
    """
    Return the weak spots of a map: all images are looked at, all references compared.

    Blur is judged against the median of the route. A map without images has no blur, one that is
    not finished no look-alikes.

    :param progress: hears the stages `images` and `compare`.
    """
    keyframes = sorted(place_map.keyframes(), key=lambda k: (k.route, k.index))
    found = gaps(keyframes)
    qualities = _qualities(place_map, keyframes, progress)
    for kind, marked in (
        (FEATURELESS, [k for k, quality in qualities if quality.featureless]),
        (BLUR, list(_blurred(qualities))),
    ):
        found += [flawed(kind, part) for part in _connected(marked)]
    return (alike_spots(place_map, progress) if place_map.state == FINISHED else []) + found


def alike_spots(
    place_map: PlaceMap, progress: Progress = lambda stage, done, total: None
) -> list[WeakSpot]:
    """Return the stretches of a described map that look like others, the strongest first."""
    ids, descriptors = place_map.descriptors()
    described = set(ids.tolist())
    references = [k for k in place_map.keyframes() if k.id in described]
    return [_alike(alike) for alike in look_alikes(references, descriptors, progress)]


def note_alike_spots(place_map: PlaceMap, spots: Sequence[WeakSpot]) -> None:
    """Write stretches that look alike into the events of a map, inside a transaction."""
    notes = [('warning' if spot.kind == ALIAS else 'info', spot.text) for spot in spots[:NOTED]]
    if len(spots) > NOTED:
        text = f'{len(spots) - NOTED} more stretches look like others, see "anyloc map info"'
        notes.append(('warning', text))
    # A map that got another route is finished once more.
    known = {event.text for event in place_map.events()}
    for level, text in notes:
        if text not in known:
            place_map.add_event(time.time_ns(), level, text)


def gaps(keyframes: Sequence[Keyframe]) -> list[WeakSpot]:
    """
    Return where the way (without poses the time) between two successive references is too long.

    :param keyframes: in the order of routes and indices.
    """
    alike = defaultdict(list)
    for a, b in pairwise(keyframes):
        if a.route == b.route:
            step, unit = step_between(a, b)
            alike[a.route, unit].append((step, a, b))
    found = []
    for steps in alike.values():
        limit = GAP_STEPS * usual(np.array([step for step, _, _ in steps]))
        found += [gap(a, b) for step, a, b in steps if step > limit]
    return sorted(found, key=lambda spot: (spot.stretch.route, spot.stretch.first_index))


def _qualities(
    place_map: PlaceMap, keyframes: Sequence[Keyframe], progress: Progress
) -> list[tuple[Keyframe, ImageQuality]]:
    found = []
    for number, keyframe in enumerate(keyframes):
        progress('images', number, len(keyframes))
        stored = place_map.image(keyframe.id)
        if stored is not None:
            # A damaged image has an event already.
            with suppress(ImageError):
                found.append((keyframe, image_quality(decode_image(stored.data))))
    progress('images', len(keyframes), len(keyframes))
    return found


def _blurred(qualities: Sequence[tuple[Keyframe, ImageQuality]]) -> Iterator[Keyframe]:
    """Yield the references that are less sharp than the others of their route."""
    shown = [(keyframe, quality) for keyframe, quality in qualities if not quality.featureless]
    for _, route in groupby(shown, lambda pair: pair[0].route):
        pairs = list(route)
        usual_sharpness = float(np.median([quality.sharpness for _, quality in pairs]))
        yield from (k for k, quality in pairs if is_blurred(quality, usual_sharpness))


def is_blurred(quality: ImageQuality, usual_sharpness: float) -> bool:
    """Return whether an image is blurred, given the median sharpness of its route."""
    return quality.sharpness < BLURRED * usual_sharpness


def _connected(keyframes: Sequence[Keyframe]) -> Iterator[list[Keyframe]]:
    """Yield the references that follow each other without a hole between them."""
    part: list[Keyframe] = []
    for keyframe in keyframes:
        if part and (part[-1].route, part[-1].index + 1) != (keyframe.route, keyframe.index):
            yield part
            part = []
        part.append(keyframe)
    if part:
        yield part


def step_between(a: Keyframe, b: Keyframe) -> tuple[float, str]:
    """Return the way in m, or where a pose is missing the time in s, and which it is."""
    if a.pose is not None and b.pose is not None:
        return a.pose.distance_to(b.pose), 'm'
    return (b.stamp_ns - a.stamp_ns) / 1e9, 's'


def gap(a: Keyframe, b: Keyframe) -> WeakSpot:
    """Return the weak spot between two successive references that are too far apart."""
    step, unit = step_between(a, b)
    where = stretch(a, b)
    return WeakSpot(
        GAP, f'{_place(where, way=False)}: {step:.1f} {unit} without a reference', where
    )


def flawed(kind: str, part: Sequence[Keyframe]) -> WeakSpot:
    """Return the weak spot of successive references that are blurred or featureless."""
    where = stretch(part[0], part[-1])
    return WeakSpot(kind, f'{_place(where)}: {_TEXTS[kind]}', where)


def _alike(alike: LookAlike) -> WeakSpot:
    text = f'{_place(alike.here)} looks like {_place(alike.there)}'
    if alike.apart_m is not None:
        text += f', {alike.apart_m:.1f} m apart'
    text += f' (similarity {alike.similarity:.2f})'
    if alike.revisit:
        text += ': a second visit, or another place that looks the same'
    return WeakSpot(
        REVISIT if alike.revisit else ALIAS,
        text,
        alike.here,
        alike.there,
        alike.similarity,
        alike.apart_m,
    )


def _place(where: Stretch, *, way: bool = True) -> str:
    text = f'route {where.route}, index {where.first_index}'
    if where.last_index > where.first_index:
        text += f' to {where.last_index}'
        if way and where.length_m is not None:
            text += f' ({where.length_m:.1f} m)'
    return text
