# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Rows of CSV, TUM and KITTI files by hand, and bad rows with their line number."""

import math

from anyloc_ros.errors import SourceError
from anyloc_ros.io.pose_files import PoseRow, read_pose_file, stamp_from_seconds
from anyloc_ros.pose import GeoPoint, Pose, UtmPoint
import pytest

HALF = math.sqrt(0.5)


def rows_of(tmp_path, text):
    file = tmp_path / 'poses.txt'
    file.write_text(text, encoding='utf-8')
    return read_pose_file(file)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('name,x,y\na.jpg,1,2\n', PoseRow(Pose(1.0, 2.0), 'a.jpg')),
        ('stamp_ns,x,y,z\n7,1,2,3\n', PoseRow(Pose(1.0, 2.0, 3.0), stamp_ns=7)),
        ('# stamp, X, Y\n\n# c\n1.5, 1, 2\n', PoseRow(Pose(1.0, 2.0), '', 1_500_000_000)),
        (
            'x,y,extra,qx,qy,qz,qw\n1,2,?,0,0,3,4\n',
            PoseRow(Pose(1.0, 2.0, 0.0, 0.0, 0.0, 0.6, 0.8)),
        ),
        ('latitude,longitude\n55.5,13.5\n', PoseRow(GeoPoint(55.5, 13.5, math.nan))),
        ('longitude,latitude,altitude\n13.5,55.5,9\n', PoseRow(GeoPoint(55.5, 13.5, 9.0))),
        (
            'name,easting,northing,zone\n"a,b.jpg",1,2,33U\n',
            PoseRow(UtmPoint(1.0, 2.0, '33U', math.nan), 'a,b.jpg'),
        ),
        ('\ufeffeasting,northing,altitude\n1,2,\n', PoseRow(UtmPoint(1.0, 2.0, '', math.nan))),
    ],
)
def test_csv(tmp_path, text, expected):
    form, rows = rows_of(tmp_path, text)
    assert form == 'CSV'
    # By repr, because an unknown orientation is NaN, which equals nothing.
    assert repr(rows) == repr([expected])


def test_csv_yaw_is_a_turn_to_the_left_in_rad(tmp_path):
    _, rows = rows_of(tmp_path, f'x,y,yaw\n1,2,{math.pi / 2}\n')
    assert rows[0].pose.quaternion == pytest.approx((0, 0, HALF, HALF))


def test_nan_and_empty_fields_are_nan(tmp_path):
    _, rows = rows_of(tmp_path, 'name,x,y,yaw\na.jpg,nan,2,0\nb.jpg,,,\n')
    assert math.isnan(rows[0].pose.x)
    assert rows[0].pose.y == 2
    assert math.isnan(rows[1].pose.y)
    assert not rows[1].pose.has_orientation


def test_tum(tmp_path):
    form, rows = rows_of(tmp_path, '# stamp x y z qx qy qz qw\n1305031102.175304 1 2 3 0 0 0 2\n')
    assert form == 'TUM'
    assert rows == [PoseRow(Pose(1, 2, 3, 0, 0, 0, 1), stamp_ns=1_305_031_102_175_304_000)]


def test_kitti_becomes_x_forward_y_left_z_up(tmp_path):
    text = (
        '1 0 0 0 0 1 0 0 0 0 1 0\n'  # the start
        '1 0 0 2 0 1 0 3 0 0 1 5\n'  # 5 m ahead, 2 m to the right, 3 m down
        '0 0 -1 0 0 1 0 0 1 0 0 0\n'  # looks to its left: camera z is -x of the start
        '-1 0 0 0 0 1 0 0 0 0 -1 0\n'  # looks back
        'nan nan nan nan nan nan nan nan nan nan nan nan\n'
    )
    form, rows = rows_of(tmp_path, text)
    assert form == 'KITTI'
    start, moved, left, back, unknown = (row.pose for row in rows)
    assert start == Pose(0, 0, 0, 0, 0, 0, 1)
    assert moved.position == (5, -2, -3)
    assert left.quaternion == pytest.approx((0, 0, HALF, HALF))
    assert left.yaw == pytest.approx(math.pi / 2)
    assert abs(back.yaw) == pytest.approx(math.pi)
    assert math.isnan(unknown.x)
    assert not unknown.has_orientation


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (
            'name,x,y\na.jpg,1,2\nb.jpg,1\n',
            r'line 3: expected values of name,x,y, got 2 fields: b.jpg,1',
        ),
        ('name,x,y\na.jpg,1,two\n', r"line 2: expected values of name,x,y, got .*'two'"),
        ('name,x,y\n,1,2\n', 'line 2: .* an empty name'),
        ('stamp,x,y\nnan,1,2\n', r"line 2: .*'nan' is no stamp in seconds"),
        ('stamp_ns,x,y\n1.5,1,2\n', "line 2: .*'1.5'"),
        ('stamp_ns,x,y\n-1,1,2\n', 'line 2: .*outside 0 to'),
        ('x,y,x\n1,2,3\n', 'a column stands twice'),
        ('x,y,latitude,longitude\n1,2,3,4\n', r'expected one of x,y \| latitude.* got several'),
        ('x,y,qx,qw\n1,2,0,1\n', 'expected all of qx,qy,qz,qw, got qx,qw'),
        ('name,x,y\n', 'the CSV file has no rows'),
        (f'name,x,y\n{"a" * 200_000},1,2\n', 'line 2: .* field larger than field limit'),
        ('1 2 3 4 5 6 7 8\n1 2 3 4 5 6 7\n', 'line 2: expected stamp x y z qx qy qz qw, got 1 2'),
        ('1 2 3 4 5 6 7 8\n\n# c\n1 2 3 four 5 6 7 8\n', 'line 4: expected stamp x y z'),
        ('1 0 0 0 0 1 0 0 0 0 1 0\n1 0 0\n', 'line 2: expected 12 numbers, got 1 0 0'),
        ('9 0 0 0 0 1 0 0 0 0 1 0\n', 'line 1: expected a rotation'),
        ('-1 0 0 0 0 1 0 0 0 0 1 0\n', 'line 1: expected a rotation'),  # a mirror
        ('1 2 3\n', 'expected a CSV header .* TUM rows of 8 numbers or KITTI rows of 12'),
        ('', 'expected a CSV header'),
    ],
)
def test_bad_files_name_line_and_expectation(tmp_path, text, message):
    with pytest.raises(SourceError, match=message):
        rows_of(tmp_path, text)


def test_a_missing_file(tmp_path):
    with pytest.raises(SourceError, match='cannot be read: No such file'):
        read_pose_file(tmp_path / 'none.csv')


@pytest.mark.parametrize(
    ('text', 'stamp_ns'),
    [('0', 0), (' 1.5e9 ', 1_500_000_000 * 10**9), ('1700000000.123456789', 1700000000123456789)],
)
def test_seconds_are_exact_to_the_nanosecond(text, stamp_ns):
    assert stamp_from_seconds(text) == stamp_ns


@pytest.mark.parametrize('text', ['', 'x', 'nan', 'inf', '-1', '1e99', '1e999999999'])
def test_no_stamp(text):
    with pytest.raises(ValueError, match='stamp'):
        stamp_from_seconds(text)
