# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Memory that runs out while describing: fewer images at a time, then a refusal."""

from __future__ import annotations

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.describe.memory import by_halves
from anyloc_ros.errors import ModelError
import cv2
import numpy as np
import pytest
import torch

IMAGES = [np.full((32, 48, 3), number, np.uint8) for number in range(7)]


def no_memory_of_torch():
    """Fail as torch does on the CPU: with more than any machine has."""
    torch.empty(2**60, dtype=torch.uint8)


def no_memory_of_numpy():
    """Fail as NumPy does."""
    np.empty(2**60, np.uint8)


def no_memory_of_opencv():
    """Fail as OpenCV does."""
    cv2.resize(IMAGES[0], (2**24, 2**24))


def no_memory_of_cuda():
    """Fail as torch does on a GPU, which is not there."""
    raise torch.cuda.OutOfMemoryError('CUDA out of memory')


FAILURES = [no_memory_of_torch, no_memory_of_numpy, no_memory_of_opencv, no_memory_of_cuda]


@pytest.mark.parametrize('fail', FAILURES)
@pytest.mark.parametrize('room', [7, 3, 1])
def test_as_many_images_together_as_there_is_room_for(fail, room):
    done = []

    def work(images):
        if len(images) > room:
            fail()
        done.append(len(images))
        return [int(image[0, 0, 0]) for image in images]

    assert by_halves(work, IMAGES) == list(range(7))
    assert max(done) <= room and sum(done) == 7


@pytest.mark.parametrize('fail', FAILURES)
def test_one_image_too_large_is_refused(fail):
    with pytest.raises(ModelError, match='not enough memory to describe an image of 48x32 px'):
        by_halves(lambda images: fail(), IMAGES[:1])


@pytest.mark.parametrize('error', [RuntimeError('a bug'), cv2.error('a bug'), IndexError('a bug')])
def test_other_errors_stay_what_they_are(error):
    def work(images):
        raise error

    with pytest.raises(type(error), match='a bug'):
        by_halves(work, IMAGES)


def test_a_describer_that_has_room_for_two_describes_all(monkeypatch):
    describer = build_describer(DescribeConfig(method='RootSIFT-GeM'))
    noise = list(np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8))
    expected = describer.describe(noise)
    quick = describer.extractor.extract

    def extract(images):
        if len(images) > 2:
            no_memory_of_numpy()
        return quick(images)

    monkeypatch.setattr(describer.extractor, 'extract', extract)
    assert np.array_equal(describer.describe(noise), expected)
    assert all(map(np.array_equal, describer.features(noise), quick(noise)))
