# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Real images through the nodes, as processes over DDS: the same answers as without ROS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
import os
from pathlib import Path

from anyloc_ros.config import DescribeConfig, LocalizeConfig, TeachConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.evaluate.replay import localize_source, teach_source
from anyloc_ros.io.source import open_source
from anyloc_ros.localize.recognizer import open_recognizer
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.teach import open_for_teaching, TeachSession
import pytest

METHOD = 'RootSIFT-VLAD'

slow = pytest.mark.skipif('ANYLOC_SLOW' not in os.environ, reason='takes long: make test-slow')


def ignore(*_: object) -> None:
    """Show no progress."""


def said(candidates: Iterable[tuple[int, bool, float]]) -> list[tuple[int, bool, float]]:
    """Return id, acceptance and probability to a hundredth of each candidate of an image."""
    return [(number, accepted, round(p, 2)) for number, accepted, p in candidates]


def offline(teach_from: str, repeat_from: str, map_path: Path) -> list[list[tuple]]:
    """Return what is said of each image, by the tools that need no ROS."""
    describer = build_describer(DescribeConfig(method=METHOD))
    config = TeachConfig()
    with open_for_teaching(map_path, describer, asdict(describer.config), config) as place_map:
        session = TeachSession(place_map, describer, config, every_image=True)
        teach_source(open_source(teach_from), session)
        finish(place_map, describer)
    recognizer = open_recognizer(map_path, LocalizeConfig())
    answers = localize_source(open_source(repeat_from), recognizer)
    return [
        said((c.reference.id, c is answer.match, c.probability) for c in answer.candidates)
        for _, answer in answers
    ]


def by_nodes(teach_from: str, repeat_from: str, folder: Path) -> list[list[tuple]]:
    """Return the same by map builder and localizer, which are played every image in lock-step."""
    from anyloc_ros.ros.pace import LOCK_STEP, Pace
    from anyloc_ros.ros.through_nodes import localize, teach

    parameters = {'map_path': str(folder / 'nodes.anyloc')}
    source = open_source(teach_from)
    teaching = parameters | {'method': METHOD, 'keyframe_distance_m': 0.0}  # every image
    taught = teach(source, Pace(rate_hz=20), teaching, folder / 'teach.log', ignore)
    assert (taught.lost, taught.map_info['references']) == (0, len(source))
    source = open_source(repeat_from)
    played = localize(source, LOCK_STEP, parameters, folder / 'localize.log', ignore)
    assert (played.images, played.dropped, played.unreadable) == (len(source), 0, {})
    return [
        said((m.reference_id, m.accepted, m.probability) for m in played.answers[number].matches)
        for number in range(played.images)
    ]


@pytest.fixture(autouse=True)
def patience(monkeypatch, domain) -> Iterator[None]:
    """Let several processes share few cores."""
    monkeypatch.setenv('OMP_WAIT_POLICY', 'PASSIVE')
    yield


@pytest.mark.parametrize(
    ('teach_from', 'repeat_from'),
    [
        ('corridor/ref:1-30', 'corridor/query:1-30'),
        # With odometry.
        ('corridor_odometry', 'corridor_odometry'),
        pytest.param('office_two_laps:1-40', 'office_two_laps:41-80', marks=slow),
        pytest.param('corridor/ref', 'corridor/query', marks=slow),
        pytest.param('office_teach_repeat/kfls', 'office_teach_repeat/imgs', marks=slow),
    ],
)
def test_nodes_answer_as_the_offline_tools_do(data, tmp_path, teach_from, repeat_from):
    sources = str(data / teach_from), str(data / repeat_from)
    expected = offline(*sources, tmp_path / 'offline.anyloc')
    assert by_nodes(*sources, tmp_path) == expected
    # The sequence counts: nothing is accepted at once, much is later.
    accepted = [bool(answer and answer[0][1]) for answer in expected]
    assert not any(accepted[:2]) and sum(accepted) > len(accepted) / 3
