"""Catalog entries as plain JSON in SI units, and back, without loss.

A result file carries the entries its question was answered with, so that ``verify`` needs no
catalog. Fractions are written ``"p/q"``, an infinite bandwidth ``"inf"``; all else is itself.
Reading is strict: a missing key, an unknown one or a value of the wrong kind is an error, never a
default. One key may be missing: ``power`` of an accelerator, which files had no place for at first;
it is left out where nothing is known, so that such entries are written as they always were.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from solver.catalog.domain import Accelerator, Model, Price
from solver.errors import CatalogError, Fault

__all__ = ["accelerator_from_dict", "entry_as_dict", "model_from_dict", "price_from_dict"]

_FRACTION = re.compile(r"^[0-9]+/[0-9]+$")
_MEND = "Give the entry as it was written, unchanged"
_MAY_BE_MISSING: Mapping[type, frozenset[str]] = {Accelerator: frozenset({"power"})}
"""Fields that came later, ``None`` by default: left out where ``None``."""
_Entry = TypeVar("_Entry")


def entry_as_dict(entry: Accelerator | Model | Price) -> dict[str, Any]:
    """``entry`` as a dictionary that ``json`` can write and the ``*_from_dict`` functions read."""
    later = _MAY_BE_MISSING.get(type(entry), frozenset())
    return {
        f.name: _plain(getattr(entry, f.name))
        for f in fields(entry)
        if not (f.name in later and getattr(entry, f.name) is None)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        # JSON has text keys only.
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def accelerator_from_dict(
    document: Mapping[str, Any], *, where: str = "accelerator"
) -> Accelerator:
    """The accelerator that ``entry_as_dict`` wrote.

    Raises
    ------
    CatalogError
        With every key that is missing, unknown or of the wrong kind, or if the domain refuses it.
    """
    return _entry(Accelerator, document, where)


def model_from_dict(document: Mapping[str, Any], *, where: str = "model") -> Model:
    """The model that ``entry_as_dict`` wrote; raises as ``accelerator_from_dict``."""
    return _entry(Model, document, where)


def price_from_dict(document: Mapping[str, Any], *, where: str = "price") -> Price:
    """The price that ``entry_as_dict`` wrote; raises as ``accelerator_from_dict``."""
    return _entry(Price, document, where)


class _WrongKindError(Exception):
    """A value is not what its place holds; ``args[0]`` says what was expected."""


def _entry(kind: type[_Entry], document: object, where: str) -> _Entry:
    faults: list[Fault] = []
    entry = _dataclass(kind, document, where, faults)
    if faults or entry is None:
        raise CatalogError.all_of(faults)
    return entry


def _dataclass(
    kind: type[_Entry], document: object, where: str, faults: list[Fault]
) -> _Entry | None:
    """Build ``kind`` from ``document``; adds to ``faults`` and gives None where that fails."""
    if not isinstance(document, Mapping):
        faults.append(Fault(where, f"not an object but {document!r}", _MEND))
        return None
    hints = _hints(kind)
    later = _MAY_BE_MISSING.get(kind, frozenset())
    odd = {f"{where}.{key}": "missing" for key in hints if key not in document and key not in later}
    odd |= {f"{where}.{key}": "unknown key" for key in document if key not in hints}
    faults.extend(Fault(place, what, _MEND) for place, what in odd.items())
    before = len(faults) - len(odd)
    values: dict[str, Any] = {}
    for key in (key for key in hints if key in document):
        place = f"{where}.{key}"
        nested = _nested_kind(hints[key])
        if nested is not None and document[key] is not None:
            values[key] = _dataclass(nested, document[key], place, faults)
            continue
        try:
            values[key] = _value(hints[key], document[key])
        except _WrongKindError as error:
            faults.append(Fault(place, f"should be {error} (got {document[key]!r})", _MEND))
    if len(faults) > before:
        return None
    try:
        return kind(**values)
    except ValueError as error:
        faults.append(Fault(where, str(error), _MEND))
        return None


def _hints(kind: type) -> dict[str, Any]:
    """Types of the fields of a dataclass, by name."""
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if isinstance(hint, UnionType) else (hint,)


def _nested_kind(hint: Any) -> type | None:
    """The dataclass that a field may hold, if it is such a field."""
    found = [kind for kind in _alternatives(hint) if isinstance(kind, type) and is_dataclass(kind)]
    return found[0] if found else None


def _value(hint: Any, value: object) -> Any:
    """``value`` as the field type ``hint``; raises ``_WrongKindError``."""
    kinds = _alternatives(hint)
    if value is None:
        if NoneType in kinds:
            return None
        raise _WrongKindError("given")
    kind = next(kind for kind in kinds if kind is not NoneType)
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise _WrongKindError("one of " + ", ".join(get_args(kind)))
        return value
    return _READERS[get_origin(kind) or kind](value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _WrongKindError("text")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _WrongKindError("true or false")
    return value


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _WrongKindError("a whole number")
    return value


def _real(value: object) -> float:
    if value in ("inf", "-inf"):
        return float(str(value))
    wanted = _WrongKindError('a finite number or "inf"')
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wanted
    try:
        number = float(value)
    except OverflowError as error:
        raise wanted from error
    if not math.isfinite(number):
        raise wanted
    return number


def _fraction(value: object) -> Fraction:
    wanted = _WrongKindError('a fraction written "p/q"')
    if not isinstance(value, str) or not _FRACTION.match(value):
        raise wanted
    try:
        return Fraction(value)
    except (ValueError, ZeroDivisionError) as error:
        raise wanted from error


def _rates(value: object) -> dict[int, float]:
    if not isinstance(value, Mapping) or not all(
        isinstance(key, str) and key.isdecimal() for key in value
    ):
        raise _WrongKindError("an object of rates by operand bits")
    return {int(key): _real(rate) for key, rate in value.items()}


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise _WrongKindError("a list of texts")
    return tuple(value)


_READERS: dict[Any, Callable[[object], Any]] = {
    str: _text,
    bool: _flag,
    int: _integer,
    float: _real,
    Fraction: _fraction,
    Mapping: _rates,
    tuple: _texts,
}
"""How to read a field, by the type it is declared with."""
