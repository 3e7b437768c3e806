# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Runs of a benchmark: figures by hand, what is cached, what is made again, what fails."""

from __future__ import annotations

import csv
import io
import shutil

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.describe.vocabulary import load_vocabulary
from anyloc_ros.evaluate.benchmark import run as run_module
from anyloc_ros.evaluate.benchmark.benchmark import benchmark
from anyloc_ros.evaluate.benchmark.plan import plan_all
from anyloc_ros.evaluate.benchmark.table import as_csv
import cv2
import numpy as np
import pytest
from safetensors.numpy import load_file

DATASET = 'frames:0:teach,repeat'
GEM = DescribeConfig(method='RootSIFT-GeM')
VLAD = DescribeConfig(method='RootSIFT-VLAD', num_words=4)


@pytest.fixture
def run(drives, tmp_path, inline, monkeypatch):
    """Return what runs methods on the drives: rows, what was said, and the calls of workers."""
    # Reports are tested elsewhere, and take longer than all the rest.
    monkeypatch.setattr(run_module, 'run_report', lambda *_: '<html></html>')

    def call(*configs, datasets=(DATASET,), stride=1):
        said = []
        inline.clear()
        plans = plan_all(datasets, configs, stride)
        rows = list(benchmark(plans, drives, tmp_path / 'out', 1, said.append, lambda *_: None))
        return rows, said, [call for workers in inline for call in workers.calls]

    return call


def lasting(rows):
    """Return the table without what differs from one time to the next."""
    return [line[:-3] for line in csv.reader(io.StringIO(as_csv(rows)))]


def cached(tmp_path, kind='descriptors'):
    return sorted((tmp_path / 'out' / 'cache').glob(f'{kind}-*'))


def test_each_place_is_found_and_each_run_has_its_folder(run, tmp_path):
    rows, said, _ = run(GEM, VLAD)
    assert [(row.method, row.recall_at_1.value, row.error) for row in rows] == [
        ('RootSIFT-GeM', 1.0, ''),
        ('RootSIFT-VLAD', 1.0, ''),
    ]
    assert [row.recall_at_1.count for row in rows] == [20, 20]
    assert [row.notes for row in rows] == ['', 'with num_words 4']
    assert said == []
    for row in rows:
        files = {path.name for path in (tmp_path / 'out' / row.folder).iterdir()}
        assert files == {'metrics.json', 'per_query.csv', 'report.html'}


def test_cached_descriptors_are_the_bits_of_fresh_ones(run, drives, tmp_path):
    run(VLAD)
    words = load_vocabulary(cached(tmp_path, 'vocabulary')[0])
    describer = build_describer(VLAD).with_vocabulary(words)
    images = [
        cv2.imread(str(drives / folder / f'{number}.png'))[..., ::-1]
        for folder in ('teach', 'repeat')
        for number in range(20)
    ]
    fresh = {describer.describe([image])[0].tobytes() for image in images}
    kept = [load_file(path) for path in cached(tmp_path)]
    assert sorted(len(each['readable']) for each in kept) == [4, 4, 16, 16]
    assert {row.tobytes() for each in kept for row in each['descriptors']} == fresh


def test_what_is_done_is_not_done_again(run, tmp_path):
    first, _, calls = run(GEM)
    assert calls.count('describe') == 4
    again, _, calls = run(GEM)
    assert again == first
    assert calls == ['look_up']
    shutil.rmtree(tmp_path / 'out' / first[0].folder)
    again, _, calls = run(GEM)
    assert lasting(again) == lasting(first)
    assert calls == ['look_up']


def test_half_done_chunks_are_gone_on_with(run, tmp_path):
    first, _, _ = run(VLAD)
    shutil.rmtree(tmp_path / 'out' / first[0].folder)
    for path in cached(tmp_path)[:3]:
        path.unlink()
    again, said, calls = run(VLAD)
    assert lasting(again) == lasting(first)
    assert calls == ['look_up', 'describe', 'describe', 'describe']
    assert said == []


@pytest.mark.parametrize(
    'damage',
    [
        lambda data: b'',
        lambda data: data[:-1],
        lambda data: data[:-100] + bytes([data[-100] ^ 1]) + data[-99:],
        lambda data: b'\xff' * 8 + data[8:],
    ],
    ids=['empty', 'cut', 'one bit', 'absurd header'],
)
def test_a_damaged_file_is_told_and_made_again(run, tmp_path, damage):
    first, _, _ = run(VLAD)
    shutil.rmtree(tmp_path / 'out' / first[0].folder)
    files = [*cached(tmp_path)[:1]]
    before = files[0].read_bytes()
    files[0].write_bytes(damage(before))
    again, said, calls = run(VLAD)
    assert lasting(again) == lasting(first)
    assert calls == ['look_up', 'describe']
    assert len(said) == 1
    assert str(files[0]) in said[0]
    assert load_file(files[0])['descriptors'].tobytes() in before


def test_a_damaged_vocabulary_is_told_and_fit_again(run, tmp_path):
    first, _, _ = run(VLAD)
    shutil.rmtree(tmp_path / 'out' / first[0].folder)
    words = cached(tmp_path, 'vocabulary')[0]
    words.write_bytes(words.read_bytes()[:50])
    again, said, calls = run(VLAD)
    assert lasting(again) == lasting(first)
    assert calls == ['look_up', 'local_features', 'local_features']
    assert len(said) == 1
    assert 'fit again' in said[0]


def test_other_images_or_settings_are_another_run(run, drives):
    first, _, _ = run(GEM)
    _, _, calls = run(DescribeConfig(method='RootSIFT-GeM', gem_p=1.0))
    assert calls.count('describe') == 4
    (drives / 'repeat' / '19.png').write_bytes((drives / 'repeat' / '0.png').read_bytes())
    again, _, calls = run(GEM)
    assert calls.count('describe') == 1
    assert again[0].recall_at_1.value == 19 / 20
    assert first[0].recall_at_1.value == 1.0


def test_a_stride_leaves_out_references(run):
    rows, _, _ = run(GEM, stride=2)
    assert rows[0].recall_at_1.value == 0.5
    assert rows[0].notes == 'one reference in 2'


def test_what_fails_ends_nothing_else(run):
    missing = DescribeConfig(
        method='DINOv2-CLS', backbone='dinov2_vits14', weights_path='/nowhere'
    )
    many = DescribeConfig(method='RootSIFT-VLAD', num_words=4096)
    rows, _, _ = run(missing, many, GEM, datasets=['vprbench:nothing', DATASET])
    assert [bool(row.error) for row in rows] == [True] * 5 + [False]
    assert 'nothing' in rows[0].error
    assert '/nowhere' in rows[3].error
    assert '4096 words' in rows[4].error
    assert rows[5].recall_at_1.value == 1.0


def test_distractors_are_searched_and_give_no_words(run, drives, tmp_path):
    flight = drives / 'flight'
    (drives / 'teach').rename(drives / 'reference_views')
    (drives / 'repeat').rename(drives / 'queries')
    flight.mkdir()
    for name in ('reference_views', 'queries'):
        (drives / name).rename(flight / name)
    (flight / 'distractors').mkdir()
    truth = np.empty((20, 2), object)
    for number in range(20):
        truth[number] = number, [number]
    np.save(flight / 'vpair_gt.npy', truth)
    # Alike to the bit: this one is found instead of the reference.
    shutil.copy(flight / 'queries' / '4.png', flight / 'distractors' / '0.png')
    rows, _, _ = run(VLAD, datasets=['vp_air:flight'])
    assert rows[0].recall_at_1.value == 19 / 20
    assert rows[0].recall_at_5.value == 1.0
    assert 'VP-Air of the paper has 2706 references' in rows[0].notes
    with (tmp_path / 'out' / rows[0].folder / 'per_query.csv').open(newline='') as file:
        best = [row['reference_id'] for row in csv.DictReader(file)]
    assert best == [str(20 if number == 4 else number) for number in range(20)]
    words = load_vocabulary(cached(tmp_path, 'vocabulary')[0])
    assert words.origin['images'] == 20


def test_images_that_cannot_be_read_are_misses_and_counted(run, drives):
    for path in (drives / 'teach' / '3.png', drives / 'repeat' / '7.png'):
        path.write_bytes(b'no image')
    rows, _, _ = run(VLAD)
    assert rows[0].recall_at_1.value == 18 / 20
    assert rows[0].notes.count('1 of 20 images cannot be read') == 2


def test_a_set_of_unreadable_queries_is_an_error(run, drives):
    for path in (drives / 'repeat').iterdir():
        path.write_bytes(b'no image')
    rows, _, _ = run(GEM)
    assert 'none of 20 images can be read' in rows[0].error


def test_random_weights_are_marked_wherever_they_show(run, tmp_path):
    config = DescribeConfig(
        method='AnyLoc-GeM-DINOv2-S', weights_path='random:1', image_size='max:56', layer=0
    )
    rows, _, _ = run(config)
    assert rows[0].random_weights
    assert rows[0].method.endswith('(random weights)')
    assert 'accuracy means nothing' in rows[0].notes
    assert 'means nothing' in rows[0].outcome()
    metrics = (tmp_path / 'out' / rows[0].folder / 'metrics.json').read_text()
    assert metrics.count('accuracy means nothing') >= 1
    assert 'AnyLoc-GeM-DINOv2-S (random weights)' in metrics


def test_files_of_others_stay(run, tmp_path):
    rows, _, _ = run(GEM)
    metrics = tmp_path / 'out' / rows[0].folder / 'metrics.json'
    metrics.write_text('mine')
    rows, _, _ = run(GEM)
    assert 'metrics.json' in rows[0].error
    assert metrics.read_text() == 'mine'


def test_a_full_disk_is_an_error_and_leaves_nothing_half(run, tmp_path):
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'cache').write_text('in the way')
    rows, _, _ = run(GEM)
    assert 'cannot be written' in rows[0].error
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['cache']
