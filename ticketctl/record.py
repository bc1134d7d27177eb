"""Frozen records: what dataclasses are, made in a hundredth of the time.

A command that a person waits for meets some sixty of them, and ``dataclass(frozen=True,
slots=True)`` spends 0.8 ms on each; a quarter of ``move`` was that. Here the methods
are written once, for all. A record holds what it was given; what was left out, its
class has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar, dataclass_transform

EMPTY: Mapping[str, Any] = {}
"""The default of a mapping."""


@dataclass_transform(frozen_default=True)
class Record:
    """A class whose annotated names are the values that its instances are made of,
    compared by and printed with.

    Values are given in order or by name; those with a default may be left out. Nothing
    can be set afterwards.
    """

    _names: ClassVar[tuple[str, ...]] = ()
    _known: ClassVar[frozenset[str]] = frozenset()
    _needed: ClassVar[frozenset[str]] = frozenset()
    _enough: ClassVar[int] = 0

    def __init_subclass__(cls) -> None:
        cls._names = names = (*cls._names, *cls.__annotations__)
        cls._known = frozenset(names)
        needed = [name for name in names if not hasattr(cls, name)]
        cls._needed = frozenset(needed)
        # So many values in order are all that it cannot do without.
        cls._enough = names.index(needed[-1]) + 1 if needed else 0

    def __init__(self, *values: Any, **named: Any) -> None:
        held = self.__dict__
        held.update(zip(self._names, values, strict=False))
        held.update(named)
        whole = len(values) >= self._enough or held.keys() >= self._needed
        if (
            not whole
            or len(held) != len(values) + len(named)
            or not named.keys() <= self._known
        ):
            odd = sorted(
                (self._needed - held.keys()) | (held.keys() - self._known)
            ) or ["too many values"]
            raise TypeError(f"{type(self).__name__}: {', '.join(odd)}")

    def _values(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self._names])

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other):
            return False
        for (
            name
        ) in self._names:  # most that are compared differ in the first or second value
            one, two = getattr(self, name), getattr(other, name)
            if one is not two and one != two:
                return False
        return True

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self._names)})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"{type(self).__name__}.{name} cannot be set: records do not change"
        )

    __delattr__ = __setattr__  # type: ignore[assignment]


R = TypeVar("R", bound=Record)


def replace(record: R, **changes: Any) -> R:
    """The same record with other values under some names.

    Raises:
        TypeError: it has no such name.
    """
    new = replace_unchecked(record, changes)
    held = new.__dict__
    if not held.keys() <= record._known:
        if odd := sorted(changes.keys() - record._known):
            raise TypeError(f"{type(record).__name__}: {', '.join(odd)}")
        for name in held.keys() - record._known:
            del held[
                name
            ]  # what a cached property has left there belongs to the old one
    return new


def replace_unchecked(record: R, changes: Mapping[str, Any]) -> R:
    """The same, unchecked: for who makes a million of records from some that come again
    and again."""
    return from_dict_unchecked(type(record), {**record.__dict__, **changes})


def from_dict_unchecked(kind: type[R], held: dict[str, Any]) -> R:
    """A record of what it holds, which is given away to it."""
    new = object.__new__(kind)
    object.__setattr__(new, "__dict__", held)
    return new
