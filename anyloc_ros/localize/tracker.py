# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""From the similarities of one image to what the localizer says of it: belief, place, verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from anyloc_ros.config import AUTO, LocalizeConfig, MonitorConfig, SequenceConfig
from anyloc_ros.errors import ConfigError
from anyloc_ros.localize.acceptance import decide, Decision, Thresholds
from anyloc_ros.localize.foremost import ForemostPlace
from anyloc_ros.localize.monitor import Evidence, LOCALIZED, Monitor, UNCERTAIN, Verdict
from anyloc_ros.localize.off_route import Novelty
from anyloc_ros.localize.places import Places
from anyloc_ros.localize.routes import Motion, motion_between, Routes
from anyloc_ros.localize.sequence_filter import SequenceFilter
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
import numpy as np

CLEAR_LEAD = 2.0
"""
A place that does not continue the last one must lead over all others by this many standard
deviations of the closeness of unrelated images: two that look alike are no place to begin.
"""

CONTRADICTION = -1.0
"""A place that another leads by this is not accepted, whatever the images before have told."""

WORTH_SHOWING = 0.05
"""A second place as likely as this is among the candidates, however few are asked for."""

LIKELY = 2000
"""References that are looked at when the belief in a place is summed up."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    Rows of the candidates, best first, with the probability of their places; the rest in figures.

    `probabilities` and `off_route` are NaN without a filter; `margin` is a lead in similarity.
    """

    rows: tuple[int, ...]
    probabilities: tuple[float, ...]
    off_route: float
    margin: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class _Seen:
    """A place that was seen, and the count of images, metres and odometry gaps at that time."""

    row: int
    images: int
    ahead_m: float
    gaps: int


class Tracker:
    """What was seen so far on one map; see `recognizer` for what the arguments are."""

    def __init__(
        self,
        references: Sequence[Keyframe],
        places: Places,
        novelty: Novelty,
        thresholds: Thresholds,
        config: LocalizeConfig,
        sequence: SequenceConfig,
        monitor: MonitorConfig,
    ) -> None:
        self._references = references
        self._places = places
        self._novelty = novelty
        self._learned = thresholds
        self._routes = Routes(references, places, sequence)
        self._filter = SequenceFilter(self._routes, len(references), novelty.spread, sequence)
        self._monitor = Monitor(monitor)
        self._foremost = ForemostPlace(references, places, sequence.window_back)
        self._all = np.arange(len(references))
        self.set_limits(config, sequence, monitor)
        self.begin('no image yet')

    def set_limits(
        self, config: LocalizeConfig, sequence: SequenceConfig, monitor: MonitorConfig
    ) -> None:
        """Take up other thresholds, without forgetting anything."""
        self._config, self._sequence = config, sequence
        given = config.accept_similarity, config.accept_margin
        learned = self._learned.similarity, self._learned.margin
        chosen = (x if g == AUTO else g for g, x in zip(given, learned, strict=True))
        self._thresholds = Thresholds(*chosen)
        self._monitor.set_limits(monitor)

    def begin(
        self, reason: str, weights: np.ndarray | None = None, row: int | None = None
    ) -> None:
        """Forget the past; `weights` (M,) say how likely each place is, `row` is the likeliest."""
        self._filter.begin(weights)
        self._monitor.begin(reason)
        self._foremost.forget()
        self._pose: Pose | None = None
        self._anchor: Pose | None = None
        self._images, self._ahead_m, self._gaps = 0, 0.0, 0
        self._sure: _Seen | None = None
        self._accepted: _Seen | None = None
        # The first image, which counts as a gap of odometry, is where the robot was told to be.
        self._told = None if row is None else _Seen(row, 0, 0.0, 1)

    def begin_at(self, row: int, reason: str) -> None:
        """Forget the past and begin around the place of a reference."""
        self.begin(reason, self._places.same(row, self._all).astype(float), row)

    def begin_near(self, x: float, y: float, sigma_m: float, reason: str) -> None:
        """
        Forget the past and begin around a position in metres in the frame of the map.

        :raises ConfigError: no reference has a position, or none lies within five sigma.
        """
        away_m = self._places.away_from(x, y)
        if not np.isfinite(away_m).any():
            raise ConfigError('the references of this map have no positions; use start_index')
        sigma_m = max(sigma_m, self._places.step_m, 0.1)
        if np.nanmin(away_m) > 5 * sigma_m:
            raise ConfigError(
                f'({x:.2f}, {y:.2f}) is {np.nanmin(away_m):.1f} m from the nearest reference, '
                f'more than five times its standard deviation of {sigma_m:.2f} m; give a place '
                f'on the route, or a greater covariance'
            )
        weights = np.nan_to_num(np.exp(-0.5 * (away_m / sigma_m) ** 2))
        self.begin(reason, weights, int(weights.argmax()))

    def blind(self, stamp_ns: int, reason: str, odometry: Pose | None) -> Verdict:
        """Take note of an image that could not be described."""
        self._filter.predict(self._move(odometry))
        return self._monitor.observe(Evidence(stamp_ns, False, reason, None, self._moved_m, None))

    def observe(
        self,
        stamp_ns: int,
        descriptor: np.ndarray,
        similarities: np.ndarray,
        odometry: Pose | None,
    ) -> Estimate:
        """
        Take an image: its descriptor (P,) and similarities (M,).

        :param odometry: pose of the base at its stamp in the frame of the odometry, if known.
        """
        motion = self._move(odometry)
        closeness = self._novelty.closeness(similarities, descriptor)
        best = int(closeness.argmax())
        log_ratio = self._novelty.scores.log_ratio(self._novelty.score(best, closeness[best]))
        if self._sequence.filter == 'none':
            return self._alone(stamp_ns, similarities, log_ratio)
        if not self._has_place:
            self._filter.confine(None)
        self._filter.predict(motion)
        self._filter.update(closeness, log_ratio)
        row = self._steady(int(self._filter.on.argmax()), motion)
        here = self._places.same(row, self._all)
        self._likely = self._most_likely()
        margin, lead = _lead(similarities, here), _lead(closeness, here) / self._novelty.spread
        reason = self._doubt(row, float(similarities[row]), margin, lead)
        if not descriptor.any():
            reason = 'nothing is to be seen in the image'
        verdict = self._judge(stamp_ns, row, reason)
        rows = self._ranked(row, here)
        return Estimate(
            rows, tuple(map(self._probability, rows)), self._filter.off, margin, verdict
        )

    @property
    def _has_place(self) -> bool:
        return self._monitor.state in (LOCALIZED, UNCERTAIN)

    def _alone(self, stamp_ns: int, similarities: np.ndarray, log_ratio: float) -> Estimate:
        """Judge an image by itself."""
        row = int(similarities.argmax())
        here = self._places.same(row, self._all)
        margin = _lead(similarities, here)
        decision = decide(self._thresholds, float(similarities[row]), margin)
        if decision.accepted and log_ratio < 0 and self._config.accept_similarity == AUTO:
            decision = Decision(False, 'images off the route look as similar')
        verdict = self._judge(stamp_ns, row, decision.reason)
        count = min(self._config.top_k, len(similarities))
        rows = np.argsort(-similarities, kind='stable')[:count]
        return Estimate(tuple(rows.tolist()), (np.nan,) * count, np.nan, margin, verdict)

    def _move(self, odometry: Pose | None) -> Motion | None:
        """Count an image and its motion; return the motion the belief has not taken up yet."""
        self._images += 1
        before, self._pose = self._pose, odometry
        if odometry is None or before is None:
            self._gaps += 1
            self._anchor = odometry
            self._moved_m: float | None = None
            return None
        step = motion_between(before, odometry)
        self._ahead_m += step.ahead_m
        self._moved_m = abs(step.ahead_m)
        motion = motion_between(self._anchor, odometry)
        if not self._filter.rests(motion):
            self._anchor = odometry
        return motion

    def _steady(self, row: int, motion: Motion | None) -> int:
        """Return the place with the index held against running back while the robot goes on."""
        if not self._has_place or (motion is not None and motion.ahead_m < 0):
            self._foremost.forget()
        return self._foremost.hold(row, self._filter.on)

    def _doubt(self, row: int, similarity: float, margin: float, lead: float) -> str:
        """Return why the place of the belief is not sure, '' when it is."""
        probability, least = self._probability(row), self._sequence.accept_probability
        if probability < least:
            if self._filter.off > 1 - least:
                return f'off the route with probability {self._filter.off:.2f}'
            return f'the place has probability {probability:.2f}, {least:.2f} is asked for'
        if self._config.accept_similarity != AUTO and similarity < self._config.accept_similarity:
            return f'similarity {similarity:.3f} is below {self._config.accept_similarity:.3f}'
        if self._config.accept_margin != AUTO and margin < self._config.accept_margin:
            return f'margin {margin:.3f} is below {self._config.accept_margin:.3f}'
        if lead < CONTRADICTION:
            return 'the image resembles another place more'
        known = self._accepted if self._has_place else self._told
        if lead < CLEAR_LEAD and not self._follows(known, row):
            return 'two places look alike and nothing tells yet which it is'
        return ''

    def _judge(self, stamp_ns: int, row: int, doubt: str) -> Verdict:
        verdict = self._monitor.observe(
            Evidence(
                stamp_ns,
                not doubt,
                doubt,
                self._follows(self._sure, row),
                self._moved_m,
                self._follows(self._accepted, row),
            )
        )
        seen = _Seen(row, self._images, self._ahead_m, self._gaps)
        if not doubt:
            self._sure = seen
        if verdict.accepted:
            self._accepted, self._told = seen, None
            if self._sequence.filter == 'window':
                self._filter.confine(row)
            if verdict.relocalized:
                self._foremost.forget()
            self._foremost.took(row)
        return verdict

    def _follows(self, seen: _Seen | None, row: int) -> bool | None:
        """Return whether a place follows from one seen before, None when there is none."""
        if seen is None:
            return None
        ahead_m = self._ahead_m - seen.ahead_m if self._gaps == seen.gaps else None
        return self._routes.continues(seen.row, row, ahead_m, self._images - seen.images)

    def _most_likely(self) -> np.ndarray:
        """Return the rows that hold the belief: all, or so many that no place is cut."""
        few = len(self._all) <= LIKELY
        rows = self._all if few else np.flatnonzero(self._filter.on)
        return rows if len(rows) <= LIKELY else np.argpartition(self._filter.on, -LIKELY)[-LIKELY:]

    def _probability(self, row: int) -> float:
        """Return the belief in the place of a reference."""
        likely = self._likely
        return float(self._filter.on[likely[self._places.same(row, likely)]].sum())

    def _ranked(self, row: int, here: np.ndarray) -> tuple[int, ...]:
        """Return the candidates: the place, the next likely ones, and a second place if likely."""
        belief = self._filter.on
        likely = np.sort(self._likely)
        order = likely[np.argsort(-belief[likely], kind='stable')].tolist()
        rows = [row, *(other for other in order[: self._config.top_k + 1] if other != row)]
        rows = rows[: self._config.top_k]
        elsewhere = np.where(here, -1.0, belief)
        other = int(elsewhere.argmax())
        new = len(rows) > 1 and elsewhere[other] > 0 and other not in rows
        if new and self._probability(other) >= WORTH_SHOWING:
            rows[-1] = other
        return tuple(rows)


def _lead(values: np.ndarray, here: np.ndarray) -> float:
    """Return how far the best value here is above the best elsewhere, NaN where all is here."""
    if here.all():
        return np.nan
    return float(values[here].max() - values[~here].max())
