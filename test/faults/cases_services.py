# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Services in every state of the life cycle, and in the wrong order."""

from __future__ import annotations

import re

from case import case, LOCALIZER, MAP_BUILDER
from rig import Rig

STEPS = {'unconfigured': (), 'inactive': ('configure',), 'active': ('configure', 'activate')}
STEPS['finalized'] = ('unconfigured_shutdown',)

LOCALIZER_ANSWERS = {
    'load_map': {
        'unconfigured': 'not configured',
        'inactive': '+is loaded',
        'active': '+is loaded',
        'finalized': 'not configured',
    },
    'relocalize': {
        'unconfigured': 'unconfigured',
        'inactive': 'inactive',
        'active': '+',
        'finalized': 'unconfigured|finalized',
    },
    'enable': dict.fromkeys(STEPS, '+enabled'),
}
"""What each service answers in each state: a regular expression, after a + where it succeeds."""

BUILDER_ANSWERS = {
    'start': {'active': '+recorded'},
    'pause': {'active': '+paused'},
    'add_keyframe': {'active': 'cannot add a reference: the node is paused'},
    'save_map': {'inactive': '+0 references', 'active': '+0 references'},
    'stop': {'active': '+being finished'},
}
"""The same; where nothing is said, the service refuses and names the state."""


def _check(rig: Rig, phase: str, answers: dict[str, dict[str, str]], **toggles: bool) -> None:
    """Bring a node that waits to be managed into a state, and call everything it offers, twice."""
    for step in STEPS[phase]:
        assert rig.change_state(step), rig.remote.status
    assert rig.phase == phase
    for service, by_phase in answers.items():
        expected = by_phase.get(phase, f'cannot .*: the node is {_known_as(phase)}')
        done, message = rig.call(service, toggles.get(service))
        right = done is expected.startswith('+') and re.search(expected.lstrip('+'), message)
        assert right, f'{service} in {phase}: {done} {message!r}'
    assert rig.phase == phase


def _known_as(phase: str) -> str:
    return 'unconfigured' if phase == 'finalized' else phase


def _localizer(rig: Rig, phase: str) -> None:
    rig.start(LOCALIZER, autostart=False)
    _check(rig, phase, LOCALIZER_ANSWERS, enable=True)


def _builder(rig: Rig, phase: str) -> None:
    path = str(rig.folder / 'new.anyloc')
    given = {'map_path': path, 'method': 'RootSIFT-GeM', 'record_on_start': False}
    rig.start(MAP_BUILDER, autostart=False, **given)
    _check(rig, phase, BUILDER_ANSWERS, pause=True)


OWN = {'parameters': None}
BUILDER = {'parameters': None, 'node': MAP_BUILDER}


@case('every service is called before it is configured', 'NO_MAP', 'no map is loaded', **OWN)
def localizer_unconfigured(rig: Rig) -> None:
    _localizer(rig, 'unconfigured')


@case('every service is called before it is activated', 'STALE', 'the node is inactive', **OWN)
def localizer_inactive(rig: Rig) -> None:
    _localizer(rig, 'inactive')


@case('every service is called while it is active', 'LOCALIZED', **OWN)
def localizer_active(rig: Rig) -> None:
    _localizer(rig, 'active')


@case('every service is called after it was shut down', 'NO_MAP', 'no map is loaded', **OWN)
def localizer_finalized(rig: Rig) -> None:
    _localizer(rig, 'finalized')


@case('every service is called before it is configured', 'unconfigured', **BUILDER)
def map_builder_unconfigured(rig: Rig) -> None:
    _builder(rig, 'unconfigured')


@case('every service is called before it is activated', 'inactive', **BUILDER)
def map_builder_inactive(rig: Rig) -> None:
    _builder(rig, 'inactive')


@case(
    'every service is called while it is active, nothing taught',
    'failed',
    'no references',
    **BUILDER,
)
def map_builder_active(rig: Rig) -> None:
    _builder(rig, 'active')


@case('every service is called after it was shut down', 'unconfigured', **BUILDER)
def map_builder_finalized(rig: Rig) -> None:
    _builder(rig, 'finalized')


@case('transitions are asked for in the wrong order', 'LOCALIZED', quick=True, **OWN)
def transitions_in_the_wrong_order(rig: Rig) -> None:
    rig.start(LOCALIZER, autostart=False)
    for wrong in ('activate', 'deactivate', 'cleanup'):
        assert not rig.change_state(wrong)
    assert rig.change_state('configure') and not rig.change_state('configure')
    assert rig.change_state('activate') and not rig.change_state('activate')
    assert not rig.change_state('cleanup')


@case('`enable` is called with false, false, true, true', 'LOCALIZED', **OWN)
def enabled_twice(rig: Rig) -> None:
    rig.start()
    rig.localize()
    for data in (False, False):
        assert rig.call('enable', data) == (True, 'disabled')
    rig.ends('STALE', 'disabled by ~/enable')
    for data in (True, True):
        assert rig.call('enable', data) == (True, 'enabled')


@case('`enable` is called with false and never again', 'STALE', 'disabled by ~/enable')
def disabled(rig: Rig) -> None:
    assert rig.call('enable', False) == (True, 'disabled')


@case('`relocalize` is called at every image for 2 s', 'LOCALIZED')
def relocalize_all_the_time(rig: Rig) -> None:
    for _ in range(30):
        assert rig.call('relocalize')[0]
        rig.robot.tick()


@case('`load_map` is called at every image for 2 s', 'LOCALIZED')
def load_map_all_the_time(rig: Rig) -> None:
    for _ in range(30):
        assert rig.call('load_map')[0]
        rig.robot.tick()


@case('parameters are set to nonsense', 'LOCALIZED')
def parameters_are_refused(rig: Rig) -> None:
    for name, value in (
        ('accept_similarity', 'very'),
        ('accept_margin', 7.0),
        ('lost_after_m', -1.0),
        ('top_k', 9),
        ('map_path', 5),
        ('no_such_parameter', 1),
    ):
        assert rig.set_parameter(name, value), name
