# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A domain of their own for the nodes of this folder, a taught wall, and the count at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
import warnings

import pytest


class NeedsRclpy(pytest.Module):
    """A test module that is left out where there is no ROS."""

    def collect(self):
        """Skip it."""
        pytest.skip('rclpy is missing: use ROS 2 or the extra "wheels"', allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> pytest.Module | None:
    """Leave out the modules of this folder where there is no ROS."""
    if find_spec('rclpy') is None:
        return NeedsRclpy.from_parent(parent, path=module_path)
    return None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Count the faults and the malformed input that were tried."""
    counts: Counter[str] = Counter()
    malformed = []
    for outcome in ('passed', 'failed', 'skipped'):
        for report in terminalreporter.stats.get(outcome, ()):
            counts[outcome] += 'test_faults.py::test_a_fault' in report.nodeid
            # A module that was left out has a report without properties.
            noted = getattr(report, 'user_properties', ())
            malformed += [x for name, x in noted if name == 'malformed']
    if counts['passed'] or counts['failed']:
        terminalreporter.write_line(
            f'faults: {counts["passed"]} of {counts["passed"] + counts["failed"]} cases ended as '
            f'documented, {counts["skipped"]} were skipped'
        )
    if malformed:
        terminalreporter.write_line(f'malformed input refused or sound: {", ".join(malformed)}')


@pytest.fixture(scope='module')
def domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have nodes here and in other processes hear each other and nobody else."""
    from anyloc_ros.ros.process import private_domain

    with warnings.catch_warnings():
        # The parser of messages imports a deprecated module of Python.
        warnings.simplefilter('ignore', DeprecationWarning)
        import rosidl_generator_py  # noqa: F401
    with pytest.MonkeyPatch.context() as patch:
        for name, value in private_domain().items():
            patch.setenv(name, value)
        patch.setenv('ROS_LOG_DIR', str(tmp_path_factory.mktemp('log')))
        yield


@pytest.fixture(scope='session')
def route(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished map of the wall."""
    from panorama import teach

    return teach(tmp_path_factory.mktemp('route') / 'route.anyloc')


@pytest.fixture(scope='module')
def shared_rig(
    domain: None, route: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """Give the rig of the cases that take the node as they find it."""
    from rig import Rig

    rig = Rig(route, tmp_path_factory.mktemp('rig'))
    yield rig
    rig.stop()


@pytest.fixture
def own_rig(shared_rig: Any, route: Path, tmp_path: Path) -> Iterator[Any]:
    """Give a rig for a case that starts the node itself."""
    from rig import Rig

    shared_rig.stop()
    rig = Rig(route, tmp_path)
    yield rig
    rig.stop()
