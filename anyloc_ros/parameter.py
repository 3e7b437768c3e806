# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""What a parameter is: a default, a range or choices, and a check that says what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
import difflib
import math
import re
from typing import Any, TypeVar

from anyloc_ros.errors import ConfigError

AUTO = 'auto'
"""The value of a parameter that the program chooses; what it chose is said in log and status."""

Config = TypeVar('Config')


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is known of a parameter besides name and default; `live`: a node can change it."""

    description: str
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    pattern: str = ''
    accepts_auto: bool = False
    live: bool = False

    def check(self, name: str, value: Any, default: Any) -> Any:
        """
        Return `value` in the type of `default`.

        :raises ConfigError: wrong type, out of range, not among the choices.
        """
        if self.accepts_auto and value == AUTO:
            return value
        kind = self.kind(default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if kind is not type(value):
            raise ConfigError(f'{name}: expected {self._expectation(kind)}, got {value!r}')
        if kind in (int, float) and not self.low <= value <= self.high:
            raise ConfigError(f'{name}: expected {self._expectation(kind)}, got {value!r}')
        if self.choices and value not in self.choices:
            raise ConfigError(f'{name}: expected one of {", ".join(self.choices)}, got {value!r}')
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise ConfigError(f'{name}: expected {self.description}, got {value!r}')
        return value

    def kind(self, default: Any) -> type:
        """Return the type of a value that is not `auto`."""
        if not self.accepts_auto or default != AUTO:
            return type(default)
        if self.choices or self.pattern:
            return str
        return int if isinstance(self.low, int) else float

    def _expectation(self, kind: type) -> str:
        noun = {int: 'a whole number', float: 'a number', bool: 'true or false', str: 'text'}[kind]
        if kind in (int, float) and not (math.isinf(self.low) and math.isinf(self.high)):
            noun += f' from {self.low} to {self.high}'
        return noun + (f' or "{AUTO}"' if self.accepts_auto else '')


def parameter(default: Any, description: str, **known: Any) -> Any:
    """Return a dataclass field with a default and what is known of it, see Parameter."""
    return field(default=default, metadata={'parameter': Parameter(description, **known)})


class Checked:
    """Base of the parameter groups: checks every value, takes and gives plain mappings."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for item in fields(self):
            known: Parameter = item.metadata['parameter']
            value = known.check(item.name, getattr(self, item.name), item.default)
            object.__setattr__(self, item.name, value)


def parameters_of(group: type) -> dict[str, tuple[Any, Parameter]]:
    """Return `{name: (default, Parameter)}` of a group, in the order they are written."""
    return {item.name: (item.default, item.metadata['parameter']) for item in fields(group)}


def config_from(group: type[Config], values: Mapping[str, Any]) -> Config:
    """
    Return the group with these values, defaults for the rest.

    :raises ConfigError: an unknown name (with the nearest known one) or a bad value.
    """
    known = parameters_of(group)
    for name in values:
        if name not in known:
            raise ConfigError(f'unknown parameter {name!r}{nearest(name, known)}')
    return group(**values)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a sentence that proposes the known word nearest to a mistyped one."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f'; did you mean {close[0]!r}?' if close else f'; known are {", ".join(known)}'
