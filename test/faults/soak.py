# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A localizer in use for a long time: called, reloaded, flipped and fed, and its memory watched.

    python test/faults/soak.py --seconds 600

Fails when a call is not answered, when memory grows by 20 MB after the warm-up, or when the node
no longer knows where the robot is at the end.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
import os
from pathlib import Path
from statistics import median
import tempfile
import time

from anyloc_ros.errors import AnyLocError
from anyloc_ros.ros.process import private_domain

MOST_GROWTH_MB = 20.0
ROWS = 10
WARM_UP_SHARE, WARM_UP_S = 0.3, 60.0
FLIP_EVERY_S = 7.0
RATE_HZ = 10.0
SERVICES = ('enable', 'relocalize', 'get_state', 'enable', 'set', 'load_map')


@dataclass(slots=True)
class Row:
    """What happened in a tenth of the time."""

    ends_s: float
    memory_mb: float = 0.0
    images: int = 0
    answers: int = 0
    calls: int = 0
    lost: int = 0
    slowest_ms: float = 0.0
    state: str = ''


def calls(rig: object) -> Iterator[str]:
    """Make one call after the other, for ever, and yield its name when it is answered."""
    for asked, service in enumerate(cycle(SERVICES)):
        if service == 'enable':
            # Off and on again, so that half of the time it works.
            assert rig.call('enable', False)[0] and rig.call('enable', True)[0]
        elif service == 'get_state':
            assert rig.phase == 'active'
        elif service == 'set':
            assert rig.set_parameter('log_every_s', float(1 + asked % 9)) == ''
        else:
            assert rig.call(service)[0]
        yield service


def soak(rig: object, duration_s: float) -> list[Row]:
    """Use the localizer of a rig that has been started for so long; return what happened."""
    import robot

    rig.robot.rate_hz = RATE_HZ
    rig.localize()
    began_s = time.monotonic()
    rows = [Row(duration_s * (i + 1) / ROWS) for i in range(ROWS)]
    making = calls(rig)
    call_s = flip_s = 0.0
    qualities = cycle(('BEST_EFFORT', 'RELIABLE'))
    for row in rows:
        memory = []
        answers, frames = len(rig.robot.answers), rig.robot.frames
        while (now_s := time.monotonic() - began_s) < row.ends_s:
            if now_s >= call_s:
                call_s += 1.0
                row.calls += 1
                try:
                    next(making)
                except AnyLocError:
                    row.lost += 1
                    making = calls(rig)
                took_ms = (time.monotonic() - began_s - now_s) * 1e3
                row.slowest_ms = max(row.slowest_ms, took_ms)
            if now_s >= flip_s + FLIP_EVERY_S:
                flip_s = now_s
                rig.robot.use_camera(next(qualities))
            if rig.robot.way_m >= robot.END_M:  # it is carried back to the beginning
                rig.robot.way_m = robot.BEGIN_M
            rig.robot.tick()
            memory.append(float(rig.remote.status['memory_mb']))
        rig.process.check()
        row.memory_mb, row.state = median(memory), rig.remote.status['state']
        row.images = rig.robot.frames - frames
        row.answers = len(rig.robot.answers) - answers
    return rows


def growth_mb(rows: list[Row], duration_s: float) -> float:
    """Return by how much the memory has grown since the warm-up."""
    warm_s = min(WARM_UP_S, WARM_UP_SHARE * duration_s)
    warm = next(row for row in rows if row.ends_s >= warm_s - 1e-6)
    return rows[-1].memory_mb - warm.memory_mb


def table(rows: list[Row]) -> str:
    """Return the rows as text."""
    lines = [
        f'{"until":>7} {"memory":>10} {"images":>7} {"answers":>7} {"calls":>6} {"lost":>5} '
        f'{"slowest call":>12}  state'
    ]
    lines += [
        f'{row.ends_s:>5.0f} s {row.memory_mb:>7.1f} MB {row.images:>7} {row.answers:>7} '
        f'{row.calls:>6} {row.lost:>5} {row.slowest_ms:>9.0f} ms  {row.state}'
        for row in rows
    ]
    return '\n'.join(lines)


def main() -> int:
    """Run for as long as the command line says, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--seconds', type=float, default=600.0)
    duration_s = parser.parse_args().seconds
    os.environ.update(private_domain())
    import panorama
    from rig import Rig

    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(panorama.teach(Path(folder) / 'route.anyloc'), Path(folder))
        rig.start()
        try:
            rows = soak(rig, duration_s)
            rig.localize()
        finally:
            rig.stop()
    print(table(rows))
    grown_mb, lost = growth_mb(rows, duration_s), sum(row.lost for row in rows)
    made = sum(row.calls for row in rows)
    print(
        f'memory grew by {grown_mb:.1f} MB after the warm-up (limit {MOST_GROWTH_MB:g} MB); '
        f'{made} calls, {lost} lost'
    )
    return int(lost > 0 or grown_mb >= MOST_GROWTH_MB)


if __name__ == '__main__':
    raise SystemExit(main())
