# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc vocabulary`: the words of VLAD."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from anyloc_ros.cli import common
from anyloc_ros.config import DescribeConfig, parameters_of
from anyloc_ros.errors import ConfigError, ImageError, SourceError
import typer

app = typer.Typer(no_args_is_help=True, help='Fit, import and look at vocabularies.')

FACETS = parameters_of(DescribeConfig)['facet'][1].choices[1:]
FITTED = frozenset(parameters_of(DescribeConfig)) - {'vocabulary', 'whitening_dim'}

OutOption = Annotated[
    Path, typer.Option('--out', metavar='FILE', help='.safetensors file; it must not exist.')
]


@app.command()
def fit(
    sources: Annotated[list[str], typer.Argument(metavar='SOURCE...', help=common.SOURCE_HELP)],
    out: OutOption,
    method: common.MethodOption = '',
    every: Annotated[int, typer.Option(min=1, help='Use every n-th image.')] = 1,
    settings: common.SetOption = (),
    image_topic: common.ImageTopicOption = '',
    poses_file: common.PosesOption = '',
    json_file: common.JsonOption = None,
) -> None:
    """Fit a vocabulary on images of one or more runs, for maps that shall share it."""
    from anyloc_ros.describe.describer import build_describer
    from anyloc_ros.describe.kmeans import even_share
    from anyloc_ros.describe.vocabulary import save_vocabulary
    from anyloc_ros.io.samples import ImageSample
    from anyloc_ros.io.source import open_source
    from anyloc_ros.mapping.finish import FEATURE_BYTES

    (describe,) = common.configs((DescribeConfig,), settings, only=FITTED, method=method)
    describer = build_describer(describe)
    if not describer.needs_vocabulary:
        raise ConfigError(f'{describe.method} needs no vocabulary; choose a VLAD method')
    _require_suffix(out)
    opened = [
        open_source(text, image_topic=image_topic, poses_file=poses_file, with_poses=False)
        for text in sources
    ]
    images = sum(-(-len(source) // every) for source in opened)
    features, bad = [], 0
    with common.progress_bars() as progress:
        for source in opened:
            samples = (s for s in source.samples() if isinstance(s, ImageSample))
            for number, sample in enumerate(samples):
                progress(source.name, number + 1, len(source))
                if number % every:
                    continue
                try:
                    (rows,) = describer.features([sample.decode()])
                    features.append(even_share(rows, images, len(features), FEATURE_BYTES))
                except ImageError as error:
                    bad += 1
                    common.say(f'{sample.name}: {error}')
        if not features:
            raise SourceError(f'no image of {", ".join(sources)} can be read')
        vocabulary = describer.fit_vocabulary(features)
    save_vocabulary(vocabulary, out)
    common.report({'vocabulary': str(out), 'bad_images': bad, **vocabulary.origin}, json_file)


@app.command('import')
def import_file(
    published: Annotated[Path, typer.Argument(metavar='FILE', help='A *_c_centers.pt file.')],
    out: OutOption,
    backbone: Annotated[str, typer.Option(help='Network the words are for.')] = '',
    layer: Annotated[int, typer.Option(help='Its zero-based block.')] = -1,
    facet: Annotated[str, typer.Option(help='query, key, value or token.')] = '',
    json_file: common.JsonOption = None,
) -> None:
    """
    Turn a vocabulary file that AnyLoc publishes into ours; the words stay as they are.

    Network, layer and facet come from the name of the file where it says them.
    """
    from anyloc_ros.describe.backbones import BACKBONES
    from anyloc_ros.describe.vocabulary import load_vocabulary, save_vocabulary

    origin = None
    if backbone or layer >= 0 or facet:
        if (
            backbone not in BACKBONES
            or layer < 0
            or facet not in ('query', 'key', 'value', 'token')
        ):
            raise ConfigError(
                f'give --backbone (one of {", ".join(BACKBONES)}), --layer (0 or more) and '
                f'--facet ({", ".join(FACETS)}) together'
            )
        origin = {'backbone': backbone, 'layer': layer, 'facet': facet}
    _require_suffix(out)
    vocabulary = load_vocabulary(published, origin)
    save_vocabulary(vocabulary, out)
    result = {'vocabulary': str(out), **vocabulary.origin, 'sha256': vocabulary.sha256}
    common.report(result, json_file)


@app.command()
def info(
    file: Annotated[Path, typer.Argument(metavar='FILE', help='Ours or a published one.')],
    json_file: common.JsonOption = None,
) -> None:
    """Tell what a vocabulary is for."""
    from anyloc_ros.describe.vocabulary import load_vocabulary
    import numpy as np

    vocabulary = load_vocabulary(file)
    lengths = np.linalg.norm(vocabulary.words, axis=1)
    result = {
        'words': vocabulary.words.shape[0],
        'width': vocabulary.words.shape[1],
        'shortest': float(lengths.min()),
        'longest': float(lengths.max()),
        'sha256': vocabulary.sha256,
        **vocabulary.origin,
    }
    common.report(result, json_file)


def _require_suffix(out: Path) -> None:
    if out.suffix != '.safetensors':
        raise ConfigError(f'--out: expected a .safetensors file, got {out.name!r}')
