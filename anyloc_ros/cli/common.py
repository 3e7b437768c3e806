# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What several verbs share: options, progress bars, results as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
import json
import math
import os
from pathlib import Path
import sys
from typing import Annotated, Any, IO, TYPE_CHECKING

from anyloc_ros.config import config_from, nearest, parameters_of
from anyloc_ros.errors import AnyLocError, ConfigError
import typer

if TYPE_CHECKING:
    from anyloc_ros.io.source import Source
    from anyloc_ros.mapping.finish import Progress
    from anyloc_ros.mapping.records import Event

PATHS = ('weights_path', 'mask_path')
RUNTIME = ('device', 'precision', *PATHS)
"""What may differ from how a map was taught."""

SOURCE_HELP = 'A bag, a folder of images, or FOLDER:FIRST-LAST (1-based, natural order).'

MethodOption = Annotated[
    str, typer.Option('--method', help='Preset by name, see "anyloc methods".', show_default=False)
]
SetOption = Annotated[
    list[str],
    typer.Option(
        '--set', '-s', metavar='NAME=VALUE', help='Any parameter by name; may be repeated.'
    ),
]
JsonOption = Annotated[
    Path | None, typer.Option('--json', metavar='FILE', help='Also write the result as JSON.')
]
RateOption = Annotated[
    float, typer.Option('--rate', help='Images per second of a folder without stamps, in Hz.')
]
ImageTopicOption = Annotated[
    str, typer.Option('--image-topic', help='Image topic of a bag that has several.')
]
PoseTopicOption = Annotated[
    str, typer.Option('--pose-topic', help='Pose topic of a bag that has several.')
]
RandomWeightsOption = Annotated[
    int | None,
    typer.Option(
        '--random-weights',
        metavar='SEED',
        min=0,
        max=999_999_999,
        help='Random weights for all networks: for shapes, speed and memory, not for places.',
    ),
]
PosesOption = Annotated[
    str,
    typer.Option('--poses-file', metavar='FILE', help='Pose file of a folder: CSV, TUM or KITTI.'),
]


def configs(
    groups: Iterable[type],
    settings: Iterable[str],
    *,
    only: Collection[str] = (),
    **given: Any,
) -> list[Any]:
    """
    Return one config of each group from `NAME=VALUE` texts and values given otherwise.

    :param only: the parameters that have a meaning here, where not all of the groups have.
    :raises ConfigError: no such parameter, or a bad value.
    """
    groups = list(groups)
    values = {name: value for name, value in given.items() if value not in (None, '')}
    known = {
        name: known
        for group in groups
        for name, known in parameters_of(group).items()
        if not only or name in only
    }
    for setting in settings:
        name, equals, text = setting.partition('=')
        if not equals:
            raise ConfigError(f'--set: expected NAME=VALUE, got {setting!r}')
        if name not in known:
            raise ConfigError(f'--set: unknown parameter {name!r}{nearest(name, known)}')
        default, parameter = known[name]
        values[name] = text if parameter.kind(default) is str else _value(text)
    for name in PATHS:
        if values.get(name):
            # A map remembers them: it must open from any folder.
            values[name] = str(Path(values[name]).expanduser().resolve())
    return [
        config_from(group, {n: v for n, v in values.items() if n in parameters_of(group)})
        for group in groups
    ]


def _value(text: str) -> bool | int | float | str:
    if text in ('true', 'false'):
        return text == 'true'
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


@contextmanager
def output(option: str, path: Path, inputs: Iterable[Path | str] = ()) -> Iterator[IO[bytes]]:
    """
    Give a file to write that takes the place of `path` when all is written.

    :param inputs: what the command reads; none of it is ever replaced, nor is a map.
    :raises AnyLocError: such a file, a folder, a full disk, no permission.
    """
    from anyloc_ros.mapping.schema import HEADER_BYTES, is_map

    try:
        if path.is_file():
            with path.open('rb') as file:
                header = file.read(HEADER_BYTES)
            same = any(Path(other).exists() and path.samefile(other) for other in inputs)
            if same or is_map(header):
                raise AnyLocError(
                    f'{option} {path} is {"read here" if same else "a map"} and would be lost; '
                    f'name another file'
                )
        if path.exists() and not path.is_file():  # a pipe or a terminal
            with path.open('wb') as file:
                yield file
            return
        unfinished = path.with_name(f'.{path.name}.{os.getpid()}')
        try:
            with unfinished.open('xb') as file:
                yield file
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise AnyLocError(f'{option} {path} cannot be written: {error.strerror}') from error


def write_json(
    path: Path | None, result: dict[str, Any], inputs: Iterable[Path | str] = ()
) -> None:
    """
    Write `result` as JSON where asked; NaN becomes null. A file there is replaced.

    :param inputs: what the command reads; none of it is ever replaced.
    """
    if path is None:
        return
    text = json.dumps(_without_nan(result), indent=2) + '\n'
    with output('--json', path, inputs) as file:
        file.write(text.encode())


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@contextmanager
def drawing(what: str) -> Iterator[None]:
    """
    Hold the imports of what draws pictures and reports.

    :param what: which needs it, as the beginning of a sentence: "figures are".
    :raises AnyLocError: matplotlib or jinja2 is not installed.
    """
    try:
        yield
    except ImportError as error:
        if (error.name or '').startswith('anyloc_ros'):
            raise
        raise AnyLocError(
            f'{what} made by matplotlib and jinja2: {error}; pip install "anyloc_ros[report]"'
        ) from error


def say(text: str) -> None:
    """Print a line for people on stderr: stdout belongs to results."""
    typer.echo(text, err=True)


def say_notes(source: Source) -> None:
    """Print what a source chose, counted or left out."""
    for note in source.notes:
        say(f'{source.name}: {note}')


def say_warnings(events: Iterable[Event]) -> None:
    """Print what went wrong while a map was made, and where its route is weak."""
    for event in events:
        if event.level != 'info':
            say(f'{event.level}: {event.text}')


def report(result: Mapping[str, Any], json_file: Path | None) -> None:
    """Print a result on stdout, a line for each figure, and write it as JSON where asked."""
    write_json(json_file, result)
    width = max(map(len, result), default=0)
    for name, value in result.items():
        text = f'{value:.4f}' if isinstance(value, float) else 'none' if value is None else value
        typer.echo(f'{name:<{width}}  {text}')


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """
    Give `progress(title, done, total)`, which shows one bar for each title.

    Where stderr is no terminal each bar is one line, printed at the end.
    """
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn('{task.description}'),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
    )
    tasks: dict[str, bars.TaskID] = {}
    with bars.Progress(*columns, console=Console(file=sys.stderr)) as shown:

        def progress(title: str, done: int, total: int) -> None:
            if title == 'finished':
                return
            if title not in tasks:
                tasks[title] = shown.add_task(title, total=total)
            shown.update(tasks[title], completed=done, total=total)

        yield progress
