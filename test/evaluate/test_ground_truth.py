# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Positives checked by hand, and ground truth files that are not what they claim."""

import pickle

from anyloc_ros.errors import ConfigError, SourceError
from anyloc_ros.evaluate.ground_truth import (
    parse_truth,
    positives,
    positives_by_frames,
    positives_by_radius,
    read_list,
    read_rows,
    read_vprbench,
)
import numpy as np
import pytest


def test_frames_are_cut_at_the_ends():
    assert positives_by_frames(4, 3, 1) == [{0, 1}, {0, 1, 2}, {1, 2}, {2}]
    assert positives_by_frames(2, 2, 0) == [{0}, {1}]


def test_the_radius_is_inclusive_and_nan_has_no_positive():
    references = np.array([[0.0, 0, 0], [3.0, 4.0, 0], [0, 0, 5.1], [np.nan, 0, 0]])
    queries = np.array([[0.0, 0, 0], [np.nan, np.nan, np.nan]])
    assert positives_by_radius(queries, references, 5.0) == [{0, 1}, set()]


def test_every_distance_is_looked_at():
    random, city = np.random.default_rng(0), np.array([580000, 4476000, 200])
    references = random.uniform(0, 30, (300, 3)) + city
    queries = random.uniform(0, 30, (200, 3)) + city
    references[::7] = np.nan
    distances = np.linalg.norm(queries[:, None] - references[None], axis=2)
    expected = [set(np.flatnonzero(row <= 6.0).tolist()) for row in distances]
    assert positives_by_radius(queries, references, 6.0) == expected
    assert positives_by_radius(queries[:2], references[::7], 6.0) == [set(), set()]
    for axis in range(3):  # exactly the radius, on the Earth, in each direction
        away = queries[:1].copy().round()
        away[0, axis] += 25
        assert positives_by_radius(queries[:1].round(), away, 25.0) == [{0}]


def test_a_list_names_the_references_of_each_query(tmp_path):
    table = tmp_path / 'truth.csv'
    table.write_text('2, 0,1\n\n0,3,\n2,2\n1\n')
    assert read_list(table, 4, 4) == [{3}, set(), {0, 1, 2}, set()]
    assert positives(f'list:{table}', [()] * 3, [()] * 4) == [{3}, set(), {0, 1, 2}]
    with pytest.raises(SourceError, match=r'query 2 with .* outside the 2 queries'):
        read_list(table, 2, 4)
    table.write_text('0,1\n0,x\n')
    with pytest.raises(SourceError, match='line 2: expected QUERY,REFERENCE'):
        read_list(table, 2, 4)
    with pytest.raises(SourceError, match='expected rows QUERY,REFERENCE'):
        read_list(tmp_path / 'none.csv', 2, 4)


def test_rows_can_be_counted_in_order(tmp_path):
    rows = np.empty((3, 2), object)
    for number, row in enumerate([(7, [0]), (5, [2, 9]), (5, (1,))]):
        rows[number] = row
    np.save(tmp_path / 'truth.npy', rows)
    assert read_rows(tmp_path / 'truth.npy') == [{0}, {2, 9}, {1}]
    assert read_rows(tmp_path / 'truth.npy', first_row=1) == [{2, 9}, {1}]


def test_one_list_in_very_many_rows_is_refused(tmp_path):
    same = list(range(3000))
    rows = np.empty((1000, 2), object)
    for number in range(1000):
        rows[number] = number, same
    np.save(tmp_path / 'truth.npy', rows)
    with pytest.raises(SourceError, match='more references than bytes'):
        read_rows(tmp_path / 'truth.npy')


def test_corridor_has_two_frames_on_each_side(data):
    found = read_vprbench(data / 'corridor' / 'ground_truth_new.npy', 111, 111)
    assert found[0] == {0, 1, 2}
    assert found[57] == {55, 56, 57, 58, 59}
    assert found[110] == {108, 109, 110}


def test_rows_go_to_the_query_they_name(tmp_path):
    rows = np.empty((2, 2), object)
    rows[0] = 2, [1]
    rows[1] = 0, np.array([0, 1])
    np.save(tmp_path / 'truth.npy', rows)
    assert read_vprbench(tmp_path / 'truth.npy', 3, 2) == [{0, 1}, set(), {1}]
    with pytest.raises(SourceError, match='outside the 2 queries'):
        read_vprbench(tmp_path / 'truth.npy', 2, 2)


class _Trap:
    def __reduce__(self):
        return print, ('executed',)


@pytest.mark.parametrize('content', [b'', b'\x93NUMPY\x01\x00', b'not an array' * 9])
def test_damaged_files_are_refused(tmp_path, content):
    (tmp_path / 'truth.npy').write_bytes(content)
    with pytest.raises(SourceError, match='no VPR-Bench ground truth'):
        read_vprbench(tmp_path / 'truth.npy', 1, 1)


def test_a_file_that_would_run_code_is_refused(tmp_path, capsys):
    rows = np.empty((1, 2), object)
    rows[0] = 0, _Trap()
    np.save(tmp_path / 'truth.npy', rows)
    with pytest.raises(SourceError, match='not allowed'):
        read_vprbench(tmp_path / 'truth.npy', 1, 1)
    assert 'executed' not in capsys.readouterr().out


class _Bomb:
    def __reduce__(self):
        return np.ndarray, ((10**14,),)


def test_a_file_that_asks_for_memory_is_refused(tmp_path):
    rows = np.empty((1, 2), object)
    rows[0] = 0, _Bomb()
    np.save(tmp_path / 'truth.npy', rows)
    with pytest.raises(SourceError, match='no VPR-Bench ground truth'):
        read_vprbench(tmp_path / 'truth.npy', 1, 1)


def test_another_layout_is_refused(tmp_path):
    with (tmp_path / 'list.npy').open('wb') as file:
        np.lib.format.write_array_header_1_0(
            file, {'shape': (1,), 'fortran_order': False, 'descr': '|O'}
        )
        pickle.dump([1, 2], file)
    with pytest.raises(SourceError, match='expected rows'):
        read_vprbench(tmp_path / 'list.npy', 1, 1)
    with pytest.raises(SourceError, match='not found'):
        read_vprbench(tmp_path / 'none.npy', 1, 1)


@pytest.mark.parametrize(
    'text', ['', 'frames', 'frames:', 'frames:-1', 'frames:2.5', 'radius:x', 'radius:nan',
             'radius:-1', 'list:', 'within:3']
)  # fmt: skip
def test_malformed_truth_is_refused(text):
    with pytest.raises(ConfigError, match='truth'):
        parse_truth(text)


def test_radius_needs_poses():
    nowhere = [(np.nan, np.nan, np.nan)]
    with pytest.raises(ConfigError, match='the queries have no poses'):
        positives('radius:5', nowhere, [(0.0, 0.0, 0.0)])
    assert positives('radius:5', [(0.0, 3.0, 0.0)], [(4.0, 0.0, 0.0)]) == [{0}]
