# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Nodes as processes of somebody else: their end is noticed, and they always end."""

from __future__ import annotations

import os
import socket

from anyloc_ros.errors import AnyLocError
from anyloc_ros.ros import process
from anyloc_ros.ros.process import NodeProcess, private_domain
import pytest


def test_a_domain_whose_ports_are_taken_is_left_alone(monkeypatch):
    free = int(private_domain()['ROS_DOMAIN_ID'])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        # The port of the first participant: 7400 + 250 * domain + 10.
        taken.bind(('', 7410 + 250 * free))
        assert private_domain()['ROS_DOMAIN_ID'] != str(free)
        monkeypatch.setattr(process, 'DOMAINS', [free])
        with pytest.raises(AnyLocError, match='in use'):
            private_domain()


@pytest.mark.parametrize('distribution', ['humble', 'jazzy'])
def test_nothing_leaves_this_machine(monkeypatch, distribution):
    monkeypatch.setenv('ROS_DISTRO', distribution)
    found = private_domain()
    assert 1 <= int(found['ROS_DOMAIN_ID']) <= 101
    assert found['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    assert ('ROS_LOCALHOST_ONLY' in found) == (distribution == 'humble')


def test_the_end_of_a_node_is_told_with_the_end_of_its_log(domain, tmp_path):
    log = tmp_path / 'localizer.log'
    with NodeProcess('localizer', {'no_such_parameter': 1}, log) as node:
        node._process.wait(60)
        with pytest.raises(AnyLocError, match='localizer has ended with exit status 2') as seen:
            node.check()
    assert str(log) in str(seen.value)
    assert "unknown parameter 'no_such_parameter'" in str(seen.value)


def test_text_that_looks_like_a_number_stays_text(domain, tmp_path):
    log = tmp_path / 'localizer.log'
    with NodeProcess('localizer', {'map_path': '12', 'base_frame': 'a: b #c'}, log) as node:
        from anyloc_ros.ros.remote import Remote

        with Remote('localizer', node.check) as remote:
            remote.wait(lambda: '12' in remote.status.get('reason', ''), 60, 'no status')
        assert node._process.poll() is None
    # The with statement has ended it, in order.
    assert node._process.returncode == 0
    with pytest.raises(ProcessLookupError):
        os.kill(node._process.pid, 0)


def test_a_node_that_ignores_the_signal_is_killed(monkeypatch, tmp_path):
    stubborn = tmp_path / 'python'
    stubborn.write_text('#!/bin/sh\ntrap "" TERM\necho deaf\nexec sleep 60\n')
    stubborn.chmod(0o755)
    monkeypatch.setattr(process.sys, 'executable', str(stubborn))
    monkeypatch.setattr(process, 'END_S', 0.2)
    log = tmp_path / 'node.log'
    with NodeProcess('localizer', {}, log) as node:
        while 'deaf' not in log.read_text():
            node.check()
    assert node._process.returncode == -9
