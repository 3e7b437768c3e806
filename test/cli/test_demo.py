# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc demo` and `make demo`: both nodes as processes, from a source to a report."""

from __future__ import annotations

import json
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import time

import pytest

ROOT = Path(__file__).resolve().parents[2]

FIGURES = {
    'keyframes', 'queries', 'recall_at_1', 'recall_at_5', 'median_error_m', 'p95_error_m',
    'latency_ms_p50', 'latency_ms_p95', 'dropped', 'accepted',
}  # fmt: skip

slow = pytest.mark.skipif('ANYLOC_SLOW' not in os.environ, reason='takes long: make test-slow')


def start(*words: object) -> subprocess.Popen[str]:
    """Start `anyloc demo WORDS...` as a process: it changes the environment and the signals."""
    for package in ('rclpy', 'matplotlib', 'jinja2'):
        pytest.importorskip(package, reason=f'{package} is not installed')
    command = [sys.executable, '-m', 'anyloc_ros.cli.main', 'demo', *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


def run(*words: object) -> tuple[int, str]:
    """Run it and return exit status and stderr."""
    process = start(*words)
    _, err = process.communicate(timeout=600)
    return process.returncode, err


def test_two_folders_become_a_summary_and_a_report(run_folder, tmp_path):
    out = tmp_path / 'demo'
    (out / 'teach').mkdir(parents=True)
    (out / '.anyloc-demo').touch()
    (out / 'route.anyloc').write_text('an old one')
    mine = out / 'mine.txt'
    mine.write_text('kept')
    code, err = run(
        '--teach', run_folder, '--repeat', f'{run_folder}:3-12', '--out', out,
        '--method', 'RootSIFT-GeM', '--truth', 'frames:2',
    )  # fmt: skip
    assert code == 0, err
    summary = json.loads((out / 'summary.json').read_text())
    assert set(summary) > FIGURES
    assert (summary['keyframes'], summary['queries'], summary['dropped']) == (12, 10, 0)
    # Query i is image i + 2, whose reference is i + 2: within two images, and never less.
    assert summary['recall_at_1'] == 1.0
    assert summary['same_best_as_single_images'] == 1.0
    assert summary['median_error_m'] is None
    assert 0 < summary['latency_ms_p50'] <= summary['latency_ms_p95']
    assert '<html' in (out / 'report.html').read_text()
    assert 'is finished' in (out / 'map_builder.log').read_text()
    assert 'localizing on' in (out / 'localizer.log').read_text()
    # What an earlier demo left is replaced, all else is kept.
    assert mine.read_text() == 'kept'
    assert not (out / 'teach').exists()


@slow
def test_without_a_truth_nothing_is_claimed(run_folder, tmp_path):
    out = tmp_path / 'demo'
    code, err = run(
        '--teach', run_folder, '--repeat', run_folder, '--out', out, '--method', 'RootSIFT-GeM',
        '--rate', 15,
    )  # fmt: skip
    assert code == 0, err
    summary = json.loads((out / 'summary.json').read_text())
    assert summary['recall_at_1'] is None
    assert summary['playback'] == '15 images per second'


def test_interrupting_it_ends_the_nodes(run_folder, tmp_path):
    out = tmp_path / 'demo'
    process = start(
        '--teach', run_folder, '--repeat', run_folder, '--out', out, '--method', 'RootSIFT-GeM',
        '--rate', 0.01,
    )  # fmt: skip
    log = out / 'localizer.log'
    end_s = time.monotonic() + 120
    while not (log.exists() and 'localizing on' in log.read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end_s
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    commands = [
        path.read_bytes() for path in Path('/proc').glob('[0-9]*/cmdline') if path.is_file()
    ]
    assert not any(str(out).encode() in command for command in commands)


def test_a_node_that_cannot_start_is_told_with_its_reason(run_folder, tmp_path):
    code, err = run(
        '--teach', run_folder, '--repeat', run_folder, '--out', tmp_path / 'demo',
        '--method', 'AnyLoc-VLAD-DINOv2-S', '--set', f'weights_path={tmp_path}/none.pth',
    )  # fmt: skip
    assert code == 1
    assert 'map_builder cannot start' in err
    assert 'none.pth' in err
    assert 'Traceback' not in err


@pytest.mark.parametrize(
    ('words', 'code', 'said'),
    [
        (['--teach', 'x'], 2, '--repeat'),
        (['--truth', 'frames:2'], 2, '--truth'),
        (['--rate', '-1'], 1, '--rate: expected images per second from 0 to 1000, got -1'),
        (['--method', 'nonsense'], 1, 'nonsense'),
        (['--teach', 'x', '--repeat', 'y', '--truth', 'guess'], 1, 'truth: expected frames:N'),
        (['--teach', 'x', '--repeat', 'y'], 1, 'x does not exist'),
    ],
)
def test_refused_at_once(tmp_path, words, code, said):
    out = tmp_path / 'demo'
    found, err = run(*words, '--out', out)
    assert found == code
    assert said in err
    assert not (out / 'map_builder.log').exists()


def test_a_run_that_would_be_removed_is_refused(tmp_path):
    bag = tmp_path / 'demo' / 'teach'
    bag.mkdir(parents=True)
    (tmp_path / 'demo' / '.anyloc-demo').touch()
    code, err = run('--teach', bag, '--repeat', bag, '--out', tmp_path / 'demo')
    assert code == 1
    assert 'lies in --out' in err
    assert bag.is_dir()


def test_a_folder_of_somebody_else_is_left_alone(run_folder):
    before = sorted(path.name for path in run_folder.iterdir())
    code, err = run('--teach', run_folder, '--repeat', run_folder, '--out', run_folder)
    assert code == 1
    assert 'was not made by a demo' in err
    assert sorted(path.name for path in run_folder.iterdir()) == before


@slow
def test_the_rendered_world(tmp_path):
    out = tmp_path / 'demo'
    code, err = run('--out', out)
    assert code == 0, err
    summary = json.loads((out / 'summary.json').read_text())
    assert summary['queries'] >= 100
    assert summary['recall_at_1'] >= 0.95
    assert summary['median_error_m'] <= 0.35
    assert summary['dropped'] == 0


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Give what returns the commands of `make demo` on a machine with these ROS prefixes."""
    if shutil.which('make') is None:
        pytest.skip('make is not installed')
    for name in ('AMENT_PREFIX_PATH', 'MAKEFLAGS', 'TEACH', 'REPEAT', 'TRUTH', 'METHOD', 'RATE'):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(ROOT / 'Makefile', tmp_path)
    shutil.copy(ROOT / 'setup.py', tmp_path)
    shutil.copytree(ROOT / 'requirements', tmp_path / 'requirements')

    def commands(*words: str, has_rclpy: tuple[str, ...] = (), sourced: str = '') -> str:
        for name in has_rclpy:
            (tmp_path / 'ros' / name / 'share' / 'rclpy').mkdir(parents=True)
        if sourced:
            monkeypatch.setenv('AMENT_PREFIX_PATH', f'/nowhere:{tmp_path / "ros" / sourced}')
        words = ('make', '-n', 'demo', f'ROS_ROOT={tmp_path / "ros"}', *words)
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.replace(str(tmp_path), '').replace('\\\n', ' ')

    return commands


def test_without_ros_its_wheels_are_used_and_nothing_inherited(make):
    said = make()
    assert "'.[report,test,wheels]'" in said
    assert 'requirements/development.txt' in said
    assert '--system-site-packages' not in said
    assert 'env -u PYTHONPATH -u AMENT_PREFIX_PATH .venv/bin/python -m anyloc_ros.cli.main' in said


def test_the_newest_installed_ros_is_used_and_no_wheels(make, tmp_path):
    (tmp_path / 'ros' / 'noetic').mkdir(parents=True)  # has no rclpy
    said = make(has_rclpy=('humble', 'jazzy'))
    assert "'.[report,test]'" in said
    assert 'wheels' not in said
    assert 'venv --system-site-packages' in said
    assert 'requirements/numpy1.txt' in said
    assert '. /ros/jazzy/setup.sh && .venv/bin/python -m anyloc_ros.cli.main demo' in said


def test_the_sourced_ros_comes_first(make):
    said = make(has_rclpy=('humble', 'jazzy'), sourced='humble')
    assert "'.[report,test]'" in said
    assert 'setup.sh' not in said
    assert 'env -u' not in said
    assert "echo '/ros/humble'" in said


def test_another_ros_makes_another_environment(make, tmp_path):
    (tmp_path / '.venv').mkdir()
    (tmp_path / '.venv' / 'ros').write_text('\n')
    (tmp_path / '.venv' / 'ready').touch()
    assert 'pip install' not in make()
    assert 'pip install' in make(has_rclpy=('jazzy',))


def test_what_make_is_told_reaches_the_command(make):
    said = make('TEACH=my run', 'REPEAT=b', 'TRUTH=radius:2', 'METHOD=DINOv2-CLS', 'RATE=10')
    (line,) = (line for line in said.splitlines() if 'anyloc_ros.cli.main demo' in line)
    words = line.partition('demo ')[2].split()
    assert ' '.join(words) == (
        "--teach 'my run' --repeat 'b' --truth 'radius:2' --method 'DINOv2-CLS' --rate '10'"
    )
