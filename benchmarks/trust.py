# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""
How far the answers can be trusted: `python benchmarks/trust.py` prints a row for each promise.

RootSIFT-VLAD with the default parameters, the same for everything. Real images come from the
folder ANYLOC_DATA, else from ../shared/data; they have neither stamps nor odometry: stamps are
made from RATE_HZ. The rendered building gives drives with odometry on which the robot is carried
away, leaves the route, and loses sight, see anyloc_ros/simulate/trial.py. All of it takes some
minutes on two cores; `--only` chooses parts of it.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
import multiprocessing
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from anyloc_ros.config import MonitorConfig, SequenceConfig
from anyloc_ros.evaluate.trust import (
    KIDNAPPED,
    KIDNAPPED_INTO_TWIN,
    longest_run,
    probabilities,
    score,
    SURE,
    total,
    TrustScore,
)
from anyloc_ros.localize.recognizer import Recognition
from anyloc_ros.simulate.run import RunConfig
from anyloc_ros.simulate.trial import Trial
from anyloc_ros.simulate.world import World
import numpy as np
import trust_maps
import trust_time

SHARED = Path(__file__).resolve().parents[2] / 'shared' / 'data'
SETTLED = 10
"""So many images a run may take until it counts that a foreign place is accepted."""
WORLDS = 4
"""Buildings that the trials are driven in, each with its own map."""

PARTS = ('images', 'world', 'time')

Row = tuple[str, str, str, bool]
"""What is promised, what was found, what is wanted, and whether it is kept."""


def real_images(folder: Path) -> list[Row]:
    """Return the rows of the image sets, on their own maps and on those of the others."""
    sets = trust_maps.image_sets(folder)
    answers: dict[tuple[str, str], list[Recognition]] = {}
    with TemporaryDirectory(prefix='anyloc_') as place:
        for image_set in sets.values():
            path = Path(place) / f'{image_set.name}.anyloc'
            trust_maps.teach(path, image_set.references, every_image=image_set.every_image)
            for queries in sets.values():
                if queries.queries is not None:
                    recognizer = trust_maps.recognizer_on(path)
                    answers[queries.name, image_set.name] = trust_maps.replay(
                        recognizer, queries.queries
                    )
        corridor = sets['corridor']
        single = trust_maps.recognizer_on(
            Path(place) / 'corridor.anyloc', SequenceConfig(filter='none')
        )
        alone = trust_maps.replay(single, corridor.queries)
    return [
        *_in_order(answers['teach_repeat', 'teach_repeat']),
        *_recall(alone, answers['corridor', 'corridor'], corridor.positives),
        *_acceptance(answers),
        *_foreign(answers),
        *[
            row
            for name in ('corridor', 'two_laps')
            for row in _calibration(
                name, answers[name, name], _right(answers[name, name], sets[name].positives)
            )
        ],
    ]


def _in_order(answers: list[Recognition]) -> list[Row]:
    accepted = np.array([answer.accepted for answer in answers], bool)
    first = int(np.argmax(accepted)) if accepted.any() else len(accepted)
    after = [answer.candidates[0].reference.index for answer in answers[first:]]
    matched = [answer.match.reference.index for answer in answers if answer.match]
    without = longest_run(~accepted[first:])
    name = 'teach_repeat'
    return [
        (f'{name}: longest step back of the match', *_at_most(_step_back(matched), 1)),
        (f'{name}: longest step back of the best place', *_at_most(_step_back(after), 1)),
        (f'{name}: images in a row without a match', *_at_most(without, 10)),
        (f'{name}: number of the first image with a match', *_at_most(first + 1, 10)),
    ]


def _step_back(indices: list[int]) -> int:
    """Return how far an index is behind the highest one before it, at most."""
    values = np.array(indices, int)
    return int((np.maximum.accumulate(values) - values).max(initial=0))


def _recall(
    alone: list[Recognition], filtered: list[Recognition], positives: list[frozenset[int]]
) -> list[Row]:
    before, after = (float(_right(answers, positives).mean()) for answers in (alone, filtered))
    name = f'corridor: recall@1 of the filtered answer (single images {before:.3f})'
    return [(name, *_at_least(after, 0.93))]


def _acceptance(answers: dict[tuple[str, str], list[Recognition]]) -> list[Row]:
    rows = []
    for name, wanted in (('two_laps', 0.9), ('teach_repeat', 0.9), ('corridor', 0.8)):
        share = float(np.mean([answer.accepted for answer in answers[name, name]]))
        rows.append(
            (f'{name}: share of images accepted on its own map', *_at_least(share, wanted))
        )
    return rows


def _foreign(answers: dict[tuple[str, str], list[Recognition]]) -> list[Row]:
    rows, late, longest = [], [], 0
    for (queries, taught), found in answers.items():
        if queries == taught:
            continue
        accepted = np.array([answer.accepted for answer in found], bool)
        late.extend(accepted[SETTLED:])
        longest = max(longest, longest_run(accepted))
        name = f'  {queries} on the map of {taught}: images accepted, most in a row'
        said = f'{accepted.sum()} of {len(accepted)}, {longest_run(accepted)}'
        rows.append((name, said, '', True))
    name = f'foreign maps: share accepted after {SETTLED} images'
    rows.append((name, *_at_most(float(np.mean(late)), 0.01)))
    rows.append(('foreign maps: accepted in a row', *_at_most(longest, 3)))
    return rows


def _calibration(name: str, answers: list[Recognition], right: np.ndarray) -> list[Row]:
    sure = probabilities(answers) >= SURE
    return _sure(name, int(sure.sum()), int((sure & right).sum()), int(sure.sum()), len(right))


def _sure(name: str, sure: int, right: int, sure_on_map: int, on_map: int) -> list[Row]:
    said = f'{name}: share right of {sure} with probability {SURE} or more'
    return [
        (said, *_at_least(right / sure if sure else np.nan, 0.9)),
        (f'{name}: share of images on the map with it', *_at_least(sure_on_map / on_map, 0.5)),
    ]


def _right(answers: list[Recognition], positives: list[frozenset[int]]) -> np.ndarray:
    return np.array(
        [
            bool(answer.candidates) and answer.candidates[0].reference.index in right
            for answer, right in zip(answers, positives, strict=True)
        ],
        bool,
    )


def drive_trials(world_seed: int, seeds: list[int]) -> list[tuple[int, TrustScore]]:
    """Return the scores of the trials `seeds` in one building."""
    world = World(world_seed, look_alikes=True)
    with TemporaryDirectory(prefix='anyloc_') as folder:
        path = Path(folder) / 'world.anyloc'
        trust_maps.teach(path, trust_maps.DriveSource(world, RunConfig.teach()), every_image=False)
        return [(seed, _drive_trial(path, Trial(world, seed))) for seed in seeds]


def _drive_trial(path: Path, trial: Trial) -> TrustScore:
    recognizer = trust_maps.recognizer_on(path)
    answers = [
        recognizer.recognize(frame.image, frame.stamp_ns, frame.odometry)
        for frame in trial.frames()
    ]
    return score(trial.truth, answers)


def rendered_world(found: dict[int, TrustScore]) -> list[Row]:
    """Return the rows of all trials together, and one for each of them."""
    rows = [
        (
            f'  world {seed}: false accepts, longest, recoveries',
            f'{one.false_accepts} of {one.images}, {one.longest_false_m:.2f} m, '
            + ' '.join(f'{way_m:.1f}' for _, way_m in one.recoveries_m),
            '',
            True,
        )
        for seed, one in sorted(found.items())
    ]
    every = total(list(found.values()))
    far, twin = (every.median_recovery_m(kind) for kind in (KIDNAPPED, KIDNAPPED_INTO_TWIN))
    name = f'world: median recovery in m ({far:.1f} far away, {twin:.1f} into a look-alike)'
    seen = every.seen_accepted / every.seen
    return [
        *rows,
        ('world: share of false accepts', *_at_most(every.false_accepts / every.images, 0.005)),
        (
            'world: longest way on false accepts in m',
            *_at_most(every.longest_false_m, MonitorConfig().lost_after_m),
        ),
        (name, *_at_most(every.median_recovery_m(), 3.0)),
        (
            f'world: share of images on the route rightly accepted ({seen:.3f} without hidden)',
            *_at_least(every.on_route_accepted / every.on_route, 0.85),
        ),
        *_sure('world', every.sure, every.sure_right, every.sure_on_route, every.on_route),
    ]


def filter_and_monitor() -> list[Row]:
    """Return the rows of the time per image."""
    return [
        (
            f'filter and monitor: ms at {size} references, {kind}',
            *_at_most(taken_ms, trust_time.LIMITS_MS[size]),
        )
        for size, kind, taken_ms in trust_time.filter_times()
    ]


def _at_most(value: float, limit: float) -> tuple[str, str, bool]:
    return _number(value), f'<= {limit:g}', bool(value <= limit)


def _at_least(value: float, limit: float) -> tuple[str, str, bool]:
    return _number(value), f'>= {limit:g}', bool(value >= limit)


def _number(value: float) -> str:
    return f'{value:.4f}' if isinstance(value, float) else str(value)


def _print(rows: list[Row]) -> None:
    for name, found, wanted, kept in rows:
        print(f'{name:<72} {found:>24} {wanted:>9}  {"" if kept else "MISSED"}', flush=True)


def main() -> None:
    """Run the parts that are asked for, and print what each gives."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--runs', type=int, default=20, help='trials in the rendered world')
    parser.add_argument('--workers', type=int, default=2, help='processes at a time')
    parser.add_argument('--only', nargs='+', choices=PARTS)
    given = parser.parse_args()
    parts = given.only or PARTS
    data = Path(os.environ.get('ANYLOC_DATA', SHARED))
    began = perf_counter()
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(given.workers, context, trust_maps.use_one_thread) as pool:
        images = pool.submit(real_images, data) if 'images' in parts else None
        drives = []
        if 'world' in parts:
            seeds = [list(range(n, given.runs, WORLDS)) for n in range(min(WORLDS, given.runs))]
            drives = [pool.submit(drive_trials, n + 1, own) for n, own in enumerate(seeds)]
        if images is not None:
            _print(images.result())
        if drives:
            found = {seed: one for drive in drives for seed, one in drive.result()}
            _print(rendered_world(found))
    if 'time' in parts:
        _print(filter_and_monitor())
    print(f'{perf_counter() - began:.0f} s')


if __name__ == '__main__':
    main()
