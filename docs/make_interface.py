# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Write docs/interface.md, by `python docs/make_interface.py`.

The parameters come from the nodes' declarations. The topics and services are those below, and a
test compares them with the running nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
import math
from pathlib import Path
from typing import Any

from anyloc_ros.config import AUTO, Parameter
from anyloc_ros.ros import localizer, map_builder
from anyloc_ros.ros.parameters import parameters_in

PAGE = Path(__file__).with_name('interface.md')

INPUTS = {
    'image': (
        'sensor_msgs/msg/Image',
        'with `image_transport: raw`; with `cameras: front,rear` it is `front/image` and '
        '`rear/image`',
    ),
    'image/compressed': (
        'sensor_msgs/msg/CompressedImage',
        'with `image_transport: compressed`; with cameras `front/image/compressed` and so on',
    ),
    'odom': ('nav_msgs/msg/Odometry', 'poses, with `pose_source: odom`'),
    'pose': ('geometry_msgs/msg/PoseStamped', 'poses, with `pose_source: pose`'),
    'pose_with_covariance': (
        'geometry_msgs/msg/PoseWithCovarianceStamped',
        'poses, with `pose_source: pose_with_covariance`',
    ),
    'fix': ('sensor_msgs/msg/NavSatFix', 'positions, with `pose_source: fix`'),
    'camera_info': (
        'sensor_msgs/msg/CameraInfo',
        'optional; kept in the map and compared; with one camera',
    ),
}
"""What both nodes listen to: name to type and meaning. With `pose_source: tf` it is tf2."""

OWN_INPUTS = {
    'map_builder': {},
    'localizer': {
        'initialpose': (
            'geometry_msgs/msg/PoseWithCovarianceStamped',
            'where the robot is, give or take the covariance; the orientation is not used. '
            'Another frame than that of the map is transformed by tf2, or refused with a reason',
        ),
    },
}
"""What only one of them listens to."""

HEALTH = {
    '~/status': (
        'diagnostic_msgs/msg/DiagnosticArray',
        'state, reason and figures, at 1 Hz and when the state changes; latched, for people',
    ),
    '/diagnostics': ('diagnostic_msgs/msg/DiagnosticArray', 'the same'),
}

OUTPUTS = {
    'map_builder': {
        '~/keyframe': (
            'sensor_msgs/msg/PointCloud2',
            'each new reference: `x y z yaw` float32, `reference_id index route` uint32',
        ),
        '~/keyframes': ('nav_msgs/msg/Path', 'the route that is taught; latched'),
        '~/map_info': (
            'std_msgs/msg/String',
            'JSON: `file method references length_m warnings state dropped progress problem`; '
            'latched. The state is `recording`, `finishing` or `finished`',
        ),
        **HEALTH,
    },
    'localizer': {
        '~/matches': (
            'sensor_msgs/msg/PointCloud2',
            'for every processed image, also when nothing is accepted: a point for each '
            'candidate, the best first, see [matches](matches.md)',
        ),
        '~/match_ids': (
            'std_msgs/msg/Int32MultiArray',
            'ids of the candidates, empty when nothing is accepted; without a stamp',
        ),
        '~/match_scores': (
            'std_msgs/msg/Float32MultiArray',
            'their similarities, empty when nothing is accepted; without a stamp',
        ),
        '~/pose': (
            'geometry_msgs/msg/PoseWithCovarianceStamped',
            'pose of the accepted reference, not of the robot; only when one is accepted',
        ),
        '~/progress': ('std_msgs/msg/Float32', 'along the route, 0 to 1; advisory'),
        '~/markers': ('visualization_msgs/msg/MarkerArray', 'only while somebody subscribes'),
        '~/match_image': (
            'sensor_msgs/msg/Image',
            'query beside its best reference, only while somebody subscribes',
        ),
        **HEALTH,
    },
}

SERVICES = {
    'map_builder': {
        '~/start': ('std_srvs/srv/Trigger', 'begin a route'),
        '~/stop': (
            'std_srvs/srv/Trigger',
            'end the route and finish the map; answers at once, progress is in `~/map_info`',
        ),
        '~/save_map': ('std_srvs/srv/Trigger', 'have everything taught so far in the file'),
        '~/add_keyframe': ('std_srvs/srv/Trigger', 'the next image becomes a reference'),
        '~/pause': ('std_srvs/srv/SetBool', 'take no images meanwhile'),
    },
    'localizer': {
        '~/load_map': (
            'std_srvs/srv/Trigger',
            'take up `map_path` now and search everywhere on it; a map that is refused leaves the '
            'one before in use',
        ),
        '~/relocalize': ('std_srvs/srv/Trigger', 'forget the past and search everywhere'),
        '~/enable': (
            'std_srvs/srv/SetBool',
            'stop or resume work, the network stays loaded; resumed, it searches everywhere',
        ),
    },
}

NODES = {'map_builder': map_builder, 'localizer': localizer}

HEAD = """\
# Interface of the nodes

Written by `python docs/make_interface.py`: the parameters from the code, the topics and services
compared with the running nodes by a test. Names without a slash are relative and can be remapped,
`~/` is the name of the node. Both are lifecycle nodes that configure and activate themselves
unless `autostart` is false.

Outputs are reliable, keep the last one, and carry the stamp of the image they are about. *Latched*
is transient local: who comes later gets the last message. Latched topics do not clear when a node
dies: a controller trusts `~/matches` alone, whose silence means failure. What the localizer says
of itself, and when it forgets, is in [states](states.md).
"""


def page() -> str:
    """Return the text of the page."""
    parts = [HEAD]
    for node in NODES:
        topics = ('topic', 'type', 'meaning')
        services = ('service', *topics[1:])
        parts += [
            f'## `{node}`\n',
            'Listens to\n',
            _table(topics, _rows(INPUTS | OWN_INPUTS[node])),
        ]
        parts += ['Publishes\n', _table(topics, _rows(OUTPUTS[node]))]
        parts += ['Offers\n', _table(services, _rows(SERVICES[node]))]
        parts += ['Parameters; those that are not live are set before the node is configured\n']
        parts += [_table(('parameter', 'default', 'values', 'live', 'meaning'), _parameters(node))]
    return '\n'.join(parts)


def _rows(items: Mapping[str, tuple[str, str]]) -> Iterable[tuple[str, ...]]:
    return [
        (f'`{name}`', kind.replace('/msg/', '/').replace('/srv/', '/'), meaning)
        for name, (kind, meaning) in items.items()
    ]


def _parameters(node: str) -> Iterable[tuple[str, ...]]:
    for name, (default, known) in parameters_in(NODES[node].PARAMETERS).items():
        live = 'yes' if known.live else ''
        yield f'`{name}`', f'`{_plain(default)}`', _values(default, known), live, known.description


def _values(default: Any, known: Parameter) -> str:
    """Return what a parameter may be."""
    auto = [f'`{AUTO}`'] if known.accepts_auto else []
    if known.choices:
        return ', '.join(auto + [f'`{_plain(choice)}`' for choice in known.choices])
    if isinstance(default, bool):
        return '`true`, `false`'
    if math.isfinite(known.low) and math.isfinite(known.high):
        return ', '.join([*auto, f'{_plain(known.low)} to {_plain(known.high)}'])
    return ', '.join([*auto, 'text'])


def _plain(value: Any) -> str:
    """Return a value as YAML has it."""
    if value == '':
        return "''"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ['---'] * len(head), *rows]
    return ''.join(
        '| ' + ' | '.join(c.replace('|', '\\|') for c in line) + ' |\n' for line in lines
    )


if __name__ == '__main__':
    PAGE.write_text(page(), encoding='utf-8')
