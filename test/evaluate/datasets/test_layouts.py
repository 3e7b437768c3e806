# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Common layouts: UTM names, VPR-Bench, CSV, frame-aligned pairs, KITTI poses, bags."""

from __future__ import annotations

from pathlib import Path

from anyloc_ros.errors import ConfigError, MapError, SourceError
from anyloc_ros.evaluate.datasets.registry import found_in, open_dataset
import numpy as np
import pytest
from rosbags.rosbag2 import Writer
from rosbags.typesys import get_typestore, Stores

STORE = get_typestore(Stores.ROS2_JAZZY)


def test_utm_names_without_images_test(tmp_path, images):
    images(tmp_path / 'city' / 'database', ['@10@0@.jpg', '@20@0@.jpg', '@40@0@.jpg'])
    images(tmp_path / 'city' / 'queries', ['@0@0@.jpg'])
    assert open_dataset('utm:city', tmp_path).positives == [{0, 1}]
    found = open_dataset('utm:city:10', tmp_path)
    assert found.positives == [{0}]
    assert (found.name, found.truth) == ('utm:city:10', 'within 10 m')
    images(tmp_path / 'city' / 'queries', ['@0@0@33@U@.jpg'])
    with pytest.raises(MapError, match='zone'):
        open_dataset('utm:city', tmp_path)


def test_utm_names_are_needed(tmp_path, images):
    images(tmp_path / 'city' / 'database', ['1.jpg'])
    with pytest.raises(SourceError, match='lacks queries/; expected database/ '):
        open_dataset('utm:city', tmp_path)
    images(tmp_path / 'city' / 'queries', ['1.jpg'])
    with pytest.raises(SourceError, match='expected @easting@northing@ in every file name'):
        open_dataset('utm:city', tmp_path)
    with pytest.raises(ConfigError, match='metres of 0 or more'):
        open_dataset('utm:city:nan', tmp_path)


def test_vprbench_counts_the_query_that_a_row_names(tmp_path, images, lists):
    images(tmp_path / 'set' / 'ref', ['0.jpg', '1.jpg'])
    images(tmp_path / 'set' / 'query', ['0.jpg', '1.jpg', '2.jpg'])
    with pytest.raises(SourceError, match=r'lacks ground_truth_new\.npy; expected ref/'):
        open_dataset('vprbench:set', tmp_path)
    lists(tmp_path / 'set' / 'ground_truth_new.npy', [(2, [1]), (0, [0, 1])])
    assert open_dataset('vprbench:set', tmp_path).positives == [{0, 1}, set(), {1}]


def test_corridor_is_found_and_opened(data):
    assert 'vprbench:corridor' in found_in(data)
    found = open_dataset('vprbench:corridor', data)
    assert (len(found.references), len(found.queries)) == (111, 111)
    assert found.positives[57] == {55, 56, 57, 58, 59}
    assert found.reference_positions is None


@pytest.fixture
def table(tmp_path, images) -> Path:
    """Return a folder with three references 3 m apart, two of them in a folder of their own."""
    folder = tmp_path / 'table'
    images(folder / 'teach', ['0.jpg', '1.jpg'])
    images(folder, ['last.jpg', 'q.jpg'])
    (folder / 'references.csv').write_text(
        'name,x,y\nteach/0.jpg,0,0\nteach/1.jpg,3,0\nlast.jpg,6,0\n'
    )
    (folder / 'queries.csv').write_text('name,x,y\nq.jpg,0,4\n')
    return folder


def test_csv_with_positions(tmp_path, table):
    found = open_dataset('csv:table:5', tmp_path)
    assert found.positives == [{0, 1}]  # 4 m, 5 m, 7.2 m
    assert found.reference_positions.tolist() == [[0, 0, 0], [3, 0, 0], [6, 0, 0]]
    assert len(found.references) == 3


def test_csv_with_a_list_of_names(tmp_path, table):
    (table / 'queries.csv').write_text('name,positives\nq.jpg,last.jpg; teach/1.jpg\n')
    found = open_dataset('csv:table', tmp_path)
    assert found.positives == [{1, 2}]
    assert found.query_positions is None
    (table / 'queries.csv').write_text('name,x,y,positives\nq.jpg,0,4,\n')
    found = open_dataset('csv:table', tmp_path)
    assert found.positives == [set()]
    assert found.query_positions.tolist() == [[0, 4, 0]]


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('name\nq.jpg\n', 'there is neither'),
        ('image,x,y\nq.jpg,0,0\n', 'expected a header with "name"'),
        ('name,x,y\n', 'expected a header with "name" and a row'),
        ('name,x,y\nq.jpg,0,0\nq.jpg,1,0\n', 'an image stands in two rows'),
        ('name,positives\nq.jpg,9.jpg\n', r"1 positives are no names .* first is '9\.jpg'"),
        ('name,x,y\nnone.jpg,0,0\n', r'lacks 1 of the 1 images .* first is none\.jpg'),
        ('name,x,y\n../secret.jpg,0,0\n', 'expected an image inside'),
        ('name,x,y\n/etc/hostname,0,0\n', 'expected an image inside'),
        ('name,x,y\nq.jpg,east,0\n', 'line 2: expected values of name,x,y'),
        ('name,x,y\nq.jpg,0,0\n#x,1,1\n', 'expected no comments'),
        ('name,x,y\nq.jpg,0,"' + 'x' * 200_000, 'it is no table'),
    ],
)
def test_csv_says_what_is_wrong(tmp_path, table, content, message):
    (table / 'queries.csv').write_text(content)
    with pytest.raises(SourceError, match=message):
        open_dataset('csv:table', tmp_path)


def test_seasons_in_step(tmp_path, images):
    for season in ('summer', 'winter'):
        images(tmp_path / 'nordland' / season, [f'{number}.png' for number in range(12)])
    found = open_dataset('frames:1:nordland/summer,nordland/winter:2-4', tmp_path)
    assert (len(found.references), len(found.queries)) == (12, 3)
    assert found.positives == [{0, 1}, {0, 1, 2}, {1, 2, 3}]
    assert found.truth == 'within 1 frame'
    assert found.reference_positions is None


def test_kitti_poses_beside_the_images(tmp_path, images):
    images(tmp_path / 'sequences' / '00', [f'{number:06}.png' for number in range(5)])
    # KITTI's camera looks along z, which is x (forward) of this package; its x is minus y.
    rows = [(0, 0), (0, 10), (0, 20), (0, 11), (5, 0)]
    (tmp_path / 'poses.txt').write_text(''.join(f'1 0 0 {x} 0 1 0 0 0 0 1 {z}\n' for x, z in rows))
    drive = 'sequences/00:{}@poses.txt'
    found = open_dataset(f'radius:5:{drive.format("1-3")},{drive.format("4-5")}', tmp_path)
    assert found.positives == [{1}, {0}]
    assert found.query_positions.tolist() == [[11, 0, 0], [0, -5, 0]]
    with pytest.raises(ConfigError, match='has no poses; use frames:N'):
        open_dataset(f'radius:5:{drive.format("1-3")},sequences/00', tmp_path)


def message(kind, *fields):
    return STORE.types[kind](*fields)


def write_bag(path: Path, xs: list[float]) -> None:
    """Write an image and a pose at each x (m), one second apart."""
    with Writer(path, version=9) as writer:
        kinds = {'/image': 'sensor_msgs/msg/Image', '/pose': 'geometry_msgs/msg/PoseStamped'}
        topics = {
            name: writer.add_connection(name, kind, typestore=STORE)
            for name, kind in kinds.items()
        }
        for second, x in enumerate(xs, 100):
            time = message('builtin_interfaces/msg/Time', second, 0)
            header = message('std_msgs/msg/Header', time, 'map')
            pose = message(
                'geometry_msgs/msg/Pose',
                message('geometry_msgs/msg/Point', x, 0.0, 0.0),
                message('geometry_msgs/msg/Quaternion', 0.0, 0.0, 0.0, 1.0),
            )
            pixels = np.full(12, second, np.uint8)
            sent = {
                '/image': message(kinds['/image'], header, 2, 2, 'rgb8', 0, 6, pixels),
                '/pose': message(kinds['/pose'], header, pose),
            }
            for name, content in sent.items():
                raw = STORE.serialize_cdr(content, kinds[name])
                writer.write(topics[name], second * 10**9, raw)


def test_bags_with_poses(tmp_path):
    write_bag(tmp_path / 'teach', [0.0, 1.0, 2.0])
    write_bag(tmp_path / 'repeat', [0.5, 1.75])
    found = open_dataset('radius:0.5:teach,repeat', tmp_path)
    assert found.positives == [{0, 1}, {2}]
    assert found.query_positions.tolist() == [[0.5, 0, 0], [1.75, 0, 0]]
    assert open_dataset('frames:0:teach,repeat', tmp_path).positives == [{0}, {1}]


@pytest.mark.parametrize(
    'text',
    ['', 'nordland', 'utm', 'utm:', 'vprbench:', 'frames:2', 'frames:2:only', 'radius:5:,b'],
)
def test_an_unknown_data_set_lists_the_known_ones(tmp_path, text):
    with pytest.raises(ConfigError, match=r'expected baidu_mall, .*radius:METRES:REFERENCES'):
        open_dataset(text, tmp_path)


def test_what_a_root_holds(tmp_path, images):
    images(tmp_path / 'gardens', [])
    images(tmp_path / 'Oxford_Robotcar', [])
    images(tmp_path / 'city' / 'images' / 'test' / 'database', [])
    images(tmp_path / 'city' / 'images' / 'test' / 'queries', [])
    images(tmp_path / 'photos', ['1.jpg'])
    (tmp_path / 'file').touch()
    assert found_in(tmp_path) == ['gardens_point', 'oxford_robotcar', 'utm:city']
    with pytest.raises(SourceError, match='is no folder'):
        found_in(tmp_path / 'file')
