# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Weights from a server on this machine, vocabularies and methods from the command line."""

from collections.abc import Iterator
import hashlib
from http.server import BaseHTTPRequestHandler, HTTPServer
import json
import threading

import pytest

CONTENT = b'weights' * 1000


class _Server(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != '/dino.pth':
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header('Content-Length', str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch) -> Iterator[str]:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setenv('HF_HOME', str(tmp_path))
    http = HTTPServer(('127.0.0.1', 0), _Server)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f'http://127.0.0.1:{http.server_port}'
    http.shutdown()
    http.server_close()
    thread.join()


def test_weights_are_fetched_listed_and_verified(anyloc, server, tmp_path):
    done = anyloc('weights', 'fetch', 'AnyLoc-VLAD-DINO', '--url', f'{server}/dino.pth')
    assert done.code == 0, done.err
    assert hashlib.sha256(CONTENT).hexdigest() in done.out
    assert 'first fetch' in done.out
    (file,) = (tmp_path / 'anyloc' / 'weights').glob('*.pth')
    assert file.read_bytes() == CONTENT
    report = tmp_path / 'list.json'
    assert anyloc('weights', 'list', '--json', report).code == 0
    listed = json.loads(report.read_text())
    assert listed['dino_vits8'] == str(file)
    assert listed['dinov2_vitl14'] is None
    assert anyloc('weights', 'verify', 'dino_vits8').code == 0
    file.write_bytes(CONTENT[:-1] + b'S')
    spoiled = anyloc('weights', 'verify', 'dino_vits8')
    assert spoiled.code == 1
    assert 'delete it' in spoiled.err


def test_a_server_without_the_file(anyloc, server):
    done = anyloc('weights', 'fetch', 'dino_vits8', '--url', f'{server}/none.pth')
    assert done.code == 1
    assert '404' in done.err


def test_an_unknown_network_is_refused(anyloc):
    done = anyloc('weights', 'fetch', 'dino_vits9')
    assert done.code == 1
    assert 'dino_vits8' in done.err


def test_methods_are_listed(anyloc, tmp_path):
    report = tmp_path / 'methods.json'
    done = anyloc('methods', '--json', report)
    assert done.code == 0
    assert 'AnyLoc-VLAD-DINOv2-L' in done.out
    assert json.loads(report.read_text())['RootSIFT-VLAD']['num_words'] == 64


def test_the_version(anyloc):
    assert anyloc('--version').out == 'anyloc 0.1.0\n'
