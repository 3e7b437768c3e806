# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The example subscriber says what the localizer answers."""

from __future__ import annotations

from pathlib import Path
import signal
import subprocess
import sys

EXAMPLE = Path(__file__).resolve().parents[2] / 'examples/print_matches.py'


def test_it_prints_the_match(peer, localizer, domain, tmp_path):
    log = tmp_path / 'log'
    with log.open('w') as file:
        process = subprocess.Popen([sys.executable, EXAMPLE], env=domain, stderr=file)
    try:
        peer.until(lambda: peer.node.count_subscribers('/localizer/matches'))

        def has_said():
            # The subscription may be heard of before it hears: so more than one image.
            peer.image(4, peer.now_ns)
            return 'reference 4 (route 0, position 4) at x 4.00 m' in log.read_text()

        peer.until(has_said)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
