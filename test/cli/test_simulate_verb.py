# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc simulate`: what it refuses, what it writes, and that the seed alone decides."""

from __future__ import annotations

import csv
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from anyloc_ros.evaluate.run_folder import metrics_text, read_run, SavedRun, write_texts
import pytest

ROOT = Path(__file__).resolve().parents[2]
SMALL = ('--length', 2, '--size', '96x72', '--set', 'num_words=8')
FILES = {'metrics.json', 'per_query.csv', 'per_run.csv', 'report.html'}

slow = pytest.mark.skipif('ANYLOC_SLOW' not in os.environ, reason='takes long: make test-slow')


@pytest.fixture(autouse=True)
def needs_report():
    for package in ('matplotlib', 'jinja2'):
        pytest.importorskip(package, reason=f'{package} is not installed')


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (('--rate', '2,fast'), '--rate: expected a number, or several, "2,5", got \'2,fast\''),
        (('--rate', '50'), 'rate_hz: expected a number from 0.1 to 20.0, got 50.0'),
        (('--size', '320'), "--size: expected WIDTHxHEIGHT in px, such as 320x240, got '320'"),
        (('--size', '4x4'), 'camera: expected 8 to 8192 px, got 4x4'),
        (('--method', 'RootSIFT-VLD'), "did you mean 'RootSIFT-VLAD'?"),
        (('--set', 'along_gian=0.1'), "did you mean 'along_gain'?"),
        (('--set', 'keyframe_distance_m=1'), "unknown parameter 'keyframe_distance_m'"),
        (('--set', 'approach_m=0'), 'approach_m: expected a number from 0.1 to 20.0, got 0'),
        (('--set', 'top_k=1'), "unknown parameter 'top_k'"),
        (('--rate', '5,5.0'), 'give each value once'),
        (('--animation', 'no/such/folder/film.mp4'), 'there is no folder no/such/folder'),
    ],
)
def test_it_refuses_what_makes_no_sense(anyloc, tmp_path, words, said):
    outcome = anyloc('simulate', '--out', tmp_path / 'new', *words)
    assert outcome.code == 1 and said in outcome.err
    assert not (tmp_path / 'new').exists()


def test_it_keeps_a_folder_of_something_else(anyloc, tmp_path):
    (tmp_path / 'mine.txt').write_text('mine')
    outcome = anyloc('simulate', '--out', tmp_path)
    assert outcome.code == 1 and 'holds something else' in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ['mine.txt']


def test_it_keeps_a_run_that_no_robot_drove(anyloc, tmp_path):
    run = SavedRun('mine', {}, {}, {'recall': {}}, {})
    write_texts(tmp_path, {'metrics.json': metrics_text(run)})
    outcome = anyloc('simulate', '--out', tmp_path)
    assert outcome.code == 1 and 'holds an evaluation' in outcome.err
    assert read_run(tmp_path) == run


def test_a_study_keeps_files_of_something_else(anyloc, tmp_path):
    (tmp_path / 'study.csv').write_text('mine')
    outcome = anyloc('simulate', '--rate', '2,5', '--out', tmp_path)
    assert outcome.code == 1 and 'of no study of this program' in outcome.err
    assert [path.read_text() for path in tmp_path.iterdir()] == ['mine']


def test_a_run_that_is_over_at_once_says_why(anyloc, tmp_path):
    """A robot of 1 m, 0.3 m beside the middle of a corridor of 2.4 m, touches its wall."""
    wide = ('--runs', 1, '--jobs', 1, '--set', 'radius_m=1.0', '--out', tmp_path / 'out')
    outcome = anyloc('simulate', *SMALL, *wide)
    assert outcome.code == 1 and 'before its first answer: collided' in outcome.err
    assert 'radius_m' in outcome.err and not (tmp_path / 'out').exists()


def test_a_folder_of_runs(anyloc, tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    try:
        outcome = anyloc('simulate', *SMALL, '--runs', 1, '--jobs', 1, '--out', tmp_path / 'out')
    finally:
        signal.signal(signal.SIGTERM, before)
    assert outcome.code == 0, outcome.err
    assert {path.name for path in (tmp_path / 'out').iterdir()} == FILES
    saved = read_run(tmp_path / 'out')
    assert saved.name == saved.facts['method'] == 'RootSIFT-VLAD'
    assert {'repeat_success', 'recall_at_1', 'xte_rms_m'} <= set(saved.headline)
    assert saved.headline['repeat_success'].count == 1
    with (tmp_path / 'out' / 'per_run.csv').open() as file:
        (row,) = csv.DictReader(file)
    assert (row['seed'], row['success']) == ('0', str(int(saved.headline['repeat_success'].value)))
    assert f'repeat_success         {saved.headline["repeat_success"].value:.4f}' in outcome.out
    assert 'OMP_NUM_THREADS' not in os.environ or os.environ['OMP_NUM_THREADS'] != '1'


def start(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, '-m', 'anyloc_ros.cli.main', 'simulate', *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


@slow
def test_a_study_depends_on_its_seed_alone(tmp_path):
    study = (*SMALL, '--runs', 2, '--rate', '2,5')
    for jobs in (1, 2):
        process = start(*study, '--jobs', jobs, '--out', tmp_path / str(jobs))
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        assert '2 Hz' in out and '5 Hz' in out
    one, two = (sorted((tmp_path / jobs).rglob('*')) for jobs in '12')
    assert {path.name for path in one if path.is_file()} == {*FILES, 'study.csv', 'compare.html'}
    for first, second in zip(one, two, strict=True):
        assert first.is_dir() or first.read_bytes() == second.read_bytes(), first
    assert read_run(tmp_path / '1' / '2-Hz').facts['camera'] == '96x72 px, 2 Hz'


def is_running(pid: str) -> bool:
    try:
        # That of a process that has ended is empty.
        return bool(Path(f'/proc/{pid}/cmdline').read_bytes())
    except OSError:
        return False


@slow
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_ends_when_it_is_told_to(tmp_path, number, monkeypatch):
    monkeypatch.setenv('TMPDIR', str(tmp_path))
    process = start('--runs', 50, '--jobs', 2, '--out', tmp_path / 'out')
    children = Path(f'/proc/{process.pid}/task/{process.pid}/children')
    until = time.monotonic() + 120
    while len(pids := children.read_text().split()) < 3 and time.monotonic() < until:
        time.sleep(0.1)
    # As a terminal does, Ctrl-C reaches the children too, which have just begun.
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    _, err = process.communicate(timeout=60)
    codes = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
    assert process.returncode == codes[number], err
    assert 'Traceback' not in err
    until = time.monotonic() + 20
    while any(map(is_running, pids)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(is_running, pids))
    assert not (tmp_path / 'out').exists()
    if number != signal.SIGKILL:
        assert not any(tmp_path.iterdir())
