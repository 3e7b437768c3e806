# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc doctor`: what a robot that does not localize is asked first."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from anyloc_ros.cli import common
from anyloc_ros.cli.findings import ERROR, Finding, OK, show, WARNING
from anyloc_ros.config import DescribeConfig
import typer

_INTERFACES = Path('/sys/class/net')


def doctor(
    map_file: Annotated[
        Path | None, typer.Option('--map', metavar='FILE', help='The map to localize on.')
    ] = None,
    method: common.MethodOption = '',
    image_topic: Annotated[
        str, typer.Option(metavar='T', help='Topic of the images, as the nodes get it.')
    ] = '',
    duration: Annotated[
        float, typer.Option(metavar='S', min=0.5, help='How long to listen to it, in s.')
    ] = 5.0,
    settings: common.SetOption = (),
    json_file: common.JsonOption = None,
) -> None:
    """
    Check this machine: libraries, device, weights, map, ROS, image topic, clocks.

    Each line is ok, a warning or an error, with what to do. Exit code 1 with any error.
    """
    (config,) = common.configs((DescribeConfig,), settings, method=method)
    findings, camera = _machine(config, map_file, method)
    findings += _ros(image_topic, duration, camera)
    show(findings)
    counts = {
        level: sum(finding.level == level for finding in findings)
        for level in (OK, WARNING, ERROR)
    }
    common.write_json(
        json_file,
        {'counts': counts, 'findings': [asdict(finding) for finding in findings]},
    )
    if counts[ERROR]:
        raise typer.Exit(1)


def _machine(
    config: DescribeConfig, map_file: Path | None, method: str
) -> tuple[list[Finding], dict | None]:
    from anyloc_ros.cli import machine_checks as checks

    findings = [checks.check_python(), *map(checks.check_library, checks.LIBRARIES)]
    if any(finding.level == ERROR for finding in findings):
        return findings, None
    camera = None
    if map_file is None:
        found, describer = checks.check_method(config)
    else:
        found, describer, camera = checks.check_map(map_file, method, config)
    findings += found
    if describer is not None:
        height, width = checks.USUAL_SIZE
        size = height, width * describer.config.views
        if camera:
            size = camera['height'], camera['width']
        findings.append(checks.check_speed(describer, config.device, size))
    return findings, camera


def _ros(image_topic: str, duration_s: float, camera: dict | None) -> list[Finding]:
    from anyloc_ros.cli import image_checks, ros_checks

    try:
        from anyloc_ros.ros.probe import observe
    except ImportError as error:
        return [
            Finding(
                ERROR if image_topic else WARNING,
                'ROS',
                f'rclpy cannot be loaded ({error}): bags can be worked on, nodes cannot run',
                'source /opt/ros/$ROS_DISTRO/setup.bash and use its Python, or install the extra '
                '"wheels"',
            )
        ]
    flags = {
        folder.name: int((folder / 'flags').read_text(encoding='ascii'), 16)
        for folder in _INTERFACES.iterdir()
        if (folder / 'flags').is_file()
    }
    around, seen = observe(image_topic, duration_s)
    findings = [*ros_checks.check_surroundings(around), ros_checks.check_interfaces(flags)]
    if not image_topic:
        return findings
    findings += image_checks.check_presence(image_topic, seen, around)
    if findings[-1].level == ERROR:
        return findings
    findings += [image_checks.check_quality(seen), image_checks.check_rate(seen)]
    if seen.arrivals:
        findings += image_checks.check_image(seen, camera)
        findings.append(image_checks.check_stamps(seen))
    return findings
