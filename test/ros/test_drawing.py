# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Markers and the picture of a match: what is drawn where, and in which colour."""

from __future__ import annotations

from anyloc_ros.localize.acceptance import Decision
from anyloc_ros.localize.recognizer import Candidate, Recognition
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
from anyloc_ros.ros.drawing import GREEN, markers, match_image, RED, reference_image
import numpy as np
import pytest
from visualization_msgs.msg import Marker

REFERENCES = (
    Keyframe(3, 0, 3, 0, Pose.from_xy_yaw(3.0, 1.0, 0.0), None, (4, 4)),
    Keyframe(4, 0, 4, 0, None, None, (4, 4)),
    Keyframe(5, 0, 5, 0, Pose(5.0, 1.0), None, (4, 4)),
)


def answer(*, accepted, references=REFERENCES):
    """Return an answer with these candidates."""
    candidates = tuple(Candidate(reference, 0.5) for reference in references)
    return Recognition(7 * 10**9, candidates, Decision(accepted, 0.1, 'because'), 1.0, 1.0)


def test_markers_are_at_the_candidates_with_a_pose():
    first, match, other = markers(answer(accepted=True), 'map').markers
    assert first.action == Marker.DELETEALL
    assert (match.ns, match.type, other.ns, other.type) == (
        'match',
        Marker.ARROW,
        'candidates',
        Marker.SPHERE,
    )
    assert (match.pose.position.x, match.header.stamp.sec, match.header.frame_id) == (
        3.0,
        7,
        'map',
    )
    # A position without an orientation: no turn, never NaN.
    assert (other.pose.position.x, other.pose.orientation.w) == (5.0, 1.0)
    assert markers(answer(accepted=False), 'map').markers[1].ns == 'candidates'


@pytest.mark.parametrize(('accepted', 'frame'), [(True, GREEN), (False, RED)])
def test_query_and_reference_are_side_by_side_in_a_frame(accepted, frame):
    query = np.full((100, 200, 3), 40, np.uint8)
    reference = np.full((50, 50, 3), 90, np.uint8)
    picture = match_image(query, reference, answer(accepted=accepted))
    assert picture.shape == (360 + 16, 720 + 360 + 16, 3)
    assert tuple(picture[0, 0]) == frame
    assert (picture[300, 100] == 40).all() and (picture[300, 900] == 90).all()


def test_a_reference_without_an_image_is_grey_and_none_is_left_out():
    query = np.zeros((100, 100, 3), np.uint8)
    picture = match_image(query, None, answer(accepted=True))
    assert (picture[300, 500] == 60).all()
    alone = match_image(query, None, answer(accepted=False, references=()))
    assert alone.shape == (376, 376, 3)


def test_the_image_of_a_reference_comes_from_the_map(taught, tmp_path):
    assert reference_image(taught, answer(accepted=True).candidates).shape == (120, 160, 3)
    assert reference_image(taught, ()) is None
    assert reference_image(tmp_path / 'gone.anyloc', answer(accepted=True).candidates) is None
