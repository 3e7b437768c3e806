# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc benchmark`: interrupted and resumed, with a run that fails; what is refused."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
DATASET = 'frames:1:teach,repeat'
MISSING = 'vprbench:missing'
MEASURED = ('seconds', 'describe_ms', 'peak_mib')

pytest.importorskip('matplotlib', reason='matplotlib is not installed')
pytest.importorskip('jinja2', reason='jinja2 is not installed')


@pytest.fixture(scope='module')
def drives(tmp_path_factory):
    """Return a folder with two drives along 24 places, of which some are mistaken for others."""
    root = tmp_path_factory.mktemp('drives')
    rng = np.random.default_rng(0)
    places = rng.integers(0, 256, (24, 9, 12, 3))
    for folder, strength in (('teach', 0), ('repeat', 110)):
        (root / folder).mkdir()
        for number, blocks in enumerate(places):
            seen = blocks + rng.integers(-strength, strength + 1, blocks.shape)
            image = cv2.resize(
                seen.clip(0, 255).astype(np.uint8), (160, 120), interpolation=cv2.INTER_NEAREST
            )
            assert cv2.imwrite(str(root / folder / f'{number}.png'), image)
    return root


def words(drives: Path, out: Path, *more: str) -> list[str]:
    return [
        'benchmark', '--root', str(drives), '--out', str(out), '--datasets', MISSING,
        '--datasets', DATASET, '--methods', 'RootSIFT-VLAD', '--set', 'num_words=8',
        '--jobs', '1', *more,
    ]  # fmt: skip


def tables(out: Path) -> list:
    """Return the tables without what differs from one time to the next."""
    with (out / 'table.csv').open(newline='') as file:
        rows = [
            {name: cell for name, cell in row.items() if name not in MEASURED}
            for row in csv.DictReader(file)
        ]
    content = json.loads((out / 'table.json').read_text())
    for run in content['runs']:
        for name in MEASURED:
            assert (run.pop(name) is None) == bool(run['error'])
    return [rows, content]


def test_interrupted_and_resumed_it_gives_the_same_table(anyloc, drives, tmp_path):
    whole, parts = tmp_path / 'whole', tmp_path / 'parts'
    done = anyloc(*words(drives, whole))
    assert done.code == 1
    assert done.err.rstrip().endswith('1 of 2 runs failed; the table says why')
    bad, good = tables(whole)[0]
    assert (bad['dataset'], good['dataset']) == (MISSING, DATASET)
    assert 'is no folder' in bad['error']
    assert good['error'] == ''
    assert 0.1 < float(good['recall_at_1']) < 1, 'a table that is always 1 would prove little'
    assert f'look at {whole / "table.md"}' in done.err
    for text in (done.out, (whole / 'table.md').read_text()):
        assert 'failed: ' in text
        assert f'{float(good["recall_at_1"]):.3f}' in text

    process = subprocess.Popen(
        [sys.executable, '-m', 'anyloc_ros.cli.main', *words(drives, parts)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(parts.glob('cache/descriptors-*')):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)  # to the workers too, as a terminal does
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert 'goes on from there' in err
    assert 'Traceback' not in err
    assert out == ''
    assert not (parts / 'table.csv').exists()
    kept = {path: path.stat().st_mtime_ns for path in parts.glob('cache/*')}
    assert not [path for path in kept if path.name.startswith('.')]

    assert anyloc(*words(drives, parts)).code == 1
    assert tables(parts) == tables(whole)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert {path.name for path in parts.glob('cache/*')} == {
        path.name for path in whole.glob('cache/*')
    }


def test_what_is_refused(anyloc, drives, tmp_path):
    mine = tmp_path / 'table.csv'
    mine.write_text('mine')
    done = anyloc(*words(drives, tmp_path))
    assert done.code == 1
    assert 'not empty' in done.err
    assert mine.read_text() == 'mine'
    assert list(tmp_path.iterdir()) == [mine]
    out = tmp_path / 'new'
    for more, said in (
        (['--methods', 'RootSIFT-VLAT'], "did you mean 'RootSIFT-VLAD'"),
        (['--random-weights', '1', '--set', 'weights_path=x'], 'not both'),
        (['--set', 'whitening_dim=8'], 'whitening_dim'),
        (['--datasets', DATASET], 'name each once'),
        (['--datasets', 'hawkin'], "did you mean 'hawkins'"),
    ):
        done = anyloc(*words(drives, out, *more))
        assert (done.code, said in done.err) == (1, True), done.err
    assert not out.exists()
