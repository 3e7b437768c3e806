# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A world that several tests look at."""

from anyloc_ros.simulate.world import World
import pytest


@pytest.fixture(scope='session')
def world():
    return World(1)


@pytest.fixture(scope='session')
def twin_world():
    return World(1, look_alikes=True)
