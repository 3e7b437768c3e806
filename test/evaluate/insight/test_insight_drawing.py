# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""The pictures: their colours by hand, and that each has what it was given."""

from anyloc_ros.evaluate.insight.clusters import Clusters
from anyloc_ros.evaluate.insight.projection import Projection
from anyloc_ros.evaluate.insight.similarity_map import Likeness
import cv2
import numpy as np
import pytest

pytest.importorskip('matplotlib', reason='matplotlib is not installed')
drawing = pytest.importorskip('anyloc_ros.evaluate.insight.drawing')


def pixels(png: bytes) -> np.ndarray:
    assert png.startswith(b'\x89PNG')
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    return image[..., ::-1]


def has(image: np.ndarray, colour: str, tolerance: int = 12) -> bool:
    wanted = np.frombuffer(bytes.fromhex(colour[1:]), np.uint8).astype(int)
    return bool((np.abs(image.astype(int) - wanted).max(axis=-1) <= tolerance).sum() > 20)


def test_the_image_stays_grey_where_there_is_no_heat():
    image = np.full((2, 3, 3), (200, 100, 50), np.uint8)
    heat = np.array([[np.nan, 0.0, 1.0], [np.nan, -9.0, 9.0]])
    picture = drawing.overlay(image, heat, 0.0, 1.0)
    # 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2
    assert picture[0, 0].tolist() == [124, 124, 124]
    # Beyond the scale is as at its end, and the lowest colour is nearly black.
    np.testing.assert_array_equal(picture[1, 1:], picture[0, 1:])
    assert picture[0, 1].sum() < 3 * 50 < picture[0, 2].sum()


def test_common_words_have_distinct_colours_and_others_pale_ones():
    shares = np.full(40, 0.01)
    shares[[7, 30]] = 0.3, 0.32
    colours = drawing.word_colours(Clusters([], shares)) * 255
    assert [round(x) for x in colours[30]] == [0xE6, 0x19, 0x4B]
    assert [round(x) for x in colours[7]] == [0x3C, 0xB4, 0x4B]
    pale = np.ptp(colours[12:28], axis=1)
    assert (pale < 40).all()


def test_heat_of_every_panel_is_drawn_and_the_point_marked():
    image = np.full((60, 80, 3), 90, np.uint8)
    heat = np.tile(np.linspace(0, 1, 80, dtype=np.float32), (60, 1))
    likeness = Likeness(heat, (70.0, 30.0), 1.0)
    panels = {('layer 1', 'key'): [likeness, likeness], ('layer 1', 'value'): [likeness] * 2}
    one = pixels(drawing.similarity_picture([image] * 2, ['a', 'b'], (70, 30), panels, 'note'))
    assert has(one, '#cc2936')
    half = pixels(
        drawing.similarity_picture(
            [image] * 2, ['a', 'b'], (70, 30), {('layer 1', 'key'): [likeness] * 2}, 'note'
        )
    )
    assert one.shape[1] > 1.3 * half.shape[1] and abs(one.shape[0] - half.shape[0]) < 10


def test_every_word_is_in_the_picture_and_its_legend():
    labels = np.repeat([[0, 1, -1]], 30, axis=0).repeat(10, axis=1)
    image = np.zeros((30, 30, 3), np.uint8)
    found = Clusters([labels] * 5, np.array([0.75, 0.25]))
    picture = pixels(drawing.clusters_picture([image] * 5, list('abcde'), found, 'note'))
    assert has(picture, '#e6194b') and has(picture, '#3cb44b')
    # In the picture they are mixed with the image, which is black.
    assert has(picture, '#8a0f2d') and has(picture, '#246c2d')


def test_maps_have_colours_and_recalls_a_table():
    points = np.random.default_rng(0).normal(size=(60, 2))
    projection = Projection(points, np.array([0.5, 0.2]))
    picture = pixels(drawing.projection_picture(projection, [30, 30], ['one', 'two'], 'note'))
    # A quarter of the white behind shines through.
    assert has(picture, '#4095c5') and has(picture, '#df8640')
    recall = {(0, 'key'): 0.0, (0, 'value'): 1.0, (5, 'key'): 0.5, (5, 'value'): 0.25}
    table = pixels(drawing.recall_picture(recall, 'a note ' * 40))
    # viridis at 0 and 1, and the frame of the best.
    assert has(table, '#440154') and has(table, '#fde725') and has(table, '#cc2936')
