# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The bytes of images that a map keeps."""

from anyloc_ros.errors import ImageError
from anyloc_ros.mapping.images import decode_image, encode_image, storable
import cv2
import numpy as np
import pytest


def encoded(picture, ending):
    """Return the file OpenCV writes for an RGB picture."""
    done, data = cv2.imencode(ending, picture[:, :, ::-1])
    assert done
    return data.tobytes()


@pytest.mark.parametrize(
    ('ending', 'kind'),
    [('.jpg', 'jpeg'), ('.png', 'png'), ('.bmp', 'bmp'), ('.ppm', 'ppm'), ('.tiff', 'tiff')],
)
def test_a_file_is_kept_as_it_came(picture, ending, kind):
    data = encoded(picture(1), ending)
    stored, pixels = storable(lambda: decode_image(data), data)
    assert (stored.data, stored.kind) == (data, kind)
    assert np.array_equal(pixels, decode_image(data))
    if ending != '.jpg':
        assert np.array_equal(pixels, picture(1))


def test_a_raw_image_becomes_a_jpeg_and_its_pixels_are_those_of_the_jpeg(picture):
    stored, pixels = storable(lambda: picture(1), None)
    assert stored.kind == 'jpeg' and stored.data.startswith(b'\xff\xd8\xff')
    assert np.array_equal(pixels, decode_image(stored.data))
    # Quality 95 is near the picture, and not the picture: what is described comes from the JPEG.
    apart = np.abs(pixels.astype(int) - picture(1))
    assert apart.max() > 0 and apart.mean() < 8


def test_bytes_that_hold_other_pixels_than_were_decoded_are_not_kept(picture):
    # A picture turned by its reader.
    data = encoded(picture(1), '.png')
    stored, pixels = storable(lambda: np.rot90(decode_image(data)).copy(), data)
    assert stored.kind == 'jpeg'
    assert pixels.shape == (64, 48, 3)


def test_the_orientation_tag_of_a_photograph_turns_nothing(picture):
    # An Exif block with one entry: orientation (0x0112) is 6, a quarter turn.
    entry = bytes.fromhex('0112 0003 00000001 0006 0000')
    exif = b'Exif\0\0' + b'MM\0*' + bytes.fromhex('00000008 0001') + entry + bytes(4)
    plain = encoded(picture(1), '.jpg')
    data = plain[:2] + b'\xff\xe1' + (len(exif) + 2).to_bytes(2, 'big') + exif + plain[2:]
    turned = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert turned.shape == (64, 48, 3)
    assert np.array_equal(decode_image(data), decode_image(plain))


def test_an_unknown_kind_of_file_becomes_a_jpeg(picture):
    for data in (b'Bayer pattern of 12 bits', b'RIFF but no picture'):
        stored, _ = storable(lambda: picture(1), data)
        assert stored.kind == 'jpeg' and stored.data != data


@pytest.mark.parametrize('data', [b'', b'\xff\xd8\xff nothing', b'no image'])
def test_what_is_no_image_is_an_image_error(data):
    with pytest.raises(ImageError, match=f'stored image of {len(data)} bytes'):
        decode_image(data)


def test_an_image_too_long_for_jpeg_is_an_image_error():
    with pytest.raises(ImageError, match='cannot be kept as JPEG'):
        encode_image(np.zeros((2, 70000, 3), np.uint8))
