# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where weights are looked for."""

from __future__ import annotations

from dataclasses import replace
import hashlib
import json

from anyloc_ros.describe.backbones import find_backbone
from anyloc_ros.describe.weights import check_file, list_weights, locate, verify, weights_folder
from anyloc_ros.errors import ModelError
import pytest

SMALL = find_backbone('dinov2_vits14')


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Put both caches into a folder of the test."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.delenv('HF_HOME', raising=False)
    monkeypatch.delenv('HF_HUB_CACHE', raising=False)
    return tmp_path / 'cache'


def hub_model(hub, *files):
    """Lay out a model as the hub's cache does; return its snapshot."""
    model = hub / 'models--facebook--dinov2-small'
    (model / 'refs').mkdir(parents=True)
    (model / 'refs' / 'main').write_text('abc123')
    snapshot = model / 'snapshots' / 'abc123'
    snapshot.mkdir(parents=True)
    for name in files:
        (snapshot / name).touch()
    return snapshot


def test_missing_weights_name_the_command_and_the_way_without(cache):
    with pytest.raises(ModelError) as caught:
        locate(SMALL)
    for part in ('anyloc weights fetch dinov2_vits14', 'RootSIFT-VLAD', str(cache)):
        assert part in str(caught.value)


def test_given_path_counts_alone(tmp_path, cache):
    (tmp_path / 'my.pth').touch()
    assert locate(SMALL, tmp_path / 'my.pth') == tmp_path / 'my.pth'
    assert locate(SMALL, str(tmp_path)) == tmp_path
    hub_model(cache / 'huggingface' / 'hub', 'config.json', 'model.safetensors')
    with pytest.raises(ModelError, match='other'):
        locate(SMALL, tmp_path / 'other.pth')


def test_fetched_file_goes_before_the_hub(cache):
    snapshot = hub_model(cache / 'huggingface' / 'hub', 'config.json', 'model.safetensors')
    assert locate(SMALL) == snapshot
    weights_folder().mkdir(parents=True)
    (weights_folder() / 'dinov2_vits14_pretrain.pth').touch()
    assert locate(SMALL) == cache / 'anyloc' / 'weights' / 'dinov2_vits14_pretrain.pth'
    found = {backbone.name: path for backbone, path in list_weights()}
    assert found.pop('dinov2_vits14') == locate(SMALL)
    assert set(found.values()) == {None}


@pytest.mark.parametrize('variable', ['HF_HOME', 'HF_HUB_CACHE'])
def test_hub_folder_by_environment(tmp_path, monkeypatch, variable):
    monkeypatch.setenv(variable, str(tmp_path / 'elsewhere'))
    hub = tmp_path / 'elsewhere' / ('hub' if variable == 'HF_HOME' else '')
    snapshot = hub_model(hub, 'config.json', 'pytorch_model.bin')
    assert locate(SMALL) == snapshot


def test_incomplete_hub_snapshot_is_not_used(cache):
    hub_model(cache / 'huggingface' / 'hub', 'config.json')
    with pytest.raises(ModelError, match='not on this machine'):
        locate(SMALL)


def test_check_of_a_file(tmp_path):
    content = b'weights' * 1000
    (tmp_path / 'w.pth').write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    published = check_file(replace(SMALL, sha256=sha256), tmp_path / 'w.pth')
    assert (published.sha256, published.size) == (sha256, 7000)
    assert published.checked_against == 'published'
    unknown = replace(SMALL, sha256='')
    assert check_file(unknown, tmp_path / 'w.pth').checked_against == 'nothing'
    (tmp_path / 'w.pth.json').write_text(json.dumps({'sha256': sha256}))
    assert check_file(unknown, tmp_path / 'w.pth').checked_against == 'first fetch'
    for text, message in (('{"sha256": "00"}', 'expected 00 .first fetch'), ('{}', 'no readable')):
        (tmp_path / 'w.pth.json').write_text(text)
        with pytest.raises(ModelError, match=message):
            check_file(unknown, tmp_path / 'w.pth')
    with pytest.raises(ModelError, match='not fetched'):
        verify(SMALL)
