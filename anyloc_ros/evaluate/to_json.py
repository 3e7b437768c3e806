# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Figures as plain JSON: NaN is null, infinities are the texts "inf" and "-inf"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
import math
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """
    Return dataclasses, mappings, sequences, arrays and numbers as what JSON has.

    A key of several numbers becomes one text, (0.25, 2.0) the key "0.25,2".
    """
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def number(value: Any) -> float:
    """
    Return the number that was written so.

    :raises ValueError: something else.
    """
    if value is None:
        return math.nan
    if value in ('inf', '-inf') or (
        isinstance(value, (int, float)) and not isinstance(value, bool)
    ):
        return float(value)
    raise ValueError(f'expected a number, null, "inf" or "-inf", got {value!r}')


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)


def _key(key: Any) -> str:
    if isinstance(key, tuple):
        return ','.join(map(_key, key))
    return f'{key:g}' if isinstance(key, float) else str(key)
