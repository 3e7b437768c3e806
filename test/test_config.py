# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Parameters: defaults as specified, checks that name what is wrong."""

from dataclasses import FrozenInstanceError

from anyloc_ros.config import (
    config_from,
    DescribeConfig,
    InputConfig,
    LocalizeConfig,
    parameters_of,
    TeachConfig,
)
from anyloc_ros.errors import AnyLocError, ConfigError
import pytest

GROUPS = (DescribeConfig, TeachConfig, LocalizeConfig)


def test_defaults_are_those_of_the_interface():
    describe, teach, localize = (group() for group in GROUPS)
    assert describe.method == 'AnyLoc-VLAD-DINOv2-L'
    assert (describe.device, describe.precision, describe.whitening_dim) == ('auto',) * 3
    assert describe.vocabulary == 'map'
    assert (teach.map_mode, teach.store_images, teach.descriptor_dtype) == (
        'create',
        True,
        'float16',
    )
    assert (teach.keyframe_distance_m, teach.keyframe_angle_deg) == (0.5, 15.0)
    assert (teach.keyframe_period_s, teach.pose_max_gap_s) == (1.0, 0.2)
    assert (localize.top_k, localize.index) == (5, 'exact')


def test_no_name_is_in_two_groups_and_each_says_what_it_is():
    names = [name for group in GROUPS for name in parameters_of(group)]
    assert len(names) == len(set(names))
    for group in GROUPS:
        for known in parameters_of(group).values():
            assert known[1].description


@pytest.mark.parametrize(
    ('group', 'values', 'reason'),
    [
        (DescribeConfig, {'metod': 'x'}, "unknown parameter 'metod'; did you mean 'method'"),
        (DescribeConfig, {'zzzz': 1}, 'known are method, backbone'),
        (DescribeConfig, {'whitening_dim': -1}, 'whole number from 0 to 65536 or "auto", got -1'),
        (DescribeConfig, {'whitening_dim': 1.5}, 'whole number'),
        (DescribeConfig, {'layer': True}, 'whole number'),
        (DescribeConfig, {'image_size': '0x480'}, 'image_size: expected'),
        (InputConfig, {'cameras': 'front;rear'}, 'cameras: expected names of several cameras'),
        (InputConfig, {'cameras': 'front,'}, 'cameras: expected names of several cameras'),
        (DescribeConfig, {'views': 17}, 'views: expected a whole number from 1 to 16, got 17'),
        (DescribeConfig, {'device': 'tpu'}, 'one of cuda, cpu'),
        (TeachConfig, {'map_mode': 'replace'}, 'one of create, append, overwrite'),
        (TeachConfig, {'store_images': 1}, 'true or false'),
        (TeachConfig, {'keyframe_distance_m': float('nan')}, 'from 0.0 to 1000.0'),
        (TeachConfig, {'keyframe_distance_m': 'far'}, 'a number'),
        (LocalizeConfig, {'accept_similarity': 1.01}, 'from -1.0 to 1.0 or "auto"'),
        (LocalizeConfig, {'top_k': 0}, 'from 1 to 1000'),
    ],
)
def test_bad_values_are_refused_with_the_reason(group, values, reason):
    with pytest.raises(ConfigError, match=reason):
        config_from(group, values)


def test_good_values_take_their_type():
    assert config_from(TeachConfig, {'keyframe_distance_m': 1}).keyframe_distance_m == 1.0
    assert config_from(DescribeConfig, {'whitening_dim': 64}).whitening_dim == 64
    assert config_from(LocalizeConfig, {'accept_margin': 0}).accept_margin == 0.0
    assert config_from(DescribeConfig, {'image_size': 'max:320+antialias'}).image_size[:3] == 'max'
    with pytest.raises(FrozenInstanceError):
        TeachConfig().map_mode = 'append'


def test_every_exception_has_one_root():
    assert issubclass(ConfigError, AnyLocError)
    assert issubclass(ConfigError, ValueError)
