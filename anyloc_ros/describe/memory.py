# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Memory that runs out: fewer images at a time, and an error where one is too much."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
import math
from typing import TypeVar

from anyloc_ros.errors import ModelError
import cv2
import numpy as np
import torch

Result = TypeVar('Result')


def by_halves(
    work: Callable[[Sequence[np.ndarray]], Iterable[Result]], images: Sequence[np.ndarray]
) -> list[Result]:
    """
    Return what the work gives for each of the images (H, W, 3), together or in smaller parts.

    :raises ModelError: the memory is not enough for one image.
    """
    try:
        return list(work(images))
    except (MemoryError, RuntimeError, cv2.error) as error:
        if not _is_out_of_memory(error):
            raise
        said = str(error).strip().partition('\n')[0]
    # Outside the handler: it would keep the arrays of the failed attempt alive.
    if len(images) == 1:
        height, width = images[0].shape[:2]
        raise ModelError(
            f'not enough memory to describe an image of {width}x{height} px; use a smaller '
            f'image_size, precision fp16 or a smaller backbone. It was said: {said[:200]}'
        )
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    half = len(images) // 2
    return by_halves(work, images[:half]) + by_halves(work, images[half:])


_SAID = ("can't allocate memory", 'Insufficient memory')
"""What torch says on the CPU, and OpenCV: neither has a class of its own for it."""


def _is_out_of_memory(error: Exception) -> bool:
    named = isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError))
    return named or any(words in str(error) for words in _SAID)


def peak_gpu_bytes() -> float:
    """Return the most memory that tensors of this process have had on the GPU, NaN without one."""
    return float(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else math.nan
