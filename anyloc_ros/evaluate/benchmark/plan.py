# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What is to be run: each data set by each method, and where the result goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
import hashlib
from pathlib import Path
import re

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.backbones import find_backbone
from anyloc_ros.describe.methods import DENSE_SIFT, method_of, METHODS
from anyloc_ros.describe.random_weights import random_seed_of
from anyloc_ros.describe.weights import locate
from anyloc_ros.errors import ConfigError, ModelError, SourceError
from anyloc_ros.evaluate.datasets.paper_recall import paper_recall_at_1
from anyloc_ros.evaluate.datasets.registry import check_form, found_in

RANDOM_NOTE = 'random weights: speed and memory only, accuracy means nothing'
_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """
    One run: a data set, as it is written on the command line, and a method.

    With a `stride` of n every n-th reference is used.
    """

    dataset: str
    config: DescribeConfig
    stride: int = 1

    @property
    def random(self) -> bool:
        """Return whether a network with random weights describes."""
        networked = method_of(self.config).backbone != DENSE_SIFT
        return networked and random_seed_of(self.config.weights_path) is not None

    @property
    def method(self) -> str:
        """Return the name of the method for tables."""
        return self.config.method + (' (random weights)' if self.random else '')

    @property
    def folder(self) -> Path:
        """Return the folder of the run, relative to that of the benchmark."""
        return Path(_file_name(self.dataset), _file_name(self.method))

    @property
    def changes(self) -> str:
        """Return in words which settings are not those of the method."""
        plain = DescribeConfig(method=self.config.method)
        return ', '.join(
            f'{field.name} {getattr(self.config, field.name)}'
            for field in fields(plain)
            if field.name not in ('device', 'precision', 'weights_path', 'vocabulary')
            and getattr(self.config, field.name) != getattr(plain, field.name)
        )

    @property
    def paper(self) -> float | None:
        """Return Recall@1 of the paper, None where it is of something else than this run."""
        if self.random or self.stride > 1 or self.changes:
            return None
        return paper_recall_at_1(self.dataset.partition(':')[0], self.config.method)


def plan_all(
    datasets: Sequence[str], configs: Sequence[DescribeConfig], stride: int
) -> list[Plan]:
    """
    Return the runs, data set by data set.

    :raises ConfigError: two of them would be written to one folder, or a stride below 1.
    """
    if stride < 1:
        raise ConfigError(f'stride: expected 1 or more, got {stride}')
    plans = [Plan(dataset, config, stride) for dataset in datasets for config in configs]
    taken: dict[Path, Plan] = {}
    for each in plans:
        other = taken.setdefault(each.folder, each)
        if other is not each:
            raise ConfigError(
                f'{each.dataset} by {each.method} and {other.dataset} by {other.method} would '
                f'both be written to {each.folder}; name each once, or give another --out'
            )
    return plans


def chosen_datasets(texts: Iterable[str], root: Path) -> list[str]:
    """
    Return the names in texts, or those of the data sets found in the root where there are none.

    A text has names separated by commas; two runs in step (frames:, radius:) have a comma of
    their own and stand alone.

    :raises ConfigError: a text that can name no data set.
    :raises SourceError: none is given and none is found.
    """
    names = []
    for text in texts:
        alone = text.startswith(('frames:', 'radius:'))
        names += [text] if alone else [name for name in text.split(',') if name]
    for name in names:
        check_form(name)
    names = names or found_in(root)
    if not names:
        raise SourceError(
            f'{root}: no data set that is known by its folder; name them with --datasets, see '
            f'"anyloc benchmark --help"'
        )
    return names


def chosen_methods(
    texts: Iterable[str], settings: DescribeConfig, random_weights: int | None
) -> tuple[list[DescribeConfig], dict[str, str]]:
    """
    Return the methods named in texts, and of those that were left out by name why.

    Where none are named all are taken whose weights are on this machine.

    :param settings: what is to be put over each of them.
    :param random_weights: seed of random weights for all networks, None for their own.
    :raises ConfigError: an unknown name, or settings that contradict a method.
    """
    names = [name for text in texts for name in text.split(',') if name]
    configs, left_out = [], {}
    for name in names or METHODS:
        config = replace(settings, method=name)
        method = method_of(config)
        if method.backbone != DENSE_SIFT and random_weights is not None:
            config = replace(config, weights_path=f'random:{random_weights}')
        elif method.backbone != DENSE_SIFT and not names:
            try:
                locate(find_backbone(method.backbone), config.weights_path)
            except ModelError as error:
                left_out[name] = str(error)
                continue
        configs.append(config)
    return configs, left_out


def _file_name(text: str) -> str:
    name = re.sub('[^A-Za-z0-9._-]+', '_', text).strip('._')
    if name and len(name) <= _MAX_NAME:
        return name
    return f'{name[:_MAX_NAME]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}'
