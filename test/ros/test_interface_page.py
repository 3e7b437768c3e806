# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""docs/interface.md says what the running nodes offer."""

from __future__ import annotations

import gc
from pathlib import Path
import runpy

from anyloc_ros.ros.localizer import Localizer
from anyloc_ros.ros.map_builder import MapBuilder
import pytest

DOCS = Path(__file__).resolve().parents[2] / 'docs'

OF_ROS = {'/parameter_events', '/rosout', '~/transition_event'}
"""What every lifecycle node has besides; and its services about parameters, states and types."""

OF_ROS_SERVICES = ('rcl_interfaces/', 'lifecycle_msgs/', 'type_description_interfaces/')

SOURCES = ('odom', 'pose', 'pose_with_covariance', 'fix')


@pytest.fixture(scope='module')
def page():
    """Return the names in the program that writes the page."""
    return runpy.run_path(str(DOCS / 'make_interface.py'))


def test_the_page_is_the_newest(page):
    assert (DOCS / 'interface.md').read_text(encoding='utf-8') == page['page'](), (
        'run: python docs/make_interface.py'
    )


def seen(node, found):
    """Return what the graph says of a node: names as the page writes them, and types."""
    own = f'/{node.get_name()}/'
    short = {name.replace(own, '~/'): kind for name, (kind,) in found}
    return {name: kind for name, kind in short.items() if name not in OF_ROS}


@pytest.fixture(params=['map_builder', 'localizer'])
def run(request, peer, start, taught, tmp_path):
    """Give the name of a node, and what runs it until it is active."""
    # A destroyed lifecycle node lives on in the graph until it is collected, and then takes what
    # another one of its name has made so far along.
    gc.collect()
    given = {
        'map_builder': (
            MapBuilder,
            {'map_path': str(tmp_path / 'route.anyloc'), 'method': 'RootSIFT-GeM'},
        ),
        'localizer': (Localizer, {'map_path': str(taught)}),
    }
    kind, common = given[request.param]

    def run_node(**parameters):
        node = start(kind, **common, **parameters)
        peer.until(lambda: node.phase == 'active')
        return node

    return request.param, run_node


def test_outputs_and_services(page, peer, run):
    name, start = run
    node = start()
    outputs = {key: kind for key, (kind, _) in page['OUTPUTS'][name].items()}
    services = {key: kind for key, (kind, _) in page['SERVICES'][name].items()}
    graph = peer.node
    # Another node looks, as a user does.
    peer.until(
        lambda: seen(node, graph.get_publisher_names_and_types_by_node(name, '/')) == outputs
    )
    offered = graph.get_service_names_and_types_by_node(name, '/')
    own = [item for item in offered if not item[1][0].startswith(OF_ROS_SERVICES)]
    assert seen(node, own) == services


@pytest.mark.parametrize('source', SOURCES)
@pytest.mark.parametrize('transport', ['raw', 'compressed'])
def test_inputs(page, peer, run, source, transport):
    name, start = run
    node = start(pose_source=source, image_transport=transport)
    image = {'raw': 'image', 'compressed': 'image/compressed'}[transport]
    topics = image, source, 'camera_info', *page['OWN_INPUTS'][name]
    inputs = page['INPUTS'] | page['OWN_INPUTS'][name]
    expected = {f'/{topic}': inputs[topic][0] for topic in topics}
    peer.until(
        lambda: seen(node, peer.node.get_subscriber_names_and_types_by_node(name, '/')) == expected
    )


def test_every_input_is_tried(page):
    assert set(page['INPUTS']) == {'image', 'image/compressed', 'camera_info', *SOURCES}
