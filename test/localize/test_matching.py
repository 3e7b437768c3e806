# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Matches on arrays and pictures whose answer is known."""

from anyloc_ros.localize.matching import agreeing, even_light, mutual_nearest, refine
import cv2
import numpy as np
import pytest


def texture(height=240, width=400, seed=0):
    cells = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8), np.uint8)
    grey = cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.repeat(grey[:, :, None], 3, axis=2)


def test_only_those_that_choose_each_other_match():
    ours = np.eye(4, dtype=np.float32)[[0, 1, 1]]
    others = np.eye(4, dtype=np.float32)[[1, 0, 3]]
    # The second and third of ours are alike: both are the nearest of the first of the others.
    rows, columns = mutual_nearest(ours[:2], others)
    assert rows.tolist() == [0, 1]
    assert columns.tolist() == [1, 0]


@pytest.mark.parametrize(('n', 'm'), [(0, 0), (0, 3), (3, 0)])
def test_nothing_matches_nothing(n, m):
    rows, columns = mutual_nearest(np.zeros((n, 4), np.float32), np.zeros((m, 4), np.float32))
    assert len(rows) == len(columns) == 0


def test_a_similarity_is_found_among_wrong_matches():
    rng = np.random.default_rng(1)
    start = rng.uniform(0, 300, (90, 2))
    angle, zoom = np.radians(5), 1.2
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    end = start @ turn.T + [20, -8]
    end[:45] += rng.choice([-1, 1], (45, 2)) * rng.uniform(60, 200, (45, 2))
    found = agreeing(start, end)
    assert found[45:].all()
    assert found[:45].sum() <= 2


@pytest.mark.parametrize('matrix', [-np.eye(2), 3 * np.eye(2), np.diag([1, -1])])
def test_what_no_robot_does_is_not_found(matrix):
    start = np.random.default_rng(2).uniform(0, 300, (60, 2))
    assert agreeing(start, start @ matrix).sum() < 20


@pytest.mark.parametrize('start', [np.empty((0, 2)), np.ones((2, 2)), np.ones((50, 2))])
def test_matches_too_few_or_all_of_one_point_agree_on_nothing(start):
    assert not agreeing(start, start).any()


def test_refined_matches_are_exact_to_a_fraction_of_a_pixel():
    picture = texture()
    shift = np.float32([[1, 0, -17.25], [0, 1, 3.5]])
    moved = cv2.warpAffine(picture, shift, (400, 240), flags=cv2.INTER_CUBIC)
    # Darker and flatter: light must not matter.
    moved = (moved * 0.5 + 20).astype(np.uint8)
    grid = np.stack(np.meshgrid(np.arange(60, 260, 16), np.arange(40, 180, 16)), axis=-1)
    start = grid.reshape(-1, 2).astype(float)
    end = start + np.round(np.array([-17.25, 3.5]) / 8) * 8
    first, second = even_light(picture), even_light(moved)
    assert first.shape == (192, 320)
    scale = 320 / 400
    found, there = refine(first, second, start, (end - start) * scale + start)
    assert len(found) > 0.9 * len(start)
    error = there - found - scale * np.array([-17.25, 3.5])
    assert np.median(np.abs(error)) < 0.1
    # Each corner is near the feature it stands for.
    assert np.abs(found[:, None] - start).max(axis=2).min(axis=1).max() <= 4


def test_light_does_not_change_an_evened_image():
    picture = texture().astype(float)
    ramp = np.linspace(0.6, 1.0, 400)[None, :, None]
    dim = (picture * ramp).astype(np.uint8)
    difference = even_light(picture.astype(np.uint8)).astype(int) - even_light(dim)
    assert np.abs(difference).mean() < 4


def test_a_small_image_is_not_enlarged_and_a_black_one_stays_flat():
    assert even_light(np.zeros((120, 160, 3), np.uint8)).shape == (120, 160)
    assert (even_light(np.zeros((1, 1, 3), np.uint8)) == 128).all()
