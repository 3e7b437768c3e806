# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The table of networks."""

from __future__ import annotations

import re

from anyloc_ros.describe.backbones import BACKBONES, find_backbone
from anyloc_ros.errors import ConfigError
import pytest


def test_names_and_shapes():
    assert {x.family for x in BACKBONES.values()} == {'dinov2', 'dinov2_reg', 'dino', 'clip'}
    giant = find_backbone('dinov2_vitg14')
    assert (giant.width, giant.depth, giant.heads, giant.ffn) == (1536, 40, 24, 'swiglu')
    assert giant.hidden == 4096  # published for ViT-g/14
    assert find_backbone('dinov2_vitl14_reg').registers == 4
    assert find_backbone('dino_vits8').stride == 4
    assert find_backbone('dino_vitb16').stride == 16
    assert find_backbone('clip_vitl14').projection == 768


def test_files_addresses_and_checksums_are_well_formed():
    assert len({x.file for x in BACKBONES.values()}) == len(BACKBONES)
    for name, backbone in BACKBONES.items():
        assert backbone.name == name
        assert backbone.url.startswith('https://')
        assert backbone.width % backbone.heads == 0
        assert re.fullmatch('[0-9a-f]{64}|', backbone.sha256)
    assert find_backbone('dino_vits8').url.endswith(
        '/dino/dino_deitsmall8_pretrain/dino_deitsmall8_pretrain.pth'
    )
    assert find_backbone('dinov2_vitb14_reg').url.endswith(
        '/dinov2/dinov2_vitb14/dinov2_vitb14_reg4_pretrain.pth'
    )


def test_unknown_name_proposes_the_nearest():
    with pytest.raises(ConfigError, match="mean 'dinov2_vitl14'"):
        find_backbone('dinov2_vitl41')
