# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a second drive and images off the route change in a map of descriptors made by hand."""

import math
from types import SimpleNamespace

from anyloc_ros.config import LocalizeConfig
from anyloc_ros.errors import ConfigError, MapError
from anyloc_ros.localize.calibration import calibrate, Recording, store
from anyloc_ros.localize.recognizer import PlaceRecognizer
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.records import Keyframe
import numpy as np
import pytest

PLACES, WIDTH = 40, 256
ALIASED = (3, 13, 23, 33)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


class Describer:
    """Of images that are their own descriptors."""

    ready, width = True, WIDTH
    vocabulary = whitening = None

    def __init__(self):
        self.fingerprint = {'network': 'none'}

    def describe(self, images):
        return np.stack(images)


def recording(name, descriptors):
    stamps_ns = [number * 5 * 10**8 for number in range(len(descriptors))]
    return Recording(name, stamps_ns, descriptors)


@pytest.fixture(scope='module')
def drives():
    """
    Return descriptors of references, unrelated images, two drives along the route, two beside it.

    Of the latter one resembles no reference; the other, `alias`, shows four places one after the
    other, ten images each, and each is much like another reference.
    """
    rng = np.random.default_rng(11)
    rows = rng.normal(size=(PLACES + 3, WIDTH))
    # The nearer two references are, the more they have in common.
    references = unit(rows[3:] + rows[2:-1] + rows[1:-2] + rows[:-3])
    alias = np.repeat(references[list(ALIASED)], 10, axis=0)
    return SimpleNamespace(
        references=references,
        unrelated=unit(rng.normal(size=(64, WIDTH))),
        queries=unit(references + rng.normal(0, 0.05, references.shape)),
        dusk=unit(references + rng.normal(0, 0.12, references.shape)),
        beside=unit(rng.normal(size=(40, WIDTH))),
        alias=unit(alias + rng.normal(0, 0.09, alias.shape)),
    )


@pytest.fixture
def route(drives, tmp_path):
    path = tmp_path / 'route.anyloc'
    with (
        PlaceMap.create(path, fingerprint=Describer().fingerprint, describe_config={}) as new,
        new.transaction(),
    ):
        for i in range(PLACES):
            new.add_keyframe(Keyframe(i, 0, i, i, None, None, (48, 64)), None)
        new.set_descriptors(range(PLACES), drives.references, 'float32')
        new.set_unrelated('package', drives.unrelated, 'float32')
        new.set_meta('state', 'finished')
    return path


def run(path, queries, off_map=None):
    with PlaceMap.open_to_read(path) as place_map:
        return calibrate(
            place_map,
            recording('tuesday', queries),
            None if off_map is None else recording('yard', off_map),
        )


def keep(path, calibration):
    with PlaceMap.open_to_write(path) as place_map:
        store(place_map, calibration, Describer())


def answers(path, descriptors):
    with PlaceMap.open_to_read(path) as place_map:
        recognizer = PlaceRecognizer(place_map, Describer(), LocalizeConfig())
    return [recognizer.recognize(row, n * 5 * 10**8) for n, row in enumerate(descriptors)]


def best_scores(drives, others):
    """Return how many deviations each query is beyond `others` at its nearest reference."""
    mean = drives.references.astype(float).mean(axis=0)

    def distances(query):
        centred = (query - mean) / math.dist(query, mean)
        return np.array(
            [math.dist((row - mean) / math.dist(row, mean), centred) for row in drives.references]
        )

    unlike = np.array([distances(row) for row in others])
    deviation = (unlike.std(axis=0) + unlike.std(axis=0).mean()) / 2
    found = []
    for query in drives.queries:
        away = distances(query)
        row = int(away.argmin())
        found.append((unlike.mean(axis=0)[row] - away[row]) / deviation[row])
    return np.array(found)


def test_the_second_drive_tells_how_far_images_on_the_route_score(drives, route):
    found = run(route, drives.queries)
    expected = np.percentile(best_scores(drives, drives.unrelated), 95)
    assert found.on_route_score == pytest.approx(expected, rel=1e-3)
    assert found.off_map is None and found.objection == ''
    # The lower of the two scores counts.
    found = run(route, drives.queries, drives.beside)
    both = [best_scores(drives, others) for others in (drives.unrelated, drives.beside)]
    assert found.on_route_score == pytest.approx(np.percentile(np.min(both, axis=0), 95), rel=1e-3)


@pytest.mark.parametrize('with_off_map', [False, True])
def test_figures_are_what_the_recognizer_makes_of_the_images(drives, route, with_off_map):
    found = run(route, drives.queries, drives.beside if with_off_map else None)
    before = answers(route, drives.queries)
    keep(route, found)
    after = answers(route, drives.queries)
    for judged, real in ((found.queries.before, before), (found.queries.after, after)):
        assert judged.accepted == pytest.approx(np.mean([answer.accepted for answer in real]))
        probabilities = [answer.candidates[0].probability for answer in real]
        assert judged.probability == pytest.approx(np.mean(probabilities), abs=1e-3)
        assert judged.accepted > 0.8


@pytest.mark.parametrize('with_off_map', [False, True])
def test_no_image_is_more_likely_to_show_the_route_than_before(drives, route, with_off_map):
    def each_alone():
        with PlaceMap.open_to_read(route) as place_map:
            recognizer = PlaceRecognizer(place_map, Describer(), LocalizeConfig())
        found = []
        for image in (*drives.queries, *drives.beside, *drives.alias):
            recognizer.forget()
            found.append(recognizer.recognize(image, 0).off_route_probability)
        return np.array(found)

    before = each_alone()
    # A drive that scores low, and one that scores higher than neighbours along the map.
    for queries in (drives.dusk, drives.references[::-1]):
        keep(route, run(route, queries, drives.alias if with_off_map else None))
        assert (each_alone() >= before - 1e-9).all()
    assert (each_alone() > before + 1e-4).any()


def test_images_off_the_route_are_kept_away_from_it(drives, route):
    assert np.mean([answer.accepted for answer in answers(route, drives.alias)]) > 0.2
    keep(route, run(route, drives.queries, drives.alias))
    assert not any(answer.accepted for answer in answers(route, drives.alias))
    on = [answer.accepted for answer in answers(route, drives.queries)]
    assert np.mean(on) > 0.6


def test_images_off_the_route_are_judged_by_the_others_of_them(drives, route):
    found = run(route, drives.queries, drives.alias)
    # Four stretches of ten, and what one shows the others do not: nothing was learned of it.
    assert found.off_map.before.beyond > 0.9
    assert found.off_map.after.beyond > 0.6


def test_a_calibration_takes_the_place_of_the_one_before(drives, route):
    first = run(route, drives.queries, drives.beside)
    keep(route, first)
    with PlaceMap.open_to_read(route) as place_map:
        assert np.allclose(place_map.unrelated('given'), drives.beside, atol=1e-3)
        assert np.array_equal(place_map.unrelated('package'), drives.unrelated)
        assert place_map.meta('on_route_score') == first.on_route_score
        assert place_map.meta('calibrated') == ('40 images of tuesday, 40 off the route of yard')
        (event,) = place_map.events()
        judged = first.queries
        assert event.level == 'info'
        assert event.text.startswith(
            'calibrated by 40 images of tuesday, 40 off the route of yard'
        )
        assert f'accepted {judged.after.accepted:.0%}, before {judged.before.accepted:.0%}' in (
            event.text
        )
    # What was given before plays no part in the next one.
    second = run(route, drives.queries)
    assert second.queries.before == first.queries.before
    keep(route, second)
    with PlaceMap.open_to_read(route) as place_map:
        assert place_map.unrelated('given').shape == (0, WIDTH)
        assert place_map.meta('on_route_score') == second.on_route_score
        assert place_map.meta('calibrated') == '40 images of tuesday'
        assert len(place_map.events()) == 2


@pytest.mark.parametrize(
    ('queries', 'off_map', 'objection'),
    [
        ('beside', None, 'only 0% of the images of tuesday are accepted, expected 50% or more'),
        ('beside', 'unrelated', 'give a second drive along the route'),
        ('queries', 'references', '95% of the images of yard are accepted as places of the route'),
    ],
)
def test_images_that_cannot_be_what_they_are_given_for(drives, route, queries, off_map, objection):
    found = run(route, getattr(drives, queries), off_map and getattr(drives, off_map))
    assert objection in found.objection
    # Whoever stores it nevertheless finds it in the map.
    keep(route, found)
    with PlaceMap.open_to_read(route) as place_map:
        info, warning = place_map.events()
    assert (info.level, warning.level) == ('info', 'warning')
    assert warning.text == f'calibrated although {found.objection}'


def test_too_few_images(drives, route):
    with pytest.raises(ConfigError, match='tuesday has 19 images that can be used, expected 20'):
        run(route, drives.queries[:19])
    with pytest.raises(ConfigError, match='yard has 3 images'):
        run(route, drives.queries, drives.beside[:3])


def test_all_is_stored_or_nothing(drives, route, monkeypatch):
    found = run(route, drives.queries, drives.beside)

    def fail(*_):
        raise MapError('full')

    monkeypatch.setattr(PlaceMap, 'add_event', fail)
    with pytest.raises(MapError, match='full'):
        keep(route, found)
    with PlaceMap.open_to_read(route) as place_map:
        assert len(place_map.unrelated('given')) == 0
        assert place_map.meta('on_route_score') is place_map.meta('calibrated') is None


@pytest.mark.parametrize(
    ('key', 'value', 'text'),
    [
        (
            'fingerprint',
            {'network': 'other'},
            "network 'other', this describer has network 'none'",
        ),
        ('state', 'recording', 'is not finished; run: anyloc map finish'),
    ],
)
def test_a_map_that_is_another_by_then_is_left_alone(drives, route, key, value, text):
    found = run(route, drives.queries, drives.beside)
    with PlaceMap.open_to_write(route) as place_map:
        place_map.set_meta(key, value)
        with pytest.raises(MapError, match=text):
            store(place_map, found, Describer())
        assert len(place_map.unrelated('given')) == 0
        assert place_map.meta('on_route_score') is None
