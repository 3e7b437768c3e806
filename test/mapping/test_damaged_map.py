# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Maps whose bytes are wrong: one clear error, never a crash."""

import sqlite3

from anyloc_ros.errors import MapError
from anyloc_ros.mapping.finish import finish
from anyloc_ros.mapping.place_map import PlaceMap
import numpy as np
import pytest


@pytest.fixture
def path(record, describer):
    """Return a finished map with vocabulary and whitening."""
    fake = describer(needs_vocabulary=True)
    made = record('route.anyloc', fake, 12)
    with PlaceMap.open_to_write(made) as place_map:
        finish(place_map, fake, whitening_dim=4)
        place_map.set_meta('datum', {'kind': 'local'})
    return made


def alter(path, *statements):
    """Change a map from outside."""
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def read_all(path):
    """Read everything there is in a map."""
    with PlaceMap.open_to_read(path) as place_map:
        place_map.info()
        place_map.require_finished()
        place_map.keyframes(), place_map.descriptors()
        place_map.vocabulary(), place_map.whitening(), place_map.unrelated()
        for keyframe in place_map.keyframes():
            place_map.image(keyframe.id)


@pytest.mark.parametrize(
    ('statement', 'message'),
    [
        ("UPDATE descriptors SET descriptor = x'00' WHERE keyframe_id = 3", 'widths 0.5, 4'),
        ("UPDATE descriptors SET descriptor = x'0000' WHERE keyframe_id = 3", 'widths 1, 4'),
        ("UPDATE descriptors SET dtype = 'float32' WHERE keyframe_id = 3", 'widths 2, 4'),
        ("UPDATE descriptors SET descriptor = x''", 'widths 0'),
        ("UPDATE descriptors SET dtype = 'int8'", "in 'int8', expected float16 or float32"),
        ("INSERT INTO descriptors VALUES (99, 'float16', zeroblob(8))", '1 descriptors belong'),
        (
            "UPDATE descriptors SET descriptor = x'007E007E007E007E' WHERE keyframe_id = 3",
            'its descriptors are not finite',
        ),
        ("UPDATE vocabulary SET words = x'00000000'", 'vocabulary has 4 bytes, expected 24'),
        ('UPDATE vocabulary SET num_words = 1000000000000', 'vocabulary has the shape'),
        ('UPDATE vocabulary SET words = zeroblob(24)', 'checksum of its vocabulary'),
        ("UPDATE vocabulary SET origin = '{'", 'origin of its vocabulary is no JSON'),
        ("UPDATE vocabulary SET origin = '[]'", r'origin of its vocabulary is \[\]'),
        ('UPDATE whitening SET width = -1', 'mean of the whitening has the shape'),
        ('UPDATE whitening SET dim = 5', 'projection of the whitening has 96 bytes, expected 120'),
        ('UPDATE whitening SET mean = zeroblob(24)', 'checksum of its whitening'),
        ("DELETE FROM meta WHERE key = 'state'", 'its state is None'),
        ("UPDATE meta SET value = '[' WHERE key = 'map_frame'", 'its map_frame is no JSON'),
        ("UPDATE meta SET value = '3' WHERE key = 'describe_config'", 'its describe_config is 3'),
        ("UPDATE meta SET value = '{\"kind\": 5}' WHERE key = 'datum'", 'its datum is'),
        ('UPDATE keyframes SET x = 1.0, z = 1.0', 'a reference cannot be read'),
        ('UPDATE keyframes SET x = 9e999, y = 0.0, z = 0.0', 'it lies at'),
        ('UPDATE keyframes SET x = 0.0, y = 1e200, z = 0.0', 'it lies at'),
        ('DELETE FROM descriptors', 'none of its references is described'),
        ('UPDATE keyframes SET odometry_m = -9e999', 'the way to it is -inf m'),
        ('UPDATE keyframes SET width = 0', 'its image has'),
        ('UPDATE keyframes SET height = 1000000000', 'its image has 1000000000x'),
        ('DELETE FROM unrelated', 'no unrelated images are described'),
        (
            "UPDATE unrelated SET origin = 'given' WHERE id > 1",
            'no unrelated images are described',
        ),
        ("UPDATE unrelated SET descriptor = x'0000' WHERE id = 5", 'widths 1, 4'),
        ("UPDATE unrelated SET descriptor = x'000000' WHERE id = 5", 'widths 1.5, 4'),
        ('UPDATE unrelated SET descriptor = zeroblob(10)', 'have width 5, expected 4'),
        ("UPDATE unrelated SET dtype = 'text' WHERE id = 5", "in 'text', expected float16"),
        (
            "UPDATE unrelated SET descriptor = x'007C007C007C007C' WHERE id = 5",
            'its unrelated descriptors are not finite',
        ),
        ('CREATE VIEW more AS SELECT * FROM keyframes', 'tables are not those'),
        ('DROP TABLE events', 'tables are not those'),
    ],
)
def test_content_that_contradicts_itself(path, statement, message):
    read_all(path)
    alter(path, statement)
    with pytest.raises(MapError, match=rf'route\.anyloc is damaged: .*{message}'):
        read_all(path)


@pytest.mark.parametrize('share', [0.3, 0.6, 0.99])
def test_a_truncated_file(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    for way in (read_all, PlaceMap.open_to_write):
        with pytest.raises(MapError, match='damaged'):
            way(path)


def test_bytes_overwritten_at_random_places_give_no_other_error(path):
    content = path.read_bytes()
    random = np.random.default_rng(7)
    refused = 0
    for _ in range(150):
        broken = bytearray(content)
        start = int(random.integers(100, len(content)))
        noise = random.bytes(int(random.integers(1, 2000)))
        end = min(start + len(noise), len(content))
        broken[start:end] = noise[: end - start]
        path.write_bytes(broken)
        try:
            read_all(path)
        except MapError:
            refused += 1
    # Most of the file is pixels, which may be wrong without anyone knowing.
    assert refused > 10
