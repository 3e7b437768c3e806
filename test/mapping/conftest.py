# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A describer that needs no network, and pictures to describe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from anyloc_ros.config import TeachConfig
from anyloc_ros.mapping.images import encode_image, StoredImage
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.mapping.teach import TeachSession
from anyloc_ros.pose import Pose
import numpy as np
import pytest


@dataclass(frozen=True)
class FakeDescriber:
    """
    Mean colours of 16 cells as features; with words, the VLAD of them, else all in a row.

    It has what the map asks of a Describer, and nothing else.
    """

    needs_vocabulary: bool = False
    num_words: int = 2
    raw_width: int = 48
    fingerprint: dict[str, Any] = field(default_factory=lambda: {'network': 'fake', 'cells': 16})
    vocabulary: Any = None
    whitening: Any = None

    @property
    def ready(self) -> bool:
        return not self.needs_vocabulary or self.vocabulary is not None

    @property
    def width(self) -> int:
        if self.whitening is not None:
            return len(self.whitening.projection)
        return self.vocabulary.words.size if self.needs_vocabulary else self.raw_width

    def features(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [_cells(image) for image in images]

    def fit_vocabulary(self, features: list[np.ndarray]) -> Any:
        from anyloc_ros.describe.vocabulary import Vocabulary

        rows = np.concatenate(features)
        rows = rows[np.argsort(rows.sum(axis=1), kind='stable')]
        words = [part.mean(axis=0) for part in np.array_split(rows, self.num_words)]
        return Vocabulary(np.stack(words).astype(np.float32), {'rows': len(rows)})

    def describe(self, images: Sequence[np.ndarray]) -> np.ndarray:
        descriptors = np.stack([self._describe(_cells(image)) for image in images])
        descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
        if self.whitening is not None:
            descriptors = (descriptors - self.whitening.mean) @ self.whitening.projection.T
            descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
        return descriptors.astype(np.float32)

    def with_vocabulary(self, vocabulary: Any) -> FakeDescriber:
        return replace(self, vocabulary=vocabulary)

    def with_whitening(self, whitening: Any) -> FakeDescriber:
        return replace(self, whitening=whitening)

    def _describe(self, features: np.ndarray) -> np.ndarray:
        if not self.needs_vocabulary:
            return np.resize(features, self.raw_width).astype(np.float64)
        words = self.vocabulary.words.astype(np.float64)
        nearest = np.argmin(np.linalg.norm(features[:, None] - words[None], axis=2), axis=1)
        return np.stack(
            [(features[nearest == k] - word).sum(axis=0) for k, word in enumerate(words)]
        ).ravel()


def _cells(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[0] // 4, image.shape[1] // 4
    cells = image[: 4 * height, : 4 * width].reshape(4, height, 4, width, 3)
    return cells.mean(axis=(1, 3)).reshape(16, 3).astype(np.float32) / 255


def make_picture(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    """Return an RGB picture (height, width, 3) of coloured blocks of 8 pixels."""
    blocks = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return np.kron(blocks, np.ones((8, 8, 1), np.uint8))


def along_x(seconds: float) -> Pose:
    """Return where a robot is that drives 1 m/s along x."""
    return Pose.from_xy_yaw(seconds, 0.0, 0.0)


def make_reference(
    reference_id: int, route: int = 0, index: int | None = None, **more: Any
) -> Keyframe:
    """Return a reference without a pose whose index is its id."""
    known = {'stamp_ns': 10**18 + reference_id, 'pose': None, 'odometry_m': None}
    known |= {'image_size': (48, 64), 'index': reference_id if index is None else index}
    return Keyframe(id=reference_id, route=route, **(known | more))


@pytest.fixture(name='reference')
def _reference() -> Callable[..., Keyframe]:
    return make_reference


@pytest.fixture(name='describer')
def _describer() -> Callable[..., FakeDescriber]:
    return FakeDescriber


@pytest.fixture(name='picture')
def _picture() -> Callable[..., np.ndarray]:
    return make_picture


@pytest.fixture
def fill() -> Callable[[PlaceMap, int], None]:
    """Return what stores references with descriptors (1, 0, 0), (0, 1, 0), (0, 0, 1), ..."""

    def run(place_map: PlaceMap, number: int) -> None:
        with place_map.transaction():
            for i in range(number):
                place_map.add_keyframe(make_reference(i), StoredImage(b'picture %d' % i, 'jpeg'))
                place_map.set_descriptors([i], np.eye(3)[[i % 3]], 'float32')

    return run


@pytest.fixture
def create(tmp_path: Path) -> Callable[..., PlaceMap]:
    """Return what makes a map: `make(name='route.anyloc', describer=..., overwrite=...)`."""

    def make(
        name: str = 'route.anyloc', describer: FakeDescriber | None = None, **more: Any
    ) -> PlaceMap:
        fingerprint = (describer or FakeDescriber()).fingerprint
        config = {'method': 'Fake'}
        return PlaceMap.create(
            tmp_path / name, fingerprint=fingerprint, describe_config=config, **more
        )

    return make


@pytest.fixture
def teach(create: Callable[..., PlaceMap]) -> Callable[..., Path]:
    """Return what teaches pictures along x, a metre and a second apart, and gives the file."""

    def run(
        name: str = 'route.anyloc',
        describer: FakeDescriber | None = None,
        *,
        seeds: Sequence[int] = range(5),
        sample: Callable[[float], Any] = along_x,
        **config: Any,
    ) -> Path:
        describer = describer or FakeDescriber()
        with create(name, describer) as place_map:
            with TeachSession(place_map, describer, TeachConfig(**config)) as session:
                session.begin_route()
                for second, seed in enumerate(seeds):
                    session.add_pose(second * 10**9, sample(float(second)))
                    session.add_image(second * 10**9, partial(make_picture, seed))
            return place_map.path

    return run


@pytest.fixture
def record(create: Callable[..., PlaceMap]) -> Callable[..., Path]:
    """Return what stores undescribed pictures at once, and gives the file."""

    def run(name: str, describer: FakeDescriber, number: int) -> Path:
        with create(name, describer) as place_map, place_map.transaction():
            for i in range(number):
                jpeg = StoredImage(encode_image(make_picture(i)), 'jpeg')
                place_map.add_keyframe(make_reference(i), jpeg)
        return place_map.path

    return run
