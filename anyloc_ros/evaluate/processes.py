# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""How processes of a pool begin and end: without an interrupt, and with their parent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import multiprocessing
import os
import signal
from threading import Thread

import cv2

_THREADS = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')


@contextmanager
def as_processes_start(threads: int) -> Iterator[None]:
    """Let processes that start here inherit a blocked interrupt and the number of threads."""
    before = {name: os.environ.get(name) for name in _THREADS}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ.update(dict.fromkeys(_THREADS, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def begin(threads: int) -> None:
    """Begin a process: give OpenCV so many threads, and end with the parent, however that ends."""
    cv2.setNumThreads(threads)
    # The queue of tasks stays open when its owner is killed: nothing else would end this process.
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
