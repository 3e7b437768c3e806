# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A run in words: what is known is said with its number, what is not is not mentioned."""

from dataclasses import replace
import math

from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.judge import figures_of
from anyloc_ros.evaluate.judge.sentences import sentences
from anyloc_ros.evaluate.records import BY_ITSELF
import numpy as np

NAN = math.nan
LINE = [(x / 2, 0) for x in range(41)]


def said_of(record, **limits):
    return ' '.join(sentences(record, figures_of(record, FiguresConfig(**limits))))


def test_a_drive_in_words(run):
    x_m = np.arange(0, 19.51, 0.5)
    best = np.round(2 * x_m).astype(int)
    best[10] = 40
    record = run(
        LINE,
        [(x, 0.25) for x in x_m],
        best[:, None],
        [{row} for row in range(39)] + [set()],
        heading_rad=np.where(np.arange(40) < 10, -0.1, 0.1),
        times_ms={'total': np.full(40, 80.0)},
    )
    said = said_of(record, far_m=0.2, budget_ms=50.0)
    assert said.startswith('40 queries, 41 references. R@1 = 0.95 [')
    assert 'being as drawn, over 40 queries, 1 of them without a positive (R@1 of the' in said
    # Wilson for as many whole blocks of ten: n / (n + 1.96^2).
    assert '100 % [44, 100] of those hits are more than 0.2 m off (38 hits' in said
    assert 'of 40 queries were accepted, 95 % [' in said
    assert 'of them rightly: 2 wrongly.' in said
    assert f'the worst is {math.hypot(15, 0.25):.2f} m off.' in said
    assert 'Along the taught path accepted answers are 0.38 m ahead of the robot' in said
    assert '25 % [' in said and 'steering by the answer leads further away' in said
    assert '2 of 39 steps between accepted answers are jumps' in said
    assert '1 of 1 goal was stopped at too early. 0 of 1 reached goal were passed' in said
    assert 'An answer took 80 ms (median), 95 % of them at most 80 ms.' in said
    assert '100 % [51, 100] of the images were answered later than 50 ms' in said


def test_what_is_not_known_is_not_said(run):
    nowhere = [(NAN, NAN)]
    said = said_of(run(nowhere * 3, nowhere * 2, [[0], [-1]], [{0}, {1}], real_time=False))
    for word in ('nan', ' m ', ' ms', 'goal', 'filter', 'path', 'Probabilities', 'off the map'):
        assert word not in said
    assert 'R@1 = 0.50 and R@5 = 0.50' in said
    assert 'The longest stretch without a right accepted answer: 1 image.' in said


def test_frames_instead_of_metres(run):
    nowhere = [(NAN, NAN)] * 9
    right = [set(range(max(n - 1, 0), min(n + 2, 9))) for n in range(9)]
    said = said_of(run(nowhere, nowhere, [[min(n + 2, 8)] for n in range(9)], right))
    assert 'The best reference is 2 frames off (median of 9), 95 % of them at most 2' in said


def test_off_the_map_and_without_an_answer(run):
    record = run(
        LINE,
        [(0, 0), (1, 0), (NAN, NAN), (NAN, NAN)],
        [[0], [-1], [4], [5]],
        [{0}, {2}, set(), set()],
        on_map=[1, 1, 0, 0],
        answered=[True, False, True, True],
    )
    said = said_of(record)
    assert said.startswith(
        '4 queries, 2 of them taken off the map, 41 references; 1 had no answer'
    )
    assert '100 % [21, 100] of 2 queries off the map were accepted.' in said
    assert 'Below 20 images only a share of all or none has an interval.' in said


def test_no_positive_at_all(run):
    said = said_of(run(LINE, [(0, 0)] * 2, [[0], [1]]))
    assert 'over 2 queries, 2 of them without a positive.' in said
    assert 'nan' not in said


def test_one_is_no_plural(run):
    said = said_of(run(LINE, [(5, 0)], [[0]], [{0}]))
    assert said.startswith('1 query, 41 references. ')
    assert 'over 1 query.' in said
    assert '(1 hit whose error is known)' in said
    assert '100 % [21, 100] of 1 query was accepted, ' in said
    nowhere = [(NAN, NAN)] * 9
    right = [set(range(max(n - 1, 0), min(n + 2, 9))) for n in range(9)]
    said = said_of(run(nowhere, nowhere, [[min(n + 1, 8)] for n in range(9)], right))
    assert 'The best reference is 1 frame off' in said


def test_confidences_that_know_nothing_are_not_praised(run):
    right = [{0}, {5}, {0}, {5}]
    rows = [[0, 1]] * 4
    # The wrong answers are the more similar ones, and lead by more.
    worse = [[0.5, 0.4], [0.9, 0.1], [0.6, 0.5], [0.8, 0.2]]
    said = said_of(run(LINE, [(0, 0)] * 4, rows, right, similarities=worse))
    assert 'told apart' not in said
    assert 'Nothing here tells right answers from wrong ones for sure: the best,' in said
    assert 'has AUROC 0.00, and 0.5 is chance.' in said
    better = [worse[n] for n in (1, 0, 3, 2)]
    said = said_of(run(LINE, [(0, 0)] * 4, rows, right, similarities=better))
    assert 'told apart best by similarity: AUROC 1.00.' in said


def test_what_the_filter_gained_is_counted_for_right_answers_and_for_accepted_ones(run):
    # Single images accept all: 2 of 4 right. The filter has all right, and accepts 2 of them.
    true, right = [(x, 0) for x in range(4)], [{0}, {2}, {4}, {6}]
    raw = run(LINE, true, [[0], [20], [4], [30]]).answers
    record = run(LINE, true, [[0], [2], [4], [6]], right, raw=raw, accepted=np.arange(4) > 1)
    said = said_of(record)
    assert 'right on 4 of 4 images with the filter, on 2 without: 50 % became right, 0 % ' in said
    assert 'Rightly accepted are 2 with the filter and 2 of single images, wrongly 0 a' in said


def test_a_goal_that_was_never_reached_is_named_so(run):
    said = said_of(run(LINE, [(x, 0) for x in range(5)], [[2 * x] for x in range(5)]))
    assert '1 of 1 goal was never reached: it is not known whether it would be missed.' in said
    assert 'without a stop' not in said and 'too early' not in said


def test_who_accepted_single_images_is_said(run):
    record = run(LINE, [(0, 0)], [[0]], [{0}])
    assert 'each image by itself' not in said_of(record)
    said = said_of(replace(record, facts={'acceptance': BY_ITSELF}))
    assert 'Accepted is each image by itself: what a node would accept needs --drive.' in said


def test_the_calibration_says_its_number(run):
    said = said_of(run(LINE, [(0, 0)] * 2, [[0]] * 2, [{0}] * 2, probabilities=[0.75, 0.75]))
    assert 'Probabilities are 0.25 from the share that is right (expected' in said
    assert '(expected calibration error, N = 2).' in said
