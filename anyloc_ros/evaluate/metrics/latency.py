# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Time and cost: how late an answer is, how often one comes, what it takes.

Stamps are int nanoseconds. The latency that matters to a controller is from the stamp of the image
header to the answer, both on the clock that the node goes by: wall time, or /clock in simulation.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

from anyloc_ros.evaluate.metrics.intervals import (
    Estimate,
    estimates,
    IMAGES,
    Resampling,
    share,
    Weighted,
)
import numpy as np


@dataclass(frozen=True, slots=True)
class Latency:
    """Times in ms; `unknown` were NaN and are left out."""

    p50: Estimate
    p95: Estimate
    p99: Estimate
    maximum: float
    unknown: int


def latency(times_ms: np.ndarray, resampling: Resampling = IMAGES) -> Latency:
    """Return the quantiles of times (n,) in ms: of a step, or from stamp to answer."""
    times_ms = np.asarray(times_ms, float)
    known = np.isfinite(times_ms)
    ordered = Weighted(times_ms)
    wanted = np.array([0.5, 0.95, 0.99])

    def statistic(weights: np.ndarray) -> np.ndarray:
        return ordered.quantiles(wanted, weights)

    found = estimates(statistic, len(times_ms), int(known.sum()), resampling)
    largest = float(times_ms[known].max()) if known.any() else math.nan
    return Latency(*found, maximum=largest, unknown=int((~known).sum()))


@dataclass(frozen=True, slots=True, eq=False)
class StampLatency:
    """
    The time from image stamp to answer in ms (n,), NaN where the clock does not tell it.

    `before` answers are dated before their image: two clocks. `stalled` ones came while the clock
    stood still: it shows the time of another answer, as /clock does when the simulation pauses.
    """

    times_ms: np.ndarray
    before: int
    stalled: int


def stamp_latency(image_ns: np.ndarray, answer_ns: np.ndarray) -> StampLatency:
    """
    Return the latency of each answer from the header stamp of its image.

    :param image_ns: (n,) int, header stamps, in the order of the answers.
    :param answer_ns: (n,) int, when the answers were published by the same clock.
    """
    image_ns, answer_ns = np.asarray(image_ns, np.int64), np.asarray(answer_ns, np.int64)
    waited_ns = answer_ns - image_ns
    before = waited_ns < 0
    moved = np.diff(answer_ns, prepend=answer_ns[:1] - 1) > 0
    stalled = ~moved & ~before
    times_ms = np.where(before | stalled, np.nan, waited_ns / 1e6)
    return StampLatency(times_ms, int(before.sum()), int(stalled.sum()))


@dataclass(frozen=True, slots=True)
class Throughput:
    """
    How often answers come: `rate_hz` over the whole time, `deadline_miss` over `budget_ms`.

    An image without an answer misses its deadline; `dropped` counts them.
    """

    rate_hz: float
    deadline_miss: Estimate
    budget_ms: float
    dropped: int
    images: int


def throughput(
    times_ms: np.ndarray,
    answered: np.ndarray,
    image_ns: np.ndarray,
    budget_ms: float,
    resampling: Resampling = IMAGES,
) -> Throughput:
    """
    Return the rate of answers and the share of images whose answer came late or never.

    :param times_ms: (n,) latency of each image, NaN where unknown or not answered.
    :param answered: (n,) bool.
    :param image_ns: (n,) rising stamps of the images.
    """
    answered = np.asarray(answered, bool)
    stamps = np.asarray(image_ns, np.int64)[answered]
    span_s = float(stamps[-1] - stamps[0]) / 1e9 if len(stamps) else 0.0
    judged = ~answered | np.isfinite(times_ms)
    late = ~answered | (np.asarray(times_ms, float) > budget_ms)
    return Throughput(
        rate_hz=(len(stamps) - 1) / span_s if span_s > 0 else math.nan,
        deadline_miss=share(late, judged, resampling),
        budget_ms=budget_ms,
        dropped=int((~answered).sum()),
        images=len(answered),
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """The metres a robot drives on one estimate, and whether that is little enough for the map."""

    metres_per_estimate: float
    limit_m: float
    enough: bool


def metres_per_estimate(
    speed_mps: float, rate_hz: float, latency_p95_ms: float, spacing_m: float
) -> Reach:
    """
    Return v * (period + latency p95), which has to be at most half the spacing of references.

    Otherwise the robot is nearer to another reference before it hears of this one.
    """
    metres = speed_mps * (1 / rate_hz + latency_p95_ms / 1e3)
    return Reach(metres, spacing_m / 2, metres <= spacing_m / 2)


@dataclass(frozen=True, slots=True)
class MapCost:
    """What a map takes: bytes of the file per metre of route, and bytes of one descriptor."""

    map_bytes_per_m: float
    descriptor_bytes: int
    route_m: float


def map_cost(file_bytes: int, route_m: float, width: int, item_bytes: int) -> MapCost:
    """
    Return the storage of a map; NaN per metre where the route has no length.

    :param width: P, numbers of a descriptor.
    :param item_bytes: bytes of one of them as it is stored, 2 for float16.
    """
    per_m = file_bytes / route_m if route_m > 0 else math.nan
    return MapCost(per_m, width * item_bytes, route_m)
