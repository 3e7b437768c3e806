# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""
What describing an image costs, against the literal method of the published code.

`python benchmarks/describe.py` prints the table for this machine; networks have random weights,
which cost what trained ones cost. Literal means: the whole network in fp32 with a hook at the
layer, and VLAD by the (N, K, D) tensor of residuals. Pairs are timed in turn, so that the ratios
hold when the speed of the machine drifts.

`--vit-g` adds one image through ViT-g/14 and the memory it took; on a CUDA device the table of
latency and memory follows by itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import resource
from statistics import median
from time import perf_counter

from anyloc_ros.config import DescribeConfig
from anyloc_ros.describe.aggregate import vlad
from anyloc_ros.describe.describer import build_describer
from anyloc_ros.describe.features import load_network, NetworkFeatures
from anyloc_ros.describe.kmeans import cosine_kmeans
import cv2
import numpy as np
import torch
from torch.nn.functional import normalize

SEED = 0
SIZE = '322x322'
WORDS = 32


def _pictures(count: int, height: int, width: int) -> list[np.ndarray]:
    """Return pictures (height, width, 3) uint8 of smooth and sharp random structure."""
    rng = np.random.default_rng(SEED)
    pictures = []
    for _ in range(count):
        picture = np.zeros((height, width, 3), np.float32)
        for side, flags in ((5, cv2.INTER_CUBIC), (17, cv2.INTER_NEAREST), (60, cv2.INTER_AREA)):
            noise = rng.uniform(0, 85, (side, side, 3)).astype(np.float32)
            picture += cv2.resize(noise, (width, height), interpolation=flags)
        pictures.append(picture.clip(0, 255).astype(np.uint8))
    return pictures


def literal_vlad(features: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Return VLAD (K * D,) by all residuals of features (N, D) to words (K, D)."""
    features = normalize(features, dim=1)
    labels = (features @ normalize(words, dim=1).T).argmax(dim=1)
    residuals = features[:, None] - words[None]
    blocks = torch.zeros_like(words)
    for word in range(len(words)):
        blocks[word] = normalize(residuals[labels == word, word].sum(dim=0), dim=0)
    return normalize(blocks.flatten(), dim=0)


def literal_features(backbone: str, layer: int) -> Callable[[np.ndarray], torch.Tensor]:
    """Return a function from image to values (N, D) of a block, by a hook in the whole network."""
    whole = _features(backbone, -1, 'cls', 'fp32', 'cpu')
    seen: list[torch.Tensor] = []
    block = whole.network.blocks[layer]
    block.attention.v_proj.register_forward_hook(lambda *call: seen.append(call[2]))

    def extract(image: np.ndarray) -> torch.Tensor:
        seen.clear()
        whole.extract([image])
        return normalize(seen[0][0, 1:], dim=-1)

    return extract


def _features(
    backbone: str, layer: int, facet: str, precision: str, device: str, size: str = SIZE
) -> NetworkFeatures:
    network = load_network(backbone, layer=layer, facet=facet, random_seed=SEED)
    return NetworkFeatures(
        network, layer=layer, facet=facet, image_size=size, device=device, precision=precision
    )


def _in_turn(functions: dict[str, Callable[[], object]], runs: int) -> dict[str, list[float]]:
    for function in functions.values():
        function()
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(runs):
        for name, function in functions.items():
            began = perf_counter()
            function()
            times[name].append((perf_counter() - began) * 1e3)
    return times


def _print_ratios(title: str, times: dict[str, list[float]]) -> None:
    first = next(iter(times.values()))
    print(f'\n{title}')
    for name, ms in times.items():
        ratio = median(a / b for a, b in zip(first, ms, strict=True))
        print(f'  {name:<28} {median(ms):9.2f} ms   {ratio:6.2f} times as fast as the first')


def compare_on_cpu(runs: int) -> None:
    """Print ViT-S/14 with VLAD, ours in fp32 and bf16 against the literal method."""
    images = _pictures(8, 322, 322)
    image = images[0]
    extract = literal_features('dinov2_vits14', 10)
    ours = {p: _features('dinov2_vits14', 10, 'value', p, 'cpu') for p in ('fp32', 'bf16')}
    with torch.inference_mode():
        seen = torch.cat([extract(picture) for picture in images])
        words = torch.from_numpy(cosine_kmeans(seen.numpy(), WORDS, SEED))
        _print_ratios(
            f'ViT-S/14 at {SIZE}, value of block 10, VLAD K={WORDS}, '
            f'{torch.get_num_threads()} threads',
            _in_turn(
                {
                    'literal fp32': lambda: literal_vlad(extract(image), words),
                    'ours fp32': lambda: vlad(ours['fp32'].extract([image])[0], words),
                    'ours bf16': lambda: vlad(ours['bf16'].extract([image])[0], words),
                },
                runs,
            ),
        )
        for precision, extractor in ours.items():
            cosines = [
                float(vlad(extractor.extract([x])[0], words) @ literal_vlad(extract(x), words))
                for x in images
            ]
            print(
                f'  cosine of {precision} with literal over {len(images)} pictures: median '
                f'{median(cosines):.7f}, least {min(cosines):.7f}'
            )

        features = normalize(torch.randn(529, 1536, generator=torch.manual_seed(1)), dim=1)
        words = normalize(torch.randn(WORDS, 1536, generator=torch.manual_seed(2)), dim=1) * 0.5
        times = _in_turn(
            {
                'residual tensor': lambda: literal_vlad(features, words),
                'sums': lambda: vlad(features, words),
            },
            runs,
        )
        _print_ratios(f'VLAD alone, N=529, D=1536, K={WORDS}', times)
        apart = (literal_vlad(features, words) - vlad(features, words)).abs().max()
        print(f'  greatest difference: {float(apart):.1e}')


def time_dense_sift(runs: int) -> None:
    """Print RootSIFT-VLAD of one camera image, features and VLAD."""
    images = _pictures(8, 480, 640)
    describer = build_describer(DescribeConfig(method='RootSIFT-VLAD'))
    describer = describer.with_vocabulary(describer.fit_vocabulary(describer.features(images)))
    times = _in_turn({'': lambda: describer.describe(images[:1])}, runs)['']
    print(f'\nRootSIFT-VLAD, one image of 640x480: {median(times):.1f} ms')


def describe_once_with_vit_g() -> None:
    """Print what one image through ViT-g/14 takes in fp32 on the CPU, in this process."""
    image = np.random.default_rng(SEED).integers(0, 256, (322, 322, 3), np.uint8)
    began = perf_counter()
    features = _features('dinov2_vitg14', 31, 'value', 'fp32', 'cpu')
    loaded = perf_counter()
    features.extract([image])
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f'\nViT-g/14 at {SIZE}, value of block 31, fp32 on the CPU\n'
        f'  {loaded - began:.1f} s to build, {perf_counter() - loaded:.1f} s for one image, '
        f'{peak_gib:.2f} GiB at most'
    )


def compare_on_cuda(runs: int) -> None:
    """Print latency and memory of three networks on CUDA, and how far they are from the CPU."""
    print(f'\n{torch.cuda.get_device_name()}')
    rng = np.random.default_rng(SEED)
    for backbone, layer in (('dinov2_vits14', 10), ('dinov2_vitl14', 20), ('dinov2_vitg14', 31)):
        image = rng.integers(0, 256, (336, 448, 3), np.uint8)
        exact = _features(backbone, layer, 'value', 'fp32', 'cpu', 'native').extract([image])[0]
        for precision in ('fp32', 'fp16', 'bf16'):
            ours = _features(backbone, layer, 'value', precision, 'cuda', 'native')
            cosine = (ours.extract([image])[0].cpu() * exact).sum(dim=1)
            print(
                f'{backbone} {precision}: least cosine of a patch with fp32 on the CPU '
                f'{float(cosine.min()):.5f}'
            )
            for height, width in ((336, 448), (476, 644)):
                for batch in (1, 16):
                    images = list(rng.integers(0, 256, (batch, height, width, 3), np.uint8))
                    _print_cuda_row(ours, images, runs)


def _print_cuda_row(ours: NetworkFeatures, images: list[np.ndarray], runs: int) -> None:
    torch.cuda.reset_peak_memory_stats()
    times = _in_turn({'': lambda: [x.cpu() for x in ours.extract(images)]}, runs)['']
    height, width, _ = images[0].shape
    print(
        f'  {width}x{height}, batch {len(images):2}: p50 {np.percentile(times, 50):8.2f} ms, '
        f'p95 {np.percentile(times, 95):8.2f} ms, '
        f'{torch.cuda.max_memory_allocated() / 2**30:.2f} GiB'
    )


def main() -> None:
    """Run what is asked for and what this machine has."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--runs', type=int, default=30, help='counted runs of each row')
    parser.add_argument('--vit-g', action='store_true', help='also describe with ViT-g/14')
    given = parser.parse_args()
    if given.vit_g:
        # First: the peak of memory is that of the process.
        describe_once_with_vit_g()
    time_dense_sift(given.runs)
    compare_on_cpu(given.runs)
    if torch.cuda.is_available():
        compare_on_cuda(given.runs)
    else:
        print('\nno CUDA device: its table is left out')


if __name__ == '__main__':
    main()
