# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""What the command line says to bad input: the thing, what was expected, what to do."""

from dataclasses import asdict
import os
from pathlib import Path
import sqlite3
import subprocess
import sys

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import Writer
from rosbags.typesys import get_typestore, Stores

GEM = ('--method', 'RootSIFT-GeM')


@pytest.fixture
def route(anyloc, run_folder, tmp_path):
    path = tmp_path / 'route.anyloc'
    assert anyloc('teach', run_folder, '--map', path, *GEM).code == 0
    return path


def _refused(outcome, *parts: str) -> None:
    assert outcome.code == 1, (outcome.out, outcome.err)
    assert 'Traceback' not in outcome.err
    for part in parts:
        assert part in outcome.err


@pytest.mark.parametrize(
    ('settings', 'parts'),
    [
        (['keyframe_distanc_m=1'], ['unknown parameter', "did you mean 'keyframe_distance_m'"]),
        (['keyframe_distance_m=-1'], ['keyframe_distance_m', 'from 0.0 to 1000.0', '-1']),
        (['keyframe_distance_m'], ['NAME=VALUE']),
        (['top_k=3'], ["unknown parameter 'top_k'"]),
        (['gem_p=high'], ['gem_p', 'a number', "'high'"]),
        (['whitening_dim=12'], ['whitening_dim 12', 'at most 11']),
        (['vocabulary=none.safetensors', 'aggregation=vlad', 'num_words=4'], ['not found']),
        (['mask_path=none.png'], ['mask_path', 'none.png']),
    ],
)
def test_parameters(anyloc, run_folder, tmp_path, settings, parts):
    words = [word for setting in settings for word in ('--set', setting)]
    _refused(anyloc('teach', run_folder, '--map', tmp_path / 'r.anyloc', *GEM, *words), *parts)


def test_unknown_method(anyloc, run_folder, tmp_path):
    done = anyloc(
        'teach', run_folder, '--map', tmp_path / 'r.anyloc', '--method', 'RootSIFT-VLADD'
    )
    _refused(done, "unknown method 'RootSIFT-VLADD'", "did you mean 'RootSIFT-VLAD'")
    assert not (tmp_path / 'r.anyloc').exists()


def test_missing_weights(anyloc, run_folder, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setenv('HF_HOME', str(tmp_path))
    done = anyloc('teach', run_folder, '--map', tmp_path / 'r.anyloc')
    _refused(done, 'dinov2_vitl14', 'anyloc weights fetch dinov2_vitl14', 'RootSIFT-VLAD')
    _refused(anyloc('weights', 'verify', 'AnyLoc-VLAD-DINOv2-S'), 'not fetched', 'dinov2_vits14')
    _refused(anyloc('weights', 'verify', 'RootSIFT-VLAD'), 'need no weights')
    assert 'dinov2_vitl14      none' in anyloc('weights', 'list').out


def test_sources(anyloc, run_folder, tmp_path):
    (tmp_path / 'empty').mkdir()
    for source, part in (
        (tmp_path / 'nowhere', 'does not exist'),
        (tmp_path / 'empty', 'empty'),
        (f'{run_folder}:3-99', '12'),
        (f'{run_folder}:x', 'FIRST-LAST'),
    ):
        _refused(anyloc('teach', source, '--map', tmp_path / 'r.anyloc', *GEM), part)


def _bag(path: Path, types: dict[str, str]) -> None:
    store = get_typestore(Stores.ROS2_HUMBLE)
    with Writer(path, version=9) as writer:
        for topic, name in types.items():
            connection = writer.add_connection(topic, name, typestore=store)
            message = store.types['std_msgs/msg/String'](data='hello')
            writer.write(connection, 1, store.serialize_cdr(message, name))


def test_a_bag_without_the_topic_lists_what_is_there(anyloc, tmp_path):
    _bag(tmp_path / 'bag', {'/chatter': 'std_msgs/msg/String'})
    _bag(tmp_path / 'nothing', {})
    done = anyloc('teach', tmp_path / 'bag', '--map', tmp_path / 'r.anyloc', *GEM)
    _refused(done, '/chatter', 'std_msgs/msg/String')
    topic = ('--image-topic', '/camera')
    done = anyloc('teach', tmp_path / 'bag', '--map', tmp_path / 'r.anyloc', *GEM, *topic)
    _refused(done, '/camera', '/chatter')
    _refused(
        anyloc('teach', tmp_path / 'nothing', '--map', tmp_path / 'r.anyloc', *GEM), 'nothing'
    )


def test_damaged_images_are_counted_and_the_others_used(anyloc, run_folder, tmp_path):
    folder = tmp_path / 'images'
    folder.mkdir()
    for number in range(1, 7):
        (folder / f'{number}.png').write_bytes((run_folder / f'{number}.png').read_bytes())
    (folder / '2.png').write_bytes(b'')
    (folder / '4.png').write_bytes((run_folder / '4.png').read_bytes()[:99])
    route, out = tmp_path / 'r.anyloc', tmp_path / 'm.csv'
    done = anyloc('teach', folder, '--map', route, *GEM)
    assert done.code == 0
    assert 'bad_images            2' in done.out
    assert 'references            4' in done.out
    assert 'bad image' in anyloc('map', 'info', route).out
    done = anyloc('localize', folder, '--map', route, '--out', out)
    assert done.code == 0
    assert '4.png' in done.err
    assert 'truncated' in done.err


def test_describe_writes_the_good_images_and_names_the_bad(anyloc, run_folder, tmp_path):
    (tmp_path / 'bad.jpg').write_bytes(b'\xff\xd8\xff')
    good, bad, gone = f'{run_folder}/1.png', tmp_path / 'bad.jpg', tmp_path / 'gone.jpg'
    done = anyloc('describe', good, bad, gone, '--out', tmp_path / 'd.npz', *GEM)
    _refused(done, '1 of 3 images are written', 'bad.jpg', 'gone.jpg: cannot be read')
    with np.load(tmp_path / 'd.npz') as arrays:
        assert list(arrays) == [good]


def test_options_of_describe_that_contradict(anyloc, run_folder, golden, tmp_path):
    image, out = f'{run_folder}/1.png', ('--out', tmp_path / 'd.npz')
    network = ('--checkpoint', golden / 'tiny_dinov2_pretrain.pth', '--layer', 1)
    layer = ('--num-heads', 4, '--facet', 'value')
    _refused(anyloc('describe', image, *out, *network, *layer), 'add --features')
    _refused(
        anyloc('describe', image, *out, *network, '--facet', 'value', '--features'), 'num-heads'
    )
    _refused(anyloc('describe', image, *out, *network, *layer, *GEM), 'not both')
    _refused(anyloc('describe', image, *out, *GEM, '--layer', 1), 'belong to --checkpoint')
    _refused(anyloc('describe', image, *out, '--method', 'RootSIFT-VLAD'), 'vocabulary fit')
    _refused(anyloc('describe', image, *out, '--checkpoint', tmp_path / 'x.pth'), 'not found')
    done = anyloc('describe', image, *out, *network, *layer, '--features')
    assert done.code == 0, done.err


def test_nan_and_jumping_poses(anyloc, run_folder, tmp_path):
    rows = [f'{i + 1}.png,{i},{10.0 * i + (1e4 if i > 8 else 0)},0' for i in range(12)]
    rows[3] = '4.png,3,nan,0'
    poses, route = tmp_path / 'poses.csv', tmp_path / 'r.anyloc'
    poses.write_text('\n'.join(['name,stamp,x,y', *rows]) + '\n')
    done = anyloc('teach', run_folder, '--map', route, *GEM, '--poses-file', poses)
    assert done.code == 0, done.err
    assert 'rejected_poses    1' in done.out
    assert 'pose_jumps        1' in done.out
    info = anyloc('map', 'info', route).out
    assert 'pose rejected' in info
    assert 'jump' in info
    # Eleven poses at 10 m; the rejected one and the jump of 10 km are no way.
    assert 'length_m          100.0000' in info


def test_maps_that_cannot_be_used(anyloc, run_folder, route, tmp_path):
    for name, content in (
        ('text.anyloc', b'no map at all, only text that is long enough to be one' * 9),
        ('cut.anyloc', route.read_bytes()[:5000]),
        ('empty.anyloc', b''),
    ):
        (tmp_path / name).write_bytes(content)
    sqlite3.connect(tmp_path / 'foreign.anyloc').execute('CREATE TABLE t (x)').connection.close()
    before = {path: path.read_bytes() for path in tmp_path.glob('*.anyloc')}
    for name in ('text', 'cut', 'empty', 'foreign', 'missing'):
        path = tmp_path / f'{name}.anyloc'
        for words in (
            ('localize', run_folder, '--map', path, '--out', tmp_path / 'm.csv'),
            ('map', 'info', path),
            ('map', 'finish', path),
            ('teach', run_folder, '--map', path, '--append'),
        ):
            _refused(anyloc(*words), f'{name}.anyloc')
    assert {path: path.read_bytes() for path in tmp_path.glob('*.anyloc')} == before


def test_create_refuses_what_is_there(anyloc, run_folder, route):
    before = route.read_bytes()
    done = anyloc('teach', run_folder, '--map', route, *GEM)
    _refused(done, 'exists', 'append', 'overwrite')
    assert route.read_bytes() == before
    assert anyloc('teach', run_folder, '--map', route, *GEM, '--overwrite').code == 0


def test_another_method_is_refused_by_what_differs(anyloc, run_folder, route):
    before = anyloc('map', 'info', route).out
    done = anyloc('teach', run_folder, '--map', route, '--append', '--method', 'RootSIFT-VLAD')
    _refused(done, 'aggregation', "'gem'", "'vlad'", 'anyloc map rebuild')
    assert anyloc('map', 'info', route).out == before


def test_a_wrong_vocabulary(anyloc, run_folder, vocabularies, tmp_path):
    words = vocabularies / 'dinov2_vitg14_l31_value_c32_urban_c_centers.pt'
    done = anyloc(
        'teach', run_folder, '--map', tmp_path / 'r.anyloc', '--method', 'RootSIFT-VLAD',
        '--set', f'vocabulary={words}',
    )  # fmt: skip
    _refused(done, 'words of width 1536', 'width 128')


def test_a_map_vocabulary_needs_the_images(anyloc, run_folder, tmp_path):
    done = anyloc(
        'teach', run_folder, '--map', tmp_path / 'r.anyloc', '--method', 'RootSIFT-VLAD',
        '--set', 'store_images=false',
    )  # fmt: skip
    _refused(done, 'store_images is false', 'vocabulary')
    assert not (tmp_path / 'r.anyloc').exists()


def test_paths_that_cannot_be_written(anyloc, run_folder, route, tmp_path):
    nowhere = tmp_path / 'no' / 'such' / 'folder'
    _refused(anyloc('teach', run_folder, '--map', nowhere / 'r.anyloc', *GEM), str(nowhere))
    done = anyloc('localize', run_folder, '--map', route, '--out', nowhere / 'm.csv')
    _refused(done, '--out', str(nowhere))
    _refused(anyloc('describe', f'{run_folder}/1.png', '--out', nowhere / 'd.npz', *GEM), '--out')
    _refused(anyloc('methods', '--json', nowhere / 'm.json'), '--json')
    _refused(anyloc('map', 'export', route, '--out', nowhere / 'r.csv'), '--out')


def test_truth_that_is_none(anyloc, run_folder):
    words = ('evaluate', '--references', run_folder, '--queries', run_folder, *GEM, '--truth')
    _refused(anyloc(*words, 'frames:two'), 'frames', "'two'")
    _refused(anyloc(*words, 'radius:5'), 'have no poses')
    _refused(anyloc(*words, 'vprbench:none.npy'), 'none.npy not found')


def test_a_killed_teach_is_recovered_by_finish(anyloc, run_folder, tmp_path):
    route = tmp_path / 'r.anyloc'
    script = f"""
import os, signal
from anyloc_ros.config import DescribeConfig, TeachConfig
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.io.source import open_source
from anyloc_ros.mapping.teach import open_for_teaching, TeachSession
config = DescribeConfig(**{asdict_of_gem()!r})
describer = build_describer(config)
place_map = open_for_teaching({str(route)!r}, describer, {asdict_of_gem()!r}, TeachConfig())
session = TeachSession(place_map, describer, TeachConfig(), every_image=True)
session.begin_route()
for sample in open_source({str(run_folder)!r}).samples():
    session.add_image(10 * sample.stamp_ns, sample.decode, sample.encoded)
os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = os.environ | {'PYTHONPATH': str(Path(__file__).parents[2])}
    killed = subprocess.run([sys.executable, '-c', script], env=environment, check=False)
    assert killed.returncode == -9
    _refused(
        anyloc('localize', run_folder, '--map', route, '--out', tmp_path / 'm.csv'),
        f'anyloc map finish {route}',
    )
    assert anyloc('map', 'finish', route).code == 0
    # An image a second; the last two waited for a pose when the process died.
    info = anyloc('map', 'info', route).out
    assert 'state             finished' in info
    assert 'references        10' in info
    assert anyloc('localize', run_folder, '--map', route, '--out', tmp_path / 'm.csv').code == 0


def asdict_of_gem() -> dict:
    from anyloc_ros.config import DescribeConfig

    return asdict(DescribeConfig(method='RootSIFT-GeM'))


def test_a_real_process_shows_no_traceback(tmp_path):
    environment = os.environ | {'PYTHONPATH': str(Path(__file__).parents[2])}
    done = subprocess.run(
        [
            sys.executable,
            '-m',
            'anyloc_ros.cli.main',
            'map',
            'info',
            str(tmp_path / 'none.anyloc'),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith('error: ')
    assert 'Traceback' not in done.stderr
    assert done.stdout == ''


def test_images_smaller_than_they_must_be(anyloc, tmp_path):
    cv2.imwrite(str(tmp_path / 'dot.png'), np.zeros((1, 1, 3), np.uint8))
    done = anyloc('describe', tmp_path / 'dot.png', '--out', tmp_path / 'd.npz', *GEM)
    assert done.code == 0, done.err
    with np.load(tmp_path / 'd.npz') as arrays:
        assert not arrays[str(tmp_path / 'dot.png')].any()


def test_outputs_never_replace_a_map_or_what_is_read(anyloc, run_folder, route, tmp_path):
    before = route.read_bytes()
    image = tmp_path / 'image.png'
    image.write_bytes((run_folder / '1.png').read_bytes())
    for words in (
        ('localize', run_folder, '--map', route, '--out', route),
        ('methods', '--json', route),
        ('map', 'export', route, '--out', tmp_path / 'route.csv'),
        ('describe', image, *GEM, '--out', image),
    ):
        if words[0] == 'map':
            (tmp_path / 'route.csv').symlink_to(route)
        _refused(anyloc(*words), 'would be lost')
    assert route.read_bytes() == before
    assert image.read_bytes() == (run_folder / '1.png').read_bytes()


def test_a_full_disk_is_no_traceback(anyloc, run_folder, route):
    done = anyloc('localize', run_folder, '--map', route, '--out', '/dev/full')
    _refused(done, '/dev/full', 'No space left')
    _refused(anyloc('methods', '--json', '/dev/full'), '/dev/full', 'No space left')


def test_settings_without_meaning_are_refused(anyloc, run_folder, route, tmp_path):
    out = ('--out', tmp_path / 'm.csv')
    for words in (
        ('localize', run_folder, '--map', route, *out, '--set', 'num_words=7'),
        ('localize', run_folder, '--map', route, *out, '--set', 'top_k=7'),
        ('map', 'finish', route, '--set', 'keyframe_distance_m=9'),
        ('teach', run_folder, '--map', route, '--append', '--set', 'gem_p=5'),
        ('teach', run_folder, '--map', route, '--append', '--set', 'map_mode=overwrite'),
    ):
        _refused(anyloc(*words), 'unknown parameter')
    assert 'references        12' in anyloc('map', 'info', route).out


def test_text_parameters_may_look_like_numbers(anyloc, run_folder, tmp_path):
    route = tmp_path / 'r.anyloc'
    assert anyloc('teach', run_folder, '--map', route, *GEM, '--set', 'map_frame=2').code == 0
    assert 'map_frame         2' in anyloc('map', 'info', route).out


def test_no_good_image_leaves_the_old_output(anyloc, tmp_path):
    (tmp_path / 'd.npz').write_bytes(b'old')
    _refused(anyloc('describe', tmp_path / 'none.jpg', '--out', tmp_path / 'd.npz', *GEM), 'none')
    assert (tmp_path / 'd.npz').read_bytes() == b'old'
