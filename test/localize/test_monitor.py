# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Scripts of images with the states that must follow, and what must hold for any script."""

from __future__ import annotations

from dataclasses import replace
import random

from anyloc_ros.config import MonitorConfig
from anyloc_ros.localize.monitor import Evidence, LOCALIZED, LOST, Monitor, SEARCHING, UNCERTAIN
import pytest

LIMITS = MonitorConfig(
    consecutive_accepts=3, lost_after_frames=8, lost_after_m=4.0, lost_after_s=20.0
)
"""A quarter of them: 2 images, 1 m, 5 s."""


class Drive:
    """
    Shows images to a monitor, a second and 0.1 m apart if not told otherwise.

    An image is one letter: the place it surely shows, near enough to the one before of the same
    letter, or `-` for one that is not sure.
    """

    def __init__(self, limits: MonitorConfig = LIMITS) -> None:
        self.monitor = Monitor(limits)
        self.now_ns = 10**18
        self.last_sure = self.last_accepted = None

    def see(self, image: str, *, after_s: float = 1.0, moved_m: float | None = 0.1):
        self.now_ns += round(after_s * 1e9)
        sure = image != '-'
        verdict = self.monitor.observe(
            Evidence(
                self.now_ns,
                sure,
                '' if sure else 'fog',
                image == self.last_sure if self.last_sure else None,
                moved_m,
                image == self.last_accepted if self.last_accepted else None,
            )
        )
        self.last_sure = image if sure else self.last_sure
        self.last_accepted = image if verdict.accepted else self.last_accepted
        return verdict

    def run(self, images: str, **how) -> str:
        """Return S L U X (lost) for each image, in lower case where it is not accepted."""
        letters = {SEARCHING: 's', LOCALIZED: 'l', UNCERTAIN: 'u', LOST: 'x'}
        verdicts = [self.see(image, **how) for image in images]
        return ''.join(
            letters[v.state].upper() if v.accepted else letters[v.state] for v in verdicts
        )


@pytest.mark.parametrize(
    ('images', 'expected'),
    [
        ('', ''),
        # The beginning: three in a row, those before are not accepted.
        ('AAA', 'ssL'),
        ('--AAAA', 'ssssLL'),
        ('AA-AAA', 'sssssL'),
        ('AABAA', 'sssss'),
        ('ABABAB', 'ssssss'),
        ('AABBB', 'ssssL'),
        ('---------------', 'sssssssssssssss'),
        # A weak image does not flicker, two are doubt, one match ends it.
        ('AAA-A-A', 'ssLlLlL'),
        ('AAA--A', 'ssLluL'),
        ('AAA--A-A', 'ssLluLlL'),
        # Lost at the eighth.
        ('AAA--------', 'ssLluuuuuux'),
        ('AAA-------A', 'ssLluuuuuuL'),
        ('AAA---------', 'ssLluuuuuuxx'),
        # Another place is doubt at once, and taken after three.
        ('AAABA', 'ssLuL'),
        ('AAABBA', 'ssLuuL'),
        ('AAABBBB', 'ssLuuLL'),
        ('AAABB-BBB', 'ssLuuuuuL'),
        ('AAABCDBCDBC', 'ssLuuuuuuux'),
        ('AAABBBABAAA', 'ssLuuLuLuuL'),
        # From LOST: search at a sure image, back when it fails, never one image alone.
        ('AAA--------A', 'ssLluuuuuuxs'),
        ('AAA--------AAAA', 'ssLluuuuuuxssLL'),
        ('AAA--------A-A', 'ssLluuuuuuxsxs'),
        ('AAA--------ABCC', 'ssLluuuuuuxsxxs'),
        ('AAA--------ABBB', 'ssLluuuuuuxsxsL'),
        # Two of three when it is lost: the third finds.
        ('AAA------BBB', 'ssLluuuuuuxL'),
    ],
)
def test_states(images, expected):
    assert Drive().run(images) == expected


def test_one_image_is_enough_where_the_parameter_says_so():
    assert Drive(replace(LIMITS, consecutive_accepts=1)).run('A-AB') == 'LlLL'


def test_relocalized_is_said_once_and_only_of_another_place():
    drive = Drive()
    verdicts = [drive.see(image) for image in 'AAAA--ABBBB']
    assert [v.relocalized for v in verdicts] == [False] * 9 + [True, False]
    assert verdicts[9].reason == 'found anew: 3 images in a row agree'


def test_after_lost_the_same_place_too_is_relocalized():
    drive = Drive()
    assert drive.run('AAA--------AA') == 'ssLluuuuuuxss'
    verdict = drive.see('A')
    assert (verdict.state, verdict.accepted, verdict.relocalized) == (LOCALIZED, True, True)


def test_way_and_time_since_the_match():
    drive = Drive()
    before = [drive.see('A') for _ in range(2)]
    assert {(v.distance_since_accept_m, v.time_since_accept_s) for v in before} == {(None, None)}
    assert drive.see('A').distance_since_accept_m == 0.0
    drive.see('-', after_s=0.5, moved_m=0.25)
    verdict = drive.see('-', after_s=0.25, moved_m=0.5)
    assert (verdict.distance_since_accept_m, verdict.time_since_accept_s) == (0.75, 0.75)
    verdict = drive.see('A', moved_m=0.5)
    assert (verdict.distance_since_accept_m, verdict.time_since_accept_s) == (0.0, 0.0)


def test_metres_bring_doubt_and_loss():
    drive = Drive()
    drive.run('AAA', moved_m=1.0)
    assert drive.run('-', moved_m=1.0) == 'l'
    assert drive.run('-', moved_m=0.25) == 'u'
    assert drive.run('-', moved_m=2.75) == 'u'
    verdict = drive.see('-', moved_m=0.25)
    assert (verdict.state, verdict.distance_since_accept_m) == (LOST, 4.25)
    assert verdict.reason == 'fog; no match for 4 images, 4.25 m, 4.0 s'


def test_seconds_bring_doubt_and_loss():
    drive = Drive()
    drive.run('AAA')
    assert drive.run('-', after_s=5.0) == 'l'
    assert drive.run('A', after_s=5.0) == 'L'
    assert drive.run('-', after_s=5.25) == 'u'
    assert drive.run('-', after_s=14.75) == 'u'
    verdict = drive.see('-', after_s=0.25)
    assert (verdict.state, verdict.time_since_accept_s) == (LOST, 20.25)
    assert verdict.reason == 'fog; no match for 3 images, 0.30 m, 20.2 s'


def test_after_a_long_silence_even_the_same_place_must_be_found_anew():
    drive = Drive()
    drive.run('AAA')
    verdict = drive.see('A', after_s=20.5)
    assert (verdict.state, verdict.accepted) == (LOST, False)
    assert verdict.reason == '1 of 3 images in a row agree on a place; no match for 1 image, ' + (
        '0.10 m, 20.5 s'
    )
    assert drive.run('A') == 's'
    assert drive.see('A').relocalized
    # Less than that is no silence.
    assert drive.run('A', after_s=20.0) == 'L'


def test_a_silence_ends_a_row():
    drive = Drive()
    drive.run('AA')
    verdict = drive.see('A', after_s=21.0)
    assert verdict.reason == (
        '1 of 3 images in a row agree on a place (counted anew, 21.0 s after the image before)'
    )
    assert drive.run('AA') == 'sL'


def test_a_long_way_with_odometry_is_no_silence():
    # A slow computer: an image every six metres, each of which continues the one before.
    assert Drive().run('AAAAA', moved_m=6.0) == 'ssLLL'
    assert Drive().run('AAA-', moved_m=6.0) == 'ssLx'


def test_without_odometry_images_and_seconds_count():
    drive = Drive()
    assert drive.run('AAA-------', moved_m=None) == 'ssLluuuuuu'
    verdict = drive.see('-', moved_m=None)
    assert (verdict.state, verdict.distance_since_accept_m) == (LOST, None)
    assert verdict.reason == 'fog; no match for 8 images, 8.0 s'
    assert drive.run('AAA', moved_m=None) == 'ssL'
    assert drive.run('BBB', moved_m=None) == 'uuL'
    assert drive.run('-', moved_m=None, after_s=21.0) == 'x'


def test_where_odometry_has_a_gap_the_known_way_still_counts():
    drive = Drive()
    drive.run('AAA')
    assert drive.see('-', moved_m=None).distance_since_accept_m is None
    assert drive.see('-', moved_m=3.5).distance_since_accept_m is None
    assert drive.run('-', moved_m=0.75) == 'x'
    assert drive.run('AAA') == 'ssL'
    assert drive.see('-').distance_since_accept_m == pytest.approx(0.1)


def test_a_robot_that_stands_can_find_its_place():
    assert Drive().run('AAA', moved_m=0.0) == 'ssL'


def test_a_robot_that_stands_is_not_moved_by_what_it_sees():
    drive = Drive()
    drive.run('AAA')
    # A foreign scene: no witness but the first, until the robot is lost; then as from the start.
    assert drive.run('BBBBBBB', moved_m=0.0) == 'uuuuuuu'
    verdict = drive.see('B', moved_m=0.0)
    assert verdict.state == LOST
    assert verdict.reason == (
        '1 of 3 images in a row agree on another place (this one is not counted, the robot '
        'stands still); no match for 8 images, 0.00 m, 8.0 s'
    )
    assert drive.run('BB', moved_m=0.0) == 'sL'


def test_small_steps_add_up_to_a_witness():
    drive = Drive(replace(LIMITS, lost_after_frames=100))
    drive.run('AAA')
    # The way from one witness to the next is 4 steps of 1/64 m, the first ones over 0.05 m.
    assert drive.run('BBBBBBBBB', moved_m=1 / 64) == 'uuuuuuuuL'


def test_a_match_ends_the_row_of_another_place():
    drive = Drive()
    assert drive.run('AAABBABBABBB') == 'ssLuuLuuLuuL'


def test_stamps_that_go_back_count_as_no_time():
    drive = Drive()
    drive.run('AAA')
    verdict = drive.see('-', after_s=-1000.0)
    assert (verdict.state, verdict.time_since_accept_s) == (LOCALIZED, 0.0)
    assert drive.see('-', after_s=6.0).time_since_accept_s == 6.0
    assert drive.run('A', after_s=-5.0) == 'L'
    assert drive.run('A') == 'L'


def test_begin_forgets():
    drive = Drive()
    drive.run('AAA-')
    drive.monitor.begin('asked to')
    assert (drive.monitor.state, drive.monitor.reason) == (SEARCHING, 'asked to')
    verdict = drive.see('A', after_s=1000.0)
    assert verdict.state == SEARCHING
    assert (verdict.distance_since_accept_m, verdict.time_since_accept_s) == (None, None)
    verdicts = [drive.see('A'), drive.see('A')]
    assert [v.accepted for v in verdicts] == [False, True]
    assert not verdicts[1].relocalized


def test_limits_can_change_meanwhile():
    drive = Drive()
    drive.run('AAA--')
    drive.monitor.set_limits(replace(LIMITS, lost_after_frames=3))
    assert drive.run('-') == 'x'


@pytest.mark.parametrize(
    ('images', 'reason'),
    [
        ('A', '1 of 3 images in a row agree on a place'),
        ('-', 'fog'),
        (
            'AB',
            '1 of 3 images in a row agree on a place (counted anew, it disagrees with the image '
            'before)',
        ),
        ('AAA', 'found: 3 images in a row agree'),
        ('AAA-', 'fog; no match for 1 image, 0.10 m, 1.0 s'),
        ('AAA--A', 'the place is seen again after 2 images without a match'),
        (
            'AAAAB',
            '1 of 3 images in a row agree on another place; no match for 1 image, 0.10 m, 1.0 s',
        ),
        (
            'AAA--------A',
            '1 of 3 images in a row agree on a place; no match for 9 images, 0.90 m, 9.0 s',
        ),
    ],
)
def test_reasons(images, reason):
    drive = Drive()
    drive.run(images)
    assert drive.monitor.reason == reason


@pytest.mark.parametrize('seed', range(60))
def test_what_must_hold_for_any_drive(seed):
    """The rules once more, told from the whole history of images instead of counters."""
    rng = random.Random(seed)
    limits = MonitorConfig(
        consecutive_accepts=rng.randint(1, 4),
        lost_after_frames=rng.randint(1, 12),
        lost_after_m=rng.uniform(0.0, 4.0),
        lost_after_s=rng.uniform(0.5, 10.0),
    )
    odometry = rng.choice([0.0, 0.2, 1.0])
    drive = Drive(limits)
    history: list[tuple] = []
    state, image = SEARCHING, '-'
    for _ in range(300):
        if rng.random() < 0.4:
            image = rng.choice('AAAAB-')
        after_s = rng.choice([-0.5, 0.0, 0.1, 0.1, 0.1, 1.0, rng.uniform(0, 15)])
        moved_m = rng.choice([0.0, 0.1, 0.5]) if rng.random() < odometry else None
        verdict = drive.see(image, after_s=after_s, moved_m=moved_m)
        history.append((image, max(0.0, after_s) if history else 0.0, moved_m, verdict))

        accepted = [i for i, step in enumerate(history) if step[3].accepted]
        first = accepted[-1] + 1 if accepted else 0
        since = history[first:]
        if verdict.state != state:
            assert verdict.reason
        state = verdict.state
        if verdict.accepted:
            assert image != '-'
            assert state == LOCALIZED
            _accepted_rightly(history, accepted, limits)
        else:
            assert not verdict.relocalized
            assert verdict.reason
        assert (verdict.time_since_accept_s is None) == (not accepted)
        if not accepted:
            assert state == SEARCHING
            continue
        moved = [step[2] for step in since]
        way_m, time_s = sum(m or 0.0 for m in moved), sum(step[1] for step in since)
        assert verdict.time_since_accept_s == pytest.approx(time_s)
        if None in moved:
            assert verdict.distance_since_accept_m is None
        else:
            assert verdict.distance_since_accept_m == pytest.approx(way_m)
        if state in (LOCALIZED, UNCERTAIN):
            assert len(since) < limits.lost_after_frames
            assert way_m <= limits.lost_after_m + 1e-9
            assert time_s <= limits.lost_after_s + 1e-9
        if state in (LOST, SEARCHING) and history[-2][3].state in (LOCALIZED, UNCERTAIN):
            assert (
                len(since) >= limits.lost_after_frames
                or way_m > limits.lost_after_m - 1e-9
                or time_s > limits.lost_after_s - 1e-9
            )


def _accepted_rightly(history: list[tuple], accepted: list[int], limits: MonitorConfig) -> None:
    """Check that the last image either continues the match before or ends a row long enough."""
    image, _, _, verdict = history[-1]
    before = accepted[-2] if len(accepted) > 1 else None
    if before is not None and not verdict.relocalized:
        assert image == history[before][0]
        assert history[-2][3].state in (LOCALIZED, UNCERTAIN)
        first = before + 1
        assert sum(step[1] for step in history[first:]) <= limits.lost_after_s + 1e-9
        return
    assert verdict.relocalized == (before is not None)
    needed = limits.consecutive_accepts
    row = history[-needed:]
    assert [step[0] for step in row] == [image] * needed
    assert not any(step[3].accepted for step in row[:-1])
    assert all(step[1] <= limits.lost_after_s for step in row[1:])
    # All images of this place up to now, and the one before them.
    others = [i for i, step in enumerate(history) if step[0] != image]
    before = others[-1] if others else 0
    seen = history[before:]
    knew = all(step[3].state in (LOCALIZED, UNCERTAIN) for step in seen[:-1])
    moved = [step[2] for step in seen[2:]]
    if knew and None not in moved:
        assert sum(moved) >= 0.05 * (needed - 1)
