# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Vocabulary, descriptors and whitening of a recorded map, whatever interrupts them."""

import os
import signal
import subprocess
import sys

from anyloc_ros.errors import ConfigError, MapError
from anyloc_ros.mapping import finish as finish_module
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.images import decode_image, encode_image, StoredImage
from anyloc_ros.mapping.place_map import PlaceMap
import numpy as np
import pytest

KILLED_WHILE_DESCRIBING = """
import os, signal, sys
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.place_map import PlaceMap
from conftest import FakeDescriber

def kill(stage, done, total):
    if (stage, done) == ('describe', 32):
        os.kill(os.getpid(), signal.SIGKILL)

place_map = PlaceMap.open_to_write(sys.argv[1])
finish(place_map, FakeDescriber(needs_vocabulary=True), progress=kill)
"""


class Stop(Exception):
    """What a test interrupts with."""


def content(path):
    """Return all that finish makes, as bytes and numbers to compare."""
    with PlaceMap.open_to_read(path) as place_map:
        ids, descriptors = place_map.descriptors()
        whitening, vocabulary = place_map.whitening(), place_map.vocabulary()
        return (
            place_map.state,
            ids.tolist(),
            descriptors.tobytes(),
            place_map.unrelated().tobytes(),
            vocabulary and vocabulary.sha256,
            whitening and whitening.sha256,
        )


def test_a_method_without_words_is_described_and_finished(record, describer):
    path = record('route.anyloc', describer(), 3)
    with PlaceMap.open_to_write(path) as place_map:
        assert finish(place_map, describer()) == describer()
        place_map.require_finished()


def test_a_map_vocabulary_is_fit_on_the_stored_images(record, describer):
    fake = describer(needs_vocabulary=True)
    path = record('route.anyloc', fake, 20)
    with PlaceMap.open_to_write(path) as place_map:
        images = [decode_image(place_map.image(i).data) for i in range(20)]
        ready = finish(place_map, fake, descriptor_dtype='float32')
        expected = fake.with_vocabulary(fake.fit_vocabulary(fake.features(images)))
        assert np.array_equal(ready.vocabulary.words, expected.vocabulary.words)
        assert np.array_equal(place_map.descriptors()[1], expected.describe(images))
        assert place_map.events()[-1].text == 'vocabulary of 2 words fit on 320 features'
        # 16 cells of each of 20 images went into the words.
        assert place_map.vocabulary().origin == {'rows': 320}


def test_features_beyond_the_budget_are_an_even_share_of_every_image(record, describer):
    fake = describer(needs_vocabulary=True)
    paths = [record(f'{name}.anyloc', fake, 20) for name in 'ab']
    for path in paths:
        with PlaceMap.open_to_write(path) as place_map:
            # Five rows of three float32 for each of 20 images.
            finish(place_map, fake, feature_bytes=20 * 5 * 12)
            assert place_map.vocabulary().origin == {'rows': 100}
            assert 'even share of every image' in place_map.events()[-1].text
    assert content(paths[0]) == content(paths[1])


def test_whitening_is_fit_on_the_descriptors_and_replaces_them(record, describer):
    from anyloc_ros.describe.whitening import fit_whitening
    import torch

    path = record('route.anyloc', describer(), 40)
    with PlaceMap.open_to_write(path) as place_map:
        images = [decode_image(place_map.image(i).data) for i in range(40)]
        before = describer().describe(images)
        ready = finish(place_map, describer(), whitening_dim=8, descriptor_dtype='float32')
        _, after = place_map.descriptors()
        expected = fit_whitening(before, 8).apply(torch.from_numpy(before)).numpy()
        assert after.shape == (40, 8)
        assert np.allclose(after, expected, atol=1e-6)
        # A query that is a reference finds itself.
        pixels = decode_image(place_map.image(17).data)
        similarities = after @ ready.describe([pixels])[0]
        assert similarities.argmax() == 17 and similarities.max() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ('references', 'width', 'expected'), [(39, 40, 40), (40, 40, 4), (40, 4, 4)]
)
def test_automatic_whitening(
    create, describer, reference, monkeypatch, references, width, expected
):
    monkeypatch.setattr(finish_module, 'AUTO_WHITENING_DIM', 4)
    monkeypatch.setattr(finish_module, 'AUTO_WHITENING_REFERENCES', 40)
    random = np.random.default_rng(0).normal(size=(references, width))
    with create() as place_map:
        with place_map.transaction():
            for i in range(references):
                place_map.add_keyframe(reference(i), None)
            place_map.set_descriptors(range(references), random, 'float32')
        ready = finish(place_map, describer(raw_width=width))
        assert place_map.descriptors()[1].shape == (references, expected)
        assert (ready.whitening is not None) is (references == 40 and width == 40)


def test_a_map_that_grew_is_whitened_with_what_is_unrelated(
    record, describer, reference, picture, monkeypatch
):
    monkeypatch.setattr(finish_module, 'AUTO_WHITENING_DIM', 4)
    monkeypatch.setattr(finish_module, 'AUTO_WHITENING_REFERENCES', 20)
    path = record('route.anyloc', describer(), 19)
    with PlaceMap.open_to_write(path) as place_map:
        finish(place_map, describer(), descriptor_dtype='float32')
        place_map.set_unrelated('given', place_map.unrelated()[:3], 'float32')
        before = place_map.unrelated('package')
        jpeg = StoredImage(encode_image(picture(19)), 'jpeg')
        place_map.add_keyframe(reference(19), jpeg)
        whitening = finish(place_map, describer(), descriptor_dtype='float32').whitening
        expected = (before - whitening.mean) @ whitening.projection.T
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        assert np.allclose(place_map.unrelated('package'), expected, atol=1e-5)
        assert np.allclose(place_map.unrelated('given'), expected[:3], atol=1e-5)


def test_whitening_beyond_the_references_is_refused(record, describer):
    path = record('route.anyloc', describer(), 5)
    with PlaceMap.open_to_write(path) as place_map:
        with pytest.raises(ConfigError, match=r'whitening_dim 5: 5 references.*use 4 or less'):
            finish(place_map, describer(), whitening_dim=5)
        assert place_map.state == 'recording'
        finish(place_map, describer(), whitening_dim=4)


@pytest.mark.parametrize(
    ('stage', 'done'),
    [
        ('vocabulary', 16),
        ('describe', 0),
        ('describe', 32),
        ('whitening', 0),
        ('whitening', 40),
        ('unrelated', 48),
        ('unrelated', 64),
        ('finished', 40),
    ],
)
def test_an_interrupted_finish_gives_the_same_map(record, describer, stage, done):
    fake = describer(needs_vocabulary=True)
    paths = [record(f'{name}.anyloc', fake, 40) for name in 'ab']
    with PlaceMap.open_to_write(paths[0]) as place_map:
        finish(place_map, fake, whitening_dim=5)

    def stop(at_stage, at_done, _):
        if (at_stage, at_done) == (stage, done):
            raise Stop

    with pytest.raises(Stop), PlaceMap.open_to_write(paths[1]) as place_map:
        finish(place_map, fake, whitening_dim=5, progress=stop)
    with PlaceMap.open_to_write(paths[1]) as place_map:
        finish(place_map, fake, whitening_dim=5)
    assert content(paths[0]) == content(paths[1])


def test_a_killed_finish_gives_the_same_map(record, describer, request):
    fake = describer(needs_vocabulary=True)
    paths = [record(f'{name}.anyloc', fake, 40) for name in 'ab']
    with PlaceMap.open_to_write(paths[0]) as place_map:
        finish(place_map, fake)
    killed = subprocess.run(
        [sys.executable, '-c', KILLED_WHILE_DESCRIBING, paths[1]],
        env=os.environ | {'PYTHONPATH': f'{request.path.parents[2]}:{request.path.parent}'},
    )
    assert killed.returncode == -signal.SIGKILL
    with PlaceMap.open_to_write(paths[1]) as place_map:
        # Two batches of 16 were committed.
        assert place_map.undescribed() == list(range(32, 40))
        finish(place_map, fake)
    assert content(paths[0]) == content(paths[1])


def test_finish_of_a_finished_map_does_nothing_and_says_so(record, describer):
    path = record('route.anyloc', describer(), 5)
    with PlaceMap.open_to_write(path) as place_map:
        finish(place_map, describer(), whitening_dim=3)
    before, heard = path.read_bytes(), []
    with PlaceMap.open_to_read(path) as place_map:
        ready = finish(place_map, describer(), progress=lambda *step: heard.append(step))
        assert ready.whitening.projection.shape == (3, 48)
        with pytest.raises(ConfigError, match=r'has whitening_dim 3, asked for 4.*rebuild'):
            finish(place_map, describer(), whitening_dim=4)
    assert heard == [('finished', 5, 5)]
    assert path.read_bytes() == before


def test_an_empty_map_and_another_method(create, record, describer):
    with create('empty.anyloc') as place_map, pytest.raises(MapError, match='no references'):
        finish(place_map, describer())
    other = describer(fingerprint={'network': 'fake', 'cells': 4})
    with PlaceMap.open_to_write(record('route.anyloc', describer(), 2)) as place_map:
        assert place_map.undescribed() == [0, 1]
        with pytest.raises(MapError, match='this describer has cells 4'):
            finish(place_map, other)


def test_damaged_images_are_left_out_and_named(record, describer):
    fake = describer(needs_vocabulary=True)
    path = record('route.anyloc', fake, 20)
    with PlaceMap.open_to_write(path) as place_map:
        place_map._all("UPDATE keyframes SET image = x'FFD8FF' WHERE id IN (0, 17)")
        finish(place_map, fake)
        assert place_map.undescribed() == [0, 17]
        assert place_map.state == 'finished'
        event = place_map.events()[-1]
    assert event.level == 'error' and event.text.endswith('damaged: 0, 17')


def test_images_that_are_missing_or_all_damaged(record, describer):
    fake = describer(needs_vocabulary=True)
    path = record('route.anyloc', fake, 5)
    with PlaceMap.open_to_write(path) as place_map:
        place_map.set_vocabulary(fake.fit_vocabulary([np.eye(3, dtype=np.float32)]))
        place_map._all("UPDATE keyframes SET image = x'FFD8FF'")
        with pytest.raises(MapError, match='none of its images can be decoded'):
            finish(place_map, fake)
        place_map._all('UPDATE keyframes SET image = NULL WHERE id = 2')
        with pytest.raises(MapError, match='keeps no image of reference 2'):
            finish(place_map, fake)
