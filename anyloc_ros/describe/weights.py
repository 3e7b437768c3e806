# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where published weights are on this machine: found, listed, checked. No network."""

from __future__ import annotations

from dataclasses import dataclass
import hashlib
import json
import os
from pathlib import Path

from anyloc_ros.describe.backbones import Backbone, BACKBONES
from anyloc_ros.errors import ModelError

HUB_FILES = ('model.safetensors', 'pytorch_model.bin')
"""The weights of a folder in the hub's layout, in order of preference."""

MAX_BYTES = 8 * 2**30
"""Larger files are refused; the largest that is published, ViT-g/14, has 4.5e9 bytes."""

_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class StoredWeights:
    """
    Weights on this machine.

    `checked_against` says what the checksum was compared with: 'published', 'first fetch' (the
    record of the first download), or 'nothing' where neither is known.
    """

    backbone: Backbone
    path: Path
    size: int
    sha256: str
    checked_against: str


def weights_folder() -> Path:
    """Return the folder of fetched weights, which need not exist yet."""
    return _cache_folder() / 'anyloc' / 'weights'


def locate(backbone: Backbone, weights_path: str | Path = '') -> Path:
    """
    Return where the weights of a network are: a file, or a folder of the hub's layout.

    Looked at are the given path alone, or else our own cache and the hub's.

    :raises ModelError: nothing there.
    """
    if weights_path:
        path = Path(weights_path).expanduser()
        if not path.exists():
            raise ModelError(f'weights_path: {path} does not exist')
        return path
    found = _find(backbone)
    if found is None:
        raise ModelError(
            f'the weights of {backbone.name} are not on this machine (looked for '
            f'{weights_folder() / backbone.file} and '
            f'{backbone.hub_id} in {_hub_folder()}): run "anyloc weights fetch {backbone.name}", '
            f'set weights_path, or use the method RootSIFT-VLAD, which needs none'
        )
    return found


def list_weights() -> list[tuple[Backbone, Path | None]]:
    """Return every known network and where its weights are, None for those not here."""
    return [(backbone, _find(backbone)) for backbone in BACKBONES.values()]


def verify(backbone: Backbone) -> StoredWeights:
    """
    Compute the checksum of fetched weights again and compare it.

    :raises ModelError: not fetched, or the checksum is another one.
    """
    path = weights_folder() / backbone.file
    if not path.is_file():
        raise ModelError(
            f'{path}: not fetched, nothing to verify: run "anyloc weights fetch {backbone.name}"'
        )
    return check_file(backbone, path)


def check_file(backbone: Backbone, path: Path, record: Path | None = None) -> StoredWeights:
    """
    Compare a file with the published checksum, or with the record of its first fetch.

    :raises ModelError: the checksum is another one, or the record is damaged.
    """
    record = record or record_of(path)
    expected, source = backbone.sha256, 'published'
    if not expected:
        expected, source = _recorded(record), 'first fetch'
    found = _file_sha256(path)
    if expected and found != expected:
        raise ModelError(
            f'{path}: sha256 is {found}, expected {expected} ({source}): the file is damaged or '
            f'another one; delete it and run "anyloc weights fetch {backbone.name}"'
        )
    return StoredWeights(
        backbone, path, path.stat().st_size, found, source if expected else 'nothing'
    )


def record_of(path: Path) -> Path:
    """Return the small file beside the weights that records their first fetch."""
    return path.with_name(path.name + '.json')


def _find(backbone: Backbone) -> Path | None:
    fetched = weights_folder() / backbone.file
    return fetched if fetched.is_file() else _hub_snapshot(backbone.hub_id)


def _recorded(record: Path) -> str:
    if not record.is_file():
        return ''
    try:
        return str(json.loads(record.read_text(encoding='utf-8'))['sha256'])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f'{record}: no readable record of a fetch, delete it: {error}') from None


def _file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _cache_folder() -> Path:
    # The XDG rule: a relative path in the variable is to be ignored.
    given = Path(os.environ.get('XDG_CACHE_HOME', ''))
    return given if given.is_absolute() else Path.home() / '.cache'


def _hub_folder() -> Path:
    if folder := os.environ.get('HF_HUB_CACHE'):
        return Path(folder).expanduser()
    home = os.environ.get('HF_HOME')
    return (Path(home).expanduser() if home else _cache_folder() / 'huggingface') / 'hub'


def _hub_snapshot(hub_id: str) -> Path | None:
    """Return the newest complete folder of a hub model in the hub's cache."""
    folder = _hub_folder() / f'models--{hub_id.replace("/", "--")}'
    try:
        commit = (folder / 'refs' / 'main').read_text(encoding='utf-8').strip()
    except OSError:
        return None
    snapshot = folder / 'snapshots' / commit
    complete = any((snapshot / name).is_file() for name in HUB_FILES)
    return snapshot if complete and (snapshot / 'config.json').is_file() else None
