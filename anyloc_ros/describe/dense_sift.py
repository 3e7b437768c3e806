# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
RootSIFT on a grid: local features that need no weights.

SIFT (Lowe, IJCV 2004, https://doi.org/10.1023/B:VISI.0000029664.99615.94) without detector and
without rotation, computed for a whole grid at once as fast dense SIFT does
(https://www.vlfeat.org/overview/dsift.html): the gradient magnitude is spread over 8 orientation
maps, the maps are pooled with a triangle around every bin centre, and each feature reads its
4x4 bins off the pooled maps. The Gaussian window becomes one weight per bin.
RootSIFT is the form of Arandjelovic and Zisserman (CVPR 2012,
https://doi.org/10.1109/CVPR.2012.6248018): L1 norm, then square root, so that the L2 norm is 1.

Sums run in a fixed order and not through BLAS: the number of threads changes no bit.
"""

from __future__ import annotations

from collections.abc import Sequence

from anyloc_ros.describe.local_features import LocalFeatures, rescale
from anyloc_ros.describe.mask import check_size, mask_sha256
import cv2
import numpy as np

_VERSION = 1
"""Raise it with every change of the features: maps made before then say that they differ."""

_STEP_PX = 8
_BIN_SIZES_PX = (8, 12, 16)
"""Even, so that a bin centre lies between two pixels; features of 32, 48 and 64 px."""
_SMOOTHING_PX = 1.0
"""Deviation of the Gaussian over the shrunk image, against camera noise and JPEG blocks."""
_MIN_CONTRAST = 1.0
"""
Least L2 norm of a histogram, in grey levels per px.

A plain ramp of 1/3 level per px has it. Camera noise of 3 levels has a third of it in an image
of 640x480 px, two thirds in one of 320x240 px, which is not shrunk.
"""
_ORIENTATIONS = 8
_BINS = 4
_WINDOW = np.exp(-0.5 * ((np.arange(_BINS) - 1.5) / 2) ** 2).astype(np.float32)
"""Gaussian at the bin centres; its deviation is half a feature, two bins (Lowe, section 6.1)."""
_LIMIT = 0.2
"""No value keeps more of the L2 norm than this: lamps and glare must not decide (as Lowe)."""


class DenseRootSift:
    """
    Image (H, W, 3) uint8 RGB to RootSIFT features (N, 128) float32 on a grid.

    The image is shrunk to `longer_side` px (area average, never enlarged). A feature with bins of
    b px covers 4b x 4b px of the shrunk image and lies inside it; neighbours are 8 px apart.
    The rows run over bin sizes, grid y, grid x; the 128 columns over bin row, bin column,
    gradient direction (steps of 45 degrees from image x towards image y, which points down).

    Features without contrast are dropped, not kept as zero rows: a zero vector has no direction,
    so VLAD could only count it for an arbitrary word, and GeM would fade with the share of bare
    wall. N therefore varies, and is 0 for an image that is black, uniform or smaller than 32 px.

    `mask` (H, W) bool is of the camera's size, True where the image is to be used; features whose
    centre falls on a masked px are dropped.
    """

    width = _BINS * _BINS * _ORIENTATIONS

    def __init__(self, *, longer_side: int = 320, mask: np.ndarray | None = None) -> None:
        self._longer_side = longer_side
        self._mask = mask

    def settings(self) -> dict[str, int | float | str]:
        """Return everything the features depend on."""
        return {
            'backbone': 'rootsift',
            'features': f'dense RootSIFT {_VERSION}',
            'image_size': f'max:{self._longer_side}',
            'step_px': _STEP_PX,
            'bin_sizes_px': ','.join(map(str, _BIN_SIZES_PX)),
            'smoothing_px': _SMOOTHING_PX,
            'min_contrast': _MIN_CONTRAST,
            'mask_sha256': mask_sha256(self._mask),
        }

    def extract(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """
        Return features (N, 128) float32, rows of unit length, for each (H, W, 3) uint8 RGB image.

        :raises ConfigError: an image is not of the size of the mask.
        """
        return [self.locate(image).features for image in images]

    def locate(self, image: np.ndarray) -> LocalFeatures:
        """
        Return the features of an image (H, W, 3) uint8 RGB and where they are.

        :raises ConfigError: the image is not of the size of the mask.
        """
        if self._mask is not None:
            check_size(self._mask, image)
        maps = _orientation_maps(_prepare(image, self._longer_side))
        features, centres = zip(
            *(self._at_scale(maps, bin_size) for bin_size in _BIN_SIZES_PX), strict=True
        )
        wide = np.multiply(_BINS * image.shape[1] / maps.shape[1], _BIN_SIZES_PX)
        return LocalFeatures(
            np.concatenate(features),
            rescale(np.concatenate(centres), maps.shape[:2], image.shape[:2]),
            np.repeat(wide, [len(found) for found in features]),
        )

    def _at_scale(self, maps: np.ndarray, bin_size: int) -> tuple[np.ndarray, np.ndarray]:
        """Return features (n, 128) of one bin size and centres (n, 2) from maps (h, w, 8)."""
        tops, lefts = (_grid(length, bin_size) for length in maps.shape[:2])
        pooled = _pool(_pool(maps, tops, bin_size).swapaxes(0, 1), lefts, bin_size)
        pooled = pooled.reshape(len(lefts), _BINS, len(tops), _BINS, _ORIENTATIONS)
        bins = pooled.transpose(2, 0, 3, 1, 4) * (_WINDOW[:, None, None] * _WINDOW[:, None])
        bins = bins.reshape(-1, self.width)
        kept = np.sqrt(np.square(bins).sum(axis=1)) >= _MIN_CONTRAST
        half = _BINS * bin_size // 2
        if self._mask is not None:
            rows, columns = (
                (starts + half) * full // shrunk
                for starts, full, shrunk in zip(
                    (tops, lefts), self._mask.shape, maps.shape[:2], strict=True
                )
            )
            kept &= self._mask[rows[:, None], columns].ravel()
        # The centre of an even number of px lies between two of them.
        grid = np.meshgrid(lefts + half - 0.5, tops + half - 0.5)
        return _root_sift(bins[kept]), np.stack(grid, axis=-1).reshape(-1, 2)[kept]


def _prepare(image: np.ndarray, longer_side: int) -> np.ndarray:
    """Return the smoothed grey image (h, w) float32, its longer side at most `longer_side` px."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    longer = max(grey.shape)
    if longer > longer_side:
        height, width = (max(1, side * longer_side // longer) for side in grey.shape)
        grey = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(
        grey.astype(np.float32), (0, 0), _SMOOTHING_PX, borderType=cv2.BORDER_REPLICATE
    )


def _orientation_maps(grey: np.ndarray) -> np.ndarray:
    """
    Return maps (h, w, 8) of the gradient magnitude of an image (h, w), in grey levels per px.

    Each pixel gives to the two directions next to its own, linearly.
    """
    padded = np.pad(grey, 1, mode='edge')
    gradient_x = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    gradient_y = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    magnitude = np.sqrt(gradient_x**2 + gradient_y**2).ravel()
    direction = np.arctan2(gradient_y, gradient_x).ravel() * np.float32(_ORIENTATIONS / 2 / np.pi)
    below = np.floor(direction)
    above_part = magnitude * (direction - below)
    below = below.astype(np.intp) % _ORIENTATIONS
    maps = np.zeros((grey.size, _ORIENTATIONS), np.float32)
    pixels = np.arange(grey.size)
    maps[pixels, below] = magnitude - above_part
    maps[pixels, (below + 1) % _ORIENTATIONS] = above_part
    return maps.reshape(*grey.shape, _ORIENTATIONS)


def _grid(length: int, bin_size: int) -> np.ndarray:
    """Return where the features start along an axis of `length` px, evenly from both ends."""
    spare = length - _BINS * bin_size
    return np.arange(spare % _STEP_PX // 2, spare + 1, _STEP_PX)


def _pool(maps: np.ndarray, starts: np.ndarray, bin_size: int) -> np.ndarray:
    """
    Return the bins (n * 4, ...) along axis 0 of n features that begin at `starts`.

    A bin is the average weighted by a triangle that reaches from one neighbour's centre to the
    other's: this is Lowe's linear interpolation between bins. Beyond the border is no gradient.
    """
    # Features overlap: each position is pooled once and handed to all that share it.
    begins, shared = np.unique(starts[:, None] + bin_size * np.arange(_BINS), return_inverse=True)
    reach = bin_size // 2
    padded = np.pad(maps, ((reach, reach), (0, 0), (0, 0)))
    distances = np.abs(np.arange(2 * bin_size) + 0.5 - bin_size)
    weights = ((bin_size - distances) / bin_size**2).astype(np.float32)
    total = np.zeros((len(begins), *maps.shape[1:]), np.float32)
    for offset, weight in enumerate(weights):
        total += weight * padded[begins + offset]
    return total[shared.ravel()]


def _root_sift(bins: np.ndarray) -> np.ndarray:
    """Return RootSIFT (n, 128) of histograms (n, 128), none of them zero."""
    norm = np.sqrt(np.square(bins).sum(axis=1, keepdims=True))
    bins = np.minimum(bins, _LIMIT * norm)
    return np.sqrt(bins / bins.sum(axis=1, keepdims=True))
