# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What is known of a data set of the paper before its folder is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from anyloc_ros.evaluate.datasets.dataset import DataSet
from anyloc_ros.evaluate.datasets.image_files import require


@dataclass(frozen=True, slots=True)
class Published:
    """
    A data set as the paper used it.

    `folder` is the name its archive unpacks to, `references` and `queries` how many images it
    has, `truth` the rule of the positives in words and `parts` what must lie in the folder.
    """

    title: str
    folder: str
    references: int
    queries: int
    truth: str
    parts: Mapping[str, str]
    download: str
    load: Callable[[Published, Path], DataSet]

    def open_in(self, folder: Path) -> DataSet:
        """Return the data set in `folder`; SourceError says what is missing there."""
        require(self.title, folder, self.parts, self.download)
        return self.load(self, folder)

    def notes(self, references: int, queries: int) -> tuple[str, ...]:
        """Return a warning unless the data set is as large as the one of the paper."""
        if (references, queries) == (self.references, self.queries):
            return ()
        return (
            f'{self.title} of the paper has {self.references} references and {self.queries} '
            f'queries, this one {references} and {queries}: its recall is not that of the paper',
        )
