# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A teaching process that is killed: at most the keyframe being written is lost."""

import json
import os
import signal
import sqlite3
import subprocess
import sys

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.images import decode_image
from anyloc_ros.mapping.place_map import PlaceMap
import numpy as np
import pytest

KILLS = 20


@pytest.fixture
def teaching(request):
    """Return a process that starts others, which teach until they are killed."""
    folder = request.path.parent
    with subprocess.Popen(
        [sys.executable, folder / 'teach_until_killed.py'],
        env=os.environ | {'PYTHONPATH': str(folder.parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        yield process


def teach_and_kill(teaching, path, references, moment_s):
    """Kill a process a moment after it stored some references; return how many it told of."""
    print(path, file=teaching.stdin)
    process_id = int(teaching.stdout.readline())
    for _ in range(references):
        teaching.stdout.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        teaching.wait(moment_s)
    os.kill(process_id, signal.SIGKILL)
    while teaching.stdout.readline() != 'killed\n':
        references += 1
    return references


def test_killed_at_random_moments(tmp_path, teaching, create, fill):
    random = np.random.default_rng(2026)
    lost = []
    for kill in range(KILLS):
        path = tmp_path / f'{kill}.anyloc'
        if kill % 2:
            with create(path.name, map_frame='old') as place_map:
                fill(place_map, 30)
        references, moment_s = int(random.integers(0, 16)), float(random.uniform(0, 0.05))
        told = teach_and_kill(teaching, path, references, moment_s)
        if not path.exists():
            assert told == 0 and not kill % 2
            continue
        if frame_of(path) == 'old':
            assert told == 0
            with PlaceMap.open_to_read(path) as place_map:
                assert len(place_map.keyframes()) == 30
            continue
        if told:
            with pytest.raises(MapError, match=r'was not closed.*anyloc map finish'):
                PlaceMap.open_to_read(path)
        with PlaceMap.open_to_write(path) as place_map:
            stored = check(place_map)
        lost.append(told - stored)
        with PlaceMap.open_to_read(path) as place_map:
            assert check(place_map) == stored
        connection = sqlite3.connect(path)
        assert connection.execute('PRAGMA integrity_check').fetchone() == ('ok',)
        connection.close()
        assert [file.name for file in tmp_path.glob(f'{kill}.*')] == [path.name]
    assert len(lost) > KILLS // 2
    # Nothing that was told of is lost; one more may have been stored that was not told of.
    assert set(lost) <= {0, -1}


def frame_of(path):
    """Return map_frame without opening the map, which would recover it."""
    connection = sqlite3.connect(f'{path.as_uri()}?immutable=1', uri=True)
    ((frame,),) = connection.execute("SELECT value FROM meta WHERE key = 'map_frame'").fetchall()
    connection.close()
    return json.loads(frame)


def check(place_map):
    """Return the number of references after looking whether they are whole."""
    keyframes = place_map.keyframes()
    assert [keyframe.id for keyframe in keyframes] == list(range(len(keyframes)))
    assert [keyframe.pose.x for keyframe in keyframes] == list(range(len(keyframes)))
    assert place_map.undescribed() == []
    for keyframe in keyframes[-3:]:
        assert decode_image(place_map.image(keyframe.id).data).shape == (240, 320, 3)
    return len(keyframes)
