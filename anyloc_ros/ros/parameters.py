# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The parameters of a node: declared from the groups of config.py, checked by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import math
from typing import Any, TypeVar

from anyloc_ros.config import config_from, nearest, Parameter, parameters_of
from anyloc_ros.errors import ConfigError
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node

Config = TypeVar('Config')

_OF_ROS = ('use_sim_time', 'start_type_description_service')


def parameters_in(groups: Mapping[type, Sequence[str]]) -> dict[str, tuple[Any, Parameter]]:
    """
    Return `{name: (default, Parameter)}` of several groups.

    :param groups: for each group the names that are used, all when there are none.
    """
    return {
        name: known
        for group, names in groups.items()
        for name, known in parameters_of(group).items()
        if not names or name in names
    }


class NodeParameters:
    """
    The parameters of several groups, flat, for one node.

    A value that is not live can only be set while the node is unconfigured. Unknown names and bad
    values are refused with the reason, at the start too.

    :param groups: see `parameters_in`.
    :param changed: called when parameters were set, with their names.
    :raises ConfigError: the node was started with an unknown name or a bad value.
    """

    def __init__(
        self,
        node: Node,
        groups: Mapping[type, Sequence[str]],
        is_unconfigured: Callable[[], bool],
        changed: Callable[[set[str]], None],
    ) -> None:
        self._is_unconfigured = is_unconfigured
        self._changed = changed
        self._groups = {
            group: {
                name: known
                for name, known in parameters_of(group).items()
                if not names or name in names
            }
            for group, names in groups.items()
        }
        self._known = {
            name: item for group in self._groups.values() for name, item in group.items()
        }
        # The values a node is started with (command line, YAML) have no public accessor.
        given = node._parameter_overrides
        for name in given:
            if name not in (*self._known, *_OF_ROS) and not name.startswith('qos_overrides.'):
                raise ConfigError(f'unknown parameter {name!r}{nearest(name, self._known)}')
        self._values = {
            name: known.check(name, given[name].value if name in given else default, default)
            for name, (default, known) in self._known.items()
        }
        for name, (_, known) in self._known.items():
            descriptor = _descriptor(known)
            node.declare_parameter(name, self._values[name], descriptor, ignore_override=True)
        node.add_on_set_parameters_callback(self._on_set)

    def group(self, group: type[Config]) -> Config:
        """Return the present values as a group of config.py."""
        names = self._groups[group] or parameters_of(group)
        return config_from(group, {name: self._values[name] for name in names})

    def _on_set(self, parameters: Sequence[Any]) -> SetParametersResult:
        values = {}
        for parameter in parameters:
            name = parameter.name
            if name not in self._known:
                continue  # one of ROS, as use_sim_time
            default, known = self._known[name]
            try:
                values[name] = known.check(name, parameter.value, default)
            except ConfigError as error:
                return SetParametersResult(successful=False, reason=str(error))
            if not known.live and not self._is_unconfigured():
                reason = f'{name} cannot change while the node is configured: clean it up first'
                return SetParametersResult(successful=False, reason=reason)
        self._values |= values
        self._changed(set(values))
        return SetParametersResult(successful=True)


def _descriptor(known: Parameter) -> ParameterDescriptor:
    constraints = []
    if known.choices:
        choices = (*known.choices, 'auto') if known.accepts_auto else known.choices
        constraints.append('one of ' + ', '.join(choice or "''" for choice in choices))
    elif known.accepts_auto:
        constraints.append('or "auto"')
    if not known.live:
        constraints.append('only while the node is unconfigured')
    # A whole number is as good as 1.0 on a command line: the type is checked by config.py.
    descriptor = ParameterDescriptor(
        description=known.description,
        additional_constraints='; '.join(constraints),
        dynamic_typing=True,
    )
    low, high = known.low, known.high
    if isinstance(low, int) and isinstance(high, int):
        descriptor.integer_range = [IntegerRange(from_value=low, to_value=high, step=1)]
    elif math.isfinite(low) and math.isfinite(high):
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=float(low), to_value=float(high), step=0.0)
        ]
    return descriptor
