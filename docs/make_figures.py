# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Draw the pictures of evaluation.md that `anyloc figure` makes, of rendered buildings alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path
import shutil
from tempfile import TemporaryDirectory

from anyloc_ros.cli.main import app
from anyloc_ros.mapping.unrelated import unrelated_images
from anyloc_ros.simulate.drive import Drive
from anyloc_ros.simulate.run import RunConfig
from anyloc_ros.simulate.world import World
import cv2
import numpy as np

FIGURES = Path(__file__).resolve().parent / 'figures'
ROOT_SIFT = '--method RootSIFT-VLAD'
NETWORK = '--method AnyLoc-VLAD-DINOv2-S --random-weights 0'
DRAWN = 40
"""Images of drawn shapes, which come first among the unrelated ones of the package."""


def save(folder: Path, images: Iterable[np.ndarray]) -> None:
    """Write images to a new folder, numbered from 0."""
    folder.mkdir()
    for number, image in enumerate(images):
        cv2.imwrite(str(folder / f'{number}.png'), image[..., ::-1])


def drive(building: int, run: RunConfig) -> Iterable[np.ndarray]:
    """Yield an image of every metre of a drive through a building."""
    driven = Drive(World(building), run)
    return (driven.image(number) for number in range(0, driven.num_images, 4))


def draw(name: str, verb: str, files: Iterable[Path | str], words: str) -> None:
    """Run `anyloc figure VERB FILES WORDS`; pictures of pictures become JPEG."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / 'figure.png'
        command = ['figure', verb, *map(str, files), *words.split(), '--out', str(out)]
        app(command, standalone_mode=False)
        cv2.imwrite(str(FIGURES / name), cv2.imread(str(out)))


def main() -> None:
    """Draw all of them; it takes some minutes."""
    FIGURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        save(root / 'building 1', drive(1, RunConfig.teach()))
        # At the speed of teaching: image i shows the place of image i.
        another_day = replace(RunConfig.repeat(), speed_mps=1.0)
        save(root / 'building 1, another day', drive(1, another_day))
        save(root / 'building 2', drive(2, RunConfig.teach()))
        shapes = unrelated_images((240, 320), grey=False)
        save(root / 'drawn shapes', islice(shapes, DRAWN))
        taught, repeated, _, _ = places = sorted(root.iterdir())
        views = []
        for source, name in (
            (taught / '9.png', 'taught'),
            (repeated / '9.png', 'same place, another day'),
            (repeated / '38.png', 'another place'),
        ):
            views.append(Path(shutil.copy(source, root / name)))
        extinguisher = '--point 280,122'
        draw('similarity.jpg', 'similarity', views, f'{extinguisher} {ROOT_SIFT}')
        facets = '--layers 5 --facets query,key,value,token'
        draw(
            'similarity_facets.jpg', 'similarity', views[:2], f'{extinguisher} {NETWORK} {facets}'
        )
        draw('clusters.jpg', 'clusters', views, f'{ROOT_SIFT} --set num_words=8')
        draw('pca.png', 'pca', places, '--method RootSIFT-GeM')
        pair = f'frames:1:{taught.name},{repeated.name}'
        draw(
            'layers.png',
            'layers',
            [pair, '--root', root],
            f'{NETWORK} --layers 0,3,6,9,11 --every 3',
        )


if __name__ == '__main__':
    main()
