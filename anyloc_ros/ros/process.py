# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A node of this package as a process, and a domain of its own for a few of them."""

from __future__ import annotations

from collections.abc import Mapping
import json
import os
from pathlib import Path
import random
import signal
import socket
import subprocess
import sys
from typing import Any

from anyloc_ros.errors import AnyLocError

DOMAINS = range(1, 102)
"""Domain ids whose ports no system hands out to clients, without 0, which everybody uses."""

END_S = 30.0
"""How long a node may take to save and end after SIGTERM."""

TAIL_LINES = 15


def private_domain() -> dict[str, str]:
    """
    Return environment variables under which nodes hear only each other, on this machine.

    The domain is one in which no other participant has the first port. The ports are those of the
    RTPS specification 2.5, section 9.6.2: 7400 + 250 * domain + 10 is the first participant's.
    """
    for domain in random.sample(DOMAINS, len(DOMAINS)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(('', 7410 + 250 * domain))
            except OSError:
                continue
        found = {'ROS_DOMAIN_ID': str(domain), 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
        if os.environ.get('ROS_DISTRO') == 'humble':  # which knows no other way
            found['ROS_LOCALHOST_ONLY'] = '1'
        return found
    raise AnyLocError(
        'all ROS domains from 1 to 101 are in use on this machine; end programs that use them'
    )


class NodeProcess:
    """
    A node that runs while the `with` statement does; its log is kept.

    :param name: `map_builder` or `localizer`.
    :param parameters: numbers, truth values and text by name.
    :param log: the file its output goes to; one there is replaced.
    """

    def __init__(self, name: str, parameters: Mapping[str, Any], log: Path) -> None:
        self.name = name
        self._log = log
        command = [sys.executable, '-u', '-m', f'anyloc_ros.ros.{name}', '--ros-args']
        for key, value in parameters.items():
            # JSON is YAML too: text stays text, whatever it looks like.
            command += ['-p', f'{key}:={json.dumps(value)}']
        with log.open('wb') as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {'RCUTILS_COLORIZED_OUTPUT': '0'},
            )

    def __enter__(self) -> NodeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def check(self) -> None:
        """
        Do nothing while the process lives.

        :raises AnyLocError: it has ended; with the end of its log.
        """
        status = self._process.poll()
        if status is not None:
            raise AnyLocError(
                f'{self.name} has ended with exit status {status}; the end of {self._log}:\n'
                + self._tail()
            )

    def stop(self) -> int:
        """End the process, by force when it does not by itself, and return its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            pass  # it is deaf
        finally:
            self._process.kill()
        return self._process.wait()

    def _tail(self) -> str:
        lines = self._log.read_text(encoding='utf-8', errors='replace').splitlines()
        return '\n'.join(lines[-TAIL_LINES:])
