# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Give malformed input to the package, and see that it answers with an error of its own or a value.

    python test/fuzz/run.py maps                  all of it, in this process
    python test/fuzz/run.py maps --first 731 --count 1 --raise     one again, with its traceback

Input number N of a kind depends on the kind and N alone. The last line of the output is JSON.
"""

from __future__ import annotations

import argparse
from collections import Counter
import faulthandler
from importlib import import_module
import json
from pathlib import Path
import resource
import tempfile
import time
from typing import Any
import warnings

from anyloc_ros.errors import AnyLocError
import numpy as np

COUNTS = {'images': 10_000, 'maps': 1_000, 'vocabularies': 1_000, 'checkpoints': 1_000}
"""How much of each kind is tried in all."""

TIME_S = 5.0
"""One input may take so long, on a machine that is busy with other things."""

HANGS_S = 60.0

MEMORY_BYTES = 2**30
"""
Memory one input may ask for, touched or not.

The largest image that is allowed has 100 megapixels: it and its copy in another order of colours.
"""

SAFETY_BYTES = 4 * MEMORY_BYTES
"""Above this the request is refused, for the sake of the machine."""


def main() -> None:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('kind', choices=COUNTS)
    parser.add_argument('--first', type=int, default=0)
    parser.add_argument('--count', type=int)
    parser.add_argument('--raise', action='store_true', dest='raises')
    given = parser.parse_args()
    faulthandler.enable()
    # torch warns of odd files, which is right. NumPy warns of numbers that nobody checked.
    warnings.simplefilter('ignore')
    warnings.simplefilter('error', RuntimeWarning)
    with tempfile.TemporaryDirectory() as folder:
        count = COUNTS[given.kind] if given.count is None else given.count
        outcome = run(given.kind, range(given.first, given.first + count), folder, given.raises)
    print(json.dumps(outcome))


def run(kind: str, numbers: range, folder: str, raises: bool = False) -> dict[str, Any]:
    """
    Try the inputs of these numbers and return what came of them.

    `failures` has a line for each that raised anything else than an AnyLocError with a message,
    took too long, or asked for too much memory.
    """
    module = import_module(kind)
    prepared = module.prepare(Path(folder))
    # The first ones load libraries and start threads, which is no fault of an input.
    for number in range(5):
        _outcome(module, prepared, (kind, -1 - number), folder, False)
    before = _peak_bytes()
    limit = before + SAFETY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    counts: Counter[str] = Counter()
    failures = []
    slowest_s = 0.0
    for number in numbers:
        faulthandler.dump_traceback_later(HANGS_S, exit=True)
        began_s = time.perf_counter()
        outcome = _outcome(module, prepared, (kind, number), folder, raises)
        took_s = time.perf_counter() - began_s
        slowest_s = max(slowest_s, took_s)
        asked = _peak_bytes() - before
        if took_s > TIME_S:
            outcome = f'took {took_s:.1f} s'
        if asked > MEMORY_BYTES:
            before += asked  # the peak stays: do not blame the next one
            outcome = f'asked for {asked / 2**20:.0f} MiB'
        if outcome not in ('accepted', 'refused'):
            failures.append(f'{kind} {number}: {outcome}')
            outcome = 'failed'
        counts[outcome] += 1
    faulthandler.cancel_dump_traceback_later()
    return {'kind': kind, 'slowest_s': slowest_s, 'failures': failures, **counts}


def _outcome(module: Any, prepared: Any, seed: tuple[str, int], folder: str, raises: bool) -> str:
    kind, number = seed
    rng = np.random.default_rng([tuple(COUNTS).index(kind), number % 2**32])
    try:
        module.attempt(rng, prepared, Path(folder))
    except AnyLocError as error:
        if raises:
            raise
        as_expected = type(error).__name__ in module.EXPECTED and len(str(error)) > 20
        return 'refused' if as_expected else f'{type(error).__name__}: {error}'
    # What else comes is what is looked for here.
    except Exception as error:
        if raises:
            raise
        return f'{type(error).__name__}: {error}'
    return 'accepted'


def _peak_bytes() -> int:
    """Return the greatest size this process ever had, memory that it never touched included."""
    status = Path('/proc/self/status').read_text(encoding='ascii')
    line = next(line for line in status.splitlines() if line.startswith('VmPeak'))
    return int(line.split()[1]) * 1024


if __name__ == '__main__':
    main()
