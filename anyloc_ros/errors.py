# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Every exception the package raises on purpose.

AnyLocError
 ├── ConfigError (also a ValueError)   a parameter is unknown, out of range or contradicts another
 ├── SourceError                       a bag, folder or pose file cannot be used
 │    └── ImageError                   one image cannot be decoded: count it, report it, go on
 ├── MapError                          the map is missing, foreign, damaged, unfinished or full
 └── ModelError                        weights, vocabulary or network do not fit the method

A message says what is wrong, what was expected, what was got, and what to do about it.
"""


class AnyLocError(Exception):
    """Root of the tree: catch this to catch everything the package raises on purpose."""


class ConfigError(AnyLocError, ValueError):
    """A parameter is unknown, out of range or contradicts another one."""


class SourceError(AnyLocError):
    """A bag, an image folder or a pose file cannot be used."""


class ImageError(SourceError):
    """One image cannot be decoded; the others can still be used."""


class MapError(AnyLocError):
    """A map file is missing, foreign, damaged, unfinished, of another method, or full."""


class ModelError(AnyLocError):
    """Weights, vocabulary or network are missing or do not fit the method."""
