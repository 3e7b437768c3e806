# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Write docs/faults.md from the cases, by `python test/faults/page.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from case import Case, CASES
import cases  # noqa: F401 (importing it adds the cases)
from cases_services import BUILDER_ANSWERS, LOCALIZER_ANSWERS, STEPS

PAGE = Path(__file__).parents[2] / 'docs' / 'faults.md'

HEAD = """\
# Faults

Written by `python test/faults/page.py` from the cases of `test/faults`, which `make faults` runs:
each happens to a real node, as a process, over DDS, with a camera that drives along a taught
route. The process lives on (where it is killed on purpose, its successor does), and its
`~/status` comes to the state with a reason in which the given words are found (a regular
expression; empty where the state says it all). What a controller must do in each state is in
[safety](safety.md).

`make faults` also gives 10,000 malformed images, 1,000 maps, 1,000 vocabularies and 1,000
checkpoints to the package (`test/fuzz`): each ends in an error of the package that says what is
wrong, or in a sound value, within seconds and without asking for more than 1 GiB of memory.
`make soak` uses a localizer for ten minutes (`SOAK_S`): a service call every second, maps loaded
again, the camera's quality of service changed, the memory watched. A quick part of all three is
in `make test`.
"""

GROUPS = {
    'cases_camera': 'The camera, its driver, its messages',
    'cases_motion': 'Odometry, clocks, and robots that are somewhere else',
    'cases_map': 'Map files',
    'cases_process': 'The machine: signals, disk, memory, network',
    'cases_services': 'Services and transitions in every state, and in the wrong order',
}
"""Titles by the module of the cases."""


def page() -> str:
    """Return the text of the page."""
    parts = [HEAD]
    for module, title in GROUPS.items():
        members = [case for case in CASES if case.run.__module__ == module]
        parts += [f'## {title}\n', _table(('case', 'what happens', 'state', 'reason'), members)]
    parts += [
        '## What the services answer\n',
        'A `+` is success, what follows is in the message; `cannot ...` names the state. After a\n'
        'shutdown a node is as if it had never been configured.\n',
        _answers('localizer', LOCALIZER_ANSWERS),
        _answers('map_builder', BUILDER_ANSWERS),
    ]
    return '\n'.join(parts)


def _table(head: Sequence[str], members: Iterable[Case]) -> str:
    rows = [
        (case.name, case.happens, f'`{case.state}`', f'`{case.reason}`' if case.reason else '')
        for case in members
    ]
    return _lines(head, rows)


def _answers(node: str, answers: Mapping[str, Mapping[str, str]]) -> str:
    rows = [
        (f'`~/{service}`', *(f'`{by_phase.get(phase, "cannot ...")}`' for phase in STEPS))
        for service, by_phase in answers.items()
    ]
    return _lines((f'`{node}`', *STEPS), rows)


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ['---'] * len(head), *rows]
    return ''.join(
        '| ' + ' | '.join(cell.replace('|', '\\|') for cell in line) + ' |\n' for line in lines
    )


if __name__ == '__main__':
    PAGE.write_text(page(), encoding='utf-8')
