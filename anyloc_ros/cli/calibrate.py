# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc map calibrate`: tell a map how a second drive scores, and what is not its route."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TYPE_CHECKING

from anyloc_ros.cli import common
from anyloc_ros.config import DescribeConfig
from anyloc_ros.errors import ConfigError, ImageError
import typer

if TYPE_CHECKING:
    from anyloc_ros.describe.describer import Describer
    from anyloc_ros.io.source import Source
    from anyloc_ros.localize.calibration import Recording
    from anyloc_ros.mapping.finish import Progress

OFF_MAP_IMAGES = 200
QUERIES_PER_REFERENCE = 2
"""More images than these are drawn evenly: so many still follow one another on the map."""


def calibrate(
    map_file: Annotated[Path, typer.Argument(metavar='MAP', help='A finished map.')],
    queries: Annotated[
        str, typer.Option(metavar='SOURCE', help='A second drive along the route.')
    ],
    off_map: Annotated[
        str,
        typer.Option('--off-map', metavar='SOURCE', help='A drive that never shows the route.'),
    ] = '',
    force: Annotated[
        bool,
        typer.Option('--force', help='Store it even if the images seem to be the wrong ones.'),
    ] = False,
    settings: common.SetOption = (),
    rate: common.RateOption = 10.0,
    image_topic: common.ImageTopicOption = '',
    json_file: common.JsonOption = None,
) -> None:
    """
    Teach a map to tell its route from its surroundings; the last calibration is replaced.

    The map can only become stricter. The figures are shares of images, without and with the
    calibration: accepted, and beyond what unrelated images score, each image by itself. Images
    of --off-map are judged by what the others of them tell. Calibrate again when a route is added.
    """
    from anyloc_ros.io.source import open_source
    from anyloc_ros.localize.calibration import calibrate as run
    from anyloc_ros.localize.calibration import Judgement, store
    from anyloc_ros.mapping.cameras import require_cameras
    from anyloc_ros.mapping.method import describer_of
    from anyloc_ros.mapping.place_map import PlaceMap

    (here,) = common.configs((DescribeConfig,), settings, only=common.RUNTIME)
    sources = [
        open_source(text, rate_hz=rate, image_topic=image_topic, with_poses=False)
        for text in filter(None, (queries, off_map))
    ]
    with PlaceMap.open_to_read(map_file) as place_map, common.progress_bars() as progress:
        place_map.require_finished()
        require_cameras(place_map, ())
        describer = describer_of(place_map, here)
        references = len(place_map.keyframes())
        most = (max(OFF_MAP_IMAGES, QUERIES_PER_REFERENCE * references), OFF_MAP_IMAGES)
        recordings = [
            _describe(source, describer, number, progress)
            for source, number in zip(sources, most, strict=False)
        ]
        found = run(place_map, recordings[0], recordings[1] if off_map else None)
    objection = found.objection
    if not objection or force:
        with PlaceMap.open_to_write(map_file) as place_map:
            store(place_map, found, describer)
    result: dict[str, Any] = {
        'map': str(map_file),
        'neighbour_score': found.neighbour_score,
        'on_route_score': found.on_route_score,
    }
    for name, judged in (('queries', found.queries), ('off_map', found.off_map)):
        result[name] = len(judged.recording) if judged else 0
        for figure in Judgement.__slots__ if judged else ():
            result[f'{name}_{figure}_before'] = getattr(judged.before, figure)
            result[f'{name}_{figure}'] = getattr(judged.after, figure)
    result['stored'] = not objection or force
    common.report(result, json_file)
    if objection and force:
        common.say(f'warning: stored although {objection}')
    elif objection:
        raise ConfigError(f'{map_file} stays as it was: {objection}; --force stores it anyway')


def _describe(source: Source, describer: Describer, most: int, progress: Progress) -> Recording:
    """Return at most so many images of a source, evenly drawn; bad ones are left out, and told."""
    from anyloc_ros.io.samples import ImageSample
    from anyloc_ros.localize.calibration import Recording
    import numpy as np

    number = len(source)
    drawn = set(np.linspace(0, number - 1, min(most, number)).round().astype(int).tolist())
    stamps_ns, descriptors = [], np.empty((len(drawn), describer.width), np.float32)
    images = (sample for sample in source.samples() if isinstance(sample, ImageSample))
    for done, sample in enumerate(images, start=1):
        progress(f'describe {source.name}', done, number)
        if done - 1 not in drawn:
            continue
        try:
            descriptors[len(stamps_ns)] = describer.describe([sample.decode()])[0]
        except ImageError as error:
            common.say(f'{sample.name} at {sample.stamp_ns}: {error}')
            continue
        stamps_ns.append(sample.stamp_ns)
    common.say_notes(source)
    return Recording(source.name, stamps_ns, descriptors[: len(stamps_ns)])
