# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The describer that belongs to a map: its method, with the vocabulary and whitening it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyloc_ros.config import config_from, DescribeConfig
from anyloc_ros.errors import MapError
from anyloc_ros.mapping.place_map import PlaceMap
from anyloc_ros.mapping.sqlite_errors import damaged

if TYPE_CHECKING:
    from anyloc_ros.describe.describer import Describer


def describer_of(place_map: PlaceMap, here: DescribeConfig | None = None) -> Describer:
    """
    Build the describer that a map was made with, ready if the map is finished.

    :param here: its device and precision are used, and its weights_path and mask_path where they
        are not empty; else those files are looked for where they were when the map was made.
    :raises MapError: the map was made with other weights or another mask than those found here.
    :raises ModelError: the weights are missing.
    """
    from anyloc_ros.describe.describer import build_describer

    here = here or DescribeConfig()
    given = {'device': here.device, 'precision': here.precision, 'vocabulary': 'map'}
    given |= {
        name: path for name in ('weights_path', 'mask_path') if (path := getattr(here, name))
    }
    config = config_from(DescribeConfig, place_map.describe_config | given)
    return describer_for(place_map, build_describer(config))


def describer_for(place_map: PlaceMap, describer: Describer) -> Describer:
    """
    Return the describer with the vocabulary and the whitening of the map, where it has them.

    :raises MapError: the map was made by another method, or with another vocabulary, or its
        descriptors have another width.
    """
    place_map.compare(describer.fingerprint)
    vocabulary = place_map.vocabulary()
    if vocabulary is not None:
        given = describer.vocabulary
        if given is not None and given.sha256 != vocabulary.sha256:
            raise MapError(
                f'{place_map.path} has the vocabulary {vocabulary.sha256[:12]}, the describer '
                f'{given.sha256[:12]}; leave the parameter vocabulary at "map" to use the one of '
                f'the map, or make a map for the other: anyloc map rebuild {place_map.path} '
                f'--out NEW'
            )
        describer = describer.with_vocabulary(vocabulary)
    whitening = place_map.whitening()
    if whitening is not None:
        describer = describer.with_whitening(whitening)
    width = place_map.descriptor_width()
    if describer.ready and width not in (None, describer.width):
        raise damaged(
            place_map.path,
            f'its descriptors have {width} numbers, its method gives {describer.width}',
        )
    return describer
