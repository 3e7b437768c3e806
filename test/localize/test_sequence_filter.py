# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Beliefs over two and three references, by hand from the formulas in the module's docstring."""

import math

from anyloc_ros.config import SequenceConfig
from anyloc_ros.localize.places import Places
from anyloc_ros.localize.routes import Motion, Routes
from anyloc_ros.localize.sequence_filter import SequenceFilter
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
import numpy as np
import pytest

SPREAD = 0.1
CONFIG = SequenceConfig(window_back=0, window_ahead=1, off_route_prior=0.1)


def filter_of(size, *, config=CONFIG, spread=SPREAD, step_m=1.0):
    references = [
        Keyframe(i, 0, i, i, Pose.from_xy_yaw(step_m * i, 0, 0), step_m * i, (1, 1))
        for i in range(size)
    ]
    return SequenceFilter(Routes(references, Places(references), config), size, spread, config)


def total(belief):
    return float(belief.on.sum()) + belief.off


def test_nothing_is_known_at_the_beginning():
    belief = filter_of(4)
    assert belief.on == pytest.approx([0.125] * 4)
    assert belief.off == 0.5


def test_a_place_that_was_told():
    belief = filter_of(3)
    belief.begin(np.array([0.0, 6.0, 2.0]))
    # 0.1 is the prior of being off the route.
    assert belief.on == pytest.approx([0.0, 0.9 * 0.75, 0.9 * 0.25])
    assert belief.off == pytest.approx(0.1)


def test_predict_moves_the_belief_and_lets_some_of_it_leave():
    belief = filter_of(3)
    belief.begin(np.array([1.0, 0.0, 0.0]))
    belief.predict(None)
    # 0.9 on row 0 goes to rows 0 and 1, each 0.45; nine tenths stay on the route, and a tenth of
    # what is off it comes back to any of three places.
    assert belief.on == pytest.approx([0.9 * 0.45 + 0.01 / 3, 0.9 * 0.45 + 0.01 / 3, 0.01 / 3])
    assert belief.off == pytest.approx(0.9 * 0.1 + 0.1 * 0.9)


def test_predict_moves_by_odometry():
    belief = filter_of(5)
    belief.begin(np.array([1.0, 0, 0, 0, 0]))
    belief.predict(Motion(3.0, 0.0))
    # 3 m +- 1.2 m: 0.7, 1 and 0.7 of 2.4 m for the rows 2, 3 and 4.
    side, near, far = (0.81 * metres / 2.4 + 0.01 / 5 for metres in (0.7, 1.0, 0.0))
    assert belief.on == pytest.approx([far, far, side, near, side])


def test_an_image_weighs_places_and_being_off():
    belief = filter_of(2)
    belief.begin(np.array([1.0, 1.0]))
    # The first place is nearer by two spreads, e^2 times as likely. With mean 1:
    likely, unlikely = 2 * math.e**2 / (math.e**2 + 1), 2 / (math.e**2 + 1)
    belief.update(np.array([-0.5, -0.5 - 2 * SPREAD]), log_ratio=0.7)
    # Nothing was seen before: <l, recent> is 1.
    weights = [0.45 * likely * math.exp(0.7), 0.45 * unlikely * math.exp(0.7), 0.1]
    assert belief.on == pytest.approx(np.array(weights[:2]) / sum(weights))
    assert belief.off == pytest.approx(0.1 / sum(weights))


def test_what_was_seen_before_counts_for_being_off():
    belief = filter_of(2)
    closeness = np.array([-0.5, -0.5 - 2 * SPREAD])
    likely, unlikely = 2 * math.e**2 / (math.e**2 + 1), 2 / (math.e**2 + 1)
    belief.update(closeness, log_ratio=0.0)
    belief.begin(np.array([1.0, 1.0]))
    belief.update(closeness, log_ratio=0.0)
    before = belief.on.copy(), belief.off
    belief.update(closeness, log_ratio=0.0)
    # recent was (1/2, 1/2) and took 0.3 of (l / 2 - recent); begin had forgotten what was before.
    recent = [0.5 + 0.3 * (likely / 2 - 0.5), 0.5 + 0.3 * (unlikely / 2 - 0.5)]
    seen_again = recent[0] * likely + recent[1] * unlikely
    weights = [
        before[0][0] * likely,
        before[0][1] * unlikely,
        before[1] * (0.2 + 0.8 * seen_again),
    ]
    assert belief.on == pytest.approx(np.array(weights[:2]) / sum(weights))
    assert belief.off == pytest.approx(weights[2] / sum(weights))


def test_the_level_of_closeness_does_not_matter_only_its_differences():
    one, other = filter_of(3), filter_of(3)
    one.update(np.array([-0.3, -0.5, -0.4]), 1.0)
    other.update(np.array([-1.0, -1.2, -1.1]), 1.0)
    assert one.on == pytest.approx(other.on)


def test_images_in_a_row_lead_to_a_place_that_moves():
    belief = filter_of(30)
    for i in range(5, 12):
        belief.predict(Motion(1.0, 0.0))
        belief.update(np.where(np.arange(30) == i, -0.4, -1.2), log_ratio=2.0)
    assert belief.on.argmax() == 11
    assert belief.on[11] > 0.99


def test_unrelated_scores_lead_off_the_route_and_good_ones_back():
    belief = filter_of(30)
    rng = np.random.default_rng(0)
    belief.begin((np.arange(30) == 3).astype(float))
    off = []
    for _ in range(6):
        belief.predict(None)
        belief.update(-1.2 + 0.05 * rng.normal(size=30), log_ratio=-1.5)
        off.append(belief.off)
    assert np.all(np.diff(off) > 0)
    assert off[-1] > 0.95
    for i in range(20, 24):
        belief.predict(Motion(1.0, 0.0))
        belief.update(np.where(np.arange(30) == i, -0.4, -1.2), log_ratio=3.0)
    assert belief.off < 0.01
    assert belief.on.argmax() == 23


def test_a_foreign_scene_that_resembles_one_reference_is_not_taken_for_it():
    # The image is nothing special (log ratio 0) and always like row 7 while odometry drives on.
    belief = filter_of(30)
    off = []
    for _ in range(20):
        belief.predict(Motion(1.0, 0.0))
        belief.update(np.where(np.arange(30) == 7, -0.9, -1.2), log_ratio=0.0)
        off.append(belief.off)
        assert belief.on[7] < 0.6
    assert np.all(np.diff(off[5:]) > 0)
    assert off[-1] > 0.75


def test_at_standstill_the_belief_does_not_move():
    belief = filter_of(10)
    belief.begin((np.arange(10) == 4).astype(float))
    for _ in range(50):
        # A quarter of the usual step is 0.25 m.
        belief.predict(Motion(0.2, math.radians(2.9)))
    # Only leaving and coming back happened: all others are equally likely.
    others = np.delete(belief.on, 4)
    assert np.ptp(others) < 1e-12
    assert belief.on.argmax() == 4


@pytest.mark.parametrize(
    ('step_m', 'motion', 'rests'),
    [
        (1.0, Motion(0.249, 0.0), True),
        (1.0, Motion(0.251, 0.0), False),
        (1.0, Motion(-0.249, 0.0), True),
        (1.0, Motion(-0.251, 0.0), False),
        (1.0, Motion(0.0, math.radians(2.9)), True),
        (1.0, Motion(0.0, math.radians(-3.1)), False),
        # Odometry of a robot that stands is off by 2 cm, however near the references are.
        (0.01, Motion(0.019, 0.0), True),
        (0.01, Motion(0.021, 0.0), False),
        (1.0, None, False),
    ],
)
def test_what_a_standstill_is(step_m, motion, rests):
    assert filter_of(5, step_m=step_m).rests(motion) == rests


def test_confined_it_stays_where_motion_leads():
    config = SequenceConfig(window_back=1, window_ahead=2, off_route_prior=0.1)
    belief = filter_of(20, config=config)
    belief.confine(5)
    everywhere_else = np.where(np.arange(20) == 17, -0.1, -1.3)
    reached = [(4, 7), (3, 9), (2, 11)]
    for first, last in reached:
        belief.predict(None)
        belief.update(everywhere_else, log_ratio=4.0)
        assert np.flatnonzero(belief.on).tolist() == list(range(first, last + 1))
        assert total(belief) == pytest.approx(1)
    # 3 m +- 1.2 m ahead of rows 2 to 11; 0.1 m is a standstill.
    belief.predict(Motion(3.0, 0.0))
    assert np.flatnonzero(belief.on).tolist() == list(range(4, 16))
    belief.predict(Motion(0.1, 0.0))
    assert np.flatnonzero(belief.on).tolist() == list(range(4, 16))
    # Nothing there looks like the image.
    assert belief.off > 0.5
    belief.confine(None)
    belief.predict(None)
    belief.update(everywhere_else, log_ratio=4.0)
    assert belief.on.argmax() == 17


@pytest.mark.parametrize('size', [1, 2, 50])
@pytest.mark.parametrize('spread', [1e-9, 0.05, 1e6])
@pytest.mark.parametrize('confined', [False, True])
def test_it_sums_to_one_whatever_comes(size, spread, confined):
    belief = filter_of(size, spread=spread)
    rng = np.random.default_rng(1)
    if confined:
        belief.confine(0)
    for step in range(300):
        kind = step % 4
        closeness = -2.0 * rng.random(size)
        if kind == 1:
            closeness[:] = -1.0
        if kind == 2:
            closeness = np.where(np.arange(size) == rng.integers(size), 0.0, -2.0)
        motion = (None, Motion(rng.normal(0, 5), 0.0), Motion(0.0, 0.0))[step % 3]
        belief.predict(motion)
        belief.update(closeness.astype(np.float32), float(rng.uniform(-4, 4)))
        assert total(belief) == pytest.approx(1, abs=1e-9)
        assert (belief.on >= 0).all()
        assert 0 < belief.off <= 1


def test_one_reference_and_the_same_image_for_long():
    belief = filter_of(1)
    for _ in range(2000):
        belief.predict(None)
        belief.update(np.zeros(1), log_ratio=4.0)
    assert belief.on[0] > 0.99
    for _ in range(2000):
        belief.predict(None)
        belief.update(np.zeros(1), log_ratio=-4.0)
    assert belief.on[0] < 0.01
    assert total(belief) == pytest.approx(1)
