# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What the figures of a run are made with: limits that the user may set."""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.parameter import Checked, parameter


@dataclass(frozen=True, slots=True)
class FiguresConfig(Checked):
    """Limits of the figures; what a stop and a hold are is in StopConfig."""

    far_m: float = parameter(2.0, 'a hit of recall that is further off is a far one', low=0.0)
    deadband_m: float = parameter(
        0.1, 'a robot is beside the taught path, and has to be steered, from here on', low=0.0
    )
    jump_m: float = parameter(
        1.0, 'an estimate jumps when it moves further than the robot by more than this', low=0.0
    )
    lock_images: int = parameter(
        3, 'right accepted answers in a row that make a lock', low=1, high=1000
    )
    budget_ms: float = parameter(
        0.0, 'an answer is late after this; 0: after the usual time between two images', low=0.0
    )
    goals: str = parameter(
        '',
        'ids of the references where the robot is to stop, "120,240"; empty: the last of a route',
        pattern=r'|\d{1,18}(,\d{1,18})*',
    )
    stop_similarity: float = parameter(
        -1.0, 'least cosine for a stop; at -1 an accepted answer is enough', low=-1.0, high=1.0
    )
