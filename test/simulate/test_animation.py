# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""The film of a repeat run: its plan by hand, its files read back by others."""

from anyloc_ros.config import DescribeConfig, TeachConfig
from anyloc_ros.errors import AnyLocError, ConfigError
from anyloc_ros.localize.recognizer import Candidate, Recognition
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
from anyloc_ros.simulate import animation
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.closed_loop.run import LoopImage, LoopRun, Setup
from anyloc_ros.simulate.closed_loop.teach import teach_route
from anyloc_ros.simulate.closed_loop.wheels import WheelsConfig
from anyloc_ros.simulate.film import write_film
from anyloc_ros.simulate.top_view import STATE_COLOURS, TopView
import cv2
import numpy as np
import pytest

PILLOW = pytest.importorskip('PIL.Image', reason='Pillow is not installed')
GREEN, RED = (0, 160, 60), (210, 10, 20)


def answer(number, state, accepted):
    reference = Keyframe(number, 0, number, 0, None, None, (48, 64))
    return Recognition(
        0, (Candidate(reference, 0.5),), accepted, state, '', 0.0, 0.0, False, None, None,
        1.0, 1.0, 1.0, 1.0,
    )  # fmt: skip


def drive(way, states, believed_left_m=0.0):
    """Return a run along `way` (n, 2) towards +x, an image heard at every step."""
    images = []
    for step, ((x, y), state) in enumerate(zip(way.tolist(), states, strict=True)):
        true = Pose.from_xy_yaw(x, y, 0.0)
        believed = Pose.from_xy_yaw(x, y + believed_left_m, 0.0)
        said = answer(step % 3, state, state == 'LOCALIZED')
        images.append(LoopImage(step, 0, step, step, true, true, believed, said, False, 'drive'))
    none = np.zeros(len(way))
    return LoopRun(
        2, Setup(), tuple(images), *way.T, none, way[:, 0] - way[0, 0], none + 0.2, none, none,
        2.0, 0.0, 0.0, 'arrived', 0,
    )  # fmt: skip


def test_plan_by_hand():
    # 14 m by 4 m with the margin, 20 px for each metre, (5, 0) in the middle of 280x100 px.
    view = TopView(np.array([(0, 0), (10, 0)], float), [], (100, 280))
    way = np.column_stack([np.arange(0, 11.0), np.ones(11)])
    run = drive(way, ['LOST'] * 6 + ['LOCALIZED'] * 5, believed_left_m=-1.6)
    picture = view.draw(run, 8, Pose.from_xy_yaw(5.0, -1.0, 0.0))
    # Left of the path, which is up: y = 1 is row 30; x = 8 is column 200.
    assert picture[30, 200].tolist() == list(STATE_COLOURS['LOCALIZED'])
    # The way before the first answer, while LOST was known, and while LOCALIZED was.
    assert picture[30, 110].tolist() == list(STATE_COLOURS['LOST'])
    assert picture[30, 170].tolist() == list(STATE_COLOURS['LOCALIZED'])
    assert picture[30, 225].tolist() != list(STATE_COLOURS['LOCALIZED']), 'not driven yet'
    # The believed robot points to +x, from (8, -0.6): its tip is 0.45 m ahead. It is not filled.
    tip = picture[58:67, 200:212].reshape(-1, 3).tolist()
    assert [36, 100, 180] in tip and picture[62, 198].tolist() != [36, 100, 180]
    # The ring about (5, -1) has a radius of 9 px.
    assert picture[70, 149].tolist() == [145, 30, 180]


def solid(colours):
    return [np.full((32, 48, 3), colour, np.uint8) for colour in colours]


def test_a_gif_has_every_frame_and_keeps_colours(tmp_path):
    path = tmp_path / 'film.gif'
    path.write_text('an old one')
    noise = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    write_film(path, [*solid([GREEN, RED]), noise, *solid([GREEN])], 5, [GREEN, RED])
    with PILLOW.open(path) as film:
        assert film.n_frames == 4 and film.size == (48, 32) and film.info['loop'] == 0
        for number, colour in ((0, GREEN), (1, RED), (3, GREEN)):
            film.seek(number)
            assert film.info['duration'] == 200
            assert (np.asarray(film.convert('RGB')) == colour).all()
    assert [p.name for p in tmp_path.iterdir()] == ['film.gif']


def test_an_mp4_has_every_frame(tmp_path):
    path = tmp_path / 'film.mp4'
    write_film(path, iter(solid([GREEN, RED, GREEN])), 8)
    film = cv2.VideoCapture(str(path))
    assert film.get(cv2.CAP_PROP_FPS) == 8
    frames = [film.read()[1] for _ in range(3)]
    assert not film.read()[0]
    film.release()
    for frame, colour in zip(frames, (GREEN, RED, GREEN), strict=True):
        assert np.abs(frame[..., ::-1].astype(int) - colour).max() < 12
    assert [p.name for p in tmp_path.iterdir()] == ['film.mp4']


def test_what_cannot_be_written_leaves_nothing_and_keeps_an_old_file(tmp_path):
    with pytest.raises(ConfigError, match=r'ends in \.gif or \.mp4, got film\.avi'):
        write_film(tmp_path / 'film.avi', solid([GREEN]), 8)
    for kind in ('gif', 'mp4'):
        with pytest.raises(AnyLocError, match='animation'):
            write_film(tmp_path / 'missing' / f'film.{kind}', solid([GREEN]), 8)

        def broken():
            yield from solid([GREEN])
            raise KeyboardInterrupt

        path = tmp_path / f'old.{kind}'
        path.write_text('old')
        with pytest.raises(KeyboardInterrupt):
            write_film(path, broken(), 8)
        assert path.read_text() == 'old'
    assert sorted(p.name for p in tmp_path.iterdir()) == ['old.gif', 'old.mp4']


@pytest.fixture(scope='module', name='taught')
def _taught(world, tmp_path_factory):
    return teach_route(
        world, tmp_path_factory.mktemp('taught') / 'route.anyloc', Camera(64, 48), 2.0,
        DescribeConfig(method='RootSIFT-GeM'), TeachConfig(), WheelsConfig(),
    )  # fmt: skip


def test_a_run_becomes_a_film_of_a_few_frames(world, taught, tmp_path, monkeypatch):
    monkeypatch.setattr(animation, 'MOST_FRAMES', 5)
    way = np.column_stack([np.linspace(7.0, 9.0, 41), np.full(41, 1.4)])
    run = drive(way, ['LOCALIZED'] * 20 + ['UNCERTAIN'] * 21)
    path = tmp_path / 'film.gif'
    animation.animate(run, taught, world, path)
    with PILLOW.open(path) as film:
        # The last frame is one with a longer time.
        assert film.n_frames == 5
        frames, seconds = [], []
        for number in range(5):
            film.seek(number)
            frames.append(np.asarray(film.convert('RGB')).astype(float))
            seconds.append(film.info['duration'])
    assert seconds[-1] > 10 * seconds[0]
    # The first picture is what the camera sees where the robot truly was.
    for step, frame in ((0, frames[0]), (40, frames[-1])):
        seen = world.render(Pose.from_xy_yaw(*way[step].tolist(), 0.0), Camera(64, 48))
        shown = cv2.resize(frame[22:202, :240], (64, 48), interpolation=cv2.INTER_AREA)
        assert np.corrcoef(shown.ravel(), seen.ravel())[0, 1] > 0.8
    # Pixels of the state: the first frame knows one place, the last is uncertain.
    amber = [
        (np.abs(frame - STATE_COLOURS['UNCERTAIN']).max(axis=2) < 3).sum() for frame in frames
    ]
    assert amber[0] < 5 and amber[-1] > 50
