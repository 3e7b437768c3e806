# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What can be seen of the ROS around this process, as values; no ROS is needed to read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    The middleware and who is there.

    `discovery_range` is that of the environment (SUBNET where it says nothing), `topics` the types
    of every topic, `clocks` the number of publishers of /clock.
    """

    distribution: str
    middleware: str
    domain_id: int
    discovery_range: str
    nodes: tuple[str, ...]
    topics: Mapping[str, tuple[str, ...]]
    clocks: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """One image when it arrived; the ages are by the system and by /clock, None without that."""

    stamp_ns: int
    arrived_s: float
    system_age_s: float
    clock_age_s: float | None


@dataclass(frozen=True, slots=True)
class ImageTopic:
    """
    A topic of images listened to for `duration_s`.

    `publishers` has the node and the offered reliability of each, `subscribed` the reliability
    listened with. The rest is of the newest image: `size` is (height, width) in px, `problem` why
    it cannot be decoded.
    """

    name: str
    kind: str
    publishers: tuple[tuple[str, str], ...]
    subscribed: str
    duration_s: float
    arrivals: tuple[Arrival, ...]
    encoding: str = ''
    size: tuple[int, int] = (0, 0)
    num_bytes: int = 0
    frame_id: str = ''
    problem: str = ''
