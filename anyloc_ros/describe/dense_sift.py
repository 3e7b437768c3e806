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
maps, each map is pooled with a triangle as wide as a spatial bin, and the 4x4 bins of every
feature are read off the pooled maps. The Gaussian window becomes one weight per bin.
RootSIFT is the Hellinger form of Arandjelovic and Zisserman (CVPR 2012,
https://doi.org/10.1109/CVPR.2012.6248018): L1 norm, then square root, so that L2 is 1.

Only sums in a fixed order are used, no BLAS: the result depends on no number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence

from anyloc_ros.errors import ConfigError
import cv2
import numpy as np

_ALGORITHM = 1
"""Raise it whenever the features change: maps made before then say that they are of another."""

_ORIENTATIONS = 8
_BINS = 4
_WINDOW = np.exp(-0.5 * ((np.arange(_BINS) - (_BINS - 1) / 2) / 2) ** 2).astype(np.float32)
"""Gaussian window at the bin centres; its deviation is half a feature, two bins (Lowe, 6.1)."""
_LIMIT = 0.2
"""No bin keeps more of the L2 norm than this: glare and lamps must not decide (Lowe, 6.1)."""


class DenseRootSift:
    """
    Image (H, W, 3) uint8 RGB to RootSIFT features (N, 128) float32 on a grid.

    The image is shrunk to `longer_side` px (area average, never enlarged). A feature of bin size
    b covers 4b x 4b px of the shrunk image and lies inside it whole; neighbours are `step_px`
    apart. Rows run through the bin sizes, then y, then x of the grid; the 128 values through
    bin row, bin column, orientation (45 degrees each, clockwise from the image x axis because
    y points down), as in Lowe's layout.

    Patches without contrast are dropped, not kept as zero rows: a zero vector has no direction,
    so VLAD could only give it to an arbitrary word and GeM would fade with the share of sky or
    wall. N therefore varies; an image that is black, uniform or smaller than one feature has
    N = 0.

    :param mask: (H, W) bool at the camera size, True where the image is to be used. Features
        whose centre falls on a masked pixel are dropped.
    """

    width = _BINS * _BINS * _ORIENTATIONS

    def __init__(
        self,
        *,
        longer_side: int = 320,
        step_px: int = 8,
        bin_sizes_px: tuple[int, ...] = (4, 8, 12),
        min_contrast: float = 1.0,
        smooth: float = 0.0,
        mask: np.ndarray | None = None,
    ) -> None:
        self._longer_side = longer_side
        self._step = step_px
        self._bin_sizes = bin_sizes_px
        self._min_contrast = min_contrast
        self._mask = mask
        self._smooth = smooth

    def settings(self) -> dict[str, int | float | str]:
        """Return everything the features depend on, for the fingerprint."""
        return {
            'backbone': 'rootsift',
            'rootsift_version': _ALGORITHM,
            'longer_side': self._longer_side,
            'step_px': self._step,
            'bin_sizes_px': ' '.join(map(str, self._bin_sizes)),
            'min_contrast': self._min_contrast,
        }

    def extract(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """
        Return features (N, 128) float32 with rows of unit length for each (H, W, 3) uint8 image.

        :raises ConfigError: an image has another size than the mask.
        """
        return [self._extract(image) for image in images]

    def _extract(self, image: np.ndarray) -> np.ndarray:
        if self._mask is not None and self._mask.shape != image.shape[:2]:
            raise ConfigError(
                f'the mask is {self._mask.shape[0]}x{self._mask.shape[1]} px (height x width), the '
                f'image {image.shape[0]}x{image.shape[1]} px; give a mask of the camera size'
            )
        grey = _shrink(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), self._longer_side)
        maps = _orientation_maps(grey.astype(np.float32))
        parts = []
        for b in self._bin_sizes:
            if self._smooth:
                maps = _orientation_maps(
                    cv2.GaussianBlur(grey.astype(np.float32), (0, 0), self._smooth * b)
                )
            parts.append(self._at_scale(maps, b, image.shape[:2]))
        return np.concatenate(parts)

    def _at_scale(
        self, maps: np.ndarray, bin_size: int, image_size: tuple[int, int]
    ) -> np.ndarray:
        """Return the features (n, 128) of one bin size from maps (h, w, 8)."""
        tops = _grid(maps.shape[0], bin_size, self._step)
        lefts = _grid(maps.shape[1], bin_size, self._step)
        if not len(tops) or not len(lefts):
            return np.zeros((0, self.width), np.float32)
        pooled = _pool(_pool(maps, tops, bin_size).swapaxes(0, 1), lefts, bin_size)
        # (x, bin x, y, bin y, orientation) to (y, x, bin y, bin x, orientation)
        pooled = pooled.reshape(len(lefts), _BINS, len(tops), _BINS, _ORIENTATIONS)
        bins = pooled.transpose(2, 0, 3, 1, 4) * _WINDOW[:, None, None] * _WINDOW[:, None]
        bins = bins.reshape(-1, self.width)
        kept = np.sqrt(np.square(bins).sum(axis=1)) > self._min_contrast
        if self._mask is not None:
            kept &= self._unmasked(tops + 2 * bin_size, lefts + 2 * bin_size, maps.shape[:2])
        return _root_sift(bins[kept])


def _shrink(grey, longer_side):
    height, width = grey.shape
    scale = longer_side / max(height, width)
    if scale >= 1:
        return grey
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def _orientation_maps(grey: np.ndarray) -> np.ndarray:
    """
    Spread the gradient magnitude of (h, w) over 8 orientations, (h, w, 8).

    Each pixel gives to the two nearest orientations, linearly.
    """
    padded = np.pad(grey, 1, mode='edge')
    gradient_x = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    gradient_y = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    magnitude = np.sqrt(gradient_x**2 + gradient_y**2).ravel()
    turn = np.arctan2(gradient_y, gradient_x).ravel() * np.float32(_ORIENTATIONS / (2 * np.pi))
    lower = np.floor(turn)
    upper_part = magnitude * (turn - lower)
    maps = np.zeros((grey.size, _ORIENTATIONS), np.float32)
    pixel = np.arange(grey.size)
    lower = lower.astype(np.intp) % _ORIENTATIONS
    maps[pixel, lower] = magnitude - upper_part
    maps[pixel, (lower + 1) % _ORIENTATIONS] = upper_part
    return maps.reshape(*grey.shape, _ORIENTATIONS)


def _grid(length: int, bin_size: int, step: int) -> np.ndarray:
    """Return where features of four bins start along an axis, centred, whole ones only."""
    spare = length - _BINS * bin_size
    return np.arange(spare % step // 2, spare + 1, step) if spare >= 0 else np.arange(0)


def _pool(maps: np.ndarray, starts: np.ndarray, bin_size: int) -> np.ndarray:
    """Return averages (n * 4, ...) along axis 0, weighted by a triangle around each bin centre."""
    centres = starts[:, None] + bin_size * np.arange(_BINS)
    lattice, where = np.unique(centres, return_inverse=True)
    reach = np.arange(-bin_size + 1, bin_size + 1)
    # A bin of even width has its centre between two pixels.
    padded = np.pad(maps, ((bin_size, bin_size), (0, 0), (0, 0)))
    total = np.zeros((len(lattice), *maps.shape[1:]), np.float32)
    for offset in range(2 * bin_size):
        weight = np.float32(bin_size - abs(offset + 0.5 - bin_size)) / bin_size**2
        total += weight * padded[lattice + offset + bin_size // 2]
    return total[where.ravel()]


def _root_sift(bins: np.ndarray) -> np.ndarray:
    """Return RootSIFT (n, 128) of raw histograms (n, 128) that are not zero."""
    norm = np.sqrt(np.square(bins).sum(axis=1, keepdims=True))
    bins = np.minimum(bins, _LIMIT * norm)
    return np.sqrt(bins / bins.sum(axis=1, keepdims=True))
