# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What `anyloc doctor` makes of the ROS around this machine."""

from __future__ import annotations

from collections.abc import Mapping

from anyloc_ros.cli.findings import ERROR, Finding, OK, WARNING
from anyloc_ros.ros.observed import Surroundings

_UP, _LOOPBACK, _MULTICAST = 0x1, 0x8, 0x1000
"""Flags of a network interface, as Linux has them in /sys/class/net/NAME/flags."""


def check_surroundings(seen: Surroundings) -> list[Finding]:
    """Judge middleware, domain, neighbours and clock."""
    where = f'domain {seen.domain_id}, discovery range {seen.discovery_range}'
    return [
        Finding(OK, 'ROS', f'{seen.distribution or "no ROS_DISTRO"}, {seen.middleware}, {where}'),
        *_reach(seen),
        _clock(seen.clocks),
    ]


def check_interfaces(flags: Mapping[str, int]) -> Finding:
    """
    Say whether DDS can find other computers; it does so by multicast.

    :param flags: of every network interface by its name.
    """
    outside = [name for name, bits in flags.items() if bits & _UP and not bits & _LOOPBACK]
    able = [name for name in outside if flags[name] & _MULTICAST]
    if able:
        return Finding(OK, 'network', f'multicast on {", ".join(able)}')
    return Finding(
        WARNING,
        'network',
        f'no interface with multicast ({", ".join(outside) or "only the loopback"} is up): nodes '
        f'of other computers are not found',
        'connect the network; where multicast is not allowed, name the others in ROS_STATIC_PEERS',
    )


def _reach(seen: Surroundings) -> list[Finding]:
    findings = []
    if seen.discovery_range != 'SUBNET':
        findings.append(
            Finding(
                WARNING,
                'reach',
                f'discovery range {seen.discovery_range}: nodes of other computers are not seen',
                'for a robot of several computers unset ROS_AUTOMATIC_DISCOVERY_RANGE and '
                'ROS_LOCALHOST_ONLY',
            )
        )
    if seen.nodes:
        shown = ', '.join(seen.nodes[:5]) + (', ...' if len(seen.nodes) > 5 else '')
        findings.append(Finding(OK, 'nodes', f'{len(seen.nodes)} seen: {shown}'))
    else:
        findings.append(
            Finding(
                WARNING,
                'nodes',
                'no other node is seen',
                'are they running, with this ROS_DOMAIN_ID and RMW_IMPLEMENTATION? In a container '
                'with the network and /dev/shm of the host? Does a firewall stop UDP 7400 and up?',
            )
        )
    return findings


def _clock(publishers: int) -> Finding:
    if publishers == 0:
        return Finding(OK, 'clock', 'nobody publishes /clock: the time is that of the system')
    if publishers == 1:
        return Finding(OK, 'clock', '/clock is published: start nodes with use_sim_time:=true')
    return Finding(
        ERROR,
        'clock',
        f'/clock has {publishers} publishers: time jumps to and fro',
        'let only one simulator or player publish it',
    )
