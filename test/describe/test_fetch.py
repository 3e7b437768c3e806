# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Downloads from a server of the test's own on 127.0.0.1."""

from __future__ import annotations

from collections import namedtuple
from contextlib import suppress
from dataclasses import replace
import errno
import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
from pathlib import Path
import threading

from anyloc_ros.describe import fetch as module
from anyloc_ros.describe.backbones import find_backbone
from anyloc_ros.describe.fetch import fetch
from anyloc_ros.errors import ModelError
import numpy as np
import pytest

CONTENT = np.random.default_rng(0).bytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PUBLISHED = replace(find_backbone('dinov2_vits14'), sha256=SHA256)
UNPUBLISHED = replace(PUBLISHED, sha256='')


class Handler(BaseHTTPRequestHandler):
    """Serve CONTENT, with ranges; /short promises more than it sends, /endless far too much."""

    def do_GET(self):
        """Answer one request."""
        self.server.seen.append((self.path, self.headers.get('Range')))
        if self.path == '/missing':
            self.send_error(404)
            return
        start = 0
        if (wanted := self.headers.get('Range')) and self.path != '/no-ranges':
            start = int(wanted.removeprefix('bytes=').removesuffix('-'))
            if start >= len(CONTENT):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        length = len(CONTENT) - start
        if self.path != '/no-length':
            self.send_header('Content-Length', str(10**12 if self.path == '/endless' else length))
        self.end_headers()
        body = CONTENT[start:]
        with suppress(ConnectionError):  # the client may refuse by the headers alone
            self.wfile.write(body[:1_200_000] if self.path == '/short' else body)

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def server():
    """Run the server; `address` and the requests it has `seen`."""
    with ThreadingHTTPServer(('127.0.0.1', 0), Handler) as http:
        http.seen = []
        http.address = f'http://127.0.0.1:{http.server_address[1]}'
        thread = threading.Thread(target=http.serve_forever, kwargs={'poll_interval': 0.01})
        thread.start()
        yield http
        http.shutdown()
        thread.join()


def test_published_checksum_and_progress(server, tmp_path):
    steps = []
    stored = fetch(
        PUBLISHED,
        url=f'{server.address}/w',
        folder=tmp_path / 'new',
        progress=lambda done, total: steps.append((done, total)),
    )
    assert stored.path == tmp_path / 'new' / 'dinov2_vits14_pretrain.pth'
    assert stored.path.read_bytes() == CONTENT
    assert (stored.sha256, stored.checked_against) == (SHA256, 'published')
    assert steps == sorted(steps)
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert [x.name for x in stored.path.parent.iterdir()] == [stored.path.name]
    fetch(PUBLISHED, url=f'{server.address}/w', folder=tmp_path / 'new')
    assert len(server.seen) == 1  # there and unharmed


def test_unpublished_checksum_is_recorded_at_the_first_fetch(server, tmp_path):
    stored = fetch(UNPUBLISHED, url=f'{server.address}/w', folder=tmp_path)
    assert (stored.sha256, stored.checked_against) == (SHA256, 'first fetch')
    record = json.loads(Path(f'{stored.path}.json').read_text())
    assert record == {'url': f'{server.address}/w', 'sha256': SHA256, 'size': len(CONTENT)}
    stored.path.write_bytes(b'damaged')
    with pytest.raises(ModelError, match=f'expected {SHA256} .first fetch'):
        fetch(UNPUBLISHED, url=f'{server.address}/w', folder=tmp_path)


def test_broken_download_is_continued(server, tmp_path):
    with pytest.raises(ModelError, match='after 1200000 of 3000000'):
        fetch(PUBLISHED, url=f'{server.address}/short', folder=tmp_path)
    stored = fetch(PUBLISHED, url=f'{server.address}/w', folder=tmp_path)
    assert stored.path.read_bytes() == CONTENT
    assert server.seen == [('/short', None), ('/w', 'bytes=1200000-')]


@pytest.mark.parametrize('path', ['/no-ranges', '/w'])
def test_start_anew_where_the_server_or_the_checksum_cannot_continue(server, tmp_path, path):
    backbone = PUBLISHED if path == '/no-ranges' else UNPUBLISHED
    (tmp_path / 'dinov2_vits14_pretrain.pth.part').write_bytes(b'old' * 1000)
    stored = fetch(backbone, url=server.address + path, folder=tmp_path)
    assert stored.path.read_bytes() == CONTENT


def test_whole_part_is_accepted_and_a_too_long_one_refused(server, tmp_path):
    part = tmp_path / 'dinov2_vits14_pretrain.pth.part'
    part.write_bytes(CONTENT)
    assert fetch(PUBLISHED, url=f'{server.address}/w', folder=tmp_path).sha256 == SHA256
    (tmp_path / 'dinov2_vits14_pretrain.pth').unlink()
    part.write_bytes(CONTENT + b'more')
    with pytest.raises(ModelError, match='sha256'):
        fetch(PUBLISHED, url=f'{server.address}/w', folder=tmp_path)
    assert not part.exists()


def test_wrong_checksum_leaves_nothing(server, tmp_path):
    with pytest.raises(ModelError, match=f'sha256 is {SHA256}, expected 00'):
        fetch(replace(PUBLISHED, sha256='00'), url=f'{server.address}/w', folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ('path', 'message'),
    [
        ('/missing', 'answers 404'),
        ('/endless', 'announces 1000000000000'),
        ('/no-length', 'no length'),
    ],
)
def test_bad_answers(server, tmp_path, path, message):
    with pytest.raises(ModelError, match=message):
        fetch(PUBLISHED, url=server.address + path, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_server_and_no_such_scheme(server, tmp_path):
    for url in ('file:///etc/passwd', 'ftp://host/w', 'weights'):
        with pytest.raises(ModelError, match='https://'):
            fetch(PUBLISHED, url=url, folder=tmp_path)
    with pytest.raises(ModelError, match='no answer'):
        fetch(PUBLISHED, url='http://127.0.0.1:1/w', folder=tmp_path)


def test_disk_too_small_is_seen_before_writing(server, tmp_path, monkeypatch):
    usage = namedtuple('usage', 'free')
    monkeypatch.setattr(module.shutil, 'disk_usage', lambda _: usage(free=1_000_000))
    with pytest.raises(ModelError, match='3000000 bytes to fetch, 1000000 free'):
        fetch(PUBLISHED, url=f'{server.address}/w', folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_disk_that_fills_up_keeps_what_came(server, tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(module.os, 'fsync', full)
    with pytest.raises(ModelError, match=r'No space left on device.*free disk space'):
        fetch(PUBLISHED, url=f'{server.address}/w', folder=tmp_path)
    assert (tmp_path / 'dinov2_vits14_pretrain.pth.part').stat().st_size == len(CONTENT)


def test_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(ModelError, match='dinov2_vits14: download'):
        fetch(PUBLISHED, url=f'{server.address}/w', folder=tmp_path / 'file')
