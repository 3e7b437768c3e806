# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""`anyloc map`: look at a map, finish it, make others of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TYPE_CHECKING

from anyloc_ros.cli import calibrate, common
from anyloc_ros.config import DescribeConfig, parameters_of, TeachConfig
import typer

if TYPE_CHECKING:
    from anyloc_ros.mapping.summary import MapInfo

app = typer.Typer(no_args_is_help=True, help='Look at a map, finish it, make others of it.')
app.command('calibrate')(calibrate.calibrate)

MapArgument = Annotated[Path, typer.Argument(metavar='MAP', help='A map file.')]
NewMapOption = Annotated[
    Path, typer.Option('--out', metavar='FILE', help='The new map; it must not exist.')
]


@app.command()
def info(
    map_file: MapArgument,
    quick: Annotated[
        bool, typer.Option('--quick', help='Do not look for weak spots: at once for large maps.')
    ] = False,
    json_file: common.JsonOption = None,
) -> None:
    """
    Tell what is in a map, and where on its routes a robot may lose its way.

    Weak spots are stretches that look like others, gaps between references, and references that
    are blurred or show nothing.
    """
    from anyloc_ros.mapping.place_map import PlaceMap
    from anyloc_ros.mapping.unrelated import CALIBRATED
    from anyloc_ros.mapping.weak_spots import weak_spots

    with PlaceMap.open_to_read(map_file) as place_map:
        found = place_map.info()
        calibrated = place_map.meta(CALIBRATED)
        vocabulary, whitening = place_map.vocabulary(), place_map.whitening()
        spots = []
        if not quick:
            with common.progress_bars() as progress:
                spots = weak_spots(place_map, progress)
    sizes = ', '.join(f'{height}x{width}' for height, width in found.image_sizes)
    result = {
        'file': found.file,
        'state': found.state,
        'method': found.method,
        'references': found.references,
        'described': found.described,
        'routes': found.routes,
        'length_m': found.length_m,
        'map_frame': found.map_frame,
        'datum': found.datum.to_json() if found.datum else None,
        'image_sizes': sizes,
        'vocabulary_words': len(vocabulary.words) if vocabulary else 0,
        'whitening_dim': len(whitening.projection) if whitening else 0,
        'calibrated': calibrated,
        'created': found.created,
        'tool_version': found.tool_version,
        'size_bytes': found.size_bytes,
    }
    common.report(result, None)
    told = {spot.text for spot in spots}
    for event in found.events:
        if event.text not in told:
            typer.echo(f'{event.level}: {event.text}')
    for spot in spots:
        typer.echo(f'weak spot: {spot.text}')
    result['events'] = [asdict(event) for event in found.events]
    if not quick:
        result['weak_spots'] = [asdict(spot) for spot in spots]
    common.write_json(json_file, result)
    if found.state != 'finished':
        common.say(f'not finished: run "anyloc map finish {map_file}"')


@app.command()
def finish(
    map_file: MapArgument, settings: common.SetOption = (), json_file: common.JsonOption = None
) -> None:
    """
    Fit the vocabulary, describe what is not described, whiten: afterwards the map answers.

    Goes on where it was interrupted, and recovers a map whose writer was killed.
    """
    from anyloc_ros.mapping.finish import finish as run
    from anyloc_ros.mapping.method import describer_of
    from anyloc_ros.mapping.place_map import PlaceMap

    describe, teach = common.configs(
        (DescribeConfig, TeachConfig),
        settings,
        only={*common.RUNTIME, 'whitening_dim', 'descriptor_dtype'},
    )
    with PlaceMap.open_to_write(map_file) as place_map, common.progress_bars() as progress:
        noted = len(place_map.events())
        run(
            place_map,
            describer_of(place_map, describe),
            whitening_dim=describe.whitening_dim,
            descriptor_dtype=teach.descriptor_dtype,
            progress=progress,
        )
        info = place_map.info()
    common.say_warnings(info.events[noted:])
    common.report(_finished(info), json_file)


@app.command()
def rebuild(
    map_file: MapArgument,
    out: NewMapOption,
    method: common.MethodOption = '',
    settings: common.SetOption = (),
    json_file: common.JsonOption = None,
) -> None:
    """
    Make a map of the same images, poses and ids by another method.

    Without --method it is the method of the map, with what --set changes of it.
    """
    from anyloc_ros.describe.describer import build_describer
    from anyloc_ros.mapping.place_map import PlaceMap
    from anyloc_ros.mapping.rebuild import rebuild as run

    known = {*parameters_of(DescribeConfig), 'descriptor_dtype'}
    with PlaceMap.open_to_read(map_file) as place_map, common.progress_bars() as progress:
        config = place_map.describe_config
        # Several views stay several views, by whichever method.
        before = {'views': config.get('views', 1)} if method else config
        describe, teach = common.configs(
            (DescribeConfig, TeachConfig),
            settings,
            only=known,
            **before | ({'method': method} if method else {}),
        )
        run(
            place_map,
            out,
            build_describer(describe),
            asdict(describe),
            whitening_dim=describe.whitening_dim,
            descriptor_dtype=teach.descriptor_dtype,
            progress=progress,
        )
    with PlaceMap.open_to_read(out) as place_map:
        info = place_map.info()
    common.report(_finished(info), json_file)


@app.command()
def merge(
    map_files: Annotated[list[Path], typer.Argument(metavar='MAP MAP...', help='Two or more.')],
    out: NewMapOption,
    json_file: common.JsonOption = None,
) -> None:
    """Join maps of one method; ids and vocabulary of the first stay as they are."""
    from contextlib import ExitStack

    from anyloc_ros.mapping.merge import merge as run
    from anyloc_ros.mapping.place_map import PlaceMap

    if len(map_files) < 2:
        raise typer.BadParameter('merge needs two maps or more')
    with ExitStack() as stack, common.progress_bars() as progress:
        maps = [stack.enter_context(PlaceMap.open_to_read(map_file)) for map_file in map_files]
        left = run(maps, out, progress=progress)
    with PlaceMap.open_to_read(out) as place_map:
        info = place_map.info()
    common.report(_finished(info), json_file)
    if left:
        common.say(f'{left} references are to be described: run "anyloc map finish {out}"')


@app.command()
def export(
    map_file: MapArgument,
    out: Annotated[
        Path, typer.Option(metavar='FILE', help='.csv, .geojson or .tum; one there is replaced.')
    ],
) -> None:
    """Write the references for other programs, in the format that the name of the file says."""
    from anyloc_ros.mapping.export import EXPORTS
    from anyloc_ros.mapping.place_map import PlaceMap

    form = out.suffix[1:]
    if form not in EXPORTS:
        raise typer.BadParameter(f'--out: expected .{", .".join(EXPORTS)}, got {out.name!r}')
    with PlaceMap.open_to_read(map_file) as place_map:
        text = EXPORTS[form](place_map)
    with common.output('--out', out, [map_file]) as file:
        file.write(text.encode())


def _finished(info: MapInfo) -> dict[str, str | int]:
    return {
        'map': info.file,
        'state': info.state,
        'method': info.method,
        'references': info.references,
        'described': info.described,
        'routes': info.routes,
    }
