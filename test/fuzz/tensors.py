# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Files of tensors that lie: about sizes, number formats, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping
import json
from pathlib import Path
import pickle
import zipfile

from mutate import HOSTILE
import numpy as np
import torch

DTYPES = ('F64', 'F16', 'BF16', 'F8_E4M3', 'F8_E5M2', 'I64', 'I8', 'U8', 'BOOL', 'C64', 'F4', '')
FORMATS = (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool, torch.complex64)
SHAPES = ([], [0], [-1], [1], [2**31], [2**62, 2], [1] * 30, [1, 2**40], [2.5], ['3'], None)


def lying_safetensors(rng: np.random.Generator, data: bytes) -> bytes:
    """Return a safetensors file whose header says something else about one tensor."""
    length = int.from_bytes(data[:8], 'little')
    end = 8 + length
    header = json.loads(data[8:end])
    names = [name for name in header if name != '__metadata__']
    entry = header[names[rng.integers(len(names))]]
    way = rng.integers(5)
    if way == 0:
        entry['dtype'] = DTYPES[rng.integers(len(DTYPES))]
    elif way == 1:
        entry['shape'] = SHAPES[rng.integers(len(SHAPES))]
    elif way == 2:
        entry['data_offsets'] = [int(HOSTILE[i]) for i in rng.integers(len(HOSTILE), size=2)]
    elif way == 3:
        header.setdefault('__metadata__', {})['origin'] = ('', '[', '[]', '3', 'null')[
            rng.integers(5)
        ]
    else:
        # Two halves of a number, so that the size is right.
        entry['dtype'] = {'F32': 'I32', 'F16': 'BF16'}.get(entry['dtype'], 'U8')
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, 'little') + text + data[end:]


def odd_tensor(rng: np.random.Generator, tensor: torch.Tensor) -> object:
    """Return something else than this tensor, which torch writes and reads without complaint."""
    way = rng.integers(9)
    if way == 0:
        return tensor.to(FORMATS[rng.integers(len(FORMATS))])
    if way == 1:  # a view of one number that claims to be huge
        sides = 2 ** rng.integers(0, 62 // max(1, tensor.ndim), max(1, tensor.ndim))
        return torch.zeros(1).expand(*map(int, sides))
    if way == 2:
        spoiled = tensor.clone().flatten()
        spoiled[rng.integers(len(spoiled))] = (torch.nan, torch.inf, -torch.inf)[rng.integers(3)]
        return spoiled.reshape(tensor.shape)
    if way == 3:
        return tensor.to_sparse()
    if way == 4:
        return torch.empty(0, *tensor.shape[1:])
    if way == 5:
        return tensor.reshape(-1)[: int(rng.integers(0, tensor.numel() + 1))]
    if way == 6:
        return (None, 1.5, 'text', [tensor], {'a': tensor}, (), b'\0' * 9, 2**70)[rng.integers(8)]
    if way == 7:
        return torch.quantize_per_tensor(tensor, 0.1, 0, torch.qint8)
    return tensor.to('meta')


def renamed(rng: np.random.Generator, tensors: Mapping[str, object]) -> dict[object, object]:
    """Return the tensors with one or two under other names, some of them as hostile."""
    changed: dict[object, object] = dict(tensors)
    for _ in range(rng.integers(1, 3)):
        name = tuple(changed)[rng.integers(len(changed))]
        value = changed.pop(name)
        others = (
            'blocks.99999999999.norm1.bias',
            'blocks.-1.norm1.bias',
            'blocks.1.',
            'module.' + str(name),
            str(name) * 50,
            '',
            7,
            None,
            ('a', 'b'),
            tuple(tensors)[rng.integers(len(tensors))],
        )
        changed[others[rng.integers(len(others))]] = value
    return changed


def torch_file(rng: np.random.Generator, content: object, path: Path) -> None:
    """Write something as torch does, at times as it did before 1.6."""
    torch.save(content, path, _use_new_zipfile_serialization=bool(rng.integers(4)))


def other_archive(rng: np.random.Generator, data: bytes, path: Path) -> None:
    """Write what is no file of torch although it resembles one: pickles, archives, text."""
    way = rng.integers(6)
    if way == 0:
        path.write_bytes(pickle.dumps([{'a': 1}, 2, (3,)][rng.integers(3)]))
    elif way == 1:  # each of these is a program for the machine that reads pickles
        codes = b'.]}(ahtlbcR02s0Kq\x80\x02\x8a\x85\x86N)QX\x94\x93'
        path.write_bytes(b'\x80\x02' + bytes(rng.choice(list(codes), 40)) + b'.')
    elif way == 2:
        with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
            archive.writestr('archive/data.pkl', bytes(int(rng.integers(0, 2**20))))
            archive.writestr('archive/version', b'3\n')
    elif way == 3:
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('readme.txt', b'no tensors')
    elif way == 4:
        half = len(data) // 2
        path.write_bytes(data[half:] + data[:half])
    else:
        path.write_bytes(b'<html>not found</html>' * int(rng.integers(0, 99)))
