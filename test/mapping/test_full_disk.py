# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A disk that is full: an error that says so, and nothing lost that was stored before."""

from functools import partial
import os
import subprocess
import sys

from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import MapError
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.teach import TeachSession
import pytest

LIMITED = """
import resource, signal, sys
from functools import partial
from anyloc_ros.config import TeachConfig
from anyloc_ros.errors import MapError
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.teach import TeachSession
from conftest import FakeDescriber, make_picture

path, describer = sys.argv[1], FakeDescriber()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
place_map = PlaceMap.create(path, fingerprint=describer.fingerprint, describe_config={})
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
session = TeachSession(place_map, describer, TeachConfig(), every_image=True)
session.begin_route()
try:
    for second in range(1000):
        session.force_keyframe()
        session.add_image(second * 10**9, partial(make_picture, second, 240, 320))
        session.end_route(); session.begin_route()
except MapError as error:
    print(session.counters.keyframes, error)
try:
    place_map.close()
except MapError as error:
    print(error)
"""


def test_teaching_stops_and_keeps_what_is_there(create, describer, picture):
    fake = describer()
    with create() as place_map:
        connection = place_map._connection
        (pages,) = connection.execute('PRAGMA page_count').fetchone()
        connection.execute(f'PRAGMA max_page_count={pages + 10}')
        session = TeachSession(place_map, fake, TeachConfig(), every_image=True)
        session.begin_route()
        with pytest.raises(MapError, match=r'disk is full.*before is kept.*anyloc map finish'):
            for second in range(1000):
                session.add_image(second * 10**9, partial(picture, second, 120, 160))
        stored = session.counters.keyframes
        assert stored > 3
        # The map can still be read, and written once there is room.
        assert len(place_map.keyframes()) == stored
        connection.execute('PRAGMA max_page_count=100000')
        session.end_route()
        assert session.counters.keyframes > stored
        total = session.counters.keyframes
    with PlaceMap.open_to_read(place_map.path) as place_map:
        keyframes = place_map.keyframes()
        assert [keyframe.id for keyframe in keyframes] == list(range(total))
        assert [keyframe.index for keyframe in keyframes] == list(range(total))
        assert place_map.undescribed() == []


def test_a_file_that_may_not_grow(tmp_path, request):
    path = tmp_path / 'route.anyloc'
    done = subprocess.run(
        [sys.executable, '-c', LIMITED, path],
        cwd=request.path.parent,
        env=os.environ | {'PYTHONPATH': f'{request.path.parents[2]}:{request.path.parent}'},
        capture_output=True,
        text=True,
        check=True,
    )
    stored, message = done.stdout.splitlines()[0].split(' ', 1)
    assert 'What was stored before is kept' in message and str(path) in message
    with PlaceMap.open_to_write(path) as place_map:
        assert len(place_map.keyframes()) == int(stored) > 3
    with PlaceMap.open_to_read(path) as place_map:
        assert len(place_map.keyframes()) == int(stored)
