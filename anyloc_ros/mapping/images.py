# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The images a map keeps: their bytes, and back to pixels."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from anyloc_ros.errors import ImageError
import cv2
import numpy as np

JPEG_QUALITY = 95

_FORMATS = {
    b'\xff\xd8\xff': 'jpeg',
    b'\x89PNG': 'png',
    b'RIFF': 'webp',
    b'II*\0': 'tiff',
    b'MM\0*': 'tiff',
    b'BM': 'bmp',
    b'P5': 'pgm',
    b'P6': 'ppm',
}
"""First bytes of the files that are kept as they came."""


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image file in memory and what kind it is."""

    data: bytes
    kind: str


def decode_image(data: bytes) -> np.ndarray:
    """
    Return the RGB image (H, W, 3) uint8 of a file in memory.

    :raises ImageError: the bytes are no image that OpenCV knows.
    """
    # The pixels as the camera gave them: the orientation tag of a photograph is for people.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise ImageError(f'stored image of {len(data)} bytes: {error.err}') from error
    if image is None:
        raise ImageError(f'stored image of {len(data)} bytes cannot be decoded')
    return np.ascontiguousarray(image[:, :, ::-1])


def storable(
    decode: Callable[[], np.ndarray], encoded: bytes | None
) -> tuple[StoredImage, np.ndarray]:
    """
    Return the bytes to keep for an image and the pixels (H, W, 3) these bytes hold.

    The bytes it came in are kept when they alone give the same pixels; all else (raw images, a
    Bayer pattern inside a JPEG, more than 8 bits) becomes a JPEG. Whoever describes the pixels
    returned here gets the same again from the map.

    :raises ImageError: from `decode`, or an image that JPEG cannot hold (over 65500 px).
    """
    image = decode()
    known = next(
        (name for head, name in _FORMATS.items() if (encoded or b'').startswith(head)), ''
    )
    if known:
        with suppress(ImageError):
            pixels = decode_image(encoded)
            if np.array_equal(pixels, image):
                return StoredImage(encoded, known), pixels
    jpeg = encode_image(image)
    return StoredImage(jpeg, 'jpeg'), decode_image(jpeg)


def encode_image(image: np.ndarray) -> bytes:
    """
    Return a JPEG of quality 95 of an RGB image (H, W, 3) uint8.

    :raises ImageError: the image cannot be encoded.
    """
    try:
        done, data = cv2.imencode(
            '.jpg', image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        )
    except cv2.error as error:
        raise ImageError(f'image of {image.shape} cannot be kept as JPEG: {error.err}') from error
    if not done:
        raise ImageError(f'image of {image.shape} cannot be kept as JPEG')
    return data.tobytes()
