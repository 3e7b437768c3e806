# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The runs that `anyloc evaluate` judges: on references, on a map, or of recorded answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from anyloc_ros.config import DescribeConfig, TeachConfig
from anyloc_ros.describe.describer import Describer
from anyloc_ros.errors import ConfigError
from anyloc_ros.evaluate.ground_truth import parse_truth
from anyloc_ros.evaluate.record import RunRecord
from anyloc_ros.evaluate.recorded import read_bag, read_table
from anyloc_ros.evaluate.recorded_run import run_from_records
from anyloc_ros.evaluate.records import BY_ITSELF, check_truth, KEPT, Numbered, numbered_in
from anyloc_ros.evaluate.run import Asked, Localizing, run_on_map, taught_map
from anyloc_ros.evaluate.whereabouts import numbers_of, read_track, Track, with_pose_file
from anyloc_ros.io.bag_file import read_poses
from anyloc_ros.io.bag_matches import BagMatches
from anyloc_ros.io.source import bag_storage, open_source, Source
from anyloc_ros.mapping.cameras import require_cameras
from anyloc_ros.mapping.method import describer_of
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.progress import Progress
import numpy as np


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the options of the verb name; empty text is what was not given."""

    truth: str
    references: str = ''
    map_file: Path | None = None
    matches: Path | None = None
    queries: str = ''
    off_map: Sequence[str] = ()
    rate_hz: float = 10.0
    image_topic: str = ''
    pose_topic: str = ''
    truth_topic: str = ''
    matches_topic: str = ''
    reference_poses: str = ''
    query_poses: str = ''
    name: str = ''
    settings: Sequence[str] = ()
    drive: bool = False
    times: bool = True

    def source(self, text: str, poses_file: str = '', pose_topic: str = '') -> Source:
        """Return one of the sources."""
        return open_source(
            text,
            rate_hz=self.rate_hz,
            image_topic=self.image_topic,
            pose_topic=pose_topic or self.pose_topic,
            poses_file=poses_file,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """
    A run, while its map is open.

    :param sources: that the queries came from, in this order; none where only answers are known.
    :param shown: queries whose `cosines` (R, M) with all references are known.
    :param bad_references: images that could not become one.
    """

    record: RunRecord
    place_map: PlaceMap
    sources: Sequence[Source]
    notes: Sequence[str]
    shown: Sequence[int] = ()
    cosines: np.ndarray | None = None
    bad_references: int = 0


@contextmanager
def from_references(
    given: Inputs, describe: DescribeConfig, how: Localizing, progress: Progress
) -> Iterator[Opened]:
    """Give the run of queries on a map of every reference image, which is not kept."""
    references = given.source(given.references, given.reference_poses, given.truth_topic)
    asked = _asked(given)
    taught = read_track(references)
    check_truth(given.truth, asked.true, taught)
    with taught_map(references, describe, how.poses, progress) as (place_map, describer):
        keyframes = place_map.keyframes()
        numbered = Numbered(numbers_of(keyframes, taught.stamps_ns), len(taught.stamps_ns))
        taught_from = f'{given.references}, {len(taught.stamps_ns)} images'
        ran = run_on_map(
            place_map,
            describer,
            numbered,
            asked,
            how,
            name=_name(given, how, describe.method),
            facts=_facts(given, how, describer) | {'references': taught_from},
            with_raw=given.drive,
            with_times=given.times,
            progress=progress,
        )
        bad = len(taught.stamps_ns) - len(ran.record.taught.ids)
        sources = [asked.queries, *asked.off_map]
        notes = [*_notes([references, *sources]), *ran.problems]
        yield Opened(ran.record, place_map, sources, notes, ran.shown, ran.cosines, bad)


@contextmanager
def from_map(
    given: Inputs, here: DescribeConfig, how: Localizing, progress: Progress
) -> Iterator[Opened]:
    """Give the run of queries on a finished map, by its own method."""
    with PlaceMap.open_to_read(given.map_file) as place_map:
        place_map.require_finished()
        require_cameras(place_map, ())
        asked = _asked(given)
        describer = describer_of(place_map, here)
        ran = run_on_map(
            place_map,
            describer,
            numbered_in(place_map),
            asked,
            how,
            name=_name(given, how, place_map.method),
            facts=_facts(given, how, describer) | _map_facts(given, place_map),
            with_raw=given.drive,
            with_times=given.times,
            progress=progress,
        )
        sources = [asked.queries, *asked.off_map]
        notes = [*_notes(sources), *ran.problems, *_numbers(given, place_map).values()]
        yield Opened(ran.record, place_map, sources, notes, ran.shown, ran.cosines)


@contextmanager
def from_matches(given: Inputs, poses: TeachConfig) -> Iterator[Opened]:
    """Give the run of answers that were recorded, in a CSV or in a bag."""
    with PlaceMap.open_to_read(given.map_file) as place_map:
        place_map.require_finished()
        known = {keyframe.id for keyframe in place_map.keyframes()}
        storage = bag_storage(given.matches)
        if given.matches_topic and storage is None:
            raise ConfigError(f'--matches-topic {given.matches_topic}: {given.matches} is no bag')
        bag = BagMatches(storage, given.matches_topic) if storage else None
        answers = read_bag(bag, known) if bag else read_table(given.matches, known)
        asked = None
        if given.queries or (bag and bag.has_images):
            asked = _asked(given, given.queries or str(given.matches))
            track, true = asked.track, asked.true
        else:
            track = Track([answer.stamp_ns for answer in answers], ())
            if storage is not None:
                poses_there, said = read_poses(storage, given.pose_topic, '--pose-topic')
                track = replace(track, poses=poses_there)
                bag.notes.extend(said)
            true = _true(given, storage, track)
        record, notes = run_from_records(
            place_map,
            answers,
            given.truth,
            track,
            true,
            poses,
            name=given.name or f'{_short(given.matches)}, {place_map.method}',
            facts={
                'method': place_map.method,
                'answers': str(given.matches),
                **_asked_facts(given),
                **_map_facts(given, place_map),
            },
            real_time=asked.queries.has_stamps if asked else bag is not None,
        )
        sources = [asked.queries] if asked else []
        notes = [*(bag.notes if bag else ()), *_notes(sources), *notes]
        if not asked:
            notes.append('the answers alone are the queries: images without one are not counted')
        named = record.answers.rows.shape[1]
        if named < min(KEPT, len(known)):
            notes.append(f'the answers name {named} references or fewer: recall@K ends there')
        notes += _numbers(given, place_map).values()
        yield Opened(record, place_map, sources, notes)


def _asked(given: Inputs, queries: str = '') -> Asked:
    """Return the queries, and their poses: true ones in a file or on a topic of their own."""
    queries = queries or given.queries
    storage = bag_storage(Path(queries))
    # The pose file of a folder says when its images were taken, too.
    source = given.source(queries, '' if storage else given.query_poses)
    track = read_track(source)
    true = _true(given, storage, track) if storage or given.truth_topic else track
    off_map = [given.source(text) for text in given.off_map]
    return Asked(source, given.truth, track, true, off_map)


def _true(given: Inputs, storage: Path | None, track: Track) -> Track:
    """Return the images of a track with the true poses that are named, else with their own."""
    if given.truth_topic and given.query_poses:
        raise ConfigError('--truth-topic and --query-poses both name the truth: give one of them')
    if given.query_poses:
        return with_pose_file(track, given.query_poses)
    if not given.truth_topic:
        return track
    if storage is None:
        raise ConfigError(f'--truth-topic {given.truth_topic}: only a bag of queries has topics')
    poses, _ = read_poses(storage, given.truth_topic, '--truth-topic')
    return replace(track, poses=poses)


def _name(given: Inputs, how: Localizing, method: str) -> str:
    drive = f', {how.sequence.filter}' if given.drive else ''
    return given.name or f'{_short(given.queries)}, {method}{drive}'


def _map_facts(given: Inputs, place_map: PlaceMap) -> dict[str, str]:
    count = len(place_map.keyframes())
    return {'map': f'{given.map_file}, {count} references', **_numbers(given, place_map)}


def _numbers(given: Inputs, place_map: PlaceMap) -> dict[str, str]:
    """Return what the numbers of a truth count: a map keeps key frames, not every image."""
    if parse_truth(given.truth)[0] == 'radius':
        return {}
    count = len(place_map.keyframes())
    return {
        'numbers': f'truth {given.truth}: numbers are those of the references in the map, which '
        f'keeps {count}; were they one for each image?'
    }


def _facts(given: Inputs, how: Localizing, describer: Describer) -> dict[str, str]:
    facts = {
        'method': describer.config.method,
        'filter': how.sequence.filter,
        'verify': how.verify.verify,
        'device': str(getattr(describer.extractor, 'device', 'cpu')),
        **_asked_facts(given),
    }
    if not given.drive:
        facts['acceptance'] = BY_ITSELF
    if given.off_map:
        facts['off the map'] = ', '.join(given.off_map)
    return facts


def _asked_facts(given: Inputs) -> dict[str, str]:
    facts = {'queries': given.queries or str(given.matches), 'truth': given.truth}
    if given.truth.startswith('radius:'):
        own = 'of the queries, which are their odometry as well'
        facts['true poses'] = given.query_poses or given.truth_topic or own
    if given.settings:
        facts['settings'] = ', '.join(given.settings)
    return facts


def _notes(sources: Sequence[Source]) -> list[str]:
    return [f'{source.name}: {note}' for source in sources for note in source.notes]


def _short(source: str | Path) -> str:
    """Return the end of a path, which tells runs apart: monday/front."""
    return '/'.join(Path(source).parts[-2:])
