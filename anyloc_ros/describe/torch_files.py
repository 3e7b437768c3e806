# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Files of torch from anywhere: no code in them is run, and no size in them is believed."""

from __future__ import annotations

import io
from pathlib import Path
import pickle
import struct
import zipfile

from anyloc_ros.errors import ModelError
import torch

_MALFORMED = (
    OSError,
    RuntimeError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    EOFError,
    MemoryError,
    pickle.UnpicklingError,
    struct.error,
    zipfile.BadZipFile,
)
"""What torch's reader, which does step by step what a file says, raises at nonsense."""


def read_torch(file: Path, what: str, *, mapped: bool = False) -> object:
    """
    Return what a file of torch holds, restricted to tensors and plain containers, on the CPU.

    :param what: what the file should be, for the error.
    :param mapped: tensors are views of the file where its format (torch 1.6 or later) allows it.
    :raises ModelError: truncated, damaged, foreign, or more than tensors.
    """
    try:
        if zipfile.is_zipfile(file):
            _check_archive(file)
            return torch.load(file, map_location='cpu', weights_only=True, mmap=mapped)
        # An older file says how much to read next, and a file on disk would make room for that.
        whole = io.BytesIO(file.read_bytes())
        return torch.load(whole, map_location='cpu', weights_only=True)
    except _MALFORMED as error:
        said = str(error).strip().splitlines() or [repr(error)]
        raise ModelError(
            f'{what} {file} cannot be read safely ({file.stat().st_size} bytes): truncated, '
            f'damaged or not plain tensors; fetch it again. The reader says: {said[0][:200]}'
        ) from None


def why_not_plain(value: object, file_bytes: int) -> str:
    """
    Return why something is no array of real numbers that a file of this size can hold.

    Empty when it is one. A tensor may claim any shape over a few bytes: whoever computes with it
    allocates that.
    """
    if not isinstance(value, torch.Tensor):
        return f'is {type(value).__name__}, expected a tensor'
    if value.layout != torch.strided or value.is_meta:
        return f'is {value.layout} on {value.device}, expected an array of floats'
    if not value.is_floating_point():
        return f'is {value.dtype}, expected an array of floats'
    shape = tuple(value.shape)
    size = value.element_size()
    for length in shape:
        size *= length
    if size > file_bytes:
        return f'has shape {shape}, more than the {file_bytes} bytes of the file hold'
    return ''


def _check_archive(file: Path) -> None:
    """Refuse an archive that is larger inside than outside: torch stores, it never compresses."""
    with zipfile.ZipFile(file) as archive:
        inside = sum(entry.file_size for entry in archive.infolist())
    if inside > file.stat().st_size:
        raise ValueError(f'the archive claims to hold {inside} bytes')
