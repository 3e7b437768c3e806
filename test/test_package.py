# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The facts that package.xml, setup.py, the code and the requirement files each state."""

from __future__ import annotations

from pathlib import Path
import runpy
from xml.etree import ElementTree

import anyloc_ros
from packaging.requirements import Requirement
import pytest
import setuptools

ROOT = Path(__file__).resolve().parents[1]

ENVIRONMENTS = [
    {'python_version': version, 'sys_platform': 'linux'}
    for version in ('3.10', '3.11', '3.12', '3.13')
]


@pytest.fixture
def manifest():
    """Return the root element of package.xml."""
    return ElementTree.parse(ROOT / 'package.xml').getroot()


@pytest.fixture
def setup(monkeypatch):
    """Return what setup.py gives to setuptools."""
    given = {}
    monkeypatch.setattr(setuptools, 'setup', lambda **keywords: given.update(keywords))
    monkeypatch.chdir(ROOT)
    runpy.run_path('setup.py')
    return given


def requirements(name: str) -> list[Requirement]:
    """Return the requirements written in a file, and in those it includes."""
    found = []
    for line in (ROOT / 'requirements' / name).read_text(encoding='utf-8').splitlines():
        if line.startswith('-c '):
            found += requirements(line.removeprefix('-c '))
        elif line and not line.startswith('#'):
            found.append(Requirement(line))
    return found


def test_package_xml_and_setup_py_agree(manifest, setup):
    maintainer = manifest.find('maintainer')
    assert manifest.findtext('name') == setup['name'] == anyloc_ros.__name__
    assert manifest.findtext('version') == setup['version'] == anyloc_ros.__version__
    assert ' '.join(manifest.findtext('description').split()) == setup['description']
    assert maintainer.text == setup['maintainer']
    assert maintainer.get('email') == setup['maintainer_email']
    assert manifest.findtext('license') == setup['license'] == 'BSD-3-Clause'
    assert manifest.findtext('export/build_type') == 'ament_python'


def test_named_files_exist(manifest, setup):
    named = [manifest.find('license').get('file')]
    named += [name for _, names in setup['data_files'] for name in names]
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_room_is_installed(setup):
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / 'anyloc_ros').rglob('*.py')}
    assert set(setup['packages']) == {'.'.join(folder.parts) for folder in folders}


def test_no_rosdep_key_that_breaks_an_installation(manifest):
    keys = {element.text for element in manifest if element.tag.endswith('depend')}
    assert keys.isdisjoint({'python3-torch', 'python3-faiss'})
    assert [key for key in keys if key.endswith('-pip')] == []


@pytest.mark.parametrize('name', ['development.txt', 'numpy1.txt'])
@pytest.mark.parametrize('environment', ENVIRONMENTS, ids=lambda e: e['python_version'])
def test_pins_are_allowed_by_setup_py(setup, name, environment):
    pins = {
        pin.name: str(pin.specifier).removeprefix('==')
        for pin in requirements(name)
        if pin.marker is None or pin.marker.evaluate(environment)
    }
    for needed in map(Requirement, setup['install_requires']):
        assert needed.specifier.contains(pins[needed.name]), needed
    assert set(setup['extras_require']['test']) <= set(pins)


def test_numpy1_has_the_lower_bounds_of_setup_py(setup):
    pins = {pin.name: str(pin.specifier).removeprefix('==') for pin in requirements('numpy1.txt')}
    lowest = {
        needed.name: bound.version
        for needed in map(Requirement, setup['install_requires'])
        for bound in needed.specifier
        if bound.operator == '>='
    }
    # Older torch cannot be had on every machine without a CUDA build.
    del lowest['torch']
    assert {name: pins[name].split('.')[: v.count('.') + 1] for name, v in lowest.items()} == {
        name: v.split('.') for name, v in lowest.items()
    }


def test_a_robot_gets_all_but_opencv_from_pip(setup):
    needed = {word.name: word for word in map(Requirement, setup['install_requires'])}
    robot = requirements('robot.txt')
    assert set(needed) - {word.name for word in robot} == {'opencv-python-headless'}
    for word in robot:
        lowest = [bound.version for bound in word.specifier if bound.operator in ('>=', '==')]
        if word.name != 'setuptools':
            assert [v for v in lowest if not needed[word.name].specifier.contains(v)] == [], word
