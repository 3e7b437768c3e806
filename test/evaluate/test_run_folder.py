# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A run in its folder: what is written can be read, and nothing of others is replaced."""

from dataclasses import replace
import errno
import json
import math
import os
from pathlib import Path

from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.judge import figures_of
from anyloc_ros.evaluate.run_folder import METRICS, PER_RUN, read_run, write_run, write_texts
from anyloc_ros.evaluate.to_json import number, plain
import numpy as np
import pytest

LINE = [(x, 0) for x in range(20)]


@pytest.fixture
def judged(run):
    """Return a run and its figures: never right, so that some are infinite and some unknown."""
    record = run(LINE, LINE, [[0]] * 20, [{5}] * 20, times_ms={'total': np.arange(20.0)})
    return record, figures_of(record, FiguresConfig())


def test_what_is_written_can_be_read(judged, tmp_path):
    record, figures = judged
    write_run(tmp_path / 'new' / 'run', record, figures, '<p>ä</p>')
    assert (tmp_path / 'new/run/report.html').read_text(encoding='utf-8') == '<p>ä</p>'
    saved = read_run(tmp_path / 'new/run')
    assert (saved.name, saved.facts) == ('drawn', {'method': 'none'})
    assert list(saved.headline) == list(figures.headline())
    assert saved.headline['recall_at_1'] == figures.headline()['recall_at_1']
    assert (saved.headline['recall_at_1'].value, saved.headline['recall_at_1'].count) == (0.0, 20)
    assert saved.headline['longest_lost_m'].value == 19.0
    assert math.isnan(saved.headline['longest_lost_m'].low)
    assert 'as drawn' in saved.definitions['right']
    assert saved.figures['decision']['decision']['threshold_100p'] == 'inf'
    assert saved.figures['decision']['accepted']['threshold'] is None
    assert saved.figures['recall']['recall']['estimates']['20']['value'] == 0.0
    assert saved.figures['localization']['accuracy']['within']['0.25,inf']['count'] == 20
    assert saved.figures['confidence']['novelty'] is None


def test_the_same_run_is_the_same_bytes(run, tmp_path):
    for name in ('a', 'b'):
        rng = np.random.default_rng(3)
        record = run(LINE, LINE, rng.integers(0, 20, (20, 5)), [{n} for n in range(20)])
        write_run(tmp_path / name, record, figures_of(record, FiguresConfig()), '')
    for file in ('metrics.json', 'per_query.csv', 'report.html'):
        assert (tmp_path / 'a' / file).read_bytes() == (tmp_path / 'b' / file).read_bytes()


def test_an_earlier_run_is_replaced_and_nothing_else(judged, tmp_path):
    record, figures = judged
    write_run(tmp_path, record, figures, 'first')
    (tmp_path / 'notes.txt').write_text('mine')
    write_run(tmp_path, record, figures, 'second')
    assert (tmp_path / 'report.html').read_text() == 'second'
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'metrics.json',
        'notes.txt',
        'per_query.csv',
        'report.html',
    ]


def test_runs_of_another_kind_are_kept(judged, tmp_path):
    write_run(tmp_path / 'evaluated', *judged, 'report')
    texts = {
        path.name: path.read_text(encoding='utf-8')
        for path in sorted((tmp_path / 'evaluated').iterdir(), reverse=True)
    }
    texts = {PER_RUN: 'run\n', **texts}
    write_texts(tmp_path / 'simulated', texts)
    write_texts(tmp_path / 'simulated', texts)
    with pytest.raises(SourceError, match='holds simulated runs, which would be replaced by an'):
        write_run(tmp_path / 'simulated', *judged, 'other')
    with pytest.raises(SourceError, match='holds an evaluation, which would be replaced by sim'):
        write_texts(tmp_path / 'evaluated', texts)
    assert sorted(path.name for path in (tmp_path / 'simulated').iterdir()) == sorted(texts)
    assert (tmp_path / 'simulated/report.html').read_text() == 'report'
    assert not (tmp_path / 'evaluated' / PER_RUN).exists()


@pytest.mark.parametrize('name', ['metrics.json', 'per_query.csv', 'report.html'])
def test_files_of_others_are_kept(judged, tmp_path, name):
    (tmp_path / name).write_text('{"loss": 1}')
    with pytest.raises(SourceError, match=f'{name} that is of no run'):
        write_run(tmp_path, *judged, 'report')
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == '{"loss": 1}'


def test_a_folder_that_cannot_be_made(judged, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(SourceError, match='cannot be written there'):
        write_run(tmp_path / 'file' / 'run', *judged, 'report')


def test_a_disk_that_fills_up_leaves_the_earlier_run(judged, tmp_path, monkeypatch):
    write_run(tmp_path, *judged, 'first')
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write = Path.write_bytes

    def fill(path, data):
        write(path, data[:3])
        if path.name == 'report.html':
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, 'write_bytes', fill)
    with pytest.raises(SourceError, match='cannot be written there: No space left'):
        write_run(tmp_path, *judged, 'second')
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_path_that_is_no_text_is_kept(judged, tmp_path):
    record, figures = judged
    bytes_of_it = os.fsdecode(b'drive \xff')
    record = replace(record, name=bytes_of_it, facts={'queries': bytes_of_it})
    write_run(tmp_path, record, figures, f'<p>{bytes_of_it}</p>')
    saved = read_run(tmp_path)
    assert saved.name == saved.facts['queries'] == bytes_of_it


def test_no_run(tmp_path):
    with pytest.raises(SourceError, match='is no folder of a run'):
        read_run(tmp_path)


@pytest.mark.parametrize(
    ('changed', 'message'),
    [
        ({'format': 'anyloc-run/2'}, 'expected the format anyloc-run/1'),
        ({'name': 3}, 'expected texts'),
        ({'facts': {'method': 1}}, 'expected texts'),
        ({'figures': []}, 'as figures'),
        ({'headline': {'accepted': {'value': 1}}}, 'headline accepted: expected value, low, high'),
        ({'headline': {'accepted': {'value': 'a', 'count': 1}}}, 'expected a number'),
        ({'headline': {'accepted': {'value': 10**400, 'count': 1}}}, 'not readable as figures'),
    ],
)
def test_damaged_figures_are_refused(judged, tmp_path, changed, message):
    write_run(tmp_path, *judged, 'report')
    content = json.loads((tmp_path / METRICS).read_text())
    (tmp_path / METRICS).write_text(json.dumps({**content, **changed}))
    with pytest.raises(SourceError, match=message):
        read_run(tmp_path)


@pytest.mark.parametrize('text', ['', '[]', '{', '[' * 100_000, 'NaN', '\xff'])
def test_what_is_no_json_is_refused(tmp_path, text):
    (tmp_path / METRICS).write_bytes(text.encode('latin-1'))
    with pytest.raises(SourceError, match='not readable as figures'):
        read_run(tmp_path)


def test_a_file_without_end_is_refused(tmp_path):
    with (tmp_path / METRICS).open('wb') as file:
        file.truncate(65 * 2**20)
    with pytest.raises(SourceError, match='no run has so many'):
        read_run(tmp_path)


def test_numbers_there_and_back():
    values = [1.5, 3, math.inf, -math.inf, math.nan, np.float64(2), np.int64(7)]
    assert plain(values) == [1.5, 3, 'inf', '-inf', None, 2.0, 7]
    assert [number(value) for value in plain(values)[:4]] == values[:4]
    assert math.isnan(number(None))
    assert plain({(0.25, math.inf): np.array([[1, 2]]), 5: (True, 'a')}) == {
        '0.25,inf': [[1, 2]],
        '5': [True, 'a'],
    }
    for wrong in ('nan', False, [], '1'):
        with pytest.raises(ValueError, match='expected a number'):
            number(wrong)
