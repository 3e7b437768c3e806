# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The services of the map builder: they answer at once, the worker does what takes time."""

from __future__ import annotations

from typing import Any, TYPE_CHECKING

from anyloc_ros.errors import AnyLocError
from anyloc_ros.ros.map_report import FINISHING, PAUSED, RECORDING
from anyloc_ros.ros.node import ACTIVE
from std_srvs.srv import SetBool, Trigger

if TYPE_CHECKING:
    from anyloc_ros.ros.map_builder import MapBuilder


class MapServices:
    """`~/start`, `~/stop`, `~/save_map`, `~/add_keyframe` and `~/pause` of a map builder."""

    def __init__(self, node: MapBuilder) -> None:
        self._node = node
        node.create_service(Trigger, '~/start', self._on_start)
        node.create_service(Trigger, '~/stop', self._on_stop)
        node.create_service(
            Trigger, '~/save_map', self._on_save_map, callback_group=node.waiting_group
        )
        node.create_service(Trigger, '~/add_keyframe', self._on_add_keyframe)
        node.create_service(SetBool, '~/pause', self._on_pause)

    def _on_start(self, request: Any, response: Any) -> Any:
        if self._node.phase != ACTIVE or self._node.state in (RECORDING, PAUSED, FINISHING):
            return self._refuse(response, 'start')
        self._node.begin()
        return self._answer(response, 'a route is being recorded')

    def _on_stop(self, request: Any, response: Any) -> Any:
        if self._node.phase != ACTIVE or self._node.state == FINISHING:
            return self._refuse(response, 'stop')
        self._node.finish()
        return self._answer(response, 'the map is being finished, see ~/map_info')

    async def _on_save_map(self, request: Any, response: Any) -> Any:
        if self._node.recorder is None:
            return self._refuse(response, 'save')
        if self._node.state == FINISHING:
            # Whoever asks is not to wait for minutes, and there is nothing to do.
            return self._answer(response, 'everything taught is on the disk')
        try:
            await self._node.on_worker(self._node.recorder.save)
        except AnyLocError as error:
            return self._answer(response, str(error), success=False)
        references = len(self._node.report.references)
        return self._answer(response, f'{references} references are in the map file')

    def _on_add_keyframe(self, request: Any, response: Any) -> Any:
        if self._node.state != RECORDING:
            return self._refuse(response, 'add a reference')
        self._node.forced = True
        return self._answer(response, 'the next image becomes a reference')

    def _on_pause(self, request: Any, response: Any) -> Any:
        if self._node.state not in (RECORDING, PAUSED):
            return self._refuse(response, 'pause')
        self._node.state = PAUSED if request.data else RECORDING
        return self._answer(response, self._node.state)

    def _refuse(self, response: Any, what: str) -> Any:
        text = f'cannot {what}: the node is {self._node.where()}'
        return self._answer(response, text, success=False)

    def _answer(self, response: Any, message: str, *, success: bool = True) -> Any:
        response.success, response.message = success, message
        self._node.publish_status_if_changed()
        return response
