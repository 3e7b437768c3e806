# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc figure`: pictures of what the features see, as in the figures of the paper."""

from __future__ import annotations

import csv
from dataclasses import replace
import io
from pathlib import Path
from typing import Annotated, Any, TYPE_CHECKING

from anyloc_ros.cli import common
from anyloc_ros.config import DescribeConfig, parameters_of
from anyloc_ros.errors import ConfigError, ImageError
import typer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    import numpy as np

app = typer.Typer(no_args_is_help=True, help='Draw what the features see, as PNG files.')

FEATURES = frozenset({'backbone', 'layer', 'facet', 'image_size', 'device', 'precision'})
FEATURES |= {'weights_path'}
WORDS = FEATURES | {'num_words', 'vocabulary', 'vocabulary_seed'}
CELLS = WORDS - {'layer', 'facet', 'vocabulary'} | {'aggregation', 'gem_p', 'soft_temperature'}
"""The parameters that mean something for one figure, for the words, and for many at once."""

OutOption = Annotated[Path, typer.Option(metavar='F.png', help='One there is replaced.')]
LayersOption = Annotated[
    str, typer.Option(metavar='N,N,...', help='Zero-based blocks; else that of the method.')
]
FacetsOption = Annotated[
    str,
    typer.Option(metavar='F,F,...', help='Of query, key, value, token; else that of the method.'),
]


@app.command()
def similarity(
    images: Annotated[
        list[Path], typer.Argument(metavar='IMAGE...', help='The first has the point.')
    ],
    point: Annotated[str, typer.Option(metavar='X,Y', help='In px of the first image.')],
    out: OutOption,
    method: common.MethodOption = '',
    layers: LayersOption = '',
    facets: FacetsOption = '',
    random_weights: common.RandomWeightsOption = None,
    settings: common.SetOption = (),
    json_file: common.JsonOption = None,
) -> None:
    """Show how similar every part of some images is to one point of the first."""
    from anyloc_ros.evaluate.insight.similarity_map import likenesses, locator

    drawing = _drawing(out)
    config = _config(method, settings, random_weights, FEATURES)
    x, y = _numbers('--point', point, float, count=2)
    pixels = [_read(path) for path in images]
    find = locator(config, _numbers('--layers', layers, int), _words(facets))
    panels = likenesses((x, y), [find(image) for image in pixels], [i.shape[:2] for i in pixels])
    note = _note(config, settings)
    names = [path.name for path in images]
    _write(out, drawing.similarity_picture(pixels, names, (x, y), panels, note), images)
    found = {
        f'{" ".join(filter(None, panel))}, {name}': f'{one.highest:.4f} at '
        f'{one.best[0]:.0f},{one.best[1]:.0f}'
        for panel, each in panels.items()
        for name, one in zip(names, each, strict=True)
    }
    common.report({'figure': str(out), 'made by': note, **found}, json_file)


@app.command()
def pca(
    sources: Annotated[
        list[str], typer.Argument(metavar='MAP|SOURCE...', help=f'Maps. {common.SOURCE_HELP}')
    ],
    out: OutOption,
    label: Annotated[
        list[str], typer.Option(help='Name of each map or source, in their order.')
    ] = (),
    every: Annotated[int, typer.Option(min=1, help='Use every n-th image.')] = 1,
    method: common.MethodOption = '',
    random_weights: common.RandomWeightsOption = None,
    settings: common.SetOption = (),
    json_file: common.JsonOption = None,
) -> None:
    """
    Show the descriptors of several maps or sources along their two principal components.

    Maps have theirs; sources are described as the maps are, or by --method.
    """
    from anyloc_ros.evaluate.insight.gather import gather
    from anyloc_ros.evaluate.insight.projection import project
    import numpy as np

    drawing = _drawing(out)
    names = list(label) or [Path(text).name for text in sources]
    if not label and len(set(names)) < len(names):
        names = list(sources)
    if len(names) != len(sources):
        raise ConfigError(f'--label: expected one for each of {len(sources)}, got {len(names)}')
    given = bool(method or settings or random_weights is not None)
    config = _config(method, settings, random_weights) if given else None
    with common.progress_bars() as progress:
        found = gather(sources, config, every, progress)
    for note in found.notes:
        common.say(note)
    projection = project(np.concatenate(found.descriptors))
    note = _note(found.describer.config, settings)
    sizes = [len(rows) for rows in found.descriptors]
    _write(out, drawing.projection_picture(projection, sizes, names, note), sources)
    explained = {f'variance_{n}': float(x) for n, x in enumerate(projection.explained, start=1)}
    counts = {f'images of {name}': size for name, size in zip(names, sizes, strict=True)}
    common.report({'figure': str(out), 'made by': note, **counts, **explained}, json_file)


@app.command()
def clusters(
    images: Annotated[list[Path], typer.Argument(metavar='IMAGE...')],
    out: OutOption,
    map_file: Annotated[
        Path | None, typer.Option('--map', metavar='F.anyloc', help='Use the words of this map.')
    ] = None,
    method: common.MethodOption = '',
    random_weights: common.RandomWeightsOption = None,
    settings: common.SetOption = (),
    json_file: common.JsonOption = None,
) -> None:
    """
    Show for which word of the vocabulary each part of some images is counted.

    Words are those of --map or of --set vocabulary=FILE; else they are fit on the images given.
    """
    from anyloc_ros.evaluate.insight.clusters import clusters as assign
    from anyloc_ros.evaluate.insight.clusters import wording

    drawing = _drawing(out)
    if map_file is not None and (method or settings or random_weights is not None):
        raise ConfigError('--map says how images are described: leave out the other parameters')
    config = None if map_file else _config(method, settings, random_weights, WORDS)
    pixels = [_read(path) for path in images]
    describer, origin = wording(map_file, config, pixels)
    located = [describer.locate(image)[0] for image in pixels]
    found = assign(located, [i.shape[:2] for i in pixels], describer.vocabulary.words)
    note = f'{_note(describer.config, settings)}; {origin}'
    picture = drawing.clusters_picture(pixels, [path.name for path in images], found, note)
    _write(out, picture, [*images, *filter(None, [map_file])])
    shares = {f'word {word}': float(found.shares[word]) for word in found.most_common(12)}
    common.report({'figure': str(out), 'made by': note, **shares}, json_file)


@app.command()
def layers(
    dataset: Annotated[str, typer.Argument(help='A data set, see "anyloc benchmark --help".')],
    out: OutOption,
    root: Annotated[Path, typer.Option(help='Folder that data sets are in.')] = Path(),
    layers: LayersOption = '',
    facets: FacetsOption = 'query,key,value,token',
    every: Annotated[int, typer.Option(min=1, help='Use every n-th reference and query.')] = 1,
    method: common.MethodOption = '',
    random_weights: common.RandomWeightsOption = None,
    settings: common.SetOption = (),
    csv_file: Annotated[
        Path | None, typer.Option('--csv', metavar='FILE', help='Also write recalls as CSV.')
    ] = None,
    json_file: common.JsonOption = None,
) -> None:
    """Show the recall on a data set by the layers and facets of a network."""
    from anyloc_ros.describe.facets import build_facets
    from anyloc_ros.evaluate.datasets.dataset import sub_sample
    from anyloc_ros.evaluate.datasets.registry import open_dataset
    from anyloc_ros.evaluate.insight.sweep import KS, sweep

    drawing = _drawing(out)
    config = _config(method, settings, random_weights, CELLS)
    images = sub_sample(open_dataset(dataset, root), every, every)
    several = build_facets(config, _numbers('--layers', layers, int), _words(facets))
    with common.progress_bars() as progress:
        found = sweep(images, several, progress)
    at_1 = {output: recall.at[1] for output, recall in found.recalls.items()}
    counted = f'{images.name}: {len(images.queries)} queries, {found.references} references'
    note = f'{_note(config, settings)}; {counted}, {images.truth}'
    _write(out, drawing.recall_picture(at_1, note), [])
    if csv_file is not None:
        header = ('layer', 'facet', *(f'recall_at_{k}' for k in KS))
        rows = ((*output, *recall.at.values()) for output, recall in found.recalls.items())
        with common.output('--csv', csv_file) as file:
            file.write(_csv([header, *rows]))
    result: dict[str, Any] = {'figure': str(out), 'made by': note}
    result |= {'bad_references': found.bad_references, 'bad_queries': found.bad_queries}
    result |= {f'recall_at_1 of layer {n}, {facet}': x for (n, facet), x in at_1.items()}
    common.report(result, json_file)


def _drawing(out: Path) -> ModuleType:
    """Return what draws PNG files; AnyLocError where that is not installed or not asked for."""
    if out.suffix.lower() != '.png':
        raise ConfigError(f'--out: expected a .png file, got {out.name!r}')
    with common.drawing('figures are'):
        from anyloc_ros.evaluate.insight import drawing
    return drawing


def _config(
    method: str,
    settings: Iterable[str],
    random_weights: int | None,
    only: frozenset[str] = frozenset(parameters_of(DescribeConfig)),
) -> DescribeConfig:
    (config,) = common.configs((DescribeConfig,), settings, only=only, method=method)
    if random_weights is None:
        return config
    if config.weights_path:
        raise ConfigError('give weights_path or --random-weights, not both')
    return replace(config, weights_path=f'random:{random_weights}')


def _note(config: DescribeConfig, settings: Iterable[str]) -> str:
    """Return how images were described, in words."""
    from anyloc_ros.describe.methods import DENSE_SIFT, method_of
    from anyloc_ros.describe.random_weights import random_seed_of

    backbone = method_of(config).backbone
    note = ', '.join([config.method, *settings])
    seed = random_seed_of(config.weights_path)
    if seed is None or backbone == DENSE_SIFT:
        return note
    return f'{note}, random weights (seed {seed}): says nothing of how well places are told'


def _numbers(option: str, text: str, kind: type, count: int = 0) -> list[Any]:
    """Return the numbers of a text with commas; `count` is how many there must be, 0 is any."""
    try:
        numbers = [kind(part) for part in text.split(',') if part.strip()]
    except ValueError:
        numbers = []
    if (count and len(numbers) != count) or (text and not numbers):
        expected = f'{count} numbers' if count else 'whole numbers'
        raise ConfigError(f'{option}: expected {expected} with commas between, got {text!r}')
    return numbers


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(',') if word.strip()]


def _read(path: Path) -> np.ndarray:
    from anyloc_ros.io.folder import read_image

    try:
        return read_image(path, 0).decode()
    except ImageError as error:
        raise ImageError(f'{path}: {error}') from error


def _write(out: Path, picture: bytes, inputs: Iterable[Path | str]) -> None:
    with common.output('--out', out, inputs) as file:
        file.write(picture)


def _csv(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows(rows)
    return text.getvalue().encode()
