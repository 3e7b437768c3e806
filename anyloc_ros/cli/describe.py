# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc describe`: descriptors or local features of single images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TYPE_CHECKING
import zipfile

from anyloc_ros.cli import common
from anyloc_ros.config import DescribeConfig
from anyloc_ros.errors import ConfigError, ImageError
import numpy as np
import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyloc_ros.describe.views import Extractor

    Describe = Callable[[np.ndarray], np.ndarray]


def describe(
    images: Annotated[list[str], typer.Argument(metavar='IMAGE...', help='JPEG, PNG, BMP, PNM.')],
    out: Annotated[Path, typer.Option(metavar='F.npz', help='One there is replaced.')],
    method: common.MethodOption = '',
    checkpoint: Annotated[
        str, typer.Option(metavar='F.pth', help='A network by its file, in place of a method.')
    ] = '',
    num_heads: Annotated[int, typer.Option(help='Of the checkpoint, if it is none we know.')] = 0,
    layer: Annotated[int, typer.Option(help='Zero-based block of the checkpoint.')] = -1,
    facet: Annotated[
        str, typer.Option(help='query, key, value, token, or cls for the class token.')
    ] = '',
    stride: Annotated[int, typer.Option(help='Of the patches, in px; DINO 8 and 4.')] = 0,
    size: Annotated[
        str, typer.Option(metavar='HxW', help='Resize before; else the size is kept.')
    ] = '',
    features: Annotated[
        bool, typer.Option('--features', help='Local features (N, D), not a descriptor.')
    ] = False,
    settings: common.SetOption = (),
) -> None:
    """
    Write one array for each image, under the path as typed.

    By a method: the descriptor (P,), or with --features what it is made of. By a checkpoint:
    --features, or the class token (D,) with --facet cls; the image keeps its size unless --size
    is given (bilinear without antialias, nearest for DINO), and is cropped to whole patches.
    """
    if checkpoint:
        if method or settings:
            raise ConfigError('give --checkpoint or --method (with --set), not both')
        run = _by_checkpoint(checkpoint, num_heads, layer, facet, stride, size, features)
    else:
        if num_heads or layer >= 0 or facet or stride or size:
            raise ConfigError(
                '--num-heads, --layer, --facet, --stride and --size belong to --checkpoint; put '
                'parameters over a method with --set, for example --set layer=9'
            )
        run = _by_method(method, settings, features)
    arrays, bad = {}, []
    with common.progress_bars() as progress:
        for done, path in enumerate(images, start=1):
            try:
                arrays[path] = run(_read(path))
            except ImageError as error:
                bad.append(f'{path}: {error}')
            progress('describe', done, len(images))
    if arrays:
        _write(out, arrays, [*images, checkpoint])
    if bad:
        raise ImageError(
            f'{len(arrays)} of {len(images)} images are written to {out}; not these:\n'
            + '\n'.join(bad)
        )


def _by_method(method: str, settings: list[str], features: bool) -> Describe:
    from anyloc_ros.describe.describer import build_describer

    (config,) = common.configs((DescribeConfig,), settings, method=method)
    describer = build_describer(config)
    if features:
        return lambda image: describer.features([image])[0]
    if not describer.ready:
        raise ConfigError(
            f'{config.method} needs a vocabulary: give one with --set vocabulary=FILE (see '
            f'"anyloc vocabulary fit"), or ask for --features'
        )
    return lambda image: describer.describe([image])[0]


def _by_checkpoint(
    path: str, num_heads: int, layer: int, facet: str, stride: int, size: str, features: bool
) -> Describe:
    from anyloc_ros.describe.features import load_network, NetworkFeatures

    if not Path(path).exists():
        raise ConfigError(f'--checkpoint {path} not found')
    if facet == 'cls':
        if features:
            raise ConfigError('--facet cls is the class token: leave --features out')
    elif not features:
        raise ConfigError('--checkpoint gives local features or the class token: add --features')
    network = load_network(
        Path(path),
        layer=layer,
        facet=facet,
        num_heads=num_heads or None,
        stride=stride or None,
    )
    extractor: Extractor = NetworkFeatures(
        network,
        layer=layer,
        facet=facet,
        image_size=size or 'native',
        precision='fp32',
    )
    if facet == 'cls':
        return lambda image: extractor.extract([image])[0].cpu().numpy()[0]
    return lambda image: extractor.extract([image])[0].cpu().numpy()


def _read(path: str) -> np.ndarray:
    from anyloc_ros.io.decode import decode_compressed

    try:
        return decode_compressed(Path(path).read_bytes())
    except OSError as error:
        raise ImageError(f'cannot be read: {error.strerror}') from error


def _write(out: Path, arrays: dict[str, np.ndarray], inputs: list[str]) -> None:
    # numpy.savez takes the names as keywords, where a path such as "file" collides.
    with (
        common.output('--out', out, filter(None, inputs)) as file,
        zipfile.ZipFile(file, 'w', zipfile.ZIP_STORED) as archive,
    ):
        for name, array in arrays.items():
            with archive.open(f'{name}.npy', 'w', force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
