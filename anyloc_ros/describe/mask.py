# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""A static mask: what of the picture is to be ignored (the own body, the sky)."""

from __future__ import annotations

import hashlib
from pathlib import Path

from anyloc_ros.errors import ConfigError
import cv2
import numpy as np


def read_mask(path: str | Path) -> np.ndarray:
    """
    Return a mask (H, W) bool from an image file: True, use, where it is not dark (128 and more).

    :raises ConfigError: the file is missing or no image.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise ConfigError(f'mask_path: cannot read {path}: {error.strerror}') from None
    image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if image is None:
        raise ConfigError(f'mask_path: {path} is no image; use a PNG of the camera size')
    return image >= 128


def check_size(mask: np.ndarray, image: np.ndarray) -> None:
    """
    Refuse an image of another size than the mask.

    :raises ConfigError: names both sizes.
    """
    if mask.shape != image.shape[:2]:
        raise ConfigError(
            f'mask_path: the mask is {mask.shape[0]}x{mask.shape[1]} px (height x width), the '
            f'image {image.shape[0]}x{image.shape[1]}; make the mask of the camera size'
        )


def mask_sha256(mask: np.ndarray | None) -> str:
    """Return the hash of a mask for the fingerprint, empty without one."""
    return '' if mask is None else hashlib.sha256(mask.tobytes()).hexdigest()
