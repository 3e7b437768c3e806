# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Features against the published code's, and the rules of batches, masks, devices and memory."""

from __future__ import annotations

import hashlib
import json

from anyloc_ros.describe import features as module
from anyloc_ros.describe.features import (
    load_network,
    NetworkFeatures,
    resolve_device,
    resolve_precision,
)
from anyloc_ros.errors import ConfigError, ImageError, ModelError
import cv2
import numpy as np
import pytest
import torch

RESIZED = {'native': 'native', 'resized480x640': '480x640'}


@pytest.fixture(scope='module')
def image(data, golden):
    """Return the image of the golden values, (H, W, 3) uint8 RGB."""
    index = json.loads((golden / 'index.json').read_text())
    bgr = cv2.imread(str(data / 'office_two_laps' / index['image']))
    rgb = np.ascontiguousarray(bgr[..., ::-1])
    assert hashlib.sha256(rgb.tobytes()).hexdigest() == index['rgb_sha256']
    return rgb


def tiny(golden, model='tiny_dinov2', **keywords):
    """Return features of one of the golden networks."""
    keywords = {'layer': 3, 'facet': 'value', 'image_size': 'native', 'mask': None} | keywords
    network = load_network(
        golden / f'{model}_pretrain.pth',
        layer=keywords['layer'],
        facet=keywords['facet'],
        num_heads=4,
    )
    return NetworkFeatures(network, device='cpu', **keywords)


def test_agree_with_the_published_code_for_dinov2(golden, image):
    expected = np.load(golden / 'features.npz')
    keys = json.loads((golden / 'index.json').read_text())['keys']
    assert set(keys) == set(expected.files)
    for key, shape in keys.items():
        model, size, *rest = key.split('/')
        layer, facet = (-1, 'cls') if rest == ['cls'] else (int(rest[0][5:]), rest[1])
        extractor = tiny(golden, model, layer=layer, facet=facet, image_size=RESIZED[size])
        (found,) = extractor.extract([image])
        assert found.dtype == torch.float32, key
        reference = expected[key].reshape(-1, shape[-1])
        np.testing.assert_allclose(found.numpy(), reference, rtol=0, atol=1e-5, err_msg=key)


def test_agree_with_the_published_code_for_dino_at_stride_4(golden, image):
    expected = np.load(golden / 'features_dino.npz')
    assert 'tiny_dino/grid' in expected.files
    facets = [key for key in expected.files if key.split('/')[-1] in ('key', 'value')]
    assert len(facets) == 2
    for key in facets:
        extractor = tiny(
            golden, 'tiny_dino', layer=2, facet=key.split('/')[-1], image_size='224x298'
        )
        grid = extractor.patch_grid(image.shape[:2])
        assert grid == tuple(expected['tiny_dino/grid']) == (55, 73)
        (found,) = extractor.extract([image])
        np.testing.assert_allclose(found.numpy(), expected[key], rtol=0, atol=1e-4)


def test_batch_gives_the_same_as_single_images(golden):
    rng = np.random.default_rng(0)
    images = list(rng.integers(0, 256, (16, 98, 126, 3), dtype=np.uint8))
    images.insert(3, rng.integers(0, 256, (70, 84, 3), dtype=np.uint8))
    extractor = tiny(golden)
    together = extractor.extract(images)
    assert [len(x) for x in together] == [63] * 3 + [30] + [63] * 13
    for image, features in zip(images, together, strict=True):
        (alone,) = extractor.extract([image])
        torch.testing.assert_close(features, alone, rtol=0, atol=1e-5)
    assert extractor.extract([]) == []


def test_mask_leaves_out_patches_with_less_than_half_inside(golden):
    image = np.random.default_rng(0).integers(0, 256, (28, 42, 3), dtype=np.uint8)
    mask = np.ones((28, 42), bool)
    mask[:14, :14] = False  # the first patch
    mask[:7, 14:28] = False  # half of the second
    mask[14:22, 14:28] = False  # more than half of the fifth
    (every,) = tiny(golden).extract([image])
    masked = tiny(golden, mask=mask)
    (kept,) = masked.extract([image])
    torch.testing.assert_close(kept, every[[1, 2, 3, 5]], rtol=0, atol=0)
    assert masked.settings()['mask_sha256'] != tiny(golden).settings()['mask_sha256'] == ''
    with pytest.raises(ConfigError, match=r'28x42.*28x56'):
        masked.extract([np.zeros((28, 56, 3), np.uint8)])
    with pytest.raises(ConfigError, match='no patch'):
        tiny(golden, mask=np.zeros((28, 42), bool))
    with pytest.raises(ConfigError, match='class token'):
        tiny(golden, layer=-1, facet='cls', mask=mask)


def test_half_precisions_are_near_and_normalise_in_fp32(golden, image):
    (exact,) = tiny(golden).extract([image])
    for precision in ('bf16', 'fp16'):
        (near,) = tiny(golden, precision=precision).extract([image])
        assert near.dtype == torch.float32
        torch.testing.assert_close(near.norm(dim=-1), torch.ones(972), rtol=0, atol=1e-6)
        assert (near * exact).sum(-1).min() > 0.999


def test_normalisation_is_by_family_and_can_be_chosen(golden, image):
    (raw,) = tiny(golden, normalise=False).extract([image])
    (unit,) = tiny(golden).extract([image])
    assert (raw.norm(dim=-1) - 1).abs().max() > 0.1
    torch.testing.assert_close(raw / raw.norm(dim=-1, keepdim=True), unit, rtol=0, atol=1e-6)


def test_settings_name_everything_the_features_depend_on(golden):
    settings = tiny(golden, 'tiny_dino', layer=2, facet='key', image_size='224x298').settings()
    sha256 = settings.pop('weights_sha256')
    assert len(sha256) == 64
    assert settings == {
        'backbone': 'tiny_dino_pretrain',
        'layer': 2,
        'facet': 'key',
        'image_size': '224x298',
        'patch': 8,
        'stride': 4,
        'normalised': 0,
        'mask_sha256': '',
    }


def test_small_image_is_refused_with_its_size(golden):
    with pytest.raises(ImageError, match='13x40'):
        tiny(golden).extract([np.zeros((13, 40, 3), np.uint8)])


def test_device_and_precision_are_resolved_or_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    assert resolve_device('auto').type == resolve_device('cpu').type == 'cpu'
    with pytest.raises(ConfigError, match='device: cuda'):
        resolve_device('cuda')
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    assert resolve_device('auto').type == resolve_device('cuda').type == 'cuda'
    assert resolve_precision('auto', torch.device('cpu')) == torch.float32
    assert resolve_precision('auto', torch.device('cuda')) == torch.float16
    assert resolve_precision('bf16', torch.device('cpu')) == torch.bfloat16


def test_out_of_memory_is_met_by_halves_and_then_said(golden, monkeypatch):
    images = list(np.random.default_rng(0).integers(0, 256, (5, 28, 28, 3), dtype=np.uint8))
    extractor = tiny(golden)
    expected = extractor.extract(images)
    network = extractor.network
    batches = []

    def at_most(limit):
        def run(pixels):
            batches.append(len(pixels))
            if len(pixels) > limit:
                raise torch.cuda.OutOfMemoryError('CUDA out of memory')
            return network(pixels)

        return run

    extractor.network = at_most(2)
    found = extractor.extract(images)
    assert batches == [5, 2, 3, 1, 2]
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)
    failing = at_most(0)
    failing.backbone = network.backbone
    extractor.network = failing
    with pytest.raises(ModelError, match=r'28x28.*image_size'):
        extractor.extract(images)


def test_float32_is_kept_from_tf32_and_the_choice_put_back():
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision('medium')
        with module.full_float32():
            assert torch.get_float32_matmul_precision() == 'highest'
        assert torch.get_float32_matmul_precision() == 'medium'
    finally:
        torch.set_float32_matmul_precision(before)


def test_random_weights_are_seeded_and_say_so():
    image = np.random.default_rng(0).integers(0, 256, (56, 56, 3), dtype=np.uint8)

    def features(seed):
        network = load_network('dinov2_vits14', layer=0, facet='value', random_seed=seed)
        extractor = NetworkFeatures(network, layer=0, facet='value', image_size='native')
        assert extractor.settings()['weights_sha256'] == f'random:{seed}'
        return extractor.extract([image])[0]

    torch.testing.assert_close(features(1), features(1), rtol=0, atol=0)
    assert not torch.equal(features(1), features(2))


def test_unknown_names_and_parameters_are_refused(golden):
    file = golden / 'tiny_dinov2_pretrain.pth'
    with pytest.raises(ConfigError, match='dinov2_vits14'):
        load_network('dinov2_vits15', layer=1, facet='value')
    with pytest.raises(ConfigError, match='0 to 3, got 4'):
        load_network(file, layer=4, facet='value', num_heads=4)
    with pytest.raises(ConfigError, match="'attention'"):
        load_network(file, layer=1, facet='attention', num_heads=4)
    with pytest.raises(ConfigError, match='class token'):
        load_network(file, layer=1, facet='cls', num_heads=4)
    with pytest.raises(ConfigError, match=r'stride.*got 5'):
        load_network(file, layer=1, facet='value', num_heads=4, stride=5)
    with pytest.raises(ModelError, match='--num-heads'):
        load_network(file, layer=1, facet='value')
    with pytest.raises(ConfigError, match='weights_path'):
        load_network(file, weights_path=file, layer=1, facet='value', num_heads=4)
    network = load_network(file, layer=1, facet='value', num_heads=4)
    with pytest.raises(ConfigError, match='facet value of layer 1, got key of 1'):
        NetworkFeatures(network, layer=1, facet='key', image_size='native')
