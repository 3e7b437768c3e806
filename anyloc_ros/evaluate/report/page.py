# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Pages of one HTML file that needs no other: templates, and pictures as text inside them."""

from __future__ import annotations

import base64
from importlib import resources

import cv2
import jinja2
import numpy as np

WIDTH_PX = 400
_JPEG_QUALITY = 80


def render(template: str, **values: object) -> str:
    """Return the page that a template of this folder makes of values; all text is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {'svg_uri': svg_uri, 'jpeg_uri': jpeg_uri}
    return environment.get_template(template).render(values)


def svg_uri(svg: str) -> str:
    """Return an SVG as the address of a picture."""
    return data_uri('image/svg+xml', svg.encode())


def jpeg_uri(image: np.ndarray) -> str:
    """Return an image (H, W, 3) RGB as the address of a JPEG of WIDTH_PX at most."""
    height, width = image.shape[:2]
    scale = min(1.0, WIDTH_PX / width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data_uri('image/jpeg', data.tobytes())


def data_uri(kind: str, data: bytes) -> str:
    """Return bytes as an address that holds them."""
    return f'data:{kind};base64,{base64.b64encode(data).decode("ascii")}'


def _template(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding='utf-8')
