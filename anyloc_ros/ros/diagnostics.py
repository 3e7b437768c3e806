# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a node knows of its own health: rates, ages, memory, disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
import hashlib
import json
import os
from pathlib import Path
import shutil
import time
from typing import Any

RATE_SPAN_S = 5.0
"""A rate is the one of the last seconds."""


class Rate:
    """How often something happened in the last seconds, on the steady clock."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque()

    def tick(self) -> None:
        """Count one event now."""
        self._times_s.append(time.monotonic())
        self._forget()

    @property
    def hz(self) -> float:
        """Return events per second, 0 when there were fewer than two."""
        self._forget()
        if len(self._times_s) < 2:
            return 0.0
        span_s = self._times_s[-1] - self._times_s[0]
        return (len(self._times_s) - 1) / span_s if span_s else 0.0

    def _forget(self) -> None:
        oldest_s = time.monotonic() - RATE_SPAN_S
        while self._times_s and self._times_s[0] < oldest_s:
            self._times_s.popleft()


def memory_mb() -> float | None:
    """Return the resident memory of this process in MB (10^6 bytes), None where unknown."""
    try:
        pages = int(Path('/proc/self/statm').read_text(encoding='ascii').split()[1])
    except OSError:  # no Linux
        return None
    return pages * os.sysconf('SC_PAGE_SIZE') / 1e6


def disk_left_mb(path: Path) -> float | None:
    """Return what is left on the disk of a file in MB, None when the disk is gone."""
    try:
        return shutil.disk_usage(path.parent).free / 1e6
    except OSError:
        return None


def device_and_precision(describer: Any) -> tuple[str, str]:
    """Return where a describer computes, and with which numbers: as the parameters name them."""
    device = getattr(describer.extractor, 'device', 'cpu')
    precision = str(getattr(describer.extractor, 'precision', 'float32')).split('.')[-1]
    return str(device), {'float32': 'fp32', 'float16': 'fp16', 'bfloat16': 'bf16'}[precision]


def fingerprint_digest(fingerprint: Mapping[str, Any]) -> str:
    """Return twelve hex digits of the settings a map was made with."""
    text = json.dumps(fingerprint, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
