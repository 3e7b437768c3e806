# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The map: one SQLite file with the references of one or more taught routes.

`anyloc_ros.mapping.database` says how the file is written so that a killed process or a power cut
loses at most the keyframe being written, and how it is read without changing a byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
import sqlite3
from typing import Any, TYPE_CHECKING

from anyloc_ros import __version__
from anyloc_ros.errors import MapError
from anyloc_ros.mapping import arrays, database, records
from anyloc_ros.mapping.geodesy import Datum
from anyloc_ros.mapping.images import StoredImage
from anyloc_ros.mapping.map_file import MapFile
from anyloc_ros.mapping.new_file import NewFile
from anyloc_ros.mapping.records import Event, Keyframe
from anyloc_ros.mapping.sqlite_errors import damaged, translated
from anyloc_ros.mapping.summary import MapInfo, summarize
import numpy as np

if TYPE_CHECKING:
    from anyloc_ros.describe.vocabulary import Vocabulary
    from anyloc_ros.describe.whitening import Whitening

RECORDING, FINISHED = 'recording', 'finished'
CALIBRATION = 'camera_info'
"""The calibration of the camera among the values a map keeps."""
ON_ROUTE_SCORE = 'on_route_score'
"""How far images on the route score, see `localize.off_route`; kept by `anyloc map calibrate`."""


class PlaceMap(MapFile):
    """
    An open map file, for a `with` statement and one thread at a time.

    `create` and `open_to_write` are for teaching, `open_to_read` is for everybody else and
    changes no byte. Every method raises MapError when the file cannot be read or written; a
    write that fails leaves the map as it was before.
    """

    def __enter__(self) -> PlaceMap:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        fingerprint: Mapping[str, Any],
        describe_config: Mapping[str, Any],
        map_frame: str = 'map',
        overwrite: bool = False,
        placed: bool = True,
    ) -> PlaceMap:
        """
        Make a new map and open it to write.

        :param fingerprint: what the descriptors depend on, see Describer.
        :param describe_config: the parameters a describer for this map is built from.
        :param placed: false leaves `path` as it is until `place` is called.
        :raises MapError: the file exists (unless `overwrite`), is no map, or cannot be written.
        """
        path = database.resolved(path)
        meta = {
            'state': RECORDING,
            'fingerprint': dict(fingerprint),
            'describe_config': dict(describe_config),
            'map_frame': map_frame,
            'created': datetime.now(timezone.utc).isoformat(timespec='seconds'),
            'tool_version': __version__,
        }
        new = NewFile(path, meta, overwrite=overwrite)
        try:
            if placed:
                new.take_place()
                return cls.open_to_write(path)
            return cls(path, database.open_to_write(new.file), writable=True, new_file=new)
        except BaseException:
            new.remove()
            raise

    @classmethod
    def open_to_read(cls, path: str | Path) -> PlaceMap:
        """Open a closed map to read; see `database.open_to_read` for what is refused."""
        path = database.resolved(path)
        return cls(path, database.open_to_read(path), writable=False)

    @classmethod
    def open_to_write(cls, path: str | Path) -> PlaceMap:
        """Open a map to write, for this process alone; recover it if its writer was killed."""
        path = database.resolved(path)
        return cls(path, database.open_to_write(path), writable=True)

    def info(self) -> MapInfo:
        """Return a summary of the map."""
        return summarize(self)

    @property
    def state(self) -> str:
        """Return `recording` until the finish stage is done, then `finished`."""
        return self.meta('state', str)

    @property
    def method(self) -> str:
        """Return the name of the method that describes the references."""
        return self.describe_config.get('method', '')

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Return what the descriptors depend on besides vocabulary and whitening."""
        return self.meta('fingerprint', dict)

    @property
    def describe_config(self) -> dict[str, Any]:
        """Return the parameters a describer for this map is built from."""
        return self.meta('describe_config', dict)

    @property
    def map_frame(self) -> str:
        """Return the name of the frame the poses are given in."""
        return self.meta('map_frame', str)

    @property
    def datum(self) -> Datum | None:
        """Return what the poses are tied to, None before the first pose."""
        values = self.meta('datum')
        try:
            return None if values is None else Datum.from_json(values)
        except (KeyError, TypeError, AttributeError) as error:
            raise damaged(self.path, f'its datum is {values!r}') from error

    def compare(self, fingerprint: Mapping[str, Any]) -> None:
        """
        Refuse a describer of another method.

        :raises MapError: names the first field that differs, and both values.
        """
        ours = self.fingerprint
        for name in {**ours, **fingerprint}:
            if ours.get(name) != fingerprint.get(name):
                raise MapError(
                    f'{self.path} was made with {name} {ours.get(name)!r}, this describer has '
                    f'{name} {fingerprint.get(name)!r}; use the method of the map ({self.method}) '
                    f'or make a map for this one: anyloc map rebuild {self.path} --out NEW'
                )

    def require_finished(self) -> None:
        """
        Refuse a map that cannot answer yet.

        :raises MapError: nothing is in it, the finish stage was not run, or gave nothing.
        """
        if not self._one('SELECT COUNT(*) FROM keyframes'):
            raise MapError(f'{self.path} has no references; teach a route: map_mode append')
        if self.state != FINISHED:
            raise MapError(f'{self.path} is not finished; run: anyloc map finish {self.path}')
        if not self._one('SELECT COUNT(*) FROM descriptors'):
            raise damaged(self.path, 'it is finished and none of its references is described')
        if self._one("SELECT COUNT(*) FROM unrelated WHERE origin = 'package'") < 2:
            raise damaged(self.path, 'it is finished and no unrelated images are described')

    def keyframes(self) -> list[Keyframe]:
        """Return all references in the order of their ids."""
        rows = self._all(f'SELECT {records.KEYFRAME_COLUMNS} FROM keyframes ORDER BY id')
        try:
            return [records.keyframe_of_row(row) for row in rows]
        except (TypeError, ValueError, OverflowError) as error:
            raise damaged(self.path, f'a reference cannot be read: {error}') from error

    def descriptors(self) -> tuple[np.ndarray, np.ndarray]:
        """
        Return what is described: ids (M,) int64, ascending, and (M, P) float32.

        An unfinished map has references that are not among them, see `require_finished`.
        """
        return self._arrays(arrays.read_descriptors)

    def descriptor(self, reference_id: int) -> np.ndarray | None:
        """Return (P,) of one reference as it is stored, None when it is not described."""
        sql = 'SELECT dtype, descriptor FROM descriptors WHERE keyframe_id = ?'
        for dtype, blob in self._all(sql, reference_id):
            return np.frombuffer(blob, arrays.DTYPES[dtype])
        return None

    def descriptor_width(self) -> int | None:
        """Return the length P of the first descriptor, None while nothing is described."""
        sql = 'SELECT dtype, LENGTH(descriptor) FROM descriptors LIMIT 1'
        for dtype, length in self._all(sql):
            return length // arrays.DTYPES[dtype].itemsize if dtype in arrays.DTYPES else 0
        return None

    def undescribed(self) -> list[int]:
        """Return the ids of the references without a descriptor, ascending."""
        sql = 'SELECT id FROM keyframes WHERE id NOT IN (SELECT keyframe_id FROM descriptors)'
        return [row[0] for row in self._all(f'{sql} ORDER BY id')]

    def vocabulary(self) -> Vocabulary | None:
        """Return the vocabulary of the map, None when it has none."""
        return self._arrays(arrays.read_vocabulary)

    def whitening(self) -> Whitening | None:
        """Return the whitening of the map, None when it has none."""
        return self._arrays(arrays.read_whitening)

    def unrelated(self, origin: str | None = None) -> np.ndarray:
        """Return the descriptors (N, P) of unrelated images, see `mapping.unrelated`."""
        return self._arrays(
            lambda path, connection: arrays.read_unrelated(path, connection, origin)
        )

    def image(self, reference_id: int) -> StoredImage | None:
        """Return the image file of a reference; None when images are not kept."""
        sql = 'SELECT image, image_format FROM keyframes WHERE id = ?'
        for data, kind in self._all(sql, reference_id):
            return None if data is None else StoredImage(data, kind)
        raise MapError(f'{self.path} has no reference {reference_id}')

    def events(self) -> tuple[Event, ...]:
        """Return what happened while the map was made, in that order."""
        sql = 'SELECT stamp_ns, level, text FROM events ORDER BY id'
        return tuple(Event(*row) for row in self._all(sql))

    def next_id(self) -> int:
        """Return the id of the next reference: one more than the greatest."""
        return self._one('SELECT COALESCE(MAX(id) + 1, 0) FROM keyframes')

    def next_route(self) -> int:
        """Return the number of the next route: one more than the greatest."""
        return self._one('SELECT COALESCE(MAX(route) + 1, 0) FROM keyframes')

    def _arrays(self, read: Callable[[Path, sqlite3.Connection], Any]) -> Any:
        try:
            with translated(self.path):
                return read(self.path, self._connection)
        except (TypeError, ValueError) as error:  # a value of another type than its column has
            raise damaged(self.path, f'an array cannot be read: {error}') from error

    # Writing: inside a transaction, so that what belongs together is written together.

    def add_keyframe(self, keyframe: Keyframe, image: StoredImage | None) -> None:
        """Store a reference; the map is not finished any more."""
        picture = (None, None) if image is None else (image.kind, image.data)
        row = (*records.row_of_keyframe(keyframe), *picture)
        # The order of the columns is that of the table.
        self._all(f'INSERT INTO keyframes VALUES ({", ".join("?" * len(row))})', *row)
        self.set_meta('state', RECORDING)

    def set_descriptors(self, ids: Sequence[int], descriptors: np.ndarray, dtype: str) -> None:
        """Store descriptors (M, P) as `float16` or `float32`; older ones are replaced."""
        with translated(self.path):
            arrays.write_descriptors(self._connection, ids, descriptors, dtype)

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Store the vocabulary of a map that has none."""
        with translated(self.path):
            arrays.write_vocabulary(self._connection, vocabulary)

    def set_whitening(self, whitening: Whitening) -> None:
        """Store the whitening of a map that has none."""
        with translated(self.path):
            arrays.write_whitening(self._connection, whitening)

    def set_unrelated(self, origin: str, descriptors: np.ndarray, dtype: str) -> None:
        """Store descriptors (N, P) of unrelated images in place of those of the same origin."""
        with translated(self.path):
            arrays.write_unrelated(self._connection, origin, descriptors, dtype)

    def add_event(self, stamp_ns: int, level: str, text: str) -> None:
        """Note something; `level` is `info`, `warning` or `error`."""
        sql = 'INSERT INTO events (stamp_ns, level, text) VALUES (?, ?, ?)'
        self._all(sql, stamp_ns, level, text)
