# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Replay: teach or localize from a bag, on the clock of the bag.

    ros2 launch anyloc_ros replay.launch.py mode:=teach bag:=run1 map_path:=route.anyloc
    anyloc map finish route.anyloc
    ros2 launch anyloc_ros replay.launch.py mode:=localize bag:=run2 map_path:=route.anyloc

The bag begins when the node is active, however long its network takes to load, and everything
ends with the bag. A live node drops frames when it is slow: to measure how good a map is, use
`anyloc evaluate`, which sees every image.
"""

from anyloc_ros.ros.launching import arguments, NODES, route_node, rviz, share
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    OpaqueFunction,
    RegisterEventHandler,
    SetLaunchConfiguration,
    Shutdown,
)
from launch.events import matches_action
from launch.launch_description import LaunchDescription
from launch.substitutions import LaunchConfiguration
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from lifecycle_msgs.msg import Transition

GREETING_S = '3'
"""The player waits so long between its announcement and the first image: the node then knows how
reliably the bag is played."""


def generate_launch_description():
    """Return the node of the mode, and the player that waits for it."""
    params_file = [str(share('config')) + '/', LaunchConfiguration('mode'), '.yaml']
    fixed = {'use_sim_time': 'true', 'autostart': 'false'}
    return LaunchDescription(
        [
            DeclareLaunchArgument('mode', description='What to do.', choices=list(NODES)),
            DeclareLaunchArgument('bag', description='Bag, as "ros2 bag play" takes it.'),
            DeclareLaunchArgument('rate', default_value='1.0', description='Speed of the bag.'),
            *(a for a in arguments(params_file) if a.name not in fixed),
            *(SetLaunchConfiguration(name, value) for name, value in fixed.items()),
            OpaqueFunction(function=_start),
        ]
    )


def _start(context):
    bag, mode, rate = (context.launch_configurations[name] for name in ('bag', 'mode', 'rate'))
    node = route_node(context, mode, on_exit=_shutdown('the node has ended'))
    player = ExecuteProcess(
        cmd=['ros2', 'bag', 'play', bag, '--clock', '100', '--rate', rate, '--delay', GREETING_S],
        output='screen',
        on_exit=_shutdown('the bag is over'),
    )

    def change(transition_id):
        return EmitEvent(
            event=ChangeState(
                lifecycle_node_matcher=matches_action(node), transition_id=transition_id
            )
        )

    def when(start_state, goal_state, entity):
        return RegisterEventHandler(
            OnStateTransition(
                target_lifecycle_node=node,
                start_state=start_state,
                goal_state=goal_state,
                entities=[entity],
            )
        )

    return [
        when('configuring', 'inactive', change(Transition.TRANSITION_ACTIVATE)),
        when('configuring', 'unconfigured', Shutdown(reason='the node cannot be configured')),
        when('activating', 'active', player),
        when('activating', 'inactive', Shutdown(reason='the node cannot be activated')),
        node,
        change(Transition.TRANSITION_CONFIGURE),
        *rviz(context),
    ]


def _shutdown(reason):
    """Return what ends everything, once: a second time would fail inside launch_ros."""
    return lambda event, context: None if context.is_shutdown else Shutdown(reason=reason)
