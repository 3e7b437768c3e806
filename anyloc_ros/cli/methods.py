# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc methods`: what there is to choose from."""

from __future__ import annotations

from dataclasses import asdict

from anyloc_ros.cli.common import JsonOption, write_json


def methods(json_file: JsonOption = None) -> None:
    """List the methods by name and what each is made of."""
    from anyloc_ros.describe.methods import METHODS
    from rich.console import Console
    from rich.table import Table

    table = Table('method', 'backbone', 'layer', 'facet', 'aggregation', 'words', 'image size')
    for name, method in METHODS.items():
        table.add_row(
            name,
            method.backbone,
            str(method.layer) if method.layer >= 0 else '',
            method.facet,
            method.aggregation,
            str(method.num_words or ''),
            method.image_size,
        )
    # A pipe has no width: the table must not be cut to a guess.
    Console(width=None if Console().is_terminal else 120).print(table)
    write_json(json_file, {name: asdict(method) for name, method in METHODS.items()})
