# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""The accuracy this package promises without weights: RootSIFT-VLAD on real images."""

from dataclasses import replace
from pathlib import Path
import re

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer, Describer
from anyloc_ros.evaluate.ground_truth import positives_by_frames, read_vprbench
from anyloc_ros.evaluate.metrics.recall import recall_at_k
from anyloc_ros.io.decode import decode_compressed
import numpy as np

CONFIG = DescribeConfig(method='RootSIFT-VLAD')
SEEDS = (0, 1, 2)


def _images(folder: Path, first: int = 1, last: int | None = None) -> list[np.ndarray]:
    paths = sorted(
        (path for path in folder.iterdir() if path.suffix in ('.jpg', '.png')),
        key=lambda path: int(re.findall(r'\d+', path.name)[-1]),
    )
    return [decode_compressed(path.read_bytes()) for path in paths[slice(first - 1, last)]]


def _rankings(references: list[np.ndarray], queries: list[np.ndarray]) -> list[np.ndarray]:
    """Return the ranking (Q, M) of the references by cosine for each seed of the vocabulary."""
    plain = build_describer(CONFIG)
    features = plain.features(references)
    rankings = []
    for seed in SEEDS:
        seeded: Describer = replace(plain, config=replace(CONFIG, vocabulary_seed=seed))
        describer = seeded.with_vocabulary(seeded.fit_vocabulary(features))
        similarity = describer.describe(queries) @ describer.describe(references).T
        rankings.append(np.argsort(-similarity, axis=1, kind='stable'))
    return rankings


def test_corridor(data):
    folder = data / 'corridor'
    rankings = _rankings(_images(folder / 'ref'), _images(folder / 'query'))
    right = read_vprbench(folder / 'ground_truth_new.npy', 111, 111)
    recalls = [recall_at_k(ranking.tolist(), right, (1, 5)).at for ranking in rankings]
    at_1 = [recall[1] for recall in recalls]
    assert np.mean(at_1) >= 0.82, at_1
    assert min(at_1) >= 0.80, at_1
    assert np.mean([recall[5] for recall in recalls]) >= 0.95


def test_office_two_laps(data):
    folder = data / 'office_two_laps'
    rankings = _rankings(_images(folder, 1, 40), _images(folder, 41, 80))
    right = positives_by_frames(40, 40, 2)
    at_1 = [recall_at_k(ranking.tolist(), right, (1,)).at[1] for ranking in rankings]
    assert np.mean(at_1) >= 0.94, at_1


def test_office_teach_repeat(data):
    folder = data / 'office_teach_repeat'
    shares = []
    for ranking in _rankings(_images(folder / 'kfls'), _images(folder / 'imgs')):
        best = ranking[:, 0]
        median = [np.median(best[slice(max(i - 5, 0), i + 6)]) for i in range(len(best))]
        shares.append(np.mean(np.abs(best - median) <= 2))
    assert np.mean(shares) >= 0.97, shares
