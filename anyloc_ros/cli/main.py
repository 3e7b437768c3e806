# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The `anyloc` command line; verbs import what they need when they run, so help is instant."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

from anyloc_ros import __version__
from anyloc_ros.cli import (
    benchmark,
    compare,
    demo,
    describe,
    doctor,
    evaluate,
    figure,
    localize,
    maps,
    methods,
    simulate,
    teach,
    vocabulary,
    weights,
)
from anyloc_ros.errors import AnyLocError
import typer

app = typer.Typer(
    name='anyloc',
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help='Teach a route, then know where on it the robot is: place recognition by AnyLoc.',
)
app.command('compare')(compare.compare)
app.command('benchmark')(benchmark.benchmark)
app.command('describe')(describe.describe)
app.command('evaluate')(evaluate.evaluate)
app.command('teach')(teach.teach)
app.command('localize')(localize.localize)
app.add_typer(figure.app, name='figure')
app.add_typer(maps.app, name='map')
app.add_typer(weights.app, name='weights')
app.add_typer(vocabulary.app, name='vocabulary')
app.command('methods')(methods.methods)
app.command('demo')(demo.demo)
app.command('doctor')(doctor.doctor)
app.command('simulate')(simulate.simulate)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f'anyloc {__version__}')
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option('--version', callback=_print_version, help='Print it and exit.')
    ] = False,
    verbose: Annotated[bool, typer.Option('--verbose', '-v', help='Say more on stderr.')] = False,
) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format='%(levelname)s: %(message)s',
        stream=sys.stderr,
    )


def main() -> None:
    """
    Run the command line; what the package raises on purpose becomes one message and exit code 1.

    Exit codes: 0 done, 1 refused with a reason, 2 wrong usage, 130 interrupted.
    """
    try:
        app()
    except AnyLocError as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader (head, less) has gone; a second failure at interpreter exit must not show.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == '__main__':
    main()
