# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What is counted on a repeat run, on numbers done in the head, and its report."""

from __future__ import annotations

from html.parser import HTMLParser
import math
from pathlib import Path

from anyloc_ros.config import TeachConfig
from anyloc_ros.evaluate.repeat_run import QueryAnswer, RepeatRun, Truth, truth_of
from anyloc_ros.io.source import open_source
from anyloc_ros.mapping.geodesy import Datum
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
import cv2
import numpy as np
import pytest

NAN = math.nan


def reference(number: int, x: float | None) -> Keyframe:
    pose = None if x is None else Pose.from_xy_yaw(x, 0.0, 0.0)
    return Keyframe(number, 0, number, number, pose, None, (4, 4))


def answer(*ranked: int, accepted: bool = False, latency_s: float = 0.02) -> QueryAnswer:
    return QueryAnswer(ranked, 0.5, accepted, latency_s)


@pytest.fixture
def run() -> RepeatRun:
    """Return five queries on references 10, 11, 12 at x = 0, 1, 2 m; nobody answered the last."""
    references = [reference(10 + number, float(number)) for number in range(3)]
    answers = [
        answer(10, 11, accepted=True),
        answer(12, 11, accepted=True, latency_s=0.04),
        answer(12, accepted=True, latency_s=0.06),
        answer(),
        None,
    ]
    positives = [frozenset({10}), frozenset({11}), frozenset({12}), frozenset(), frozenset({11})]
    positions = np.array([[0, 0.3, 0], [1, 0, 0], [2, 0.4, 0], [NAN] * 3, [1, 0, 0]], float)
    return RepeatRun(references, answers, Truth(positives, positions))


def test_figures(run):
    figures = run.figures()
    # Right are queries 0 and 2; 1 has the right one second; 3 and 4 have nothing.
    assert figures['recall_at_1'] == 2 / 5
    assert figures['recall_at_5'] == 3 / 5
    # Errors of the best references: 0.3, 1.0, 0.4.
    assert figures['median_error_m'] == pytest.approx(0.4)
    assert figures['p95_error_m'] == pytest.approx(0.4 + 0.9 * 0.6)
    # Latencies: 20, 40, 60, 20.
    assert figures['latency_ms_p50'] == pytest.approx(30)
    assert (figures['keyframes'], figures['queries']) == (3, 5)
    assert (figures['accepted'], figures['accepted_wrong'], figures['dropped']) == (3, 1, 1)


def test_figures_without_truth(run):
    figures = RepeatRun(run.references, run.answers, None, unreadable=1).figures()
    for name in ('recall_at_1', 'recall_at_5', 'median_error_m', 'p95_error_m'):
        assert math.isnan(figures[name])
    assert figures['accepted_wrong'] is None
    assert (figures['dropped'], figures['unreadable'], figures['accepted']) == (0, 1, 3)


def test_references_without_a_pose_have_no_error(run):
    bare = [reference(number, None) for number in (10, 11, 12)]
    assert math.isnan(RepeatRun(bare, run.answers, run.truth).figures()['median_error_m'])


def images(folder: Path, count: int) -> str:
    folder.mkdir()
    for number in range(count):
        cv2.imwrite(str(folder / f'{number}.png'), np.full((4, 4, 3), number, np.uint8))
    return str(folder)


def test_a_truth_in_numbers_of_images_becomes_one_of_references(tmp_path):
    taught = open_source(images(tmp_path / 'teach', 6))
    queries = open_source(images(tmp_path / 'repeat', 3))
    # Images 0, 2 and 4, ten to a second, became references; all was played one second later.
    keyframes = [
        Keyframe(70 + number, 0, number, 10**9 + number * 2 * 10**8, None, None, (4, 4))
        for number in range(3)
    ]
    truth = truth_of(
        'frames:1', queries, taught, keyframes, None, TeachConfig(), played_later_ns=10**9
    )
    assert truth.positives == [frozenset({70}), frozenset({70, 71}), frozenset({71})]
    assert np.isnan(truth.positions).all()


def test_a_radius_takes_poses_of_both(tmp_path):
    folder = images(tmp_path / 'run', 3)
    (tmp_path / 'run' / 'poses.csv').write_text('name,x,y\n0.png,0,0\n1.png,5,0\n2.png,9,0\n')
    source = open_source(folder, poses_file=str(tmp_path / 'run' / 'poses.csv'))
    keyframes = [
        Keyframe(number, 0, number, number * 10**8, Pose(x, 0.0), None, (4, 4))
        for number, x in enumerate((0.0, 5.0, 9.0))
    ]
    truth = truth_of('radius:4', source, source, keyframes, Datum(), TeachConfig())
    assert truth.positives == [frozenset({0}), frozenset({1, 2}), frozenset({1, 2})]
    np.testing.assert_array_equal(truth.positions[:, 0], [0, 5, 9])


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.text = ''
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ('src', 'href', 'srcset'):
                self.sources.append(value)

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize('has_truth', [True, False])
def test_the_report_is_one_file(run, has_truth):
    pytest.importorskip('matplotlib', reason='the extra "report" is not installed')
    pytest.importorskip('jinja2', reason='the extra "report" is not installed')
    from anyloc_ros.evaluate.report.pairs import Pair
    from anyloc_ros.evaluate.report.repeat_report import choose, in_words, pair_title, write_report

    run = run if has_truth else RepeatRun(run.references, run.answers, None)
    choices = choose(run)
    shown = [choice.numbers for choice in choices]
    # Without a truth all three accepted ones, which are equally similar.
    assert shown == ([[0, 2], [1]] if has_truth else [[0, 1, 2], [0, 1, 2]])
    assert pair_title(run, 1) == (
        'image 1, reference 12, similarity 0.50, ' + '1.00 m away, ' * has_truth + 'accepted'
    )
    picture = np.zeros((6, 8, 3), np.uint8)
    html = write_report(
        run,
        facts={'method': '<b>bold</b>'},
        sentences=in_words(run, 'radius:0.5', 'in lock-step'),
        pairs={'Right': [Pair('one & two', picture, None), Pair('b', picture, picture)]},
        similarity=np.eye(3, dtype=np.float32),
        rows=[0, 1, 2],
    )
    page = _Page(html)
    # Route, matrix, three pictures of pairs, latency; nothing from elsewhere.
    assert len(page.sources) == 6
    assert all(source.startswith('data:image/') for source in page.sources)
    assert '<b>bold</b>' in page.text
    assert 'one & two' in page.text
    assert (
        '5 images, played to the localizer in lock-step: 4 were answered, 1 were dropped'
        in page.text
    )
    assert ('recall@1 is 0.400' in page.text) == has_truth
    assert ('No truth was given' in page.text) != has_truth
