# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Vocabulary files: ours, the published ones, and those that must be refused."""

from anyloc_ros.describe.vocabulary import load_vocabulary, save_vocabulary, Vocabulary
from anyloc_ros.errors import ModelError
import numpy as np
import pytest
import torch

ORIGIN = {'backbone': 'dinov2_vits14', 'layer': 10, 'facet': 'value', 'seed': 42}


@pytest.fixture
def words():
    return np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)


def test_our_file_gives_back_words_and_origin(tmp_path, words):
    save_vocabulary(Vocabulary(words, ORIGIN), tmp_path / 'v.safetensors')
    loaded = load_vocabulary(tmp_path / 'v.safetensors')
    assert np.array_equal(loaded.words, words)
    assert loaded.origin == ORIGIN
    assert loaded.sha256 == Vocabulary(words).sha256
    assert loaded.sha256 != Vocabulary(words + 1).sha256


def test_a_file_is_never_overwritten(tmp_path, words):
    save_vocabulary(Vocabulary(words, ORIGIN), tmp_path / 'v.safetensors')
    with pytest.raises(ModelError, match='never overwritten'):
        save_vocabulary(Vocabulary(words, ORIGIN), tmp_path / 'v.safetensors')
    with pytest.raises(ModelError, match='cannot be written'):
        save_vocabulary(Vocabulary(words, ORIGIN), tmp_path / 'no' / 'v.safetensors')


@pytest.mark.parametrize('domain', ['urban', 'indoor', 'aerial'])
def test_published_words_keep_their_length(vocabularies, domain):
    path = vocabularies / f'dinov2_vitg14_l31_value_c32_{domain}_c_centers.pt'
    vocabulary = load_vocabulary(path)
    lengths = np.linalg.norm(vocabulary.words, axis=1)
    assert vocabulary.words.shape == (32, 1536)
    assert 0.37 < lengths.min() < lengths.max() < 0.99
    assert vocabulary.origin['backbone'] == 'dinov2_vitg14'
    assert (vocabulary.origin['layer'], vocabulary.origin['facet']) == (31, 'value')
    assert vocabulary.origin['domain'] == domain


def test_the_published_folder_layout_is_known(tmp_path, words):
    folder = tmp_path / 'dinov2_vitg14' / 'l31_value_c4' / 'urban'
    folder.mkdir(parents=True)
    torch.save(torch.from_numpy(words), folder / 'c_centers.pt')
    assert load_vocabulary(folder / 'c_centers.pt').origin['layer'] == 31


def test_a_nameless_published_file_needs_its_origin(tmp_path, words):
    torch.save(torch.from_numpy(words), tmp_path / 'centres.pt')
    with pytest.raises(ModelError, match=r'anyloc vocabulary import centres\.pt --backbone'):
        load_vocabulary(tmp_path / 'centres.pt')
    loaded = load_vocabulary(tmp_path / 'centres.pt', ORIGIN)
    assert loaded.origin == ORIGIN
    assert np.array_equal(loaded.words, words)


def test_words_for_other_features_are_refused_by_name(words):
    vocabulary = Vocabulary(words, ORIGIN)
    vocabulary.check(ORIGIN, 6)
    with pytest.raises(ModelError, match='words of width 6, the features have width 384'):
        vocabulary.check(ORIGIN, 384)
    for name, value in (('backbone', 'dinov2_vitb14'), ('layer', 9), ('facet', 'key')):
        with pytest.raises(
            ModelError, match=f'{name} {ORIGIN[name]}, the method has {name} {value}'
        ):
            vocabulary.check(ORIGIN | {name: value}, 6)


class _Trap:
    def __reduce__(self):
        return print, ('executed',)


@pytest.mark.parametrize('suffix', ['pt', 'safetensors'])
@pytest.mark.parametrize('content', [b'', b'PK\x03\x04', b'\xff' * 64, b'{}' * 40])
def test_damaged_files_are_refused(tmp_path, suffix, content):
    path = tmp_path / f'dinov2_vits14_l10_value_c4_urban_c_centers.{suffix}'
    path.write_bytes(content)
    with pytest.raises(ModelError, match='vocabulary'):
        load_vocabulary(path)


def test_a_file_that_would_run_code_is_refused(tmp_path, capsys):
    path = tmp_path / 'dinov2_vits14_l10_value_c4_urban_c_centers.pt'
    torch.save(_Trap(), path)
    with pytest.raises(ModelError, match='read safely'):
        load_vocabulary(path)
    assert 'executed' not in capsys.readouterr().out


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ({'a': torch.zeros(2, 2)}, 'one tensor'),
        (torch.zeros(3), 'expected words'),
        (torch.zeros(0, 3), 'expected words'),
        (torch.full((2, 2), torch.nan), 'NaN'),
    ],
)
def test_contents_that_are_no_words_are_refused(tmp_path, content, reason):
    path = tmp_path / 'dinov2_vits14_l10_value_c4_urban_c_centers.pt'
    torch.save(content, path)
    with pytest.raises(ModelError, match=reason):
        load_vocabulary(path)


def test_missing_and_oversized_files_are_refused(tmp_path):
    with pytest.raises(ModelError, match='not found'):
        load_vocabulary(tmp_path / 'none.pt')
    with (tmp_path / 'big.pt').open('wb') as file:
        file.truncate(513 * 2**20)
    with pytest.raises(ModelError, match='is it a checkpoint'):
        load_vocabulary(tmp_path / 'big.pt')
