# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Markers and the picture of a match: what is drawn where, and in which colour."""

from __future__ import annotations

import math

from anyloc_ros.localize.recognizer import Candidate
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
from anyloc_ros.ros.drawing import caption, GREEN, markers, match_image, RED, reference_image
import numpy as np
import pytest
from visualization_msgs.msg import Marker

REFERENCES = (
    Keyframe(3, 0, 3, 0, Pose.from_xy_yaw(3.0, 1.0, 0.0), None, (4, 4)),
    Keyframe(4, 0, 4, 0, None, None, (4, 4)),
    Keyframe(5, 0, 5, 0, Pose(5.0, 1.0), None, (4, 4)),
)


@pytest.fixture
def answer(recognition):
    """Give what makes an answer with these candidates."""

    def make(*, accepted, references=REFERENCES, probability=math.nan, off_route=math.nan):
        return recognition(
            candidates=tuple(Candidate(reference, 0.5, probability) for reference in references),
            accepted=accepted,
            state='LOCALIZED' if accepted else 'LOST',
            off_route_probability=off_route,
            relocalized=accepted,
        )

    return make


def test_markers_are_at_the_candidates_with_a_pose(answer):
    first, match, other, words = markers(answer(accepted=True), 'map').markers
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
    assert (words.ns, words.type) == ('state', Marker.TEXT_VIEW_FACING)
    assert 'LOCALIZED' in words.text and words.pose.position.x == 3.0
    assert markers(answer(accepted=False), 'map').markers[1].ns == 'candidates'
    assert len(markers(answer(accepted=False, references=()), 'map').markers) == 1


def test_candidates_are_the_yellower_the_likelier_they_are(answer):
    likely = answer(accepted=False, probability=0.75)
    assert markers(likely, 'map').markers[1].color.g == 0.75
    assert markers(answer(accepted=False), 'map').markers[1].color.g == 0.5  # the similarity


def test_the_caption_says_what_is_known(answer):
    assert caption(answer(accepted=True, probability=0.75, off_route=0.125)) == [
        'reference 3  similarity 0.500  probability 0.75',
        'LOCALIZED  off route 0.12  relocalized',
        'because',
    ]
    assert caption(answer(accepted=False, references=())) == ['no candidate', 'LOST', 'because']


@pytest.mark.parametrize(('accepted', 'frame'), [(True, GREEN), (False, RED)])
def test_query_and_reference_are_side_by_side_in_a_frame(answer, accepted, frame):
    query = np.full((100, 200, 3), 40, np.uint8)
    reference = np.full((50, 50, 3), 90, np.uint8)
    picture = match_image(query, reference, answer(accepted=accepted))
    assert picture.shape == (360 + 16, 720 + 360 + 16, 3)
    assert tuple(picture[0, 0]) == frame
    assert (picture[300, 100] == 40).all() and (picture[300, 900] == 90).all()


def test_a_reference_without_an_image_is_grey_and_none_is_left_out(answer):
    query = np.zeros((100, 100, 3), np.uint8)
    picture = match_image(query, None, answer(accepted=True))
    assert (picture[300, 500] == 60).all()
    alone = match_image(query, None, answer(accepted=False, references=()))
    assert alone.shape == (376, 376, 3)


def test_the_image_of_a_reference_comes_from_the_map(answer, taught, tmp_path):
    assert reference_image(taught, answer(accepted=True).candidates).shape == (120, 160, 3)
    assert reference_image(taught, ()) is None
    assert reference_image(tmp_path / 'gone.anyloc', answer(accepted=True).candidates) is None
