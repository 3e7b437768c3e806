# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where the images of each camera come from, by the arguments of the launch files."""

import pytest

launching = pytest.importorskip('anyloc_ros.ros.launching', reason='needs an installed ROS 2')


@pytest.mark.parametrize(
    ('cameras', 'image_topic', 'expected'),
    [
        ('', 'image', [('image', 'image'), ('camera_info', 'camera_info')]),
        ('', '/a/image_raw', [('image', '/a/image_raw'), ('camera_info', '/a/camera_info')]),
        ('front,rear', 'image', []),
        ('front,rear', '/a/raw,/b/raw', [('front/image', '/a/raw'), ('rear/image', '/b/raw')]),
    ],
)
def test_topics(cameras, image_topic, expected):
    assert launching.image_remappings(cameras, image_topic) == expected


def test_as_many_topics_as_cameras():
    with pytest.raises(ValueError, match=r"expected 2 topics .* front,rear, got '/a/raw'"):
        launching.image_remappings('front,rear', '/a/raw')
