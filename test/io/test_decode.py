# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Images by hand: every encoding, padding, byte order, and what must be refused."""

from array import array
import hashlib
import json
import random
import struct
import sys
from types import ModuleType
import zlib

from anyloc_ros.errors import ImageError
from anyloc_ros.io.decode import decode_compressed, decode_image, MAX_PIXELS
import cv2
import numpy as np
import pytest

# Two pixels: red (255, 0, 0) and (1, 2, 3).
TWO_PIXELS = [[[255, 0, 0], [1, 2, 3]]]


@pytest.mark.parametrize(
    ('encoding', 'data', 'expected'),
    [
        ('rgb8', [255, 0, 0, 1, 2, 3], TWO_PIXELS),
        ('bgr8', [0, 0, 255, 3, 2, 1], TWO_PIXELS),
        ('8UC3', [0, 0, 255, 3, 2, 1], TWO_PIXELS),
        ('rgba8', [255, 0, 0, 9, 1, 2, 3, 9], TWO_PIXELS),
        ('bgra8', [0, 0, 255, 9, 3, 2, 1, 9], TWO_PIXELS),
        ('mono8', [7, 250], [[[7, 7, 7], [250, 250, 250]]]),
        ('8UC1', [7, 250], [[[7, 7, 7], [250, 250, 250]]]),
    ],
)
def test_order_of_colours(encoding, data, expected):
    image = decode_image(1, 2, encoding, False, len(data), bytes(data))
    assert image.dtype == np.uint8
    assert image.tolist() == expected


@pytest.mark.parametrize(
    ('is_bigendian', 'data'),
    [(True, [0x12, 0x34, 0x00, 0xFF, 0xFF, 0xFF]), (False, [0x34, 0x12, 0xFF, 0x00, 0xFF, 0xFF])],
)
def test_mono16_keeps_the_high_byte_of_either_order(is_bigendian, data):
    image = decode_image(1, 3, 'mono16', is_bigendian, 6, bytes(data))
    assert image[0, :, 0].tolist() == [0x12, 0, 255]
    assert image.shape == (1, 3, 3)


@pytest.mark.parametrize('kind', [bytes, bytearray, lambda data: array('B', data)])
def test_row_padding_is_skipped_and_any_buffer_is_read(kind):
    data = kind([1, 2, 3, 4, 5, 6, 99, 99, 7, 8, 9, 10, 11, 12, 99, 99])
    image = decode_image(np.uint32(2), np.uint32(2), 'rgb8', 0, np.uint32(8), data)
    assert image.tolist() == [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]


def test_padding_of_an_odd_step_in_16_bits():
    image = decode_image(2, 1, 'mono16', True, 3, bytes([5, 0, 99, 6, 0, 99]))
    assert image[:, 0, 0].tolist() == [5, 6]


@pytest.mark.parametrize('encoding', ['rgb8', 'bgr8', 'mono8'])
def test_the_image_is_no_view_of_the_message(encoding):
    data = np.zeros(5 * 3 * 3, np.uint8)
    width = 3 if encoding != 'mono8' else 9
    image = decode_image(5, width, encoding, False, 9, data)
    assert not np.shares_memory(image, data)
    data[:] = 200
    assert image.max() == 0
    image[:] = 1


# What the first two rows of the sensor see of a wall of colour (200, 100, 50).
BAYER = {
    'bayer_rggb8': [[200, 100], [100, 50]],
    'bayer_bggr8': [[50, 100], [100, 200]],
    'bayer_gbrg8': [[100, 50], [200, 100]],
    'bayer_grbg8': [[100, 200], [50, 100]],
}


@pytest.mark.parametrize('encoding', BAYER)
@pytest.mark.parametrize(('height', 'width'), [(6, 8), (5, 7), (3, 3)])
def test_bayer_patterns_are_those_of_ros(encoding, height, width):
    mosaic = np.tile(np.array(BAYER[encoding], np.uint8), (4, 4))[:height, :width]
    image = decode_image(height, width, encoding, False, width, np.ascontiguousarray(mosaic))
    assert image.reshape(-1, 3).tolist() == [[200, 100, 50]] * (height * width)


# BT.601, limited range: R = 1.164 (Y-16) + 1.596 (V-128), B = 1.164 (Y-16) + 2.018 (U-128),
# G = 1.164 (Y-16) - 0.813 (V-128) - 0.391 (U-128), with U = 90 and V = 240.
Y81, Y145 = [254, 0, 0], [255, 74, 73]


@pytest.mark.parametrize(
    ('encoding', 'data'),
    [
        ('yuv422', [90, 81, 240, 145]),
        ('uyvy', [90, 81, 240, 145]),
        ('yuv422_yuy2', [81, 90, 145, 240]),
        ('yuyv', [81, 90, 145, 240]),
    ],
)
def test_yuv422_padded(encoding, data):
    image = decode_image(2, 2, encoding, False, 6, bytes([*data, 1, 2, *data, 3, 4]))
    assert np.abs(image.astype(int) - [[Y81, Y145], [Y81, Y145]]).max() <= 1


@pytest.mark.parametrize(('encoding', 'chroma'), [('nv12', [90, 240]), ('nv21', [240, 90])])
def test_yuv420_padded_has_as_many_rows_as_the_picture(encoding, chroma):
    data = bytes([81, 145, 9, 145, 81, 9, *chroma, 9])
    image = decode_image(2, 2, encoding, False, 3, data)
    assert np.abs(image.astype(int) - [[Y81, Y145], [Y145, Y81]]).max() <= 1


@pytest.mark.parametrize(
    ('height', 'width', 'encoding', 'step', 'length', 'message'),
    [
        (0, 2, 'rgb8', 6, 0, '2x0 pixels: expected 1 to'),
        (2, -2, 'rgb8', 6, 12, 'expected 1 to'),
        (2**31, 2**31, 'mono8', 2**31, 4, 'expected 1 to'),
        (1, MAX_PIXELS + 1, 'mono8', MAX_PIXELS + 1, 4, 'expected 1 to'),
        (2, 2, 'rgb8', 5, 10, 'expected a step of at least 6 bytes, got 5'),
        (2, 2, 'rgb8', 6, 11, 'expected 2 rows of 6 bytes = 12 bytes of data, got 11'),
        (2, 2, 'rgb8', 6, 13, '= 12 bytes of data, got 13'),
        (2, 2, 'rgb8', 6, 0, 'got 0'),
        (2, 2, 'nv12', 2, 4, 'expected 3 rows of 2 bytes = 6 bytes of data, got 4'),
        (2, 3, 'yuv422', 6, 12, 'expected even sizes'),
        (3, 2, 'nv12', 2, 8, 'expected even sizes'),
        (2, 4, 'bayer_rggb8', 4, 8, 'at least 3 pixels a side'),
        (2, 2, 'RGB8', 6, 12, "unknown image encoding 'RGB8'; known are rgb8, bgr8"),
    ],
)
def test_contradictions_are_named(monkeypatch, height, width, encoding, step, length, message):
    monkeypatch.setitem(sys.modules, 'cv_bridge', None)
    with pytest.raises(ImageError, match=message.replace('(', r'\(')):
        decode_image(height, width, encoding, False, step, bytes(length))


def test_cv_bridge_reads_other_encodings_where_it_is_installed(monkeypatch):
    class CvBridge:
        def imgmsg_to_cv2(self, message, desired_encoding):
            assert (message.encoding, desired_encoding) == ('rgb16', 'rgb8')
            if message.width > 1:
                raise TypeError('no conversion')
            return np.frombuffer(message.data, np.uint16).reshape(1, 1, 3).astype(np.uint8)

    module = ModuleType('cv_bridge')
    module.CvBridge = CvBridge
    monkeypatch.setitem(sys.modules, 'cv_bridge', module)
    values = np.array([3, 2, 1], np.uint16)
    assert decode_image(1, 1, 'rgb16', False, 6, values.view(np.uint8)).tolist() == [[[3, 2, 1]]]
    with pytest.raises(ImageError, match='cv_bridge cannot convert it'):
        decode_image(1, 2, 'rgb16', False, 12, bytes(12))
    with pytest.raises(ImageError, match='expected 1 rows of 6 bytes'):
        decode_image(1, 1, 'rgb16', False, 6, bytes(5))


def test_golden_jpeg(golden, data):
    image = decode_compressed((data / 'office_two_laps' / '22.jpg').read_bytes())
    expected = json.loads((golden / 'index.json').read_text())['rgb_sha256']
    assert hashlib.sha256(image.tobytes()).hexdigest() == expected


def png(height: int, width: int, depth: int, colour_type: int, rows: bytes) -> bytes:
    """Return a PNG file put together by hand."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack('>I', zlib.crc32(kind + body))
        return struct.pack('>I', len(body)) + kind + body + checksum

    head = struct.pack('>IIBBBBB', width, height, depth, colour_type, 0, 0, 0)
    body = chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b'')
    return b'\x89PNG\r\n\x1a\n' + body


def test_png_of_every_depth_is_rgb():
    assert decode_compressed(png(1, 1, 8, 2, bytes([0, 9, 8, 7]))).tolist() == [[[9, 8, 7]]]
    assert decode_compressed(png(1, 1, 8, 6, bytes([0, 9, 8, 7, 1]))).tolist() == [[[9, 8, 7]]]
    grey = decode_compressed(png(1, 2, 8, 0, bytes([0, 9, 200])))
    assert grey.tolist() == [[[9, 9, 9], [200, 200, 200]]]
    deep = decode_compressed(png(1, 2, 16, 0, bytes([0, 0x12, 0xFF, 0xFF, 0x00])))
    assert deep.tolist() == [[[0x12] * 3, [0xFF] * 3]]


def test_bmp_and_pnm():
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    bmp = cv2.imencode('.bmp', pixels)[1]
    assert np.array_equal(decode_compressed(bmp), pixels[:, :, ::-1])
    assert decode_compressed(b'P5\n# made by hand\n2 1 255\n\x05\x06').tolist() == [
        [[5, 5, 5], [6, 6, 6]]
    ]


def jpeg(height: int = 40, width: int = 30) -> bytes:
    shade = np.linspace(0, 255, height * width).reshape(height, width).astype(np.uint8)
    return cv2.imencode('.jpg', shade)[1].tobytes()


def test_exif_orientation_is_not_applied():
    # One TIFF directory with one tag: orientation (0x0112, SHORT, 1 value) = 6, a quarter turn.
    tiff = b'MM\0*' + struct.pack('>IHHHIHHI', 8, 1, 0x0112, 3, 1, 6, 0, 0)
    body = b'Exif\0\0' + tiff
    app1 = b'\xff\xe1' + struct.pack('>H', len(body) + 2) + body
    plain = jpeg()
    image = decode_compressed(plain[:2] + app1 + plain[2:])
    assert image.shape == (40, 30, 3)
    assert np.array_equal(image, decode_compressed(plain))


@pytest.mark.parametrize('keep', [0, 1, 3, 20, 60, -2])
@pytest.mark.parametrize('whole', [jpeg(), png(9, 9, 8, 2, (b'\0' + bytes(range(27))) * 9)])
def test_truncated_files_are_refused(whole, keep):
    with pytest.raises(ImageError, match=r'truncated|is empty|it starts with'):
        decode_compressed(whole[:keep])


@pytest.mark.parametrize('chunk', [b'IDAT', b'IEND'])
def test_a_png_chunk_longer_than_the_file_is_refused_before_anything_is_allocated(chunk):
    data = bytearray(png(9, 9, 8, 2, (b'\0' + bytes(range(27))) * 9))
    kind = data.index(chunk)
    length = kind - 4
    data[length:kind] = struct.pack('>I', 0x7FFFFFFF)
    with pytest.raises(ImageError, match='PNG is truncated'):
        decode_compressed(data)


def test_a_jpeg_padded_by_the_camera_is_read():
    assert np.array_equal(decode_compressed(jpeg() + bytes(1000)), decode_compressed(jpeg()))


def test_decompression_bombs_are_refused_by_their_header():
    with pytest.raises(ImageError, match='60000x60000 pixels: expected at most 100000000'):
        decode_compressed(png(60000, 60000, 8, 2, b''))
    bomb = bytearray(jpeg())
    start = bomb.index(b'\xff\xc0') + 5
    end = start + 4
    bomb[start:end] = struct.pack('>HH', 65000, 65000)
    with pytest.raises(ImageError, match='65000x65000 pixels: expected at most'):
        decode_compressed(bytes(bomb))


@pytest.mark.parametrize('data', [b'', b'GIF89a', b'hello', b'BM', b'P5 0 4 255 ', bytes(100)])
def test_other_files_are_refused(data):
    with pytest.raises(ImageError, match=r'expected a JPEG, PNG|header is damaged'):
        decode_compressed(data)


def test_malformed_fields_give_only_image_errors():
    rng = random.Random(1)
    sizes = [0, 1, 2, 3, 4, 5, 16, 640, 2**16, 2**31, 2**32 - 1]
    encodings = ['rgb8', 'mono8', 'mono16', 'bayer_grbg8', 'yuv422', 'nv12', 'nv21', '', '32FC1']
    decoded = refused = 0
    for _ in range(4000):
        height, width = rng.choice(sizes), rng.choice(sizes)
        step = rng.choice([*sizes, width, 2 * width, 3 * width])
        length = rng.choice([0, 1, 7, height * step, height * step * 3 // 2, 640])
        data = bytes(min(length, 4096))
        try:
            image = decode_image(
                height, width, rng.choice(encodings), rng.random() < 0.5, step, data
            )
        except ImageError:
            refused += 1
        else:
            assert image.shape == (height, width, 3)
            decoded += 1
    assert refused > 3000
    assert decoded > 20


def test_malformed_files_give_only_image_errors():
    rng = random.Random(2)
    files = [
        jpeg(),
        png(9, 9, 8, 2, (b'\0' + bytes(range(27))) * 9),
        cv2.imencode('.bmp', np.eye(5))[1].tobytes(),
    ]
    refused = 0
    for _ in range(3000):
        data = bytearray(rng.choice(files))
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(min(len(data), 200))] = rng.randrange(256)
        if rng.random() < 0.3:
            cut = rng.randrange(len(data))
            del data[cut:]
        try:
            image = decode_compressed(bytes(data))
        except ImageError:
            refused += 1
        else:
            assert image.dtype == np.uint8
            assert image.shape[2] == 3
    assert refused > 1000
