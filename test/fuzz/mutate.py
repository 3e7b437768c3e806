# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Ways to damage bytes, each drawn from a random generator so that it can be drawn again."""

from __future__ import annotations

import numpy as np

HOSTILE = (0, 1, 2**7, 2**15 - 1, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1)
"""Sizes and counts as nobody means them."""


def damaged(rng: np.random.Generator, data: bytes) -> bytes:
    """Return the bytes with one to three damages of any kind."""
    kinds = (_flip, _flip, _overwrite, _cut, _remove, _double, _hostile, _zero)
    for _ in range(rng.integers(1, 4)):
        data = kinds[rng.integers(len(kinds))](rng, data)
    return data


def _span(rng: np.random.Generator, data: bytes, longest: int) -> tuple[int, int]:
    start = int(rng.integers(0, len(data) + 1))
    return start, min(len(data), start + int(rng.integers(1, longest)))


def _flip(rng: np.random.Generator, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.integers(1, 9)):
        if changed:
            changed[rng.integers(len(changed))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _overwrite(rng: np.random.Generator, data: bytes) -> bytes:
    start, end = _span(rng, data, 64)
    return data[:start] + rng.bytes(end - start) + data[end:]


def _cut(rng: np.random.Generator, data: bytes) -> bytes:
    end = int(rng.integers(0, len(data) + 1))
    return data[:end]


def _remove(rng: np.random.Generator, data: bytes) -> bytes:
    start, end = _span(rng, data, 256)
    return data[:start] + data[end:]


def _double(rng: np.random.Generator, data: bytes) -> bytes:
    start, end = _span(rng, data, 256)
    return data[:end] + data[start:]


def _hostile(rng: np.random.Generator, data: bytes) -> bytes:
    """Put a number where a size may stand: most sizes are near the beginning of a file."""
    width = int(rng.choice((1, 2, 4, 8)))
    number = HOSTILE[rng.integers(len(HOSTILE))] % 256**width
    order = ('little', 'big')[rng.integers(2)]
    near = min(len(data), 128) if rng.integers(2) else len(data)
    start = int(rng.integers(0, near + 1))
    end = start + width
    return data[:start] + number.to_bytes(width, order) + data[end:]


def _zero(rng: np.random.Generator, data: bytes) -> bytes:
    start, end = _span(rng, data, 4096)
    return data[:start] + bytes(end - start) + data[end:]
