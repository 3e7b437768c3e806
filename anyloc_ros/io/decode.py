# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Message fields or file bytes become an RGB image.

Serves bags and nodes alike: the fields are duck-typed, `data` is anything with the buffer
protocol (a NumPy array from a bag, an array.array from a subscription, bytes). Every size is
checked before anything is allocated, and the result is never a view of the message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

from anyloc_ros.errors import ImageError
from anyloc_ros.io.image_header import image_size
import cv2
import numpy as np
from numpy.typing import NDArray

MAX_PIXELS = 100_000_000
"""Larger images are refused: no robot camera makes them, damaged headers announce them."""

_Image = NDArray[np.uint8]


def _by_opencv(code: int) -> Callable[[_Image, bool], _Image]:
    return lambda pixels, is_bigendian: cv2.cvtColor(np.ascontiguousarray(pixels), code)


def _copy(pixels: _Image, is_bigendian: bool) -> _Image:
    return pixels.copy()


def _from_mono16(pixels: _Image, is_bigendian: bool) -> _Image:
    # The high byte is the value divided by 256 and rounded down, as OpenCV reduces 16-bit PNG.
    high_byte = pixels[:, :, 0 if is_bigendian else 1]
    return cv2.cvtColor(np.ascontiguousarray(high_byte), cv2.COLOR_GRAY2RGB)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How an encoding lies in memory, and what turns (H, W, pixel_bytes) uint8 into RGB."""

    pixel_bytes: int
    to_rgb: Callable[[_Image, bool], _Image]
    even_width: bool = False
    half_chroma: bool = False
    """A plane of interleaved chroma, half as high as the image, follows the rows."""
    least_side: int = 1


# OpenCV names a Bayer pattern by the second and third pixel of the second row, ROS by the first
# two pixels of the first two rows: RGGB here is BG there.
_bayer = partial(_Layout, 1, least_side=3)  # OpenCV answers black below 3 pixels
_yuv422 = partial(_Layout, 2, even_width=True)
_yuv420 = partial(_Layout, 1, even_width=True, half_chroma=True)

_LAYOUTS = {
    'rgb8': _Layout(3, _copy),
    'bgr8': _Layout(3, _by_opencv(cv2.COLOR_BGR2RGB)),
    'rgba8': _Layout(4, _by_opencv(cv2.COLOR_RGBA2RGB)),
    'bgra8': _Layout(4, _by_opencv(cv2.COLOR_BGRA2RGB)),
    'mono8': _Layout(1, _by_opencv(cv2.COLOR_GRAY2RGB)),
    'mono16': _Layout(2, _from_mono16),
    '8UC1': _Layout(1, _by_opencv(cv2.COLOR_GRAY2RGB)),
    '8UC3': _Layout(3, _by_opencv(cv2.COLOR_BGR2RGB)),  # by OpenCV's own order
    'bayer_rggb8': _bayer(_by_opencv(cv2.COLOR_BayerBG2RGB)),
    'bayer_bggr8': _bayer(_by_opencv(cv2.COLOR_BayerRG2RGB)),
    'bayer_gbrg8': _bayer(_by_opencv(cv2.COLOR_BayerGR2RGB)),
    'bayer_grbg8': _bayer(_by_opencv(cv2.COLOR_BayerGB2RGB)),
    'yuv422': _yuv422(_by_opencv(cv2.COLOR_YUV2RGB_UYVY)),
    'uyvy': _yuv422(_by_opencv(cv2.COLOR_YUV2RGB_UYVY)),
    'yuv422_yuy2': _yuv422(_by_opencv(cv2.COLOR_YUV2RGB_YUY2)),
    'yuyv': _yuv422(_by_opencv(cv2.COLOR_YUV2RGB_YUY2)),
    'nv12': _yuv420(_by_opencv(cv2.COLOR_YUV2RGB_NV12)),
    'nv21': _yuv420(_by_opencv(cv2.COLOR_YUV2RGB_NV21)),
}


def decode_image(
    height: int, width: int, encoding: str, is_bigendian: bool, step: int, data: Any
) -> _Image:
    """
    Return the pixels of a sensor_msgs/Image as (H, W, 3) uint8 RGB.

    `height`, `width` in pixels and `step` in bytes per row, padding included, as in the message.
    16-bit grey is divided by 256. YUV is ITU-R BT.601 of limited range, as OpenCV reads it.

    :raises ImageError: the sizes contradict each other or are too large, or the encoding is
      neither in the table nor known to an installed cv_bridge.
    """
    height, width, step = int(height), int(width), int(step)
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise ImageError(
            f'image of {width}x{height} pixels: expected 1 to {MAX_PIXELS} pixels in all'
        )
    raw = np.frombuffer(data, np.uint8) if len(data) else np.empty(0, np.uint8)
    layout = _LAYOUTS.get(encoding)
    if layout is None:
        return _decode_by_cv_bridge(height, width, encoding, is_bigendian, step, raw)
    what = f'{encoding} image of {width}x{height} pixels'
    if min(height, width) < layout.least_side:
        raise ImageError(f'{what}: expected at least {layout.least_side} pixels a side')
    if (layout.even_width and width % 2) or (layout.half_chroma and height % 2):
        raise ImageError(f'{what}: its colours are shared by two pixels, expected even sizes')
    row_bytes = width * layout.pixel_bytes
    if step < row_bytes:
        raise ImageError(f'{what}: expected a step of at least {row_bytes} bytes, got {step}')
    rows = height * 3 // 2 if layout.half_chroma else height
    _check_length(what, rows, step, raw)
    pixels = raw.reshape(rows, step)[:, :row_bytes].reshape(rows, width, layout.pixel_bytes)
    try:
        return layout.to_rgb(pixels, bool(is_bigendian))
    except (MemoryError, cv2.error) as error:
        raise ImageError(f'{what}: it cannot be converted, {error}') from error


def decode_compressed(data: Any) -> _Image:
    """
    Return the picture of a JPEG, PNG, BMP or PNM file as (H, W, 3) uint8 RGB.

    16-bit values are divided by 256, transparency is dropped. The pixels stay as they are
    stored: an EXIF orientation is not applied, because a camera of a robot is mounted firmly and
    its other recordings know no such flag.

    :raises ImageError: another format, truncated, corrupt, or larger than MAX_PIXELS.
    """
    encoded = bytes(data)
    height, width = image_size(encoded)
    if height * width > MAX_PIXELS:
        raise ImageError(
            f'image of {width}x{height} pixels: expected at most {MAX_PIXELS} pixels in all'
        )
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(encoded, np.uint8), flags)
        if image is not None:
            return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    except (MemoryError, cv2.error) as error:
        raise ImageError(f'OpenCV cannot decode the image: {error}') from error
    raise ImageError(
        f'the image of {width}x{height} pixels is corrupt: OpenCV cannot decode it '
        f'({len(encoded)} bytes)'
    )


def _check_length(what: str, rows: int, step: int, raw: _Image) -> None:
    if raw.size != rows * step:
        raise ImageError(
            f'{what}: expected {rows} rows of {step} bytes = {rows * step} bytes of data, '
            f'got {raw.size}'
        )


def _decode_by_cv_bridge(
    height: int, width: int, encoding: str, is_bigendian: bool, step: int, raw: _Image
) -> _Image:
    """Convert an encoding outside the table where cv_bridge is installed."""
    known = ', '.join(_LAYOUTS)
    try:
        from cv_bridge import CvBridge
    except ImportError as error:
        raise ImageError(
            f'unknown image encoding {encoding!r}; known are {known}. '
            'With cv_bridge installed, more of them can be read'
        ) from error
    _check_length(f'{encoding} image of {width}x{height} pixels', height, step, raw)
    message = SimpleNamespace(
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=is_bigendian,
        step=step,
        data=raw,
    )
    try:
        image = CvBridge().imgmsg_to_cv2(message, desired_encoding='rgb8')
    # What CvBridgeError, NumPy and the compiled half of cv_bridge raise on a bad message.
    except (TypeError, ValueError, RuntimeError, ImportError) as error:
        raise ImageError(
            f'image encoding {encoding!r}: cv_bridge cannot convert it to rgb8 ({error}); '
            f'without it these can be read: {known}'
        ) from error
    return np.array(image)
