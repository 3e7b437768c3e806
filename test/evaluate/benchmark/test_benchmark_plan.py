# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a benchmark runs, what it leaves out, and what the paper has."""

from __future__ import annotations

from pathlib import Path

from anyloc_ros.config import DescribeConfig
from anyloc_ros.errors import ConfigError, SourceError
from anyloc_ros.evaluate.benchmark.plan import chosen_datasets, chosen_methods, Plan, plan_all
from anyloc_ros.evaluate.benchmark.table import as_csv, as_markdown, failed
from anyloc_ros.evaluate.datasets.paper import PAPER
from anyloc_ros.evaluate.datasets.paper_recall import paper_recall_at_1
import pytest

DEFAULT = DescribeConfig()


@pytest.fixture
def no_weights(monkeypatch, tmp_path):
    """Look for weights where there are none."""
    for variable in ('XDG_CACHE_HOME', 'HF_HOME', 'HF_HUB_CACHE'):
        monkeypatch.setenv(variable, str(tmp_path / 'empty'))


@pytest.mark.parametrize(
    ('texts', 'names'),
    [
        (['hawkins,st_lucia'], ['hawkins', 'st_lucia']),
        (['frames:2:a,b'], ['frames:2:a,b']),
        (['radius:1.5:a,b', 'csv:c,vprbench:d'], ['radius:1.5:a,b', 'csv:c', 'vprbench:d']),
    ],
)
def test_names_of_data_sets(texts, names):
    assert chosen_datasets(texts, Path('/nowhere')) == names


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('hawkin', "did you mean 'hawkins'"),
        ('vprbensh:a', "did you mean 'vprbench'"),
        ('frames:2:a', 'expected .* frames:N:REFERENCES,QUERIES'),
        ('utm', 'expected .* utm:FOLDER'),
    ],
)
def test_what_can_name_no_data_set_is_refused(text, said):
    with pytest.raises(ConfigError, match=said):
        chosen_datasets(['hawkins', text], Path('/nowhere'))


def test_data_sets_that_are_found(tmp_path):
    with pytest.raises(SourceError, match='--datasets'):
        chosen_datasets([], tmp_path)
    (tmp_path / 'st_lucia').mkdir()
    assert chosen_datasets([], tmp_path) == ['st_lucia']


def test_methods_whose_weights_are_missing_are_left_out(no_weights):
    configs, left_out = chosen_methods([], DEFAULT, None)
    assert [config.method for config in configs] == ['RootSIFT-VLAD', 'RootSIFT-GeM']
    assert 'anyloc weights fetch dinov2_vitg14' in left_out['AnyLoc-VLAD-DINOv2']
    configs, left_out = chosen_methods(['AnyLoc-GeM-DINO,RootSIFT-GeM'], DEFAULT, None)
    assert [config.method for config in configs] == ['AnyLoc-GeM-DINO', 'RootSIFT-GeM']
    assert left_out == {}


def test_random_weights_are_for_networks_alone(no_weights):
    configs, left_out = chosen_methods(['RootSIFT-GeM', 'DINOv2-CLS'], DEFAULT, 7)
    assert [config.weights_path for config in configs] == ['', 'random:7']
    assert left_out == {}
    names = [Plan('a', config).method for config in configs]
    assert names == ['RootSIFT-GeM', 'DINOv2-CLS (random weights)']


def test_folders():
    config = DescribeConfig(method='RootSIFT-GeM')
    assert Plan('frames:2:a/b:1-4,c', config).folder == Path('frames_2_a_b_1-4_c/RootSIFT-GeM')
    long = [Plan(f'frames:2:{"x" * 300}{end},c', config).folder for end in 'ab']
    assert long[0] != long[1]
    assert len(long[0].parts[0]) < 255
    assert not Plan('..', config).folder.parts[0].startswith('.')


def test_two_runs_of_one_folder_are_refused():
    config = DescribeConfig(method='RootSIFT-GeM')
    with pytest.raises(ConfigError, match=r'csv:a_b .* csv:a/b'):
        plan_all(['csv:a/b', 'csv:a_b'], [config], 1)
    with pytest.raises(ConfigError, match='stride'):
        plan_all(['csv:a'], [config], 0)


def test_recall_of_the_paper_is_a_whole_number_of_queries():
    checked = 0
    for name, published in PAPER.items():
        for method in ('CLIP-CLS', 'AnyLoc-GeM-DINOv2', 'AnyLoc-VLAD-DINO', 'AnyLoc-VLAD-DINOv2'):
            recall = paper_recall_at_1(name, method)
            if recall is None:
                assert name == 'oxford_robotcar_own_radius'
                continue
            hits = round(recall * published.queries)
            assert abs(hits / published.queries - recall) < 0.00101, (name, method)
            checked += 1
    assert checked == 48
    assert paper_recall_at_1('baidu_mall', 'AnyLoc-VLAD-DINOv2') == 0.752
    assert paper_recall_at_1('mid_atlantic_ridge', 'AnyLoc-VLAD-DINO') == 0.416
    assert paper_recall_at_1('baidu_mall', 'RootSIFT-VLAD') is None


@pytest.mark.parametrize(
    ('changes', 'stride', 'expected'),
    [
        ({}, 1, 0.877),
        ({}, 2, None),
        ({'weights_path': 'random:0'}, 1, None),
        ({'layer': 20}, 1, None),
        ({'image_size': 'max:112'}, 1, None),
        ({'vocabulary_seed': 1}, 1, None),
        ({'device': 'cpu', 'precision': 'bf16', 'vocabulary': 'domain.pt'}, 1, 0.877),
    ],
)
def test_recall_of_the_paper_stands_beside_the_same_method_only(changes, stride, expected):
    config = DescribeConfig(method='AnyLoc-VLAD-DINOv2', **changes)
    assert Plan('pitts30k:elsewhere', config, stride).paper == expected


def test_a_failed_run_in_the_table():
    row = failed(Plan('csv:a', DescribeConfig(method='RootSIFT-GeM')), ValueError('a | b\nc'))
    assert as_csv([row]).splitlines()[1] == 'csv:a,RootSIFT-GeM,0,,,,,,,0,,,a | b,,,'
    assert as_markdown([row]).splitlines()[2].count('|') - 1 == 12 + 1
    assert 'not re-checked against the paper' in as_markdown([row])
