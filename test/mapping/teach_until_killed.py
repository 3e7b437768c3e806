# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Teach into each map that standard input names, in a process of its own, until it is killed.

It says its process id first, then after each reference how many are stored, and `killed`.
"""

from __future__ import annotations

from functools import partial
from itertools import count
import os
import sys

from anyloc_ros.config import TeachConfig
from anyloc_ros.mapping.teach import open_for_teaching, TeachSession
from conftest import along_x, FakeDescriber, make_picture

PICTURES = [make_picture(seed, 240, 320) for seed in range(8)]


def teach(path: str) -> None:
    """Teach a new map in place of the one at `path` for ever, a metre and second per picture."""
    print(os.getpid(), flush=True)
    describer, config = FakeDescriber(), TeachConfig(map_mode='overwrite')
    place_map = open_for_teaching(path, describer, {}, config)
    session = TeachSession(place_map, describer, config)
    session.begin_route()
    for second in count():
        session.add_pose(second * 10**9, along_x(float(second)))
        session.add_image(second * 10**9, partial(PICTURES.__getitem__, second % 8))
        print(session.counters.keyframes, flush=True)


for line in sys.stdin:
    child = os.fork()
    if not child:
        teach(line.strip())
    os.waitpid(child, 0)
    print('killed', flush=True)
