# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The table of the queries of a run."""

import csv
from dataclasses import replace
import io
import math

from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.judge import figures_of
from anyloc_ros.evaluate.per_query import per_query
import numpy as np

NAN = math.nan


def rows_of(record):
    text = per_query(record, figures_of(record, FiguresConfig()))
    return list(csv.DictReader(io.StringIO(text)))


def test_every_query_has_its_row(run):
    record = run(
        [(0, 0), (1, 0), (2, 0)],
        [(1.25, 0.5), (NAN, NAN)],
        [[2, 1], [-1, -1]],
        [{2}, set()],
        yaws=math.radians(90),
        true_yaws=math.radians(80),
        stamps_ns=[1_700_000_000_123_456_789, 1_700_000_001_000_000_000],
        states=['TRACKING', ''],
        answered=[True, False],
        probabilities=[0.75, NAN],
        inliers=[40, -1],
        times_ms={'total': np.array([12.5, NAN])},
    )
    first, second = rows_of(record)
    expected = {
        'query': '0',
        'stamp_ns': '1700000000123456789',
        'state': 'TRACKING',
        'answered': '1',
        'accepted': '1',
        'reference_id': '102',
        'similarity': '0.9',
        'probability': '0.75',
        'right': '1',
        'true_x_m': '1.25',
        'true_y_m': '0.5',
        'estimated_x_m': '2.0',
        'error_m': str(round(math.hypot(0.75, 0.5), 6)),
        'oracle_m': str(round(math.hypot(0.25, 0.5), 6)),
        'along_m': '0.75',
        'cross_m': '-0.5',
        'heading_error_deg': '10.0',
        'inliers': '40',
        'heading_rad': '',
        'total_ms': '12.5',
    }
    assert {name: first[name] for name in expected} == expected
    known = {name: text for name, text in second.items() if text}
    assert known == {
        'query': '1',
        'stamp_ns': '1700000001000000000',
        'answered': '0',
        'accepted': '0',
        'right': '0',
        'true_yaw_rad': str(round(math.radians(80), 6)),
    }


def test_images_by_name_and_errors_in_frames(run):
    nowhere = [(NAN, NAN)] * 6
    right = [set(range(max(n - 1, 0), min(n + 2, 6))) for n in range(6)]
    record = run(nowhere, nowhere, [[0], [3], [2], [3], [4], [-1]], right)
    table = rows_of(replace(record, images=['a.png', 'b.png', '', 'd.png', 'e.png', 'f.png']))
    assert [row['image'] for row in table[:3]] == ['a.png', 'b.png', '']
    assert [row['frame_error'] for row in table] == ['0.0', '2.0', '0.0', '0.0', '0.0', '']
    assert rows_of(record)[0]['image'] == ''


def test_a_map_without_references(run):
    record = run(np.empty((0, 2)), [(0, 0)], np.empty((1, 0)))
    assert rows_of(record)[0]['reference_id'] == ''
