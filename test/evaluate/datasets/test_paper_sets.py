# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The twelve data sets of the paper, made small: their rules by hand, and what they miss."""

from __future__ import annotations

from pathlib import Path
import struct

from anyloc_ros.errors import SourceError
from anyloc_ros.evaluate.datasets.paper import PAPER
from anyloc_ros.evaluate.datasets.registry import open_dataset
from anyloc_ros.io.samples import ImageSample, PoseSample
import numpy as np
import pytest

COUNTS = {
    'baidu_mall': (689, 2292),
    'gardens_point': (200, 200),
    '17_places': (406, 406),
    'pitts30k': (10000, 6816),
    'st_lucia': (1549, 1464),
    'oxford_robotcar': (191, 191),
    'oxford_robotcar_own_radius': (191, 191),
    'hawkins': (127, 118),
    'laurel_caverns': (141, 112),
    'nardo_air': (102, 71),
    'nardo_air_r': (102, 71),
    'vp_air': (2706, 2706),
    'mid_atlantic_ridge': (65, 101),
}
"""References and queries, from section V of the paper and its loaders."""


def jpgs(count: int) -> list[str]:
    return [f'{number}.jpg' for number in range(count)]


def shown(source) -> list[str]:
    return [sample.name for sample in source.samples() if isinstance(sample, ImageSample)]


def greys(source) -> list[int]:
    samples = [sample for sample in source.samples() if isinstance(sample, ImageSample)]
    return [int(sample.decode()[0, 0, 0]) for sample in samples]


def test_the_sizes_are_those_of_the_paper():
    assert {name: (p.references, p.queries) for name, p in PAPER.items()} == COUNTS


def test_gardens_point_asks_night_right_by_the_names_of_day_left(tmp_path, images, lists):
    folder = tmp_path / 'gardens'
    images(folder / 'day_left', ['1.jpg', '2.jpg', '10.jpg'])
    images(folder / 'day_right', ['1.jpg', '2.jpg', '10.jpg'])
    images(folder / 'night_right', ['0.jpg', '1.jpg', '2.jpg', '10.jpg'])
    lists(folder / 'gardens_gt.npy', [(0, [0, 1]), (1, [0, 1, 2]), (2, [1, 2])])
    found = open_dataset('gardens_point', tmp_path)
    assert found.positives == [{0, 1}, {0, 1, 2}, {1, 2}]
    assert shown(found.references) == ['1.jpg', '2.jpg', '10.jpg']
    assert greys(found.references) == [0, 1, 2]
    assert greys(found.queries) == [1, 2, 3]  # of night_right, without its 0.jpg
    assert found.name == 'Gardens Point'
    assert '200 references and 200 queries, this one 3 and 3' in found.notes[0]
    (folder / 'night_right' / '10.jpg').unlink()
    with pytest.raises(SourceError, match=r'lacks 1 of the 3 images .*day_left, the first is 10'):
        open_dataset('gardens_point', tmp_path)


def test_17_places_counts_rows_in_order(tmp_path, images, lists):
    images(tmp_path / '17places' / 'ref', jpgs(3))
    images(tmp_path / '17places' / 'query', jpgs(2))
    lists(tmp_path / '17places' / 'ground_truth_new.npy', [(1, [0]), (0, np.array([1, 2]))])
    assert open_dataset('17_places', tmp_path).positives == [{0}, {1, 2}]


def test_mid_atlantic_ridge_begins_at_row_101(tmp_path, images, lists):
    images(tmp_path / 'eiffel' / 'db_images', jpgs(4))
    images(tmp_path / 'eiffel' / 'q_images', jpgs(2))
    lists(tmp_path / 'eiffel' / 'eiffel_gt.npy', [(0, [3])] * 101 + [(0, [0]), (1, [])])
    assert open_dataset('mid_atlantic_ridge', tmp_path).positives == [{0}, set()]


def test_vp_air_has_distractors_that_are_never_right(tmp_path, images, lists):
    images(tmp_path / 'VPAir' / 'reference_views', ['00001.png', '00002.png'])
    images(tmp_path / 'VPAir' / 'queries', ['00001.png', '00002.png'])
    images(tmp_path / 'VPAir' / 'distractors', ['00009.png', '00010.png', '00011.png'])
    lists(tmp_path / 'VPAir' / 'vpair_gt.npy', [(0, [0, 1]), (1, [0, 1])])
    found = open_dataset('vp_air', tmp_path)
    assert found.positives == [{0, 1}, {0, 1}]
    assert (len(found.references), len(found.distractors)) == (2, 3)
    assert shown(found.distractors) == ['00009.png', '00010.png', '00011.png']
    for path in (tmp_path / 'VPAir' / 'distractors').iterdir():
        path.unlink()
    with pytest.raises(SourceError, match='distractors: expected images'):
        open_dataset('vp_air', tmp_path)


@pytest.mark.parametrize(
    ('name', 'folder'),
    [('nardo_air', 'test_40_midref_rot0'), ('nardo_air_r', 'test_40_midref_rot90')],
)
def test_nardo_air_has_five_positives_for_each_query(tmp_path, images, name, folder):
    images(tmp_path / folder / 'reference_images', jpgs(8))
    images(tmp_path / folder / 'query_images', jpgs(2))
    table = tmp_path / folder / 'gt_matches.csv'
    header = 'query_ind,' + ','.join(f'top_{rank}_ref_ind,top_{rank}_m' for rank in range(1, 7))
    table.write_text(f'{header}\n0,4,1,3,1,5,1,2,1,6,1,7,1\n1,0,1,1,1,2,1,3,1,4,1,5,1\n')
    assert open_dataset(name, tmp_path).positives == [{2, 3, 4, 5, 6}, {0, 1, 2, 3, 4}]
    table.write_text('query_ind,top_1_ref_ind\n0,1\n')
    with pytest.raises(SourceError, match=r'gt_matches.csv: expected a header with top_1'):
        open_dataset(name, tmp_path)


def camera(x: float, y: float, z: float) -> str:
    return f'500 0 320\n0 500 240\n0 0 1\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n{x} {y} {z}\n640 480\n'


def test_baidu_mall_measures_in_three_dimensions(tmp_path, images):
    folder = tmp_path / 'baidu_datasets'
    sides = {
        'training': {'a': (0, 0, 0), 'b': (6, 8, 0), 'c': (0, 0, 10.001)},
        'query': {'q': (0, 0, 0), 'r': (0, 0, 20)},
    }
    for side, places in sides.items():
        images(folder / f'{side}_images_undistort', [f'{name}.jpg' for name in places])
        (folder / f'{side}_gt').mkdir()
        for name, place in places.items():
            (folder / f'{side}_gt' / f'{name}.camera').write_text(camera(*place))
    found = open_dataset('baidu_mall', tmp_path)
    assert found.positives == [{0, 1}, {2}]
    assert found.reference_positions.tolist() == [[0, 0, 0], [6, 8, 0], [0, 0, 10.001]]
    assert found.query_positions.tolist() == [[0, 0, 0], [0, 0, 20]]
    assert found.truth == 'within 10 m'
    (folder / 'query_gt' / 'r.camera').write_text('1 2 3\n')
    with pytest.raises(SourceError, match=r'r\.camera: expected the camera centre'):
        open_dataset('baidu_mall', tmp_path)
    (folder / 'query_gt' / 'r.camera').unlink()
    with pytest.raises(SourceError, match=r'query_gt lacks 1 of the 2 .* first is r\.camera'):
        open_dataset('baidu_mall', tmp_path)


@pytest.mark.parametrize(
    ('name', 'folder', 'first_query'),
    [('hawkins', 'hawkins_long_corridor', 127), ('laurel_caverns', 'laurel_caverns', 229)],
)
def test_corridors_have_their_rows_of_one_pose_file(tmp_path, images, name, folder, first_query):
    references, queries = COUNTS[name]
    images(tmp_path / folder / 'db_images', jpgs(references))
    images(tmp_path / folder / 'q_images', jpgs(queries))
    rows = np.full((first_query + queries + 5, 7), 1e6)
    rows[:references, 0] = 10 * np.arange(references)
    rows[:references, 1:3] = 0
    last = first_query + queries
    rows[first_query:last, 0] = 10 * np.arange(queries) + 8
    rows[first_query:last, 1] = 0  # z stays a million metres off: it is not used
    np.save(tmp_path / folder / 'pose_topic_list.npy', rows)
    found = open_dataset(name, tmp_path)
    assert found.positives == [{number, number + 1} for number in range(queries)]  # 8 m and 2 m
    assert found.notes == ()
    assert found.query_positions[1].tolist() == [18, 0, 0]
    (tmp_path / folder / 'q_images' / '3.jpg').unlink()
    with pytest.raises(SourceError, match=f'q_images: expected {queries} images, .* got'):
        open_dataset(name, tmp_path)


@pytest.mark.parametrize(
    'array', [np.array([None, 1], object), np.array(['x']), np.zeros(3)], ids=str
)
def test_poses_that_are_no_rows_of_numbers_are_refused(tmp_path, images, array):
    folder = tmp_path / 'hawkins_long_corridor'
    images(folder / 'db_images', jpgs(1))
    images(folder / 'q_images', jpgs(1))
    np.save(folder / 'pose_topic_list.npy', array)
    with pytest.raises(SourceError, match='expected an array of numbers'):
        open_dataset('hawkins', tmp_path)


def test_a_pose_file_that_asks_for_memory_is_refused(tmp_path, images):
    folder = tmp_path / 'hawkins_long_corridor'
    images(folder / 'db_images', jpgs(1))
    images(folder / 'q_images', jpgs(1))
    with (folder / 'pose_topic_list.npy').open('wb') as file:
        np.lib.format.write_array_header_1_0(
            file, {'shape': (10**12, 7), 'fortran_order': False, 'descr': '<f8'}
        )
    with pytest.raises(SourceError, match='expected an array of numbers'):
        open_dataset('hawkins', tmp_path)


@pytest.mark.parametrize('name', ['pitts30k', 'st_lucia'])
def test_cities_have_utm_names(tmp_path, images, name):
    inner = tmp_path / name / 'images' / 'test'
    north = '4476988.5@17@T@@@@@'
    images(
        inner / 'database', [f'@{e}@{north}@.jpg' for e in ('584600.00', '584625.00', '584625.01')]
    )
    images(inner / 'queries', [f'@584600.0@{north}q@.jpg', '@584600.0@4476963.5@17@T@r@.jpg'])
    found = open_dataset(name, tmp_path)
    assert found.positives == [{0}, {0, 1}]  # in natural order the southern query is first
    assert found.truth == 'within 25 m'
    # In metres east, north, up of the first reference.
    assert found.query_positions.tolist() == [[0, -25, 0], [0, 0, 0]]
    poses = [s.pose for s in found.queries.samples() if isinstance(s, PoseSample)]
    assert (poses[0].northing_m, poses[0].zone) == (4476963.5, '17T')


def element(kind: int, payload: bytes) -> bytes:
    return struct.pack('<II', kind, len(payload)) + payload + bytes(-len(payload) % 8)


def matrix(class_: int, shape, content: bytes, name: bytes = b'') -> bytes:
    head = element(6, struct.pack('<II', class_, 0)) + element(5, struct.pack('<2i', *shape))
    return element(14, head + element(1, name) + content)


def text(rows: list[str]) -> bytes:
    width = max(map(len, rows))
    columns = zip(*(row.ljust(width) for row in rows), strict=True)
    return matrix(4, (len(rows), width), element(16, ''.join(map(''.join, columns)).encode()))


def positions(rows: list[tuple[float, float]]) -> bytes:
    return matrix(6, (len(rows), 2), element(9, np.array(rows).T.tobytes()))


def number(value: int) -> bytes:
    return matrix(14, (1, 1), element(12, struct.pack('<q', value)))


def oxford_mat(path: Path, names: list[str], query_names: list[str], radius_m: int) -> None:
    """Write references each 20 m north of the last, and queries 25 m east of the first."""
    at = [(5735000.0 + 20 * i, 620000.0) for i in range(len(names))]  # northing, easting
    queries_at = [(5735000.0, 620025.0)] * len(query_names)
    cells = [text(names), positions(at), text(query_names), positions(queries_at)]
    cells += map(number, (len(names), len(query_names), radius_m, radius_m**2))
    path.write_bytes(
        b'MATLAB 5.0 MAT-file'.ljust(124)
        + b'\x00\x01IM'
        + matrix(1, (1, 8), b''.join(cells), b'dbStruct')
    )


def test_oxford_has_a_radius_of_25_m_or_its_own(tmp_path, images):
    folder = tmp_path / 'Oxford_Robotcar'
    names = [f'1-s/{number}.png' for number in (8, 9, 10)]
    images(folder / 'oxDataPart' / '1-s', ['8.png', '9.png', '10.png'])
    images(folder / 'oxDataPart' / '2-s', ['0.png'])
    oxford_mat(folder / 'oxdatapart.mat', names, ['2-s/0.png'], 40)
    found = open_dataset('oxford_robotcar', tmp_path)
    assert found.positives == [{0}]  # 25 m; the others sqrt(25^2 + 20^2) = 32 m and 47 m
    assert open_dataset('oxford_robotcar_own_radius', tmp_path).positives == [{0, 1}]
    assert found.reference_positions.tolist() == [[0, 0, 0], [0, 20, 0], [0, 40, 0]]
    assert found.query_positions.tolist() == [[25, 0, 0]]
    assert shown(found.references) == ['8.png', '9.png', '10.png']
    oxford_mat(folder / 'oxdatapart.mat', names, ['../../../secret.png'], 40)
    with pytest.raises(SourceError, match='expected an image inside'):
        open_dataset('oxford_robotcar', tmp_path)
    (folder / 'oxdatapart.mat').write_bytes(
        b'MATLAB'.ljust(124) + b'\x00\x01IM' + matrix(1, (1, 1), number(3), b'dbStruct')
    )
    with pytest.raises(SourceError, match='expected dbStruct of 8 cells'):
        open_dataset('oxford_robotcar', tmp_path)


def test_a_list_must_fit_the_images(tmp_path, images, lists):
    folder = tmp_path / '17places'
    images(folder / 'ref', jpgs(3))
    images(folder / 'query', jpgs(2))
    lists(folder / 'ground_truth_new.npy', [(0, [0])])
    with pytest.raises(SourceError, match=r'a row for each of the 2 queries, got 1; .* 406'):
        open_dataset('17_places', tmp_path)
    lists(folder / 'ground_truth_new.npy', [(0, [0]), (1, [2, 3])])
    with pytest.raises(SourceError, match=r'1 positives lie outside the 3 references; .* 406'):
        open_dataset('17_places', tmp_path)


def test_a_whole_set_may_list_what_lies_behind_its_ends(tmp_path, images, lists):
    folder = tmp_path / 'gardens'
    for side in ('day_left', 'day_right', 'night_right'):
        images(folder / side, jpgs(200))
    lists(folder / 'gardens_gt.npy', [(i, [i - 1, i, i + 1]) for i in range(200)])
    found = open_dataset('gardens_point', tmp_path)
    assert (found.positives[0], found.positives[199]) == ({0, 1}, {198, 199})
    assert found.notes == ('2 positives of gardens_gt.npy name no reference and are left out',)


@pytest.mark.parametrize('name', PAPER)
def test_each_missing_part_is_named_with_the_way_to_get_it(tmp_path, name):
    published = PAPER[name]
    folder = tmp_path / published.folder
    archive = f'Get {published.folder}.tar.gz'
    with pytest.raises(
        SourceError, match=f'^{published.title}: .* is no folder; expected'
    ) as none:
        open_dataset(name, tmp_path)
    assert archive in str(none.value)
    assert all(part in str(none.value) for part in published.parts)
    for left_out in published.parts:
        elsewhere = tmp_path / left_out.replace('/', '_')
        for part in set(published.parts) - {left_out}:
            path = elsewhere / part
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(parents=True) if part.endswith('/') else path.touch()
        with pytest.raises(SourceError, match=f' lacks {left_out}; expected'):
            open_dataset(f'{name}:{elsewhere.name}', tmp_path)
    folder.mkdir()
    with pytest.raises(SourceError, match=f'lacks {", ".join(published.parts)};'):
        open_dataset(name, tmp_path)


def test_images_are_read_when_it_is_their_turn(tmp_path, images, lists):
    images(tmp_path / '17places' / 'ref', jpgs(2))
    images(tmp_path / '17places' / 'query', jpgs(1))
    lists(tmp_path / '17places' / 'ground_truth_new.npy', [(0, [0])])
    samples = open_dataset('17_places', tmp_path).references.samples()
    assert next(samples).stamp_ns == 0
    (tmp_path / '17places' / 'ref' / '1.jpg').unlink()
    with pytest.raises(SourceError, match=r'1\.jpg: the image cannot be read'):
        next(samples)
