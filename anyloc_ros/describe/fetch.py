# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Downloading published weights: resumed, checked, and moved into place only when whole.

The command line calls this and nobody else: nodes and constructors never touch the network.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from http.client import HTTPException, HTTPResponse
import json
import os
from pathlib import Path
import shutil
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from anyloc_ros.describe.backbones import Backbone
from anyloc_ros.describe.weights import (
    check_file,
    MAX_BYTES,
    record_of,
    StoredWeights,
    weights_folder,
)
from anyloc_ros.errors import ModelError

_CHUNK = 2**20
_DISK_MARGIN = 64 * 2**20
_TIMEOUT_S = 30.0


def fetch(
    backbone: Backbone,
    *,
    url: str = '',
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> StoredWeights:
    """
    Download the weights of a network into our cache, unless they are there and unharmed.

    `progress(done, total)` is called in bytes. An interrupted download leaves a `.part` file,
    which the next call continues where a published checksum will catch a change at the source.
    The checksum is compared with the published one; where none is known it is written down at the
    first fetch, and `checked_against` of the result says 'first fetch'.

    :raises ModelError: no answer, an incomplete or too long one, a wrong checksum, a full disk.
    """
    url = url or backbone.url
    if urlsplit(url).scheme not in ('http', 'https'):
        raise ModelError(f'{url!r}: expected an address that begins with https:// or http://')
    target = (folder or weights_folder()) / backbone.file
    if target.is_file():
        return check_file(backbone, target)
    part = target.with_name(target.name + '.part')
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not backbone.sha256:
            part.unlink(missing_ok=True)
        _download(url, part, progress or (lambda done, total: None))
        return _accept(backbone, url, part, target)
    except HTTPError as error:
        raise ModelError(f'{url}: the server answers {error.code} {error.reason}') from None
    except URLError as error:
        raise ModelError(f'{url}: no answer: {error.reason}') from None
    except (OSError, HTTPException) as error:
        raise ModelError(
            f'{backbone.name}: download to {target.parent} failed: {error}; what came is kept in '
            f'{part.name}: free disk space or check the connection, and fetch again'
        ) from None


def _download(url: str, part: Path, progress: Callable[[int, int], None]) -> None:
    done = part.stat().st_size if part.is_file() else 0
    headers = {'Range': f'bytes={done}-'} if done else {}
    try:
        answer = urlopen(Request(url, headers=headers), timeout=_TIMEOUT_S)
    except HTTPError as error:
        if error.code != 416:
            raise
        # Nothing is left to send: the part is whole, or not of this file; the checksum tells.
        error.close()
        return
    with closing(answer):
        if answer.status != 206:
            done = 0
        total = done + _length(url, answer)
        free = shutil.disk_usage(part.parent).free
        if total - done + _DISK_MARGIN > free:
            raise ModelError(
                f'{part.parent}: {total - done} bytes to fetch, {free} free; free disk space or '
                f'set XDG_CACHE_HOME to a larger disk'
            )
        with part.open('ab' if done else 'wb') as file:
            while chunk := answer.read(min(_CHUNK, total - done + 1)):
                file.write(chunk)
                done += len(chunk)
                progress(done, total)
            file.flush()
            os.fsync(file.fileno())
    if done != total:
        raise ModelError(
            f'{url}: the connection ended after {done} of {total} bytes; fetch again to continue'
        )


def _length(url: str, answer: HTTPResponse) -> int:
    text = answer.headers.get('Content-Length', '')
    if not text.isdigit() or not 0 < int(text) <= MAX_BYTES:
        raise ModelError(
            f'{url}: expected a file of 1 to {MAX_BYTES} bytes, the server announces '
            f'{text or "no length"}'
        )
    return int(text)


def _accept(backbone: Backbone, url: str, part: Path, target: Path) -> StoredWeights:
    try:
        checked = check_file(backbone, part, record_of(target))
    except ModelError:
        part.unlink()
        raise
    if checked.checked_against == 'nothing':
        record = {'url': url, 'sha256': checked.sha256, 'size': checked.size}
        record_of(target).write_text(json.dumps(record, indent=1) + '\n', encoding='utf-8')
    part.replace(target)
    source = 'first fetch' if checked.checked_against == 'nothing' else checked.checked_against
    return StoredWeights(backbone, target, checked.size, checked.sha256, source)
