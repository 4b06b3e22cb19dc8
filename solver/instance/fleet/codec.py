"""Dataclasses of a question as plain JSON and back, told by the types of their fields.

Fractions are written as text (``"5/2"``), catalog entries as the catalog writes them, lists of
whole numbers of a design space in their short form. Reading is strict: a missing key, an unknown
one or a value of the wrong kind is an error, never a default; only fields marked
``WRITTEN_WHERE_STATED`` may be missing.
"""

from __future__ import annotations

import types
from collections.abc import Hashable, Mapping
from dataclasses import Field, fields, is_dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from solver.catalog import accelerator_from_dict, entry_as_dict, model_from_dict
from solver.catalog.domain import Accelerator, Model
from solver.instance.domain import DesignSpace
from solver.instance.fleet.domain import WRITTEN_WHERE_STATED
from solver.instance.ranges import format_integers, parse_integers

__all__ = ["from_plain", "to_plain"]

_Kind = TypeVar("_Kind")
_LONGEST = 400
"""Digits of a fraction: more cannot come from any file that was read."""


def to_plain(value: Any, *, leave_out: frozenset[str] = frozenset()) -> Any:
    """``value`` as ``json`` can write it; fields named in ``leave_out`` are dropped at the top."""
    if isinstance(value, Accelerator | Model):
        return entry_as_dict(value)
    if isinstance(value, DesignSpace):
        return {f.name: format_integers(getattr(value, f.name)) for f in fields(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: to_plain(getattr(value, f.name))
            for f in fields(value)
            if f.name not in leave_out
            and not (_where_stated(f) and getattr(value, f.name) == f.default)
        }
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(
    kind: type[_Kind],
    document: object,
    *,
    where: str = "",
    leave_out: frozenset[str] = frozenset(),
) -> _Kind:
    """The dataclass ``kind`` that ``to_plain`` wrote; fields left out take their defaults.

    Raises
    ------
    ValueError
        If a key is missing or unknown, or a value is of the wrong kind; the message says where.
    CatalogError
        If a catalog entry is damaged.
    """
    if not isinstance(document, Mapping):
        raise ValueError(f"{where or 'the document'} is not an object")
    hints = {
        name: hint for name, hint in _hints(cast("Hashable", kind)).items() if name not in leave_out
    }
    for key in document:
        if key not in hints:
            raise ValueError(f"{_joined(where, str(key))} is not a known key")
    may_lack = _may_lack(cast("Hashable", kind))
    for key in hints:
        if key not in document and key not in may_lack:
            raise ValueError(f"{_joined(where, key)} is missing")
    values = {
        key: _value(hint, document[key], _joined(where, key))
        for key, hint in hints.items()
        if key in document
    }
    return kind(**values)


def _where_stated(f: Field[Any]) -> bool:
    return f.metadata.items() >= WRITTEN_WHERE_STATED.items()


@cache
def _may_lack(kind: Any) -> frozenset[str]:
    return frozenset(f.name for f in fields(kind) if _where_stated(f))


def _joined(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}


def _value(hint: Any, value: object, where: str) -> Any:
    if isinstance(hint, types.UnionType):
        if value is None and types.NoneType in get_args(hint):
            return None
        (hint,) = (kind for kind in get_args(hint) if kind is not types.NoneType)
    origin = get_origin(hint)
    if origin is Literal:
        if value not in get_args(hint):
            raise ValueError(f"{where} is {value!r}, none of {', '.join(get_args(hint))}")
        return value
    if origin is tuple:
        return _items(get_args(hint), value, where)
    if hint is Accelerator:
        return accelerator_from_dict(_object(value, where), where=where)
    if hint is Model:
        return model_from_dict(_object(value, where), where=where)
    if hint is DesignSpace:
        return _design(_object(value, where), where)
    if is_dataclass(hint):
        return from_plain(cast("type[Any]", hint), value, where=where)
    if hint is Fraction:
        return _fraction(value, where)
    if hint not in (str, int, bool) or type(value) is not hint:
        raise ValueError(f"{where} is not of type {getattr(hint, '__name__', hint)}: {value!r}")
    return value


def _items(kinds: tuple[Any, ...], value: object, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{where} is not a list")
    each = (kinds[0],) * len(value) if len(kinds) == 2 and kinds[1] is Ellipsis else kinds
    if len(each) != len(value):
        raise ValueError(f"{where} has {len(value)} elements, not {len(each)}")
    return tuple(
        _value(kind, item, f"{where}.{at}")
        for at, (kind, item) in enumerate(zip(each, value, strict=True))
    )


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where} is not an object")
    return value


def _design(value: Mapping[str, Any], where: str) -> DesignSpace:
    names = [f.name for f in fields(DesignSpace)]
    if set(value) != set(names):
        raise ValueError(f"{where} has not the keys {', '.join(names)}")
    return DesignSpace(
        **{name: parse_integers(value[name]) if value[name] != "" else () for name in names}
    )


def _fraction(value: object, where: str) -> Fraction:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError(f"{where} is not a fraction written as text: {value!r}")
    try:
        found = Fraction(value)
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"{where} is not a fraction: {value!r}") from error
    if str(found) != value:
        raise ValueError(f"{where} is not a fraction in lowest terms: {value!r}")
    return found
