# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Malformed sensor_msgs/Image and CompressedImage, as nodes and bags decode and describe them."""

from __future__ import annotations

from array import array
from pathlib import Path
import struct
from types import SimpleNamespace
from typing import Any
import zlib

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.io.decode import MAX_PIXELS
from anyloc_ros.io.messages import COMPRESSED_IMAGE, image_of, IMAGES
import cv2
from mutate import damaged, HOSTILE
import numpy as np

EXPECTED = 'ImageError'
ENCODINGS = {
    'rgb8': 3, 'bgr8': 3, 'rgba8': 4, 'bgra8': 4, 'mono8': 1, 'mono16': 2, '8UC1': 1, '8UC3': 3,
    'bayer_rggb8': 1, 'bayer_bggr8': 1, 'bayer_gbrg8': 1, 'bayer_grbg8': 1, 'yuv422': 2, 'uyvy': 2,
    'yuv422_yuy2': 2, 'yuyv': 2, 'nv12': 1, 'nv21': 1,
}  # fmt: skip
"""Bytes of a pixel in the rows that have the height of the image."""
UNKNOWN = (
    '',
    'RGB8',
    '16UC1',
    '32FC1',
    'jpeg',
    '8UC999',
    'bayer_rggb16',
    'rgb8\0',
    'é',
    'x' * 999,
)


MOST_DESCRIBED = 2_000_000
DESCRIBER = build_describer(DescribeConfig(method='RootSIFT-GeM'))


def prepare(folder: Path) -> dict[str, bytes]:
    """Return whole image files by their ending."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    picture = cv2.resize(noise, (48, 32), interpolation=cv2.INTER_CUBIC)
    files = {}
    for ending in ('.jpg', '.png', '.bmp', '.ppm', '.pgm'):
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        done, data = cv2.imencode(ending, grey if ending == '.pgm' else picture)
        assert done
        files[ending] = data.tobytes()
    progressive = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1]
    files['.jpg, progressive'] = progressive.tobytes()
    files['.png, 16 bit'] = cv2.imencode('.png', picture.astype(np.uint16) * 257)[1].tobytes()
    return files


def attempt(rng: np.random.Generator, files: dict[str, bytes], folder: Path) -> None:
    """Decode one malformed message; what comes out without an error must be an image."""
    if rng.integers(2):
        message, kind = _image(rng), IMAGES[0]
    else:
        message, kind = SimpleNamespace(data=_file(rng, files)), COMPRESSED_IMAGE
    decode, _ = image_of(message, kind)
    pixels = decode()
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    assert 0 < pixels.shape[0] * pixels.shape[1] <= MAX_PIXELS
    assert pixels.flags.c_contiguous and pixels.flags.owndata
    if pixels.size < MOST_DESCRIBED:
        assert np.isfinite(DESCRIBER.describe([pixels])).all()


def _image(rng: np.random.Generator) -> Any:
    """Return an Image of which one or two fields are wrong."""
    encoding = tuple(ENCODINGS)[rng.integers(len(ENCODINGS))]
    height, width = (int(2 * side) for side in rng.integers(1, 24, 2))
    step = width * ENCODINGS[encoding] + int(rng.integers(0, 3))
    rows = height * 3 // 2 if encoding in ('nv12', 'nv21') else height
    fields = {
        'height': height,
        'width': width,
        'encoding': encoding,
        'is_bigendian': int(rng.integers(0, 3)),
        'step': step,
        'data': rng.bytes(rows * step),
    }
    for _ in range(rng.integers(1, 3)):
        name = ('height', 'width', 'step', 'encoding', 'data', 'data')[rng.integers(6)]
        if name == 'encoding':
            names = (*UNKNOWN, *ENCODINGS)
            fields[name] = names[rng.integers(len(names))]
        elif name == 'data':
            fields[name] = damaged(rng, fields[name])
        elif rng.integers(2):
            fields[name] = HOSTILE[rng.integers(7)]  # the fields are uint32
        else:
            fields[name] = max(0, fields[name] + int(rng.integers(-3, 4)))
    wrap = (bytes, lambda data: array('B', data), lambda data: np.frombuffer(data, np.uint8))
    fields['data'] = wrap[rng.integers(3)](fields['data'])
    return SimpleNamespace(**fields)


def _file(rng: np.random.Generator, files: dict[str, bytes]) -> bytes:
    """Return a damaged image file, at times one whose header and checksum agree on a lie."""
    name = tuple(files)[rng.integers(len(files))]
    data = files[name]
    if rng.integers(4):
        return damaged(rng, data)
    sides = [int(side) for side in rng.choice((0, 1, 7, 9999, 10001, 65535, 2**31 - 1), 2)]
    if '.png' in name:
        header = data[12:16] + struct.pack('>II', *sides) + data[24:29]
        return data[:12] + header + struct.pack('>I', zlib.crc32(header)) + data[33:]
    if '.jpg' in name:
        frame = next(data.find(mark) for mark in (b'\xff\xc0', b'\xff\xc2') if mark in data)
        start, end = frame + 5, frame + 9
        sizes = struct.pack('>HH', *(side % 65536 for side in sides))
        return data[:start] + sizes + data[end:]
    if name == '.bmp':
        return data[:18] + struct.pack('<ii', *sides) + data[26:]
    return b'%c%c\n%d %d\n255\n' % (data[0], data[1], *sides) + data[16:]
