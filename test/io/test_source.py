# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a SOURCE may be, and what is said of everything else."""

from anyloc_ros.errors import SourceError
from anyloc_ros.io.source import open_source
import pytest

JPEG_START = b'\xff\xd8\xff\xda'


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / 'run:1-1'  # a colon in a name that exists is no range
    folder.mkdir()
    for name in ('1.jpg', '2.jpg'):
        (folder / name).write_bytes(JPEG_START)
    return folder


def test_a_folder_whose_name_looks_like_a_range(folder):
    assert len(open_source(folder)) == 2
    source = open_source(f'{folder}:2-2')
    assert len(source) == 1
    assert source.name == f'{folder}:2-2'


@pytest.mark.parametrize('span', ['', '2', '2-', 'a-b', '-1-2', '1-2-3', '1.0-2'])
def test_a_range_that_is_none(folder, span):
    with pytest.raises(SourceError, match='expected FIRST-LAST after'):
        open_source(f'{folder}:{span}')


@pytest.mark.parametrize('text', ['none', 'none:1-2', '', '\0', 'x' * 5000])
def test_what_does_not_exist(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match='does not exist; a SOURCE is a rosbag2 folder'):
        open_source(text)


def test_files_that_are_no_source(tmp_path):
    image = tmp_path / 'a.jpg'
    image.write_bytes(JPEG_START)
    with pytest.raises(SourceError, match=r'a.jpg is no bag and no folder; a SOURCE is'):
        open_source(image)
    old = tmp_path / 'a.bag'
    old.write_bytes(b'#ROSBAG V2.0\n')
    with pytest.raises(SourceError, match='a ROS 1 bag; convert it'):
        open_source(old)


def test_options_of_the_other_kind_are_refused(folder, tmp_path):
    with pytest.raises(SourceError, match='is a folder of images: topics are for bags'):
        open_source(folder, image_topic='/image')
    bag = tmp_path / 'a.mcap'
    bag.write_bytes(b'')
    with pytest.raises(SourceError, match='is a bag: a range and --poses-file'):
        open_source(bag, poses_file='poses.csv')
    with pytest.raises(SourceError, match='is a bag: a range and --poses-file'):
        open_source(f'{bag}:1-2')
    with pytest.raises(SourceError, match='the bag cannot be read'):
        open_source(bag)
