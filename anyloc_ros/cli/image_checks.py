# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What `anyloc doctor` makes of a topic of images."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
import math
from statistics import median
from typing import Any

from anyloc_ros.cli.findings import ERROR, Finding, OK, WARNING
from anyloc_ros.io.messages import COMPRESSED_IMAGE, IMAGES
from anyloc_ros.ros.camera import camera_of, differences
from anyloc_ros.ros.observed import Arrival, ImageTopic, Surroundings
import numpy as np

LARGE_BYTES = 500_000
"""From here on best effort loses images: measured with Fast DDS at 30 Hz, 44 of 180 arrived of
640x480 rgb8 (0.9 MB), 7 of 180 of 1280x720, all of 320x240 (0.2 MB)."""

LOST_SHARE = 0.1
OLD_S, PAST_S, AHEAD_S = 1.0, 60.0, 0.1
"""Ages of images on arrival: late, from another time, and from the future."""


def check_presence(name: str, seen: ImageTopic | None, around: Surroundings) -> list[Finding]:
    """Say whether somebody publishes images on the topic; the rest needs that."""
    others = [topic for topic, types in around.topics.items() if set(types) & set(IMAGES)]
    hint = f'topics of images: {", ".join(sorted(others)) or "none"}'
    if seen is None:
        return [Finding(ERROR, 'image topic', f'nobody publishes {name}', hint)]
    if seen.kind not in IMAGES:
        return [Finding(ERROR, 'image topic', f'{name} is of type {seen.kind}', hint)]
    findings = []
    if len(seen.publishers) > 1:
        nodes = ', '.join(node for node, _ in seen.publishers)
        findings.append(
            Finding(
                WARNING,
                'image topic',
                f'{name} has {len(seen.publishers)} publishers ({nodes}): their images mix',
                'stop all but one, or give each camera a topic',
            )
        )
    if seen.kind == COMPRESSED_IMAGE:
        base = name.removesuffix('/compressed')
        advice = f'image_transport: compressed, image_topic:={base}'
        if base == name:
            advice = 'remap it to a name that ends in /compressed, and ' + advice
        findings.append(Finding(OK, 'image topic', f'{name}: compressed images', advice))
    else:
        findings.append(Finding(OK, 'image topic', f'{name}: images'))
    return findings


def check_quality(seen: ImageTopic) -> Finding:
    """Judge the reliability that is offered."""
    offered = {reliability for _, reliability in seen.publishers}
    if 'best_effort' not in offered:
        return Finding(OK, 'reliability', 'offered reliable')
    if seen.num_bytes < LARGE_BYTES:
        return Finding(OK, 'reliability', 'offered best effort, and the images are small')
    return Finding(
        WARNING,
        'reliability',
        f'offered best effort, with images of {seen.num_bytes / 1e6:.1f} MB: most are lost on the '
        f'way',
        'set the camera driver to reliable, or use compressed images',
    )


def check_rate(seen: ImageTopic) -> Finding:
    """Judge how often images come, and how many do not."""
    count = len(seen.arrivals)
    if count < 2:
        text = f'{count or "no"} image in {seen.duration_s:g} s from {_names(seen)}'
        advice = 'is the camera on, its exposure short, its cable good? Listen longer: --duration'
        if any(reliability == 'best_effort' for _, reliability in seen.publishers):
            advice += '; large images sent as best effort get lost, see reliability'
        return Finding(ERROR, 'rate', text, advice)
    span_s = seen.arrivals[-1].arrived_s - seen.arrivals[0].arrived_s
    rate_hz = (count - 1) / span_s if span_s else math.inf
    gap_s = max(later.arrived_s - earlier.arrived_s for earlier, later in pairwise(seen.arrivals))
    text = f'{rate_hz:.1f} Hz, longest gap {gap_s:.2f} s'
    lost = lost_share(seen.arrivals)
    if lost > LOST_SHARE:
        return Finding(
            WARNING,
            'rate',
            f'{text}; by their stamps {lost:.0%} of the images are lost on the way',
            'see reliability; otherwise processor or network cannot carry them: smaller or '
            'compressed images',
        )
    return Finding(OK, 'rate', text)


def lost_share(arrivals: tuple[Arrival, ...]) -> float:
    """Return which share of images is missing by the stamps, if the camera is regular."""
    steps = np.diff(np.sort([arrival.stamp_ns for arrival in arrivals]))
    steps = steps[steps > 0]
    if not len(steps):
        return 0.0
    # Short steps, not the shortest: stamps are not exact.
    period_ns = np.percentile(steps, 10)
    return max(0.0, 1 - (len(steps) + 1) / (steps.sum() / period_ns + 1))


def check_image(seen: ImageTopic, taught: Mapping[str, Any] | None) -> list[Finding]:
    """
    Judge the newest image: can it be read, and is it as those of the map.

    :param taught: the camera of the map, None when not known.
    """
    if seen.problem:
        return [
            Finding(
                ERROR,
                'encoding',
                seen.problem,
                'have the driver publish rgb8, bgr8 or mono8, or install cv_bridge for others',
            )
        ]
    height, width = seen.size
    text = f'{seen.encoding}, {width}x{height}, frame {seen.frame_id or "(empty)"}'
    found = [Finding(OK, 'encoding', text)]
    now = camera_of(seen.frame_id, seen.encoding, seen.size)
    found += [
        Finding(
            WARNING,
            'camera',
            sentence,
            'use the camera and the settings of the teach run, or teach again',
        )
        for sentence in differences(taught, now)
    ]
    return found


def check_stamps(seen: ImageTopic) -> Finding:
    """Judge the stamps: there, in order, and of this time."""
    if any(arrival.stamp_ns == 0 for arrival in seen.arrivals):
        return _stamps(
            ERROR,
            'images without a stamp: they do not meet the poses of their moment',
            'have the driver stamp them',
        )
    stamps = [arrival.stamp_ns for arrival in seen.arrivals]
    if any(later < earlier for earlier, later in pairwise(stamps)):
        return _stamps(
            WARNING,
            'stamps go back: a bag in a loop, or two publishers',
            'let one publisher play once',
        )
    system_s = median(arrival.system_age_s for arrival in seen.arrivals)
    by_clock = [a.clock_age_s for a in seen.arrivals if a.clock_age_s is not None]
    if not by_clock:
        return _by_system(system_s)
    clock_s = median(by_clock)
    if _is_now(clock_s):
        text = f'on the time of /clock, {clock_s * 1e3:.0f} ms old on arrival'
        return _stamps(OK, text, 'start nodes with use_sim_time:=true')
    if _is_now(system_s):
        return _stamps(
            ERROR,
            '/clock is published, but the images carry the time of the system',
            'stop who publishes /clock, or set use_sim_time for the camera driver too',
        )
    return _stamps(
        ERROR,
        f'{_span(clock_s)} old by /clock, {_span(system_s)} by the system',
        'let only one bag or simulator run',
    )


def _by_system(age_s: float) -> Finding:
    if age_s > PAST_S:
        return _stamps(
            ERROR,
            f'{_span(age_s)} old: a recording without /clock, or clocks of two computers',
            'play it with "ros2 bag play --clock" and use_sim_time:=true; on a robot set the '
            'clocks by chrony or PTP',
        )
    if age_s < -AHEAD_S:
        return _stamps(
            ERROR,
            f'{_span(-age_s)} in the future: the clock of the camera is ahead',
            'set the clocks of all computers by chrony or PTP',
        )
    if age_s > OLD_S:
        return _stamps(
            WARNING,
            f'{_span(age_s)} old on arrival',
            'the way from the camera is slow: smaller or compressed images, or clocks that differ',
        )
    return _stamps(OK, f'{age_s * 1e3:.0f} ms old on arrival')


def _is_now(age_s: float) -> bool:
    return -AHEAD_S <= age_s <= OLD_S


def _span(seconds: float) -> str:
    for unit, name in ((86400, 'days'), (3600, 'h'), (60, 'min')):
        if abs(seconds) >= 2 * unit:
            return f'{seconds / unit:.0f} {name}'
    return f'{seconds:.1f} s'


def _stamps(level: str, text: str, advice: str = '') -> Finding:
    return Finding(level, 'stamps', text, advice)


def _names(seen: ImageTopic) -> str:
    return ', '.join(node for node, _ in seen.publishers)
