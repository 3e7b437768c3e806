# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The reports as a browser shows them: no complaint, pictures with content, nothing cut off."""

from __future__ import annotations

from dataclasses import dataclass
import html
import json
from pathlib import Path
import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest

pytest.importorskip('matplotlib', reason='the extra "report" is not installed')
pytest.importorskip('jinja2', reason='the extra "report" is not installed')

METRICS = 'metrics.json'
TIMEOUT_S = 60

LOOK = """
const seen = [];
function look(frame) {
  const page = frame.contentDocument;
  const pictures = [...page.images].map(image => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 64;
    const pen = canvas.getContext('2d');
    if (image.naturalWidth) pen.drawImage(image, 0, 0, 64, 64);
    const pixels = new Uint32Array(pen.getImageData(0, 0, 64, 64).data.buffer);
    return {width: image.naturalWidth, alt: image.alt, colours: new Set(pixels).size};
  });
  seen.push({
    width: frame.clientWidth, needed: page.documentElement.scrollWidth, pictures,
    text: page.body.innerText,
  });
}
addEventListener('load', () => {
  for (const frame of document.querySelectorAll('iframe')) look(frame);
  document.getElementById('seen').textContent = JSON.stringify(seen);
});
"""


@dataclass(frozen=True)
class Picture:
    width: int
    alt: str
    colours: int


@dataclass(frozen=True)
class Seen:
    """A page at one width in px: the width that it needs, its text and its pictures."""

    width: int
    needed: int
    text: str
    pictures: list[Picture]


class Browser:
    """Chromium, with a fresh profile for each look."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self._looks = 0

    def look(self, page: Path, widths: tuple[int, ...] = (360, 1200)) -> list[Seen]:
        """Return what is seen of a page at each width; nothing may be said on the console."""
        text = html.escape(page.read_text(encoding='utf-8'))
        frames = ''.join(
            f'<iframe style="border:0;width:{w}px;height:900px" srcdoc="{text}"></iframe>'
            for w in widths
        )
        around = self._folder / 'around.html'
        around.write_text(
            f'<!DOCTYPE html><meta charset="utf-8"><script>{LOOK}</script>{frames}'
            f'<pre id="seen"></pre>',
            encoding='utf-8',
        )
        dom = self._run(around, '--dump-dom')
        found = re.search(r'<pre id="seen">(.*?)</pre>', dom, re.DOTALL)
        assert found and found[1], 'the page was not loaded'
        return [
            Seen(**{**each, 'pictures': [Picture(**picture) for picture in each['pictures']]})
            for each in json.loads(html.unescape(found[1]))
        ]

    def screenshot(self, page: Path) -> np.ndarray:
        """Return the upper part of a page as an image (H, W, 3)."""
        file = self._folder / 'screenshot.png'
        self._run(page, f'--screenshot={file}', '--window-size=1200,2400')
        return cv2.imread(str(file))

    def _run(self, page: Path, *words: str) -> str:
        self._looks += 1
        done = subprocess.run(
            [
                self._program,
                '--headless',
                '--no-sandbox',
                '--disable-gpu',
                '--no-first-run',
                '--disable-background-networking',
                '--disable-component-update',
                '--disable-sync',
                '--hide-scrollbars',
                f'--user-data-dir={self._folder / f"profile{self._looks}"}',
                '--enable-logging=stderr',
                '--v=0',
                *words,
                page.resolve().as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert [line for line in done.stderr.splitlines() if 'CONSOLE' in line] == []
        return done.stdout


PLOTS = 8
"""All but that of the probability, which a filter gives."""


@pytest.fixture
def chromium(tmp_path):
    """Return the browser, or skip the test."""
    program = shutil.which('chromium') or shutil.which('chromium-browser')
    if program is None:
        pytest.skip('chromium is not installed')
    return Browser(program, tmp_path)


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Return the folder where the run of `evaluated` is."""
    return tmp_path_factory.mktemp('runs')


@pytest.fixture
def evaluated(anyloc, run_folder, runs):
    """Return the folder of a run, a metre of way from image to image."""
    folder, poses = runs / 'first', runs / 'poses.csv'
    if not folder.exists():
        poses.write_text('filename,x,y\n' + ''.join(f'{n + 1}.png,{n},0\n' for n in range(12)))
        source = ('--references', run_folder, '--queries', run_folder)
        where = ('--reference-poses', poses, '--query-poses', poses, '--truth', 'radius:0.5')
        done = anyloc('evaluate', *source, *where, '--method', 'RootSIFT-GeM', '--out', folder)
        assert done.code == 0, done.err
    return folder


@pytest.fixture
def three(evaluated, tmp_path):
    """Return the folders of three runs that differ in recall and in one other figure."""
    folders = [tmp_path / f'run{n}' for n in range(3)]
    content = json.loads((evaluated / METRICS).read_text())
    for n, folder in enumerate(folders):
        folder.mkdir()
        content['name'] = f'run {n}'
        content['headline']['recall_at_1']['value'] = 1 - n / 4
        content['headline']['loc_err_p95_m']['value'] = 1 - n / 10
        (folder / METRICS).write_text(json.dumps(content))
    return folders


def is_whole(page, pictures):
    """Assert that a page is seen with this many pictures, on a phone and on a desk."""
    for seen in page:
        assert seen.needed <= seen.width
        assert len(seen.pictures) == pictures
        for picture in seen.pictures:
            assert picture.width > 0, picture.alt
            assert picture.alt.strip()
            assert picture.colours > 4, picture.alt


def has_content(screenshot):
    """Assert that an image is no empty page: dark text and coloured plots on a light page."""
    grey = screenshot.mean(axis=2)
    assert (grey > 250).mean() > 0.5
    assert (grey < 100).mean() > 0.002
    colourful = np.ptp(screenshot.astype(int), axis=2) > 60
    assert colourful.sum() > 200


def test_the_report_of_a_run(chromium, evaluated):
    report = evaluated / 'report.html'
    page = chromium.look(report)
    # Twelve images: the worst are 5 apart, the others are all drawn.
    is_whole(page, PLOTS + 2 * 12)
    headline = json.loads((evaluated / METRICS).read_text())['headline']
    for seen in page:
        assert 'recall_at_1' in seen.text
        assert f'{headline["latency_p95_ms"]["value"]:.3g}' in seen.text
    has_content(chromium.screenshot(report))


def test_the_comparison_of_runs(anyloc, chromium, three, tmp_path):
    report, result = tmp_path / 'compared.html', tmp_path / 'compared.json'
    done = anyloc('compare', *three, '--out', report, '--json', result)
    assert done.code == 0, done.err
    told = 'Run 1 (run 0) beats run 3 (run 2) in R@1 by 0.5 (1 against 0.5) and loses 0.2 in'
    assert f'{told} loc_err_p95_m (1 against 0.8)' in done.out
    compared = json.loads(result.read_text())
    assert [run['name'] for run in compared['runs']] == ['run 0', 'run 1', 'run 2']
    assert [group['runs'] for group in compared['groups']] == [[0, 1, 2]]
    page = chromium.look(report)
    is_whole(page, 1)
    assert all(told in seen.text for seen in page)
    has_content(chromium.screenshot(report))


def test_a_comparison_needs_runs_and_keeps_them(anyloc, evaluated, tmp_path):
    done = anyloc('compare', tmp_path)
    assert done.code == 1
    assert 'no folder of a run' in done.err
    for option, name in (('--out', 'report.html'), ('--json', METRICS)):
        kept = (evaluated / name).read_bytes()
        done = anyloc('compare', evaluated, option, evaluated / name)
        assert done.code == 1
        assert 'would be lost' in done.err
        assert (evaluated / name).read_bytes() == kept
