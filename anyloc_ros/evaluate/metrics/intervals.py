# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
How sure a figure is: by block bootstrap, by Wilson for counts of runs, by Poisson for no event.

Images that follow each other are alike, so single images must not be drawn as if each were news:
stretches of `block` images are drawn instead (circular block bootstrap, Politis and Romano 1992,
in "Exploring the Limits of Bootstrap"). A drawing is a vector of weights that says how often each
image was drawn; a statistic is a function of such weights, and its own value that of weights 1.

Where all images agree, every drawing gives the same: an interval of no width, which says nothing
of what was not seen. Shares and rates of events have formulas for that; other figures have no
interval then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
import math
from statistics import NormalDist

import numpy as np

CONFIDENCE = 0.95

Statistic = Callable[[np.ndarray], 'float | np.ndarray']
"""From weights (n,) float64, whole numbers of 0 or more, to one value or several (k,)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    A figure, the ends of its interval of 95 %, and how many values it is from.

    All are NaN where there is nothing to count; the ends are NaN where too few values are there
    to tell.
    """

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Resampling:
    """
    How the bootstrap draws: `draws` times, stretches of `block` values, from one seed.

    10 images are 1 to 3 s of driving, which is how long neighbours usually look alike. Runs that
    do not depend on each other have a block of 1. 500 drawings place an end of the interval within
    3 % of its width (one deviation).
    """

    block: int = 10
    draws: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        if self.block < 1 or self.draws < 1:
            raise ValueError(
                f'block and draws: expected 1 or more, got {self.block} and {self.draws}'
            )


IMAGES = Resampling()
RUNS = Resampling(block=1)


def bootstrap(
    statistic: Statistic, count: int, resampling: Resampling = IMAGES
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Return the values (k,) of a statistic, and the lower and upper ends (k,) of their intervals.

    The interval has the middle 95 % of the values that the drawings give, without those that give
    none (NaN). Below two blocks nothing is known of the spread: the ends are NaN. So they are
    where they would meet, as those of an area of 1 from two wrong answers would.
    """
    values = np.atleast_1d(np.asarray(statistic(np.ones(count)), float))
    unknown = np.full(len(values), np.nan)
    if count < 2 * resampling.block:
        return values, unknown, unknown
    drawn = np.array([statistic(weights) for weights in drawings(count, resampling)], float)
    drawn = drawn.reshape(resampling.draws, -1)
    low, high = unknown.copy(), unknown.copy()
    tail = (1 - CONFIDENCE) / 2
    for column in np.flatnonzero(np.isfinite(values)):
        known = drawn[np.isfinite(drawn[:, column]), column]
        ends = np.quantile(known, [tail, 1 - tail]) if len(known) else unknown[:2]
        if not np.isclose(*ends, rtol=1e-9, atol=1e-12):
            low[column], high[column] = ends
    return values, low, high


def drawings(count: int, resampling: Resampling) -> Iterator[np.ndarray]:
    """
    Yield weights (n,) of drawings: how often blocks that begin anywhere cover each value.

    As many whole blocks are drawn as fit into the values; a block that begins near the end goes on
    at the beginning.
    """
    for weights in _drawn(count, resampling):
        yield weights.astype(float)


@lru_cache(maxsize=4)
def _drawn(count: int, resampling: Resampling) -> np.ndarray:
    """Return all drawings (draws, n): the many figures of one run are drawn alike."""
    rng = np.random.default_rng(resampling.seed)
    block = resampling.block
    drawn = np.empty((resampling.draws, count), np.min_scalar_type(count // block))
    for weights in drawn:
        starts = np.bincount(rng.integers(count, size=count // block), minlength=count)
        begun = np.cumsum(np.concatenate([starts[-block:], starts]))
        weights[:] = begun[block:] - begun[:count]
    return drawn


def estimates(
    statistic: Statistic, count: int, used: int, resampling: Resampling = IMAGES
) -> list[Estimate]:
    """Return the values of a statistic over `count` images, of which it looks at `used`."""
    columns = bootstrap(statistic, count, resampling)
    return [Estimate(*map(float, row), used) for row in zip(*columns, strict=True)]


def share(flags: np.ndarray, known: np.ndarray, resampling: Resampling = IMAGES) -> Estimate:
    """Return the share of set flags (n,) bool among those that are `known` (n,) bool."""
    return shares(flags[:, None], known, resampling)[0]


def shares(
    flags: np.ndarray, known: np.ndarray, resampling: Resampling = IMAGES
) -> list[Estimate]:
    """
    Return the share of set flags in each column of (n, k) bool among the `known` rows (n,).

    Where all or none are set the interval is that of Wilson for as many trials as there are whole
    blocks of known flags, at least one: drawings of equal flags are equal, which would look as if
    nothing were left to doubt (Brown, Cai and DasGupta 2001,
    https://doi.org/10.1214/ss/1009213286).
    """
    found = means((flags & known[:, None]).astype(float), known, resampling)
    return [_all_or_none(each, resampling) if each.value in (0, 1) else each for each in found]


def _all_or_none(share: Estimate, resampling: Resampling) -> Estimate:
    blocks = max(1, share.count // resampling.block)
    ends = wilson(round(share.value) * blocks, blocks)
    return replace(share, low=ends.low, high=ends.high)


def means(
    values: np.ndarray, known: np.ndarray, resampling: Resampling = IMAGES
) -> list[Estimate]:
    """Return the mean of each column of (n, k) over the `known` rows (n,) bool."""
    columns = np.column_stack([np.where(known[:, None], values, 0.0), known])

    def statistic(weights: np.ndarray) -> np.ndarray:
        *sums, total = weights @ columns
        return ratio(np.array(sums), total)

    return estimates(statistic, len(known), int(known.sum()), resampling)


def rate(parts: np.ndarray, wholes: np.ndarray, resampling: Resampling = IMAGES) -> Estimate:
    """Return sum of parts / sum of wholes (n,), NaN where that is 0 / 0."""
    columns = np.stack([parts, wholes], axis=1).astype(float)

    def statistic(weights: np.ndarray) -> np.ndarray:
        return ratio(*(weights @ columns))

    return estimates(statistic, len(columns), len(columns), resampling)[0]


def event_rate(
    events: np.ndarray, exposure: np.ndarray, resampling: Resampling = IMAGES
) -> Estimate:
    """
    Return events (n,) per exposure (n,), such as failures per km.

    Where there was no event the ends are 0 and -ln(0.025) / exposure = 3.69 / exposure: with a
    higher rate there would have been one in more than 97.5 % of cases (Garwood 1936,
    https://doi.org/10.1093/biomet/28.3-4.437; with one side it is the rule of three, Hanley and
    Lippman-Hand 1983, https://doi.org/10.1001/jama.1983.03330370053031). Events that come
    together are taken for one.
    """
    found = rate(events, exposure, resampling)
    if found.value != 0:
        return found
    return replace(found, low=0.0, high=-math.log((1 - CONFIDENCE) / 2) / float(exposure.sum()))


def ratio(part: np.ndarray | float, whole: np.ndarray | float) -> np.ndarray:
    """Return part / whole, NaN where the whole is 0."""
    with np.errstate(divide='ignore', invalid='ignore'):
        return np.where(np.equal(whole, 0), np.nan, np.divide(part, whole))


def wilson(successes: int, count: int) -> Estimate:
    """
    Return the share of successes among independent trials, with the interval of Wilson.

    (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), z = 1.96: Wilson 1927,
    https://doi.org/10.1080/01621459.1927.10502953. It stays within 0 and 1 and has a width also
    where all or none succeeded.
    """
    if not 0 <= successes <= count:
        raise ValueError(f'successes: expected 0 to {count}, got {successes}')
    if not count:
        return Estimate(math.nan, math.nan, math.nan, 0)
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    p = successes / count
    centre = p + z**2 / (2 * count)
    half = z * math.sqrt(p * (1 - p) / count + z**2 / (4 * count**2))
    low, high = ((centre + sign * half) / (1 + z**2 / count) for sign in (-1, 1))
    # By the formula these ends are exact; a computer is off by some 1e-17.
    return Estimate(p, low if successes else 0.0, high if successes < count else 1.0, count)


class Weighted:
    """
    Values (n,), sorted once, whose quantiles are wanted for many weights; NaN is left out.

    A value of weight 2 counts as if it were there twice, and quantiles lie between neighbours as
    those of numpy.quantile do.
    """

    def __init__(self, values: np.ndarray) -> None:
        self._rows = np.argsort(values, kind='stable')[: int(np.isfinite(values).sum())]
        self._values = values[self._rows]

    def quantiles(self, wanted: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the values (k,) at shares `wanted` (k,), NaN where no value has a weight."""
        until = np.cumsum(weights[self._rows])
        total = until[-1] if len(until) else 0.0
        if total == 0:
            return np.full(len(wanted), np.nan)
        position = np.asarray(wanted) * (total - 1)
        below = np.floor(position)
        at_below, at_above = (
            self._values[np.searchsorted(until, np.minimum(place, total - 1), side='right')]
            for place in (below, below + 1)
        )
        return at_below + (position - below) * (at_above - at_below)
