# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc weights`: the only part of the program that goes to the network, and only when told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TYPE_CHECKING

from anyloc_ros.cli import common
import typer

if TYPE_CHECKING:
    from anyloc_ros.describe.weights import StoredWeights

app = typer.Typer(no_args_is_help=True, help='List, fetch and verify the weights of networks.')

NameArgument = Annotated[
    str, typer.Argument(metavar='NAME', help='A network or a method by name.')
]


@app.command('list')
def list_all(json_file: common.JsonOption = None) -> None:
    """List the networks and where their weights are on this machine."""
    from anyloc_ros.describe.weights import list_weights

    places = {backbone.name: path for backbone, path in list_weights()}
    common.report({name: str(path) if path else None for name, path in places.items()}, json_file)


@app.command()
def fetch(
    name: NameArgument,
    url: Annotated[str, typer.Option(help='Another address than the published one.')] = '',
    json_file: common.JsonOption = None,
) -> None:
    """Download the weights of a network into the cache and check them."""
    from anyloc_ros.describe.fetch import fetch as run
    from anyloc_ros.describe.methods import backbone_named

    backbone = backbone_named(name)
    with common.progress_bars() as progress:
        stored = run(
            backbone,
            url=url,
            progress=lambda done, total: progress(f'{backbone.name} (bytes)', done, total),
        )
    _report(stored, json_file)


@app.command()
def verify(name: NameArgument, json_file: common.JsonOption = None) -> None:
    """Compute the checksum of fetched weights again and compare it."""
    from anyloc_ros.describe.methods import backbone_named
    from anyloc_ros.describe.weights import verify as run

    _report(run(backbone_named(name)), json_file)


def _report(stored: StoredWeights, json_file: Path | None) -> None:
    result = {
        'network': stored.backbone.name,
        'file': str(stored.path),
        'bytes': stored.size,
        'sha256': stored.sha256,
        'checked_against': stored.checked_against,
    }
    common.report(result, json_file)
