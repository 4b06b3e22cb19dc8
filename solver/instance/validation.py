"""An instance file against its records: every fault with its key, and what can still be read.

A key leads into a list of tables by the entry's name where it has one, as ``--set`` does:
``workloads.chat.requests_per_s``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from solver.errors import Fault, InstanceError
from solver.instance.loading import HELP

__all__ = ["slip", "validated"]

_File = TypeVar("_File", bound=BaseModel)
_SLIP = "slip"
_TYPES = {
    "missing": ("is missing", "Add it"),
    "extra_forbidden": ("is not a known key", "Remove it, or check its spelling"),
}
_KINDS = {"model_type": "Input should be a table", "dict_type": "Input should be a table"}
"""Pydantic's words for these name classes of ours."""


def slip(what: str, mend: str) -> PydanticCustomError:
    """A fault with a cure of its own, for a validator to raise; ``what`` shows the value."""
    return PydanticCustomError(_SLIP, "{what}", {"what": what, "mend": mend})


def validated(
    kind: type[_File], raw: Mapping[str, Any], where: str, *, hint: str = HELP
) -> tuple[_File, list[Fault]]:
    """The record of a file, and the faults of the keys it had to be read without.

    ``hint`` ends every cure that is not special to a key: where the format is described.

    Raises
    ------
    InstanceError
        If the file cannot be read without its faulty keys either.
    """
    try:
        return kind.model_validate(raw), []
    except ValidationError as error:
        faults = _faults(error, raw, where, hint)
        rest = copy.deepcopy(dict(raw))
        for entry in error.errors():
            place: Any = rest
            *path, last = _path(entry["loc"]) or [""]
            for part in path:
                place = _inside(place, part)
            if isinstance(place, dict):
                place.pop(last, None)
        try:
            return kind.model_validate(rest), faults
        except ValidationError:
            raise InstanceError.all_of(faults) from error


def _path(location: tuple[int | str, ...]) -> list[int | str]:
    """The keys of the file in the place of a fault, without the tags of unions."""
    return [part for part in location if not str(part).startswith("<")]


def _inside(place: Any, part: int | str) -> Any:
    if isinstance(place, dict):
        return place.get(part)
    if isinstance(place, list) and isinstance(part, int) and part < len(place):
        return place[part]
    return None


def _key(location: tuple[int | str, ...], raw: Mapping[str, Any]) -> str:
    place: Any = raw
    words = []
    for part in _path(location):
        place = _inside(place, part)
        name = place.get("name") if isinstance(part, int) and isinstance(place, dict) else None
        words.append(name if isinstance(name, str) and name else str(part))
    return ".".join(words)


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _faults(error: ValidationError, raw: Mapping[str, Any], where: str, hint: str) -> list[Fault]:
    faults = []
    for entry in error.errors():
        if entry["type"] == _SLIP:
            what, mend = entry["ctx"]["what"], entry["ctx"]["mend"]
        elif entry["type"] in _TYPES:
            what, mend = _TYPES[entry["type"]]
            if entry["type"] == "extra_forbidden":
                what += f" (value {_shown(entry.get('input'))})"
        else:
            said = _KINDS.get(entry["type"], entry["msg"].removeprefix("Value error, "))
            what = f"{said} (got {_shown(entry['input'])})"
            mend = "Correct the value"
        key = _key(entry["loc"], raw)
        if entry["type"] != _SLIP:
            mend += f"; {hint[:1].lower()}{hint[1:]}"
        faults.append(Fault(where=f"{where}: {key}" if key else where, what=what, mend=mend))
    return faults
