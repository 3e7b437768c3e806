# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Parameters of the nodes: the YAML files say the same, bad values are refused with a reason."""

from __future__ import annotations

from pathlib import Path

from anyloc_ros.errors import ConfigError
from anyloc_ros.ros import localizer, map_builder
from anyloc_ros.ros.localizer import Localizer
from anyloc_ros.ros.map_builder import MapBuilder
from anyloc_ros.ros.parameters import parameters_in
import pytest
from rcl_interfaces.srv import DescribeParameters
from rclpy.parameter import Parameter
import yaml

CONFIG = Path(__file__).resolve().parents[2] / 'config'


@pytest.mark.parametrize(
    ('name', 'module'), [('teach.yaml', map_builder), ('localize.yaml', localizer)]
)
def test_the_yaml_has_every_parameter_its_default_and_a_comment(name, module):
    text = (CONFIG / name).read_text(encoding='utf-8')
    values = yaml.safe_load(text)['/**']['ros__parameters']
    defaults = {key: default for key, (default, _) in parameters_in(module.PARAMETERS).items()}
    assert values == defaults
    assert list(values) == list(defaults)
    assert [type(value) for value in values.values()] == [type(v) for v in defaults.values()]
    lines = [line.strip() for line in text.splitlines()]
    bare = [key for key in values if not lines[index_of(lines, key) - 1].startswith('# ')]
    assert bare == []


def index_of(lines, key):
    """Return the line a parameter is on."""
    return next(number for number, line in enumerate(lines) if line.startswith(f'{key}:'))


def test_the_parameters_are_those_of_the_interface():
    common = {
        'image_transport',
        'image_reliability',
        'max_rate_hz',
        'pose_source',
        'pose_max_gap_s',
        'pose_time_offset_s',
        'base_frame',
        'camera_frame',
        'cameras',
        'camera_max_gap_s',
        'map_path',
        'device',
        'precision',
        'weights_path',
        'autostart',
        'log_every_s',
    }
    teach = {'map_mode', 'map_frame', 'method', 'keyframe_distance_m', 'record_on_start'}
    localize = {'top_k', 'index', 'accept_similarity', 'accept_margin', 'publish_markers'}
    assert common | teach <= set(parameters_in(map_builder.PARAMETERS))
    assert common | localize <= set(parameters_in(localizer.PARAMETERS))


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        ({'metod': 'x'}, "unknown parameter 'metod'; did you mean 'method'"),
        ({'keyframe_distance_m': 'far'}, 'expected a number'),
        ({'map_mode': 'replace'}, 'one of create, append, overwrite'),
        ({'store_images': 1}, 'true or false'),
    ],
)
def test_a_node_with_bad_parameters_is_not_made(ros, values, reason):
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    with pytest.raises(ConfigError, match=reason):
        MapBuilder(parameter_overrides=overrides)


def test_set_while_it_runs(peer, localizer):
    def refused(name, value):
        result = peer.set_parameter('localizer', name, value)
        assert not result.successful
        return result.reason

    assert 'while the node is configured' in refused('top_k', 3)
    assert 'one of reliable, best_effort' in refused('image_reliability', 'perhaps')
    assert refused('accept_similarity', 2.0)
    assert 'accept_similarity' in refused('accept_similarity', 'much')
    assert refused('no_such_parameter', 1)
    # A whole number is as good as 5.0.
    assert peer.set_parameter('localizer', 'max_rate_hz', 5).successful
    assert localizer.inputs._period_s == 0.2
    assert peer.change_state('localizer', 'deactivate')
    assert peer.change_state('localizer', 'cleanup')
    assert peer.set_parameter('localizer', 'top_k', 3).successful
    assert peer.change_state('localizer', 'configure')
    assert localizer.loaded.recognizer.config.top_k == 3


def test_descriptions_ranges_and_choices_are_told(peer, start):
    start(Localizer, autostart=False)
    names = ['top_k', 'max_rate_hz', 'index', 'accept_margin']
    answer = peer.call('/localizer/describe_parameters', DescribeParameters, names=names)
    top_k, rate, index, margin = answer.descriptors
    assert top_k.description == 'candidates given for each image'
    assert (top_k.integer_range[0].from_value, top_k.integer_range[0].to_value) == (1, 1000)
    assert rate.floating_point_range[0].to_value == 1000.0
    assert index.additional_constraints.startswith('one of exact, hnsw, ivf; only while')
    assert margin.additional_constraints == 'or "auto"'


def test_without_autostart_a_manager_drives_it(peer, start, taught):
    node = start(Localizer, autostart=False, map_path=str(taught))
    assert peer.change_state('localizer', 'configure')
    assert node.phase == 'inactive'
    assert peer.change_state('localizer', 'activate')
    assert peer.change_state('localizer', 'active_shutdown')
    assert node.loaded is None
