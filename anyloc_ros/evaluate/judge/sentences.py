# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A run in words, made from its figures: only what is known, with how many and how sure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
import math

from anyloc_ros.evaluate.judge.figures import Figures
from anyloc_ros.evaluate.metrics.intervals import Estimate, IMAGES
from anyloc_ros.evaluate.record import RunRecord
import numpy as np

CHANCE = 0.5
"""The area under ROC of a number that knows nothing."""


def sentences(record: RunRecord, figures: Figures) -> list[str]:
    """Return what the figures come to; brackets have the interval of 95 %."""
    return [
        *_queries(record),
        *_recall(record, figures),
        *_accepted(record, figures),
        *_position(figures),
        *_path(figures),
        *_drive(figures),
        *_stop(figures),
        *_trust(figures),
        *_time(figures),
    ]


def _queries(record: RunRecord) -> Iterator[str]:
    answered = record.answers.answered
    on_map = record.truth.on_map
    off = '' if on_map is None else f', {int((~on_map).sum())} of them taken off the map'
    silent = int((~answered).sum())
    dropped = f'; {silent} had no answer' if silent else ''
    yield (
        f'{_many(len(answered), "query", "queries")}{off}, '
        f'{_many(len(record.taught.ids), "reference")}{dropped}.'
    )
    if 0 < len(answered) < 2 * IMAGES.block:
        yield f'Below {2 * IMAGES.block} images only a share of all or none has an interval.'


def _recall(record: RunRecord, figures: Figures) -> Iterator[str]:
    recall = figures.recall
    if not recall.queries:
        return
    without = recall.queries_without_positive
    answerable = recall.estimates_answerable[1]
    missing = f', {without} of them without a positive' if without else ''
    if 0 < without < recall.queries:
        missing += f' (R@1 of the others is {answerable.value:.2f})'
    yield (
        f'R@1 = {_number(recall.estimates[1])} and R@5 = {_number(recall.estimates[5])}, '
        f'right being {record.truth.rule}, over {_many(recall.queries, "query", "queries")}'
        f'{missing}.'
    )
    far = figures.far_hits
    if far is not None and far.share.count:
        yield (
            f'{_percent(far.share)} of those hits are more than {far.beyond_m:g} m off '
            f'({_many(far.share.count, "hit")} whose error is known).'
        )
    frames = figures.frame_error
    if frames is not None and frames.median.count:
        yield (
            f'The best reference is {frames.median.value:.3g} '
            f'{_noun(frames.median.value, "frame")} off (median of '
            f'{frames.median.count}), 95 % of them at most {frames.p95.value:.3g}, the worst '
            f'{frames.maximum:g}.'
        )


def _accepted(record: RunRecord, figures: Figures) -> Iterator[str]:
    point = figures.accepted
    if not point.queries:
        return
    said = (
        f'{_percent(point.accepted)} of {_many(point.queries, "query", "queries")} '
        f'{_was(point.queries)} accepted'
    )
    if math.isnan(point.precision.value):
        yield f'{said}.'
        return
    yield f'{said}, {_percent(point.precision)} of them rightly: {point.false_accepts} wrongly.'
    if 'acceptance' in record.facts:
        yield f'Accepted is {record.facts["acceptance"]}.'
    choice, clean = figures.decision, figures.decision.recall_at_100p
    if choice.queries_without_match < choice.queries and math.isfinite(clean.value):
        yield (
            f'A threshold on the similarity that accepts nothing wrong keeps at most '
            f'{_percent(clean)} of the queries that have a positive.'
        )


def _position(figures: Figures) -> Iterator[str]:
    position = figures.position
    if position is None or not position.error.median.count:
        return
    error = position.error
    yield (
        f'Accepted answers are {_number(error.median, " m")} off (median of '
        f'{error.median.count}), 95 % of them at most {_number(error.p95, " m")}; the worst is '
        f'{error.maximum:.2f} m off.'
    )
    if figures.oracle_m is not None:
        yield (
            f'The nearest reference is {figures.oracle_m.median.value:.2f} m away (median): no '
            f'answer that is a reference can be nearer.'
        )


def _path(figures: Figures) -> Iterator[str]:
    if figures.path is not None and figures.path.along_m.bias.count:
        along, offset = figures.path.along_m, figures.path.offset_m
        side = 'ahead of' if along.bias.value > 0 else 'behind'
        yield (
            f'Along the taught path accepted answers are {abs(along.bias.value):.2f} m {side} the '
            f'robot on average, 95 % of them within {along.p95.value:.2f} m; the robot itself was '
            f'{offset.rmse.value:.2f} m beside the path (root mean square), '
            f'{offset.maximum:.2f} m at most.'
        )
    sign = figures.sign_error
    if sign is not None and sign.wrong.count:
        yield (
            f'On {_percent(sign.wrong)} of {_many(sign.wrong.count, "image")} more than '
            f'{sign.deadband_m:g} m beside the path, steering by the answer leads further away; '
            f'on {_percent(sign.idle)} there is nothing to steer by.'
        )


def _drive(figures: Figures) -> Iterator[str]:
    jumps = figures.jumps
    if jumps is not None:
        yield (
            f'{jumps.jumps} of {jumps.pairs} steps between accepted answers are jumps of more '
            f'than {jumps.limit_m:g} m: {_number(jumps.per_100m)} per 100 m.'
        )
    lost = figures.longest_lost
    if lost is not None and lost.images:
        parts = [_many(lost.images, 'image')]
        parts += [f'{lost.metres:.1f} m'] if math.isfinite(lost.metres) else []
        parts += [f'{lost.seconds:.1f} s'] if math.isfinite(lost.seconds) else []
        yield f'The longest stretch without a right accepted answer: {", ".join(parts)}.'
    if figures.lock is not None and figures.lock.images < 0:
        yield 'There was never a lock: right accepted answers did not follow each other.'
    yield from _gain(figures)


def _gain(figures: Figures) -> Iterator[str]:
    if figures.gain is None:
        return
    raw, filtered = (figures.gain_counts[name] for name in ('raw', 'filtered'))
    yield (
        f'The best reference is right on {filtered.right} of {_many(filtered.images, "image")} '
        f'with the filter, on {raw.right} without: {_percent(figures.gain.better)} became right, '
        f'{_percent(figures.gain.worse)} wrong by it.'
    )
    yield (
        f'Rightly accepted are {filtered.accepted_rightly} with the filter and '
        f'{raw.accepted_rightly} of single images, wrongly {filtered.accepted_wrongly} and '
        f'{raw.accepted_wrongly}.'
    )


def _stop(figures: Figures) -> Iterator[str]:
    stop = figures.stop
    if stop is None:
        return
    early = sum(outcome.false_stops > 0 for outcome in stop.outcomes)
    missed = sum(outcome.missed for outcome in stop.outcomes)
    told, reached = stop.with_false_stop.count, stop.missed.count
    if told:
        yield f'{early} of {_many(told, "goal")} {_was(early)} stopped at too early.'
    if reached:
        yield f'{missed} of {_many(reached, "reached goal")} {_was(missed)} passed without a stop.'
    never = stop.runs - reached
    if never:
        yield (
            f'{never} of {_many(stop.runs, "goal")} {_was(never)} never reached: it is not known '
            f'whether {_noun(never, "it", "they")} would be missed.'
        )
    judged = [o.hold_failed for o in stop.outcomes if o.hold_failed is not None]
    if judged:
        yield f'The stop was not held at {sum(judged)} of {len(judged)} goals.'


def _trust(figures: Figures) -> Iterator[str]:
    novelty = figures.novelty
    if novelty is not None and novelty.off_map:
        yield (
            f'{_percent(novelty.offmap_accept)} of {_many(novelty.off_map, "query", "queries")} '
            f'off the map {_was(novelty.off_map)} accepted.'
        )
    if figures.calibration is not None:
        yield (
            f'Probabilities are {_number(figures.calibration.ece)} from the share that is right '
            f'(expected calibration error, N = {figures.calibration.ece.count}).'
        )
    if figures.heading is not None:
        yield (
            f'{_percent(figures.heading.coverage_95)} of '
            f'{_many(figures.heading.coverage_95.count, "heading")} are within 1.96 sigma of the '
            f'truth, where it should be 95 %.'
        )
    known = {n: q.auroc for n, q in figures.confidence.items() if math.isfinite(q.auroc.value)}
    if len(known) > 1:
        best = max(known, key=lambda name: known[name].value)
        found = _number(known[best])
        if np.fmin(known[best].low, known[best].value) > CHANCE:
            yield f'Right and wrong answers are told apart best by {best}: AUROC {found}.'
        else:
            yield (
                f'Nothing here tells right answers from wrong ones for sure: the best, {best}, '
                f'has AUROC {found}, and {CHANCE:g} is chance.'
            )


def _time(figures: Figures) -> Iterator[str]:
    total = figures.latency.get('total')
    if total is not None:
        yield (
            f'An answer took {total.p50.value:.0f} ms (median), 95 % of them at most '
            f'{total.p95.value:.0f} ms.'
        )
    late = figures.throughput
    if late is not None and math.isfinite(late.deadline_miss.value):
        yield (
            f'{_percent(late.deadline_miss)} of the images were answered later than '
            f'{late.budget_ms:.0f} ms, or never.'
        )
    reach = figures.reach
    if reach is not None:
        verdict = 'little enough' if reach.enough else 'too far'
        yield (
            f'The robot drives {reach.metres_per_estimate:.2f} m on one answer, {verdict} for '
            f'references that ask for {reach.limit_m:.2f} m.'
        )


def _was(count: int) -> str:
    return _noun(count, 'was', 'were')


def _many(count: int, one: str, several: str = '') -> str:
    return f'{count} {_noun(count, one, several)}'


def _noun(count: float, one: str, several: str = '') -> str:
    return one if count == 1 else several or f'{one}s'


def _number(estimate: Estimate, unit: str = '') -> str:
    return f'{estimate.value:.2f}{unit}{_interval(estimate, "{:.2f}")}'


def _percent(estimate: Estimate) -> str:
    part = Estimate(*(100 * each for each in astuple(estimate)[:3]), estimate.count)
    return f'{part.value:.0f} %{_interval(part, "{:.0f}")}'


def _interval(estimate: Estimate, form: str) -> str:
    if np.isnan([estimate.low, estimate.high]).any():
        return ''
    return f' [{form.format(estimate.low)}, {form.format(estimate.high)}]'
