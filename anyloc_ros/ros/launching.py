# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What the launch files share: their arguments, the node with its parameters, and RViz."""

from __future__ import annotations

from pathlib import Path
import posixpath
from typing import Any

from ament_index_python.packages import get_package_share_directory
from anyloc_ros.config import AUTO, DescribeConfig, parameters_of
from anyloc_ros.describe.methods import METHODS
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitutions import EnvironmentVariable, LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node
from launch_ros.parameter_descriptions import ParameterValue

PACKAGE = 'anyloc_ros'
NODES = {'teach': 'map_builder', 'localize': 'localizer'}
"""The node of each mode; its parameters are in config/MODE.yaml."""

SAVING_S = '30'
"""How long a node may save after SIGINT, and again after SIGTERM, before it is killed."""

IMAGE_TOPIC = 'image'
"""The argument of this name where it was not given."""

POSE_TOPICS = ('odom', 'pose', 'pose_with_covariance', 'fix')
"""What the node calls its topic of poses, by `pose_source`."""

_AS_FILE = '; empty: as params_file says'
_YES_NO = ('', 'true', 'false')
_TEXTS, _FLAGS = ('map_path', 'method', 'device', 'cameras'), ('use_sim_time', 'autostart')
"""Arguments that are parameters of the node, where they are not empty."""


def arguments(params_file: SomeSubstitutionsType) -> list[DeclareLaunchArgument]:
    """Return the arguments of a launch file; `params_file` is the default of that one."""
    devices = ('', AUTO, *parameters_of(DescribeConfig)['device'][1].choices)
    levels = ('debug', 'info', 'warn', 'error', 'fatal')
    return [
        _argument('map_path', 'Map file, relative to where this is called' + _AS_FILE),
        _argument('method', 'How images are described' + _AS_FILE, choices=('', *METHODS)),
        _argument('params_file', 'YAML file with the parameters of the node', params_file),
        _argument(
            'image_topic',
            'Topic of the images, without /compressed; camera_info is expected beside it. With '
            'several cameras their topics, in the same order; left alone: NAME/image',
            IMAGE_TOPIC,
        ),
        _argument('cameras', 'Names of several cameras, separated by commas' + _AS_FILE),
        _argument('odom_topic', 'Topic of the poses, whichever type pose_source names', 'odom'),
        _argument('namespace', 'Namespace of the node'),
        _argument('device', 'Where the network runs' + _AS_FILE, choices=devices),
        _argument('use_sim_time', 'Take the time from /clock' + _AS_FILE, choices=_YES_NO),
        _argument(
            'autostart',
            'The node configures and activates itself; false leaves that to a manager' + _AS_FILE,
            choices=_YES_NO,
        ),
        _argument(
            'rviz', 'Also start RViz, of the package rviz2', 'false', choices=('true', 'false')
        ),
        _argument('log_level', 'What the node logs at least', 'info', choices=levels),
    ]


def launch_mode(mode: str) -> LaunchDescription:
    """Return what starts the node of a mode."""

    def start(context: LaunchContext) -> list[Node]:
        return [route_node(context, mode), *rviz(context)]

    params_file = str(share('config') / f'{mode}.yaml')
    return LaunchDescription([*arguments(params_file), OpaqueFunction(function=start)])


def route_node(context: LaunchContext, mode: str, **options: Any) -> LifecycleNode:
    """
    Return the node of a mode as the arguments ask for it.

    :param options: more for the action.
    """
    name, namespace = NODES[mode], _value(context, 'namespace')
    image_topic, odom_topic = _value(context, 'image_topic'), _value(context, 'odom_topic')
    logger = '.'.join(part for part in (*namespace.split('/'), name) if part)
    return LifecycleNode(
        package=PACKAGE,
        executable=name,
        name=name,
        namespace=namespace,
        parameters=[_value(context, 'params_file'), _overrides(context)],
        remappings=[
            *image_remappings(_value(context, 'cameras'), image_topic),
            *((topic, odom_topic) for topic in POSE_TOPICS),
        ],
        ros_arguments=['--log-level', f'{logger}:={_value(context, "log_level")}'],
        output='screen',
        # OpenMP threads that spin while they wait cost five times the work where cores are busy.
        additional_env={
            'OMP_WAIT_POLICY': EnvironmentVariable('OMP_WAIT_POLICY', default_value='PASSIVE')
        },
        sigterm_timeout=SAVING_S,
        sigkill_timeout=SAVING_S,
        **options,
    )


def image_remappings(cameras: str, image_topic: str) -> list[tuple[str, str]]:
    """
    Return what the node calls its topics of images, and where these come from.

    :raises ValueError: another number of topics than of cameras.
    """
    if not cameras:
        camera_info = posixpath.join(posixpath.dirname(image_topic), 'camera_info')
        return [('image', image_topic), ('camera_info', camera_info)]
    if image_topic == IMAGE_TOPIC:
        return []
    names, topics = cameras.split(','), image_topic.split(',')
    if len(names) != len(topics):
        raise ValueError(
            f'image_topic: expected {len(names)} topics with commas between, for the cameras '
            f'{cameras}, got {image_topic!r}'
        )
    return [(f'{name}/image', topic) for name, topic in zip(names, topics, strict=True)]


def rviz(context: LaunchContext) -> list[Node]:
    """Return RViz where it is asked for; its topics are relative to the namespace."""
    if _value(context, 'rviz') == 'false':
        return []
    parameters = {name: v for name, v in _overrides(context).items() if name == 'use_sim_time'}
    return [
        Node(
            package='rviz2',
            executable='rviz2',
            namespace=_value(context, 'namespace'),
            arguments=['-d', str(share('rviz') / 'anyloc.rviz')],
            parameters=[parameters],
        )
    ]


def share(folder: str) -> Path:
    """Return a folder of the installed package."""
    return Path(get_package_share_directory(PACKAGE), folder)


def _argument(
    name: str,
    description: str,
    default: SomeSubstitutionsType = '',
    choices: tuple[str, ...] | None = None,
) -> DeclareLaunchArgument:
    return DeclareLaunchArgument(
        name, default_value=default, description=description + '.', choices=choices
    )


def _overrides(context: LaunchContext) -> dict[str, ParameterValue | bool]:
    texts = {name: _value(context, name) for name in _TEXTS}
    flags = {name: _value(context, name) for name in _FLAGS}
    # Text stays text: a map may be called 1e3.
    return {
        **{name: ParameterValue(text, value_type=str) for name, text in texts.items() if text},
        **{name: flag == 'true' for name, flag in flags.items() if flag},
    }


def _value(context: LaunchContext, name: str) -> str:
    return LaunchConfiguration(name).perform(context)
