# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc benchmark`: many data sets by many methods."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, TYPE_CHECKING

from anyloc_ros.cli import common
from anyloc_ros.config import DescribeConfig, parameters_of
from anyloc_ros.errors import AnyLocError, ConfigError
import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anyloc_ros.evaluate.benchmark.table import Row

SETTABLE = frozenset(parameters_of(DescribeConfig)) - {'method', 'device', 'whitening_dim'}
"""What may be put over the methods: the table of the paper is without whitening."""

MARKER = '.anyloc-benchmark'
"""Lies in a folder whose files the next benchmark may replace."""


def benchmark(
    root: Annotated[Path, typer.Option(metavar='DATA', help='Folder of the data sets.')],
    out: Annotated[Path, typer.Option(metavar='DIR', help='Folder of the results and the cache.')],
    datasets: Annotated[
        list[str],
        typer.Option(
            metavar='NAME,...',
            help='Those to run, as above; may be repeated. If not given, those found in DATA.',
        ),
    ] = (),
    methods: Annotated[
        list[str],
        typer.Option(
            metavar='NAME,...',
            help='See "anyloc methods"; may be repeated. If not given, those whose weights are '
            'here.',
        ),
    ] = (),
    random_weights: common.RandomWeightsOption = None,
    jobs: Annotated[
        int,
        typer.Option(help='Processes that share the cores; 0 chooses, one with a GPU.', min=0),
    ] = 0,
    stride: Annotated[int, typer.Option(help='Use every n-th reference.', min=1)] = 1,
    device: Annotated[str, typer.Option(help='cpu, cuda or auto.')] = '',
    settings: common.SetOption = (),
) -> None:
    """
    Run data sets by methods, each in a folder of DIR, and print one table.

    Interrupted, the same command goes on where it was. The table has the runs of this call alone;
    what earlier calls made stays in its folders. The vocabulary is fit on the references; every
    image is taken by itself.

    A data set is one of the paper by NAME or NAME:FOLDER, or one of your own:

    utm:FOLDER or utm:FOLDER:METRES: UTM coordinates in file names

    vprbench:FOLDER: ref/, query/ and ground_truth_new.npy

    csv:FOLDER or csv:FOLDER:METRES: references.csv and queries.csv

    frames:N:REFERENCES,QUERIES: two runs in step, image i is within N of image i

    radius:METRES:REFERENCES,QUERIES: two runs with poses in one frame
    """
    with common.drawing('the reports of a benchmark are'):
        from anyloc_ros.evaluate.benchmark.benchmark import benchmark as run
    from anyloc_ros.evaluate.benchmark.plan import chosen_datasets, chosen_methods, plan_all
    from anyloc_ros.evaluate.benchmark.table import as_csv, as_json, as_markdown, PAPER_NOTE

    (config,) = common.configs((DescribeConfig,), settings, only=SETTABLE, device=device)
    if random_weights is not None and config.weights_path:
        raise ConfigError('give --random-weights or --set weights_path, not both')
    configs, left_out = chosen_methods(methods, config, random_weights)
    plans = plan_all(chosen_datasets(datasets, root), configs, stride)
    for name, reason in left_out.items():
        common.say(f'{name} is left out: {reason}')
    _claim(out)
    rows: list[Row] = []
    try:
        with common.progress_bars() as progress:
            for row in run(plans, root, out, jobs, common.say, progress):
                rows.append(row)
                common.say(f'{row.dataset}, {row.method}: {row.outcome()}')
    except KeyboardInterrupt:
        common.say(f'interrupted: what is done is in {out}; the same command goes on from there')
        raise
    for name, text in (
        ('table.csv', as_csv(rows)),
        ('table.json', as_json(rows)),
        ('table.md', as_markdown(rows)),
    ):
        with common.output('--out', out / name) as file:
            file.write(text.encode())
    _print(rows)
    if not all(math.isnan(row.paper_recall_at_1) for row in rows):
        typer.echo(f'{PAPER_NOTE}.')
    common.say(f'look at {out / "table.md"}, and at report.html in the folder of each run')
    bad = sum(bool(row.error) for row in rows)
    if bad:
        raise AnyLocError(f'{bad} of {len(rows)} runs failed; the table says why')


def _claim(out: Path) -> None:
    """Make the folder that of a benchmark, unless it holds something else."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()) and not (out / MARKER).exists():
            raise ConfigError(
                f'--out {out} is not empty and not the folder of a benchmark; name a new one, or '
                f'one that an earlier benchmark made'
            )
        (out / MARKER).touch()
    except OSError as error:
        raise AnyLocError(f'--out {out} cannot be used: {error.strerror}') from error


def _print(rows: Sequence[Row]) -> None:
    from anyloc_ros.evaluate.benchmark.table import HEADER
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for name in HEADER:
        table.add_column(name, overflow='fold')
    for row in rows:
        table.add_row(*row.cells())
    # A pipe has no width: the table must not be cut to a guess.
    Console(width=None if Console().is_terminal else 200, markup=False).print(table)
