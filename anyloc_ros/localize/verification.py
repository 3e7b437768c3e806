# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The geometric check of candidates: how much of the query they show, and how far aside.

Local features of query and reference that are each other's nearest are tested for one similarity
transform (see matching), and where enough agree their shift and, with a lens, the turn of the
camera are measured (see heading).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
import math

from anyloc_ros.describe.describer import Describer
from anyloc_ros.describe.local_features import LocalFeatures, rescale
from anyloc_ros.describe.views import split_views
from anyloc_ros.errors import AnyLocError, ConfigError
from anyloc_ros.localize.heading import MIN_MATCHES, turn_between
from anyloc_ros.localize.lens import Lens
from anyloc_ros.localize.matching import (
    agreeing,
    even_light,
    mutual_nearest,
    refine,
)
import cv2
import numpy as np

REFERENCES_KEPT = 32
"""So many references keep their features in memory: half a MB each by RootSIFT, 3 MB by a ViT."""
_REFINED = 200


@dataclass(frozen=True, slots=True)
class Check:
    """
    What the comparison of a query with one reference gave.

    `inliers` are the local features that agree on one similarity transform, -1 where the
    reference has no image that can be read. `shift_px` is the median shift of what agrees in px of
    the query, above 0 where the query shows it further right. `heading_rad` is how far the camera
    turned left (REP-103) since the reference, `heading_sigma` its standard deviation in rad; a
    step aside shifts the picture as well, but is no heading. NaN is unknown.

    Of several views in one image `inliers` are those of the view that has most, and the rest is
    unknown: each camera looks elsewhere, and what they see shifts in different ways.
    """

    inliers: int = -1
    shift_px: float = math.nan
    heading_rad: float = math.nan
    heading_sigma: float = math.nan


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """Unit features (N, D) with their positions (N, 2), and the image, at the working size."""

    size: tuple[int, int]
    features: np.ndarray
    positions: np.ndarray
    image: np.ndarray


class Verifier:
    """Compares queries with references by their images; keeps what it used last."""

    def __init__(
        self,
        describer: Describer,
        stored_image: Callable[[int], np.ndarray | None],
        lens: Lens | None = None,
    ) -> None:
        """
        Remember where images come from; none is read yet.

        :param stored_image: gives the image (H, W, 3) uint8 RGB of a reference by its id, None
            where none is kept; it may raise any AnyLocError.
        :param lens: of the camera of both drives; without it there are no headings.
        :raises ConfigError: the method has no local features.
        """
        if describer.method.facet == 'cls':
            raise ConfigError(
                f'verify: patches compares local features and {describer.config.method} has none: '
                f'set verify to none or use a method with VLAD or GeM'
            )
        self._describer = describer
        self._stored_image = stored_image
        self._lens = lens
        self._references: OrderedDict[int, list[_View]] = OrderedDict()

    def check(
        self,
        image: np.ndarray,
        reference_ids: Sequence[int],
        local: Sequence[LocalFeatures] | None = None,
    ) -> list[Check]:
        """
        Compare an image (H, W, 3) uint8 RGB with references.

        :param local: what the describer located in it, if that is known already.
        :raises ImageError: the image cannot be described.
        """
        query = self._views(image, local)
        references = (self._reference(reference_id) for reference_id in reference_ids)
        return [Check() if each is None else self._compare(each, query) for each in references]

    def _reference(self, reference_id: int) -> list[_View] | None:
        views = self._references.pop(reference_id, None)
        if views is None:
            try:
                image = self._stored_image(reference_id)
                views = None if image is None else self._views(image)
            except AnyLocError:
                # Not worth an answer less: -1 inliers say that this one could not be checked.
                views = None
        if views is not None:
            self._references[reference_id] = views
            if len(self._references) > REFERENCES_KEPT:
                self._references.popitem(last=False)
        return views

    def _views(
        self, image: np.ndarray, local: Sequence[LocalFeatures] | None = None
    ) -> list[_View]:
        local = self._describer.locate(image) if local is None else local
        parts = split_views(image, len(local))
        return [self._view(part, found) for part, found in zip(parts, local, strict=True)]

    def _view(self, image: np.ndarray, local: LocalFeatures) -> _View:
        finest = local.finest()
        size, even = image.shape[:2], even_light(image)
        length = np.linalg.norm(finest.features, axis=1, keepdims=True)
        return _View(
            size,
            finest.features / np.maximum(length, 1e-12),
            rescale(finest.positions, size, even.shape),
            even,
        )

    def _compare(self, reference: list[_View], query: list[_View]) -> Check:
        checks = [self._compare_view(*pair) for pair in zip(reference, query, strict=True)]
        return checks[0] if len(checks) == 1 else Check(max(check.inliers for check in checks))

    def _compare_view(self, reference: _View, query: _View) -> Check:
        ours, others = mutual_nearest(reference.features, query.features)
        start, end = reference.positions[ours], query.positions[others]
        pixels, size = reference.image, query.image.shape
        if pixels.shape != size:
            start = rescale(start, pixels.shape, size)
            pixels = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA)
        rows = np.flatnonzero(agreeing(start, end))
        inliers = len(rows)
        if inliers > _REFINED:
            rows = rows[np.linspace(0, inliers - 1, _REFINED).astype(int)]
        start, end = refine(pixels, query.image, start[rows], end[rows])
        if len(start) < MIN_MATCHES:
            return Check(inliers)
        shift_px = float(np.median(end[:, 0] - start[:, 0])) * query.size[1] / size[1]
        lens = self._lens
        if lens is None or not (lens.fits(reference.size) and lens.fits(query.size)):
            return Check(inliers, shift_px)
        # One px of this size where the lens looks.
        pixel = lens.size[1] / (lens.matrix[0, 0] * size[1])
        heading = turn_between(lens.rays(start, size), lens.rays(end, size), pixel)
        return Check(inliers, shift_px, *heading)
