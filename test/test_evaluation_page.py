# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The page on evaluation names every figure that runs are compared by, and every limit."""

from __future__ import annotations

from pathlib import Path
import re

from anyloc_ros.config import parameters_of
from anyloc_ros.evaluate.datasets.paper import PAPER
from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.metrics.closed_loop import SuccessConfig
from anyloc_ros.evaluate.metrics.stop import StopConfig
from anyloc_ros.simulate.closed_loop.figures import ORDER
import pytest

PAGE = (Path(__file__).parents[1] / 'docs/evaluation.md').read_text(encoding='utf-8')
CODE = {word for text in re.findall(r'`([^`\n]+)`', PAGE) for word in re.split(r'[\s,:]+', text)}
OWN = {'oxford_robotcar_own_radius'}
"""A second rule for the same folder."""


@pytest.mark.parametrize('name', sorted(set(ORDER) - {'recall_at_5'}))
def test_figures_of_the_headline(name):
    assert name in CODE


@pytest.mark.parametrize('group', [FiguresConfig, StopConfig, SuccessConfig])
def test_limits_and_their_defaults(group):
    for name, (default, _) in parameters_of(group).items():
        line = next(line for line in PAGE.splitlines() if f'`{name}`' in line or name in line)
        assert name in CODE
        assert default == '' or f'{default:g}' in line, f'{name} is {default}'


@pytest.mark.parametrize('name', sorted(set(PAPER) - OWN))
def test_data_sets_of_the_paper(name):
    assert name in CODE
