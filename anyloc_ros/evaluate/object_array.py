# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The object arrays of .npy files without pickle: the few operations such a file needs, and no more.

NumPy stores an array of lists as a pickle, which may call anything when it is loaded, and whose
parts crash NumPy when they are damaged. Here its operations (Python library reference,
pickletools) run on a stack of plain values: four names of NumPy are known, nothing is called, and
no size is believed that the bytes do not back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
import math
import pickletools
import re
from typing import Any

import numpy as np

_MAGIC = b'\x93NUMPY\x01\x00'
_MODULES = ('numpy', 'numpy.core.multiarray', 'numpy._core.multiarray')
_NAMES = ('_reconstruct', 'scalar', 'ndarray', 'dtype')
_NUMBERS = re.compile('[iuf][1248]')
_TUPLES = {'TUPLE1': 1, 'TUPLE2': 2, 'TUPLE3': 3}
_CONSTANTS = {'NEWTRUE': True, 'NEWFALSE': False, 'NONE': None, 'EMPTY_TUPLE': ()}
_VALUES = (
    'BININT', 'BININT1', 'BININT2', 'LONG1', 'BINFLOAT', 'BINUNICODE', 'SHORT_BINUNICODE',
    'BINBYTES', 'SHORT_BINBYTES', 'SHORT_BINSTRING', 'BINSTRING',
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Name:
    name: str


@dataclass(slots=True)
class _Dtype:
    """The letter and size of numbers, `O` and more for objects, and their byte order."""

    code: str
    order: str = '='


@dataclass(slots=True)
class _Array:
    shape: tuple[int, ...] = (0,)
    values: Sequence[Any] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)


def read_object_array(data: bytes) -> tuple[tuple[int, ...], Sequence[Any]]:
    """
    Return the shape and the elements of an object array, in C order, from the bytes of its file.

    What is in it are numbers, text, and things to iterate over: lists, tuples, arrays.

    :raises ValueError: no object array of version 1.0 of the .npy format, damaged, or with
        anything else in it.
    """
    if not data.startswith(_MAGIC):
        raise ValueError('expected version 1.0 of the .npy format')
    begin = 10 + int.from_bytes(data[8:10], 'little')
    if b"'|O'" not in data[10:begin]:
        raise ValueError('expected an array of objects')
    try:
        array = _run(data[begin:])
    except (IndexError, KeyError, TypeError) as error:
        raise ValueError(f'damaged: {type(error).__name__} {error}') from error
    if not isinstance(array, _Array):
        raise ValueError('expected rows in an array')
    return array.shape, array.values


def _run(data: bytes) -> Any:
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[int, Any] = {}
    for opcode, argument, _ in pickletools.genops(data):
        name = opcode.name
        if name == 'STOP':
            return stack[-1]
        if name in _VALUES:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in ('MEMOIZE', 'BINPUT', 'LONG_BINPUT'):
            memo[len(memo) if name == 'MEMOIZE' else argument] = stack[-1]
        elif name in ('BINGET', 'LONG_BINGET'):
            stack.append(memo[argument])
        elif name == 'MARK':
            marks.append(len(stack))
        elif name == 'EMPTY_LIST':
            stack.append([])
        elif name == 'APPEND':
            _list(stack[-2]).append(stack.pop())
        elif name == 'APPENDS':
            items = _pop(stack, marks.pop())
            _list(stack[-1]).extend(items)
        elif name == 'TUPLE':
            stack.append(tuple(_pop(stack, marks.pop())))
        elif name in _TUPLES:
            stack.append(tuple(_pop(stack, len(stack) - _TUPLES[name])))
        elif name == 'GLOBAL':
            stack.append(_known(*argument.split(' ')))
        elif name == 'STACK_GLOBAL':
            stack.append(_known(*_pop(stack, len(stack) - 2)))
        elif name == 'REDUCE':
            stack.append(_made(*_pop(stack, len(stack) - 2)))
        elif name == 'BUILD':
            _fill(stack[-2], stack.pop())
        elif name not in ('PROTO', 'FRAME'):
            raise ValueError(f'{name} is not allowed in a ground truth')
    raise ValueError('it ends too early')


def _pop(stack: list[Any], first: int) -> list[Any]:
    if not 0 <= first <= len(stack):
        raise IndexError('an empty stack')
    items = stack[first:]
    del stack[first:]
    return items


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f'expected a list, got {type(value).__name__}')
    return value


def _text(value: Any) -> str:
    # Hashing or printing deeply nested tuples would overflow the stack.
    if not isinstance(value, str):
        raise TypeError(f'expected text, got {type(value).__name__}')
    return value


def _known(module: str, name: str) -> _Name:
    if _text(module) not in _MODULES or _text(name) not in _NAMES:
        raise ValueError(f'{module}.{name} is not allowed in a ground truth')
    return _Name(name)


def _made(name: Any, arguments: tuple[Any, ...]) -> Any:
    """Return what a call of one of the four names stands for."""
    if name == _Name('_reconstruct'):
        return _Array()
    if name == _Name('dtype'):
        return _Dtype(_text(arguments[0]))
    if name == _Name('scalar'):
        dtype, raw = arguments
        return _numbers(dtype, raw, 1)[0]
    raise ValueError('a call of anything else is not allowed in a ground truth')


def _fill(target: Any, state: tuple[Any, ...]) -> None:
    """Give an array or its type the state that was stored: (version, ...)."""
    if isinstance(target, _Dtype):
        target.order = {'|': '=', '<': '<', '>': '>', '=': '='}[_text(state[1])]
    elif isinstance(target, _Array):
        _, shape, dtype, is_fortran, content = state
        if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError('a shape that is none')
        if is_fortran and len(shape) > 1:
            raise ValueError('expected an array in C order')
        count = math.prod(shape)
        values = content if isinstance(content, list) else _numbers(dtype, content, count)
        if len(values) != count:
            raise ValueError(f'{len(values)} values in an array of shape {shape}')
        target.shape, target.values = shape, values
    else:
        raise TypeError(f'expected an array, got {type(target).__name__}')


def _numbers(dtype: Any, raw: Any, count: int) -> list[int] | list[float]:
    if not isinstance(dtype, _Dtype) or not _NUMBERS.fullmatch(dtype.code):
        raise ValueError('an array of neither numbers nor objects')
    raw = raw.encode('latin-1') if isinstance(raw, str) else raw  # written by Python 2
    numbers = np.frombuffer(raw, dtype.order + dtype.code)
    if len(numbers) != count:
        raise ValueError(f'{len(numbers)} numbers where {count} are expected')
    return numbers.tolist()
