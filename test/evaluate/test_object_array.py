# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Lists in .npy files are read without pickle; what would run code or crash NumPy is refused."""

from __future__ import annotations

import io
import pickle
import random

from anyloc_ros.evaluate.object_array import read_object_array
import numpy as np
import pytest


def saved(array: np.ndarray, protocol: int | None = None) -> bytes:
    """Return the file that np.save makes, with the pickle in another protocol if one is given."""
    file = io.BytesIO()
    if protocol is None:
        np.save(file, array)
    else:
        np.lib.format.write_array_header_1_0(
            file, {'shape': array.shape, 'fortran_order': False, 'descr': '|O'}
        )
        file.write(pickle.dumps(array, protocol))
    return file.getvalue()


def rows(*values) -> np.ndarray:
    array = np.empty((len(values), 2), object)
    for number, value in enumerate(values):
        array[number] = value
    return array


@pytest.mark.parametrize('protocol', [None, 3, 4])
def test_lists_tuples_arrays_and_numbers_of_every_kind(protocol):
    content = rows(
        (0, [1, 300, 70000, -2, 2**40]),
        (np.int64(1), np.array([4, 5], '>i4')),
        (2.5, (np.uint8(7), True, 0.5)),
        (3, np.array([1, 2, 300])),
    )
    shape, values = read_object_array(saved(content, protocol))
    assert shape == (4, 2)
    assert values[:3] == [0, [1, 300, 70000, -2, 2**40], 1]
    assert list(values[3]) == [4, 5]
    assert values[4:7] == [2.5, (7, True, 0.5), 3]
    assert list(values[7]) == [1, 2, 300]


def test_an_array_of_one_dimension():
    content = np.empty(2, object)
    content[0], content[1] = [0, [1]], [1, []]
    assert read_object_array(saved(content)) == ((2,), [[0, [1]], [1, []]])


class Call:
    """Calls something when it is loaded."""

    def __init__(self, function, *arguments) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    'content',
    [
        Call(print, 'executed'),
        Call(np.ndarray, (10**14,)),
        Call(np.load, 'file.npy'),
        {'a': 1},
        {1, 2},
        bytearray(3),
        np.array(['text']),
        np.zeros(2, [('x', 'f8')]),
        np.array([1 + 2j]),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
    ],
)
def test_anything_else_is_refused(content, capsys):
    with pytest.raises(ValueError, match=r'not allowed|an array of|C order'):
        read_object_array(saved(rows((0, [content]))))
    assert 'executed' not in capsys.readouterr().out


def test_deep_nesting_does_not_overflow_the_stack():
    begin = saved(rows(), 4)[: -len(pickle.dumps(rows(), 4))]
    nested = b'\x80\x04)' + b'\x85' * 200_000  # an empty tuple in 200,000 tuples
    dtype = b'cnumpy\ndtype\n'
    array = b'cnumpy._core.multiarray\n_reconstruct\n)R'
    for damaged in (
        nested + b'R.',
        nested + b'b.',
        b'\x80\x04' + dtype + nested[2:] + b'\x85R.',
        b'\x80\x04' + dtype + b'U\x02i8\x85RK\x03' + nested[2:] + b'\x86b.',
        b'\x80\x04' + array + b'K\x01' + nested[2:] + b'\x87b.',
        nested + nested[2:] + b'\x93.',
    ):
        with pytest.raises(ValueError, match=r'damaged|not allowed'):
            read_object_array(begin + damaged)


def test_damage_is_a_value_error_and_nothing_else():
    whole = saved(rows(*((i, [i, i + 1]) for i in range(20)), (20, np.array([1, 2]))))
    chance, refused = random.Random(1), 0
    for _ in range(4000):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(120, len(whole))] = chance.choice(b'\x00\x7f\xff)}]abeuRtK')
        try:
            read_object_array(bytes(damaged))
        except ValueError:
            refused += 1
    assert refused > 2000
