# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The services of the localizer: they answer at once, the worker does what takes time."""

from __future__ import annotations

from typing import Any, TYPE_CHECKING

from anyloc_ros.errors import AnyLocError
from anyloc_ros.ros.node import ACTIVE
from std_srvs.srv import SetBool, Trigger

if TYPE_CHECKING:
    from anyloc_ros.ros.localizer import Localizer


class LocalizeServices:
    """`~/load_map`, `~/relocalize` and `~/enable` of a localizer."""

    def __init__(self, node: Localizer) -> None:
        self._node = node
        node.create_service(
            Trigger, '~/load_map', self._on_load_map, callback_group=node.waiting_group
        )
        node.create_service(Trigger, '~/relocalize', self._on_relocalize)
        node.create_service(SetBool, '~/enable', self._on_enable)

    async def _on_load_map(self, request: Any, response: Any) -> Any:
        node = self._node
        if node.loaded is None:
            response.message = 'the node is not configured: configuring it loads the map'
            return response
        try:
            loaded = await node.on_worker(node.exchange_map)
        except AnyLocError as error:
            response.message = f'{error}; the map before is still used'
            node.get_logger().error(response.message)
            return response
        if node.loaded is None:
            response.message = 'the node was cleaned up meanwhile'
            return response
        node.take_map(loaded)
        response.success = True
        response.message = f'{node.loaded.path} is loaded'
        node.publish_status()
        return response

    def _on_relocalize(self, request: Any, response: Any) -> Any:
        if self._node.phase != ACTIVE:
            response.message = f'cannot relocalize: the node is {self._node.phase}'
            return response
        response.success = True
        response.message = '~/relocalize was called: the past is forgotten'
        self._node.relocalize(response.message)
        return response

    def _on_enable(self, request: Any, response: Any) -> Any:
        node = self._node
        resumed = request.data and not node.enabled
        node.enabled = request.data
        if not node.enabled:
            node.mailbox.drop_waiting()
        elif resumed and node.phase == ACTIVE:
            node.relocalize('enabled again: the robot may have been moved')
        response.success = True
        response.message = 'enabled' if node.enabled else 'disabled'
        node.publish_status_if_changed()
        return response
