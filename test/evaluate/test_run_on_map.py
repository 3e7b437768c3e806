# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Queries on a map: what is recorded of them, and single images beside the filter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from anyloc_ros.config import (
    DescribeConfig,
    LocalizeConfig,
    MonitorConfig,
    SequenceConfig,
    TeachConfig,
    VerifyConfig,
)
from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.records import Numbered
from anyloc_ros.evaluate.report.pair_pictures import pictures, reference_picture, small
from anyloc_ros.evaluate.run import Asked, Localizing, Ran, run_on_map, taught_map
from anyloc_ros.evaluate.whereabouts import read_track
from anyloc_ros.io.source import open_source
import cv2
import numpy as np
import pytest

COUNT = 12
HOW = Localizing(
    LocalizeConfig(), SequenceConfig(), MonitorConfig(), VerifyConfig(), TeachConfig()
)


def picture(seed: int) -> np.ndarray:
    """Return (120, 160, 3) blocks, different for each seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), np.uint8)
    return cv2.resize(blocks, (160, 120), interpolation=cv2.INTER_NEAREST)


def folder(path: Path, seeds: list[int], noise: float = 0.0) -> str:
    path.mkdir()
    for number, seed in enumerate(seeds):
        rough = picture(seed) + np.random.default_rng(0).normal(0, 1, (120, 160, 3)) * noise
        cv2.imwrite(str(path / f'{number:02}.png'), np.clip(rough.round(), 0, 255))
    return str(path)


@pytest.fixture(scope='module')
def taught(tmp_path_factory):
    """Return a map of pictures 0 to 11, its describer, and a function that runs queries on it."""
    root = tmp_path_factory.mktemp('taught')
    references = open_source(folder(root / 'references', list(range(COUNT))))
    queries = folder(root / 'queries', [2, 3, 4, 5, 6, 7], noise=2.0)
    (root / 'queries' / '01.png').write_bytes(b'no image')
    off = folder(root / 'off', [70, 71, 72])
    describe = DescribeConfig(method='RootSIFT-GeM')
    with taught_map(references, describe, TeachConfig()) as (place_map, describer):
        numbered = Numbered({number: number for number in range(COUNT)}, COUNT)

        def run(how: Localizing, off_map: bool = False, **options: bool) -> Ran:
            source = open_source(queries)
            track = read_track(source)
            others = [open_source(off)] * off_map
            asked = Asked(source, 'frames:2', track, track, others)
            return run_on_map(
                place_map, describer, numbered, asked, how, name='run', facts={}, **options
            )

        yield place_map, describer, numbered, run


def test_an_image_that_cannot_be_read_has_its_number(taught):
    run = taught[3]
    ran = run(HOW.single())
    record = ran.record
    assert record.answers.answered.tolist() == [True, False, True, True, True, True]
    assert record.answers.best().tolist() == [2, -1, 4, 5, 6, 7]
    # By number: query 0 allows references 0 to 2, query 5 3 to 7.
    assert record.truth.positives[0] == {0, 1, 2}
    assert record.truth.positives[5] == {3, 4, 5, 6, 7}
    assert record.answers.rows.shape == (6, COUNT)
    assert (np.diff(record.answers.similarities[[0, 2, 3, 4, 5]]) <= 0).all()
    assert record.images == [f'{number:02}.png' for number in range(6)]
    assert not record.real_time
    assert record.odometry is None and record.raw is None
    assert set(record.answers.times_ms) == {'describe', 'search', 'filter', 'verify', 'total'}
    assert np.isnan(record.answers.times_ms['total']).tolist() == [False, True] + [False] * 4
    assert record.costs['descriptor_bytes'] == 256  # 128 numbers of two bytes
    assert record.costs['map_bytes'] > 0 and record.costs['peak_rss_bytes'] > 2**20
    # The similarities that are kept are those of the answers.
    assert list(ran.shown) == [0, 2, 3, 4, 5]
    assert ran.cosines.shape == (5, COUNT)
    np.testing.assert_allclose(ran.cosines.max(axis=1), record.answers.similarities[ran.shown, 0])


@pytest.mark.parametrize('verify', ['none', 'patches'])
def test_single_images_beside_the_filter_are_those_without_it(taught, verify):
    run = taught[3]
    how = replace(HOW, verify=VerifyConfig(verify=verify))
    both, alone = run(how, with_raw=True).record, run(HOW.single()).record
    np.testing.assert_array_equal(both.raw.rows, alone.answers.rows)
    np.testing.assert_array_equal(both.raw.similarities, alone.answers.similarities)
    np.testing.assert_array_equal(both.raw.accepted, alone.answers.accepted)
    assert both.raw.accepted.any()
    # The filter asks for three images that agree; singles know no probability.
    assert both.answers.accepted.tolist() != both.raw.accepted.tolist()
    assert np.isfinite(both.answers.probabilities[0]) and np.isnan(both.raw.probabilities).all()
    assert (both.answers.inliers[0] > 0) == (verify == 'patches')
    np.testing.assert_array_equal(run(how).record.answers.rows, both.answers.rows)


def test_queries_off_the_map_are_a_drive_of_their_own(taught):
    run = taught[3]
    record = run(HOW, off_map=True, with_raw=True).record
    assert record.truth.on_map.tolist() == [True] * 6 + [False] * 3
    assert record.truth.positives[6:] == [frozenset()] * 3
    assert len(record.raw.rows) == len(record.answers.rows) == 9
    # The localizer that was sure at the end of the first drive begins anew.
    assert record.answers.states[5] == 'LOCALIZED'
    assert record.answers.states[6] == 'SEARCHING'


def test_without_times_nothing_is_left_that_changes(taught):
    run = taught[3]
    first, second = (run(HOW, with_raw=True, with_times=False).record for _ in range(2))
    assert first.answers.times_ms == {}
    assert first.costs == second.costs and 'peak_rss_bytes' not in first.costs


def test_a_run_without_any_image_is_refused(taught, tmp_path):
    place_map, describer, numbered, _ = taught
    (tmp_path / '1.png').write_bytes(b'no image')
    source = open_source(tmp_path)
    track = read_track(source)
    asked = Asked(source, 'frames:2', track, track)
    with pytest.raises(SourceError, match='none of its 1 images can be read'):
        run_on_map(place_map, describer, numbered, asked, HOW, name='', facts={})


def test_pictures_are_found_by_number_and_small(taught, tmp_path):
    place_map = taught[0]
    first = open_source(folder(tmp_path / 'a', [1, 2]))
    (tmp_path / 'a' / '01.png').write_bytes(b'no image')
    second = open_source(folder(tmp_path / 'b', [3, 4]))
    found = pictures([first, second], {0, 1, 3})
    assert set(found) == {0, 3}
    np.testing.assert_array_equal(found[3], picture(4)[:, :, ::-1])
    assert pictures([first], ()) == {}
    np.testing.assert_array_equal(reference_picture(place_map, 6), picture(6)[:, :, ::-1])
    assert small(np.zeros((1000, 2000, 3), np.uint8)).shape == (320, 640, 3)
