# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a case is: something that fails, and what the node must say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rig import Rig

LOCALIZER, MAP_BUILDER = 'localizer', 'map_builder'


@dataclass(frozen=True, slots=True)
class Case:
    """
    A row of docs/faults.md.

    `happens` says what is done, in words, and `run` does it. Afterwards, while the robot drives on
    as `run` has left it, the status of the node must come to `state` with a reason in which the
    regular expression `reason` is found. Where `parameters` is a mapping, the node has been
    started with them and, unless it `begins` otherwise, knows where the robot is; where it is
    None, `run` starts the node itself.
    """

    name: str
    happens: str
    state: str
    reason: str
    run: Callable[[Rig], None]
    node: str = LOCALIZER
    parameters: Mapping[str, Any] | None = field(default_factory=dict)
    localized: bool = True
    quick: bool = False


CASES: list[Case] = []
"""All of them, in the order they are written: those that share parameters share a process."""


def case(
    happens: str, state: str, reason: str = '', **more: Any
) -> Callable[[Callable[[Rig], None]], Callable[[Rig], None]]:
    """Make a case of the function that lets it happen; its name is the name of the case."""

    def add(run: Callable[[Rig], None]) -> Callable[[Rig], None]:
        CASES.append(Case(run.__name__.replace('_', ' '), happens, state, reason, run, **more))
        return run

    return add
