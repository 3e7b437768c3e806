# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Golden features of the reference code, through the command line."""

import numpy as np
import pytest

IMAGE = 'office_two_laps/22.jpg'


@pytest.mark.parametrize(
    ('file', 'key', 'words', 'tolerance'),
    [
        (
            'features.npz',
            'tiny_dinov2/native/layer3/value',
            ('--layer', 3, '--facet', 'value'),
            1e-5,
        ),
        ('features.npz', 'tiny_dinov2/native/cls', ('--facet', 'cls'), 1e-5),
        (
            'features.npz',
            'tiny_dinov2_reg4/resized480x640/layer3/value',
            ('--layer', 3, '--facet', 'value', '--size', '480x640'),
            1e-5,
        ),
        (
            'features_dino.npz',
            'tiny_dino/224x298_stride4/layer2/key',
            ('--layer', 2, '--facet', 'key', '--size', '224x298', '--stride', 4),
            1e-4,
        ),
    ],
)
def test_describe_gives_the_golden_features(
    anyloc, golden, data, tmp_path, file, key, words, tolerance
):
    checkpoint = golden / f'{key.split("/")[0]}_pretrain.pth'
    image, out = data / IMAGE, tmp_path / 'features.npz'
    kind = () if 'cls' in words else ('--features',)
    done = anyloc(
        'describe',
        image,
        '--out',
        out,
        '--checkpoint',
        checkpoint,
        '--num-heads',
        4,
        *words,
        *kind,
    )
    assert done.code == 0, done.err
    with np.load(golden / file) as expected, np.load(out) as arrays:
        np.testing.assert_allclose(arrays[str(image)], expected[key], atol=tolerance, rtol=0)
