# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Folders: order, ranges, stamps, and poses from everything that can lie beside images."""

import json
import math
import os

from anyloc_ros.config import parameters_of, TeachConfig
from anyloc_ros.errors import ConfigError, ImageError, SourceError
from anyloc_ros.io.folder import FolderSource
from anyloc_ros.io.samples import ImageSample, PoseSample
from anyloc_ros.io.source import open_source
from anyloc_ros.pose import Pose, UtmPoint
import cv2
import numpy as np
import pytest


def picture(value: int = 0, suffix: str = '.jpg') -> bytes:
    return cv2.imencode(suffix, np.full((4, 4, 3), value, np.uint8))[1].tobytes()


def folder_of(tmp_path, *names, **files):
    for name in names:
        path = tmp_path / name
        path.write_bytes(picture(suffix=path.suffix))
    for name, text in files.items():
        (tmp_path / name.replace('_dot_', '.')).write_text(text)
    return tmp_path


def images(source):
    return [sample for sample in source.samples() if isinstance(sample, ImageSample)]


def poses(source):
    return [sample for sample in source.samples() if isinstance(sample, PoseSample)]


def test_natural_order_rate_and_bytes(tmp_path):
    folder = folder_of(tmp_path, '10.jpg', '2.PNG'.lower(), '1.jpg', notes_dot_txt='hello')
    (folder / '.hidden.jpg').write_bytes(b'')
    (folder / '3.jpg').mkdir()
    source = FolderSource(folder, rate_hz=4.0)
    assert len(source) == 3
    assert not source.has_stamps
    assert not source.has_poses
    assert source.notes == ['no poses', 'no stamps: taken as 4 images per second']
    found = images(source)
    assert [sample.name for sample in found] == ['1.jpg', '2.png', '10.jpg']
    assert [sample.stamp_ns for sample in found] == [0, 250_000_000, 500_000_000]
    assert found[1].encoded == (folder / '2.png').read_bytes()
    assert found[1].decode().shape == (4, 4, 3)


def test_what_is_neither_jpeg_nor_png_is_decoded_but_not_given_encoded(tmp_path):
    (sample,) = images(FolderSource(folder_of(tmp_path, 'a.bmp')))
    assert sample.encoded is None
    assert sample.decode().shape == (4, 4, 3)


def test_a_damaged_image_hurts_only_when_it_is_decoded(tmp_path):
    folder = folder_of(tmp_path, '1.jpg', '2.jpg')
    (folder / '1.jpg').write_bytes(picture()[:50])
    bad, good = images(FolderSource(folder))
    with pytest.raises(ImageError, match='truncated'):
        bad.decode()
    assert good.decode().shape == (4, 4, 3)


def test_ranges_keep_the_stamps_of_the_folder(tmp_path):
    folder = folder_of(tmp_path, '1.jpg', '2.jpg', '3.jpg', '10.jpg')
    found = images(open_source(f'{folder}:2-3'))
    assert [(sample.name, sample.stamp_ns) for sample in found] == [
        ('2.jpg', 100_000_000),
        ('3.jpg', 200_000_000),
    ]
    for span in ('0-2', '3-5', '3-2'):
        with pytest.raises(SourceError, match=f'within 1-4, the number of its .* got {span}'):
            open_source(f'{folder}:{span}')


@pytest.mark.parametrize('rate_hz', [0.0, -1.0, 1e-9, math.nan, math.inf])
def test_a_rate_that_is_none(tmp_path, rate_hz):
    with pytest.raises(ConfigError, match='rate_hz: expected a number from'):
        FolderSource(folder_of(tmp_path, '1.jpg'), rate_hz=rate_hz)


def test_a_folder_without_images_says_what_it_holds(tmp_path):
    with pytest.raises(SourceError, match=r'expected images \(.jpg .*it holds nothing'):
        FolderSource(tmp_path)
    (tmp_path / 'left').mkdir()
    with pytest.raises(SourceError, match='it holds left'):
        FolderSource(tmp_path)


def test_csv_by_name_leaves_images_without_a_row_without_a_pose(tmp_path):
    table = 'name,x,y\n2.jpg,5,6\n1.jpg,nan,4\n'
    source = FolderSource(folder_of(tmp_path, '1.jpg', '2.jpg', '3.jpg', poses_dot_csv=table))
    assert source.notes[0] == 'poses from poses.csv (CSV), by name; 1 of 3 images without a row'
    first, second = poses(source)
    assert (first.stamp_ns, second.stamp_ns) == (0, 100_000_000)
    assert math.isnan(first.pose.x)
    assert second.pose.position == (5, 6, 0)
    order = [type(sample) for sample in source.samples()]
    assert order == [PoseSample, ImageSample, PoseSample, ImageSample, ImageSample]


def test_csv_stamps_decide_the_order(tmp_path):
    table = 'name,stamp,x,y\n1.jpg,9.5,1,2\n2.jpg,8.25,3,4\n'
    source = FolderSource(folder_of(tmp_path, '1.jpg', '2.jpg', route_dot_csv=table))
    assert source.has_stamps
    assert [sample.name for sample in images(source)] == ['2.jpg', '1.jpg']
    assert [sample.stamp_ns for sample in images(source)] == [8_250_000_000, 9_500_000_000]
    assert 'images are given in the order of stamps, not of file names' in source.notes


@pytest.mark.parametrize(
    ('table', 'message'),
    [
        ('name,x,y\n../1.jpg,1,2\n', r"1 rows name no image .* first are '../1.jpg'"),
        ('name,x,y\n/etc/9.jpg,1,2\n8.jpg,1,2\n', "2 rows name no image .*'/etc/9.jpg', '8.jpg'"),
        ('name,x,y\n1.jpg,1,2\n1.jpg,3,4\n', "1 images stand in two rows, the first are '1.jpg'"),
        ('name,stamp,x,y\n1.jpg,1,1,2\n', "1 images have no row and so no stamp.*'2.jpg'"),
        ('x,y\n1,2\n1,2\n1,2\n', 'expected a row for each of the 2 images, got 3'),
    ],
)
def test_csv_that_does_not_fit(tmp_path, table, message):
    folder = folder_of(tmp_path, '1.jpg', '2.jpg', poses_dot_csv=table)
    with pytest.raises(SourceError, match=message):
        FolderSource(folder)


def test_tum_by_order_brings_the_stamps(tmp_path):
    table = '5.5 1 2 3 0 0 0 1\n6.5 4 5 6 0 0 0 1\n'
    source = FolderSource(folder_of(tmp_path, 'a1.png', 'a2.png', truth_dot_txt=table))
    assert source.has_stamps
    assert [sample.stamp_ns for sample in images(source)] == [5_500_000_000, 6_500_000_000]
    assert poses(source)[1] == PoseSample(6_500_000_000, Pose(4, 5, 6, 0, 0, 0, 1))


def test_tum_by_stamp_gives_the_poses_around_the_images(tmp_path):
    table = ''.join(f'{t}.0 {t} 0 0 0 0 0 1\n' for t in range(1, 50))
    names = ('23.500000.png', '25.000000.png', '25.500000.png')
    source = FolderSource(folder_of(tmp_path, *names, truth_dot_tum=table))
    assert source.has_stamps
    assert source.has_poses
    # One on each side of the 10 s that pose_time_offset_s may move them.
    assert parameters_of(TeachConfig)['pose_time_offset_s'][1].high == 10.0
    assert parameters_of(TeachConfig)['pose_time_offset_s'][1].low == -10.0
    assert [sample.pose.x for sample in poses(source)] == list(range(13, 37))
    stamps = [sample.stamp_ns // 10**8 for sample in source.samples()]
    assert stamps[10:17] == [230, 235, 240, 250, 250, 255, 260]


def test_names_that_are_nanoseconds_or_microseconds_are_stamps_and_indices_are_not(tmp_path):
    folder = folder_of(tmp_path, '1403636579763555584.png', '1403636580763555.png')
    source = FolderSource(folder)
    assert source.has_stamps
    stamps = [sample.stamp_ns for sample in images(source)]
    assert stamps == [1403636579763555584, 1403636580763555000]
    assert not FolderSource(folder_of(folder, '0000000000000001.png')).has_stamps


def test_kitti_needs_as_many_rows_as_images(tmp_path):
    row = '1 0 0 2 0 1 0 3 0 0 1 5\n'
    folder = folder_of(tmp_path, '000000.png', '000001.png', poses_dot_txt=2 * row)
    source = FolderSource(folder)
    assert not source.has_stamps
    assert poses(source)[1] == PoseSample(100_000_000, Pose(5, -2, -3, 0, 0, 0, 1))
    (folder / 'poses.txt').write_text(3 * row)
    with pytest.raises(SourceError, match='expected a row for each of the 2 images, got 3'):
        FolderSource(folder)


def test_several_pose_files_want_a_choice_and_a_csv_goes_first(tmp_path):
    tum, csv = '1 1 2 3 0 0 0 1\n', 'x,y\n7,8\n'
    folder = folder_of(tmp_path, '1.jpg', a_dot_txt=tum, b_dot_txt=tum)
    with pytest.raises(SourceError, match=r'several pose files: a.txt, b.txt; .*--poses-file'):
        FolderSource(folder)
    assert poses(open_source(folder, poses_file=str(folder / 'b.txt')))[0].pose.x == 1
    (folder / 'c.csv').write_text(csv)
    assert poses(FolderSource(folder))[0].pose.position == (7, 8, 0)
    (folder / 'matches.csv').write_text('frame,similarity\n1,2\n')  # no pose header: not meant
    assert poses(FolderSource(folder))[0].pose.position == (7, 8, 0)
    with pytest.raises(SourceError, match='expected a CSV header'):
        open_source(folder, poses_file=str(folder / 'matches.csv'))


def test_utm_names(tmp_path):
    folder = folder_of(
        tmp_path,
        '@0543256.96@4178906.70@10@S@037.75@-122.50@.jpg',
        '@0543257.00@4178907.00@.jpg',
    )
    source = FolderSource(folder)
    assert [sample.pose for sample in poses(source)] == [
        UtmPoint(543256.96, 4178906.70, '10S'),
        UtmPoint(543257.0, 4178907.0, ''),
    ]
    with pytest.raises(SourceError, match=r"@easting@northing@ in every .* got 'other.jpg'"):
        FolderSource(folder_of(folder, 'other.jpg'))


def test_exif_gps(data):
    source = open_source(data / 'lund_gps')
    assert len(source) == 29
    assert source.notes == ['poses from EXIF GPS', 'no stamps: taken as 10 images per second']
    found = poses(source)
    assert len(found) == 29
    assert found[0].pose.latitude_deg == pytest.approx(55.6981666667, abs=1e-9)
    assert found[0].pose.longitude_deg == pytest.approx(13.1953888889, abs=1e-9)
    assert found[0].pose.altitude_m == 37
    assert found[26].pose == found[27].pose == found[28].pose


def test_odometry_beside_each_image(data):
    source = open_source(data / 'corridor_odometry')
    assert source.has_stamps
    assert len(source) == 11
    samples = list(source.samples())
    assert samples[0].stamp_ns == samples[1].stamp_ns == 1_622_048_178_000_595_462
    assert samples[-1].stamp_ns == 1_622_048_180_000_595_547
    assert samples[0].frame_id == 'map'
    assert (samples[1].name, samples[1].frame_id) == ('frame00329.jpg', 'camera')
    assert samples[0].pose.position == (18.129032, 15.500632, -0.977452)
    assert samples[-2].pose.position == (18.956799, 13.397803, -0.860789)
    assert samples[-1].name == 'frame00339.jpg'
    # (2.197, 32.431, -559.282, 828.340) / 1000, whose length is 1 to six digits
    expected = (0.002197, 0.032431, -0.559282, 0.82834)
    assert samples[-2].pose.quaternion == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize(
    'change',
    ['', '[]', '{"header": 1}', '{"header": {"stamp": {"sec": "x", "nanosec": 0}}, "pose": {}}'],
)
def test_damaged_odometry(tmp_path, change):
    folder = folder_of(tmp_path, 'a.jpg', a_odometry_camera_dot_json=change)
    with pytest.raises(SourceError, match=r'a_odometry_camera.json: expected the JSON of'):
        FolderSource(folder)


def test_odometry_missing_for_one_image(tmp_path):
    zero = {'x': 0, 'y': 0, 'z': 0, 'w': 1}
    message = {
        'header': {'stamp': {'sec': 1, 'nanosec': 2}, 'frame_id': 'map'},
        'child_frame_id': 'base',
        'pose': {'pose': {'position': zero, 'orientation': zero}},
    }
    folder = folder_of(tmp_path, 'a.jpg', a_odometry_camera_dot_json=json.dumps(message))
    assert poses(FolderSource(folder))[0] == PoseSample(
        1_000_000_002, Pose(0, 0, 0, 0, 0, 0, 1), 'map'
    )
    with pytest.raises(SourceError, match=r'1 of 2 images have no odometry .*b_odometry_camera'):
        FolderSource(folder_of(folder, 'b.jpg'))


def test_samples_can_be_repeated(data):
    source = open_source(data / 'office_two_laps')
    first, again = (
        [(s.stamp_ns, s.name, len(s.encoded)) for s in source.samples()] for _ in range(2)
    )
    assert first == again
    assert [name for _, name, _ in first[:3]] == ['1.jpg', '2.jpg', '3.jpg']


def test_a_file_that_vanishes(tmp_path):
    source = FolderSource(folder_of(tmp_path, '1.jpg'))
    os.unlink(tmp_path / '1.jpg')
    with pytest.raises(SourceError, match=r'1.jpg: the image cannot be read: No such file'):
        list(source.samples())
