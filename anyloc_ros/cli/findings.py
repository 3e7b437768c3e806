# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What `anyloc doctor` found: one line each, with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import typer

OK, WARNING, ERROR = 'ok', 'warning', 'error'

_COLORS = {OK: typer.colors.GREEN, WARNING: typer.colors.YELLOW, ERROR: typer.colors.RED}
_SUBJECT_WIDTH = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` is what to do, empty where all is well."""

    level: str
    subject: str
    text: str
    advice: str = ''


def show(findings: Sequence[Finding]) -> None:
    """Print findings on stdout."""
    for finding in findings:
        level = typer.style(f'{finding.level:<8}', fg=_COLORS[finding.level])
        typer.echo(f'{level} {finding.subject:<{_SUBJECT_WIDTH}} {finding.text}')
        if finding.advice:
            typer.echo(' ' * (_SUBJECT_WIDTH + 10) + f'-> {finding.advice}')
