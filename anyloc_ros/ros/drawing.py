# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Pictures for people: markers for RViz, and the query beside its match."""

from __future__ import annotations

from collections.abc import Sequence
import math

from anyloc_ros.errors import AnyLocError
from anyloc_ros.localize.recognizer import Candidate, Recognition
from anyloc_ros.mapping.images import decode_image
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.ros.messages import header, pose_message
import cv2
import numpy as np
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

HEIGHT_PX = 360
BORDER_PX = 8
GREEN, RED, WHITE = (0, 170, 60), (200, 40, 40), (255, 255, 255)


def markers(recognition: Recognition, frame_id: str) -> MarkerArray:
    """
    Return a ball for each candidate with a pose, an arrow at the match, and the state in words.

    Candidates are the yellower the likelier they are: by probability where there is one, else by
    similarity. The words stand above the first candidate that has a pose.
    """
    head = header(recognition.stamp_ns, frame_id)
    message = MarkerArray(markers=[Marker(header=head, action=Marker.DELETEALL)])
    for rank, candidate in enumerate(recognition.candidates):
        pose = candidate.reference.pose
        if pose is None:
            continue
        accepted = rank == 0 and recognition.match is not None
        marker = Marker(header=head, id=rank, action=Marker.ADD, pose=pose_message(pose))
        marker.ns = 'match' if accepted else 'candidates'
        marker.type = Marker.ARROW if accepted and pose.has_orientation else Marker.SPHERE
        size_m = (1.0, 0.2, 0.2) if marker.type == Marker.ARROW else (0.3, 0.3, 0.3)
        marker.scale.x, marker.scale.y, marker.scale.z = size_m
        marker.color = _color(candidate, accepted)
        message.markers.append(marker)
    if len(message.markers) > 1:
        message.markers.append(_words(recognition, message.markers[1]))
    return message


def _words(recognition: Recognition, at: Marker) -> Marker:
    words = Marker(header=at.header, ns='state', type=Marker.TEXT_VIEW_FACING, action=Marker.ADD)
    words.pose.position.x, words.pose.position.y = at.pose.position.x, at.pose.position.y
    words.pose.position.z = at.pose.position.z + 1.0
    words.scale.z = 0.4
    words.color = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
    words.text = '\n'.join(caption(recognition)[:2])
    return words


def _color(candidate: Candidate, accepted: bool) -> ColorRGBA:
    if accepted:
        return ColorRGBA(r=0.0, g=0.8, b=0.2, a=1.0)
    known = candidate.similarity if math.isnan(candidate.probability) else candidate.probability
    likeness = min(max(known, 0.0), 1.0)
    return ColorRGBA(r=1.0, g=likeness, b=0.0, a=0.6)


def reference_image(path: str, candidates: Sequence[Candidate]) -> np.ndarray | None:
    """Return the image of the best reference, None where the map keeps none or is gone."""
    if not candidates:
        return None
    try:
        with PlaceMap.open_to_read(path) as place_map:
            stored = place_map.image(candidates[0].reference.id)
            return None if stored is None else decode_image(stored.data)
    except AnyLocError:
        # The map in memory still answers; a picture for people is not worth an error.
        return None


def match_image(
    query: np.ndarray, reference: np.ndarray | None, recognition: Recognition
) -> np.ndarray:
    """
    Return query and best reference side by side (H, W, 3) uint8 RGB, with a caption.

    A green frame is a match, a red one is none.
    """
    pictures = [_of_height(query)]
    if recognition.candidates:
        pictures.append(
            np.full_like(pictures[0], 60) if reference is None else _of_height(reference)
        )
    joined = np.hstack(pictures)
    color = GREEN if recognition.match else RED
    joined = cv2.copyMakeBorder(joined, *[BORDER_PX] * 4, cv2.BORDER_CONSTANT, value=color)
    for line, text in enumerate(caption(recognition)):
        y = 32 + 24 * line
        for line_px, shade in ((4, (0, 0, 0)), (1, WHITE)):
            cv2.putText(
                joined, text, (16, y), cv2.FONT_HERSHEY_SIMPLEX, 0.55, shade, line_px, cv2.LINE_AA
            )
    return joined


def caption(recognition: Recognition) -> list[str]:
    """Return lines about an answer; what was not computed is left out."""
    best = 'no candidate'
    if recognition.candidates:
        first = recognition.candidates[0]
        best = f'reference {first.reference.id}  similarity {first.similarity:.3f}'
        best += _if_known('  probability', first.probability)
    state = recognition.state + _if_known('  off route', recognition.off_route_probability)
    if recognition.relocalized:
        state += '  relocalized'
    return [best, state, recognition.reason]


def _if_known(name: str, number: float) -> str:
    return '' if math.isnan(number) else f'{name} {number:.2f}'


def _of_height(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    size = max(1, round(width * HEIGHT_PX / height)), HEIGHT_PX
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
