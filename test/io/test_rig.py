# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Which images of several cameras belong together, with stamps in ms by hand."""

from anyloc_ros.errors import ImageError
from anyloc_ros.io.rig import Rig, side_by_side
import numpy as np
import pytest


def sets(arrivals, cameras=('front', 'rear'), max_gap_s=0.1):
    """Return the sets and the number of dropped images, for (camera, ms) as they arrive."""
    dropped = []
    rig = Rig(cameras, max_gap_s, lambda: dropped.append(None))
    found = (rig.add(camera, ms * 10**6, f'{camera} {ms}') for camera, ms in arrivals)
    return [each for each in found if each], len(dropped)


@pytest.mark.parametrize(
    ('arrivals', 'expected', 'dropped'),
    [
        ([], [], 0),
        ([('front', 0)], [], 0),
        ([('front', 0), ('rear', 30)], [['front 0', 'rear 30']], 0),
        # The order is that of the cameras, not of the arrivals.
        ([('rear', 30), ('front', 0)], [['front 0', 'rear 30']], 0),
        # Just within and just beyond the gap, to either side.
        ([('front', 100), ('rear', 0)], [['front 100', 'rear 0']], 0),
        ([('front', 0), ('rear', 101)], [], 0),
        ([('front', 101), ('rear', 0)], [], 0),
        # The newest image of a quick camera is taken, and no image twice.
        (
            [
                ('front', 0),
                ('front', 33),
                ('front', 66),
                ('rear', 70),
                ('rear', 80),
                ('front', 99),
            ],
            [['front 66', 'rear 70'], ['front 99', 'rear 80']],
            2,
        ),
        # A camera that comes back: the old image of the other one is not used.
        (
            [('rear', 0), ('rear', 100), ('front', 900), ('rear', 910)],
            [['front 900', 'rear 910']],
            2,
        ),
        # The clock was set back.
        (
            [('front', 5000), ('front', 0), ('rear', 1), ('front', 100), ('rear', 101)],
            [['front 0', 'rear 1'], ['front 100', 'rear 101']],
            1,
        ),
    ],
)
def test_two_cameras(arrivals, expected, dropped):
    assert sets(arrivals) == (expected, dropped)


def test_the_gap_is_to_the_first_camera():
    cameras = ('front', 'left', 'right')
    arrivals = [('left', 0), ('right', 180), ('front', 90)]
    assert sets(arrivals, cameras) == ([['front 90', 'left 0', 'right 180']], 0)


def test_one_camera_is_always_complete():
    assert sets([('', 0), ('', 5)], ('',), 0.0) == ([[' 0'], [' 5']], 0)


def test_it_knows_who_is_behind():
    rig = Rig(('front', 'left', 'rear'), 0.1, lambda: None)
    assert rig.last() == 'front'
    for camera, ms, last in (
        ('front', 500, 'left'),
        ('left', 400, 'rear'),
        ('rear', 700, 'left'),
        ('left', 800, 'front'),
    ):
        rig.add(camera, ms * 10**6, None)
        assert rig.last() == last
    assert rig.gap_s() == pytest.approx(0.3)


def plain(value, height=2, width=4):
    return lambda: np.full((height, width, 3), value, np.uint8)


def test_images_are_side_by_side_in_the_size_of_the_first():
    image = side_by_side(('a', 'b', 'c'), [plain(1), plain(2), plain(3, 6, 20)])
    assert image.shape == (2, 12, 3)
    assert image[0, :, 0].tolist() == [1] * 4 + [2] * 4 + [3] * 4


def test_shrinking_keeps_the_mean():
    stripes = np.zeros((8, 8, 3), np.uint8)
    stripes[:, ::2] = 200
    image = side_by_side(('a', 'b'), [plain(0, 4, 4), lambda: stripes])
    assert (image[:, 4:] == 100).all()


def test_a_bad_image_names_its_camera():
    def bad():
        raise ImageError('no JPEG')

    with pytest.raises(ImageError, match='camera rear: no JPEG'):
        side_by_side(('front', 'rear'), [plain(1), bad])
