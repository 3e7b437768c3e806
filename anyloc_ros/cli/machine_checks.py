# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What `anyloc doctor` asks of this machine without ROS: libraries, method, weights, map."""

from __future__ import annotations

import importlib
from importlib.metadata import version as version_of
from pathlib import Path
import platform
import sys
from time import perf_counter
from typing import TYPE_CHECKING

from anyloc_ros.cli.findings import ERROR, Finding, OK, WARNING
from anyloc_ros.config import AUTO, DescribeConfig
from anyloc_ros.errors import AnyLocError

if TYPE_CHECKING:
    from anyloc_ros.describe.describer import Describer
    from anyloc_ros.mapping.place_map import PlaceMap

LIBRARIES = ('numpy', 'cv2', 'torch', 'transformers', 'faiss', 'safetensors', 'rosbags')

USUAL_SIZE = (480, 640)
"""Height and width of the image describing is timed with where no map tells the camera's."""

SLOW_MS = 1000.0
"""Describing that takes longer gives less than an image a second: too few for a moving robot."""

_NVIDIA = ('/dev/nvidia0', '/dev/nvhost-gpu', '/dev/nvmap')
"""Devices that are there when a machine has a GPU of NVIDIA; the last two on a Jetson."""


def check_python() -> Finding:
    """Say which Python runs."""
    return Finding(OK, 'Python', f'{platform.python_version()} ({sys.executable})')


def check_library(name: str) -> Finding:
    """Load a library: only that shows whether it fits the others."""
    try:
        found = importlib.import_module(name)
    except (ImportError, AttributeError, OSError) as error:
        return Finding(
            ERROR,
            name,
            f'cannot be loaded: {error}',
            'install what requirements/robot.txt names into the Python that runs the nodes',
        )
    version = getattr(found, '__version__', '') or version_of(name)
    return Finding(OK, name, version)


def check_method(config: DescribeConfig) -> tuple[list[Finding], Describer | None]:
    """Load a method; return its describer too, None when it cannot be loaded."""
    from anyloc_ros.describe.describer import build_describer

    try:
        describer = build_describer(config)
    except AnyLocError as error:
        return [Finding(ERROR, 'method', str(error))], None
    return [Finding(OK, 'method', config.method), *_weights(describer)], describer


def check_map(
    path: Path, method: str, config: DescribeConfig
) -> tuple[list[Finding], Describer | None, dict | None]:
    """
    Open a map and load the method it was made with.

    :param method: refuse another one, empty text takes any.
    :returns: also the describer, and the camera of the teach run; None what there is not.
    """
    from anyloc_ros.mapping.cameras import CAMERA
    from anyloc_ros.mapping.method import describer_of
    from anyloc_ros.mapping.place_map import PlaceMap

    findings, describer, camera = [], None, None
    try:
        with PlaceMap.open_to_read(path) as place_map:
            findings += _contents(place_map)
            camera = place_map.meta(CAMERA)
            describer = describer_of(place_map, config)
            if method in ('', place_map.method):
                text = f'{place_map.method}, as the map was taught'
                findings.append(Finding(OK, 'method', text))
            else:
                findings.append(
                    Finding(
                        ERROR,
                        'method',
                        f'the map was made with {place_map.method}, asked for is {method}',
                        f'use the method of the map, or: anyloc map rebuild {path} --out NEW',
                    )
                )
            findings += _weights(describer)
            place_map.require_finished()
    except AnyLocError as error:
        findings.append(Finding(ERROR, 'map', str(error)))
    return findings, describer, camera


def check_speed(describer: Describer, asked: str, size: tuple[int, int]) -> Finding:
    """
    Describe an image of this size (height, width) and say where and how fast.

    :param asked: the parameter `device`.
    """
    from anyloc_ros.ros.diagnostics import device_and_precision
    import numpy as np

    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    work = describer.describe if describer.ready else describer.features
    work([image])  # the first one is slower
    begin = perf_counter()
    work([image])
    spent_ms = (perf_counter() - begin) * 1e3
    device, precision = device_and_precision(describer)
    height, width = size
    text = (
        f'{device} in {precision}: {spent_ms:.0f} ms for an image of {width}x{height}, at most '
        f'{1e3 / spent_ms:.1f} images a second'
    )
    if device == 'cpu' and asked == AUTO and _is_network(describer) and _has_nvidia():
        return Finding(
            WARNING,
            'device',
            f'{text}; there is a GPU that torch does not use',
            'install a torch that was built for CUDA (on a Jetson: the wheel of NVIDIA)',
        )
    if spent_ms > SLOW_MS:
        return Finding(
            WARNING, 'device', text, 'take a smaller network (-B, -S) or a smaller image_size'
        )
    return Finding(OK, 'device', text)


def _weights(describer: Describer) -> list[Finding]:
    if not _is_network(describer):
        return [Finding(OK, 'weights', 'the method needs none')]
    from anyloc_ros.describe.backbones import find_backbone
    from anyloc_ros.describe.weights import locate

    backbone = find_backbone(describer.method.backbone)
    where = locate(backbone, describer.config.weights_path)
    return [Finding(OK, 'weights', f'{backbone.name} from {where}')]


def _contents(place_map: PlaceMap) -> list[Finding]:
    info, keyframes = place_map.info(), place_map.keyframes()
    length = 'unknown length' if info.length_m is None else f'{info.length_m:.0f} m'
    findings = [
        Finding(
            OK,
            'map',
            f'{info.references} references, {length}, frame {info.map_frame}, taught '
            f'{info.created}',
        )
    ]
    posed = sum(keyframe.pose is not None for keyframe in keyframes)
    if posed < len(keyframes):
        findings.append(
            Finding(
                WARNING,
                'map',
                f'{len(keyframes) - posed} of {len(keyframes)} references have no pose: a match '
                f'with them gives no ~/pose',
                'teach with poses (pose_source, odom_topic) if the robot is to know where it is',
            )
        )
    return findings


def _is_network(describer: Describer) -> bool:
    from anyloc_ros.describe.methods import DENSE_SIFT

    return describer.method.backbone != DENSE_SIFT


def _has_nvidia() -> bool:
    return any(Path(device).exists() for device in _NVIDIA)
