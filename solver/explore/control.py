"""What can be changed of a question: one control, and what its text lays over the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from solver.errors import Fault, InstanceError

__all__ = ["GROUPS", "Control", "Group", "Kind", "chosen", "settings_of"]

Group = Literal["prices", "demand", "service level", "stock", "precision", "limits"]
Kind = Literal["number", "choice", "choices", "switch"]
GROUPS: tuple[Group, ...] = ("prices", "demand", "service level", "stock", "precision", "limits")

_WHOLE = re.compile(r"[+-]?\d{1,40}")
_MOST_CHARACTERS = 100
"""No number of a question is longer; what is typed may be."""


@dataclass(frozen=True)
class Control:
    """One thing that can be changed; every value is text, so that decimals stay exact.

    Parameters
    ----------
    key
        Of the file, dotted as ``--set`` takes it: ``machines.h100.usd_per_hour``.
    kind
        ``number``; one of ``choices``; several of them, joined by commas; or ``true`` and
        ``false``.
    value
        What the file says; empty where it says nothing.
    otherwise
        What holds where the value is empty, in words.
    setting, part, place
        The key that is set, where it is not ``key``: a table of all controls with that setting,
        each under its ``part``; or a list of them, each at its ``place``.
    stays
        Whether an empty value leaves the file as it is: no single text tells what stands there.
    drops
        Keys that say the same in other words and give way to a value.
    """

    key: str
    group: Group
    label: str
    unit: str
    kind: Kind
    value: str
    choices: tuple[str, ...] = ()
    minimum: str | None = None
    maximum: str | None = None
    step: str | None = None
    help: str = ""
    otherwise: str = ""
    setting: str = ""
    part: str = ""
    place: int | None = None
    stays: bool = False
    drops: tuple[str, ...] = ()


def chosen(text: str) -> tuple[str, ...]:
    """The values of a control of kind ``choices``."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def settings_of(controls: Iterable[Control], changes: Mapping[str, str]) -> dict[str, Any]:
    """What the changes lay over the file: dotted key to value, ``None`` for what is taken out.

    Raises
    ------
    InstanceError
        With a fault for every change that no control is for, or that is none of its choices.
    """
    known = {control.key: control for control in controls}
    settings: dict[str, Any] = {}
    tables: dict[str, dict[str, Any]] = {}
    dropped: set[str] = set()
    faults = []
    for key, text in changes.items():
        control = known.get(key)
        if control is None:
            faults.append(
                Fault(
                    key[:80], "is nothing that can be changed here", "Choose a control of the page"
                )
            )
            continue
        try:
            value = _value(control, text.strip())
        except ValueError as error:
            mend = f"Choose from {', '.join(control.choices) or 'true, false'}"
            faults.append(Fault(control.label, str(error), mend))
            continue
        if control.setting:
            tables.setdefault(control.setting, {})[key] = value
            continue
        if value is None and control.stays:
            continue
        settings[key] = value
        if value is not None:
            dropped.update(control.drops)
    if faults:
        raise InstanceError.all_of(faults)
    for setting, parts in tables.items():
        settings |= _whole(setting, parts, known.values())
    return settings | dict.fromkeys(sorted(dropped))


def _whole(setting: str, changed: Mapping[str, Any], controls: Iterable[Control]) -> dict[str, Any]:
    """A table or list that is set as a whole, since one part of it is changed.

    What has no value has what holds otherwise.
    """
    together = [control for control in controls if control.setting == setting]
    stated = {control.key: _number(control.value) for control in together if control.value}
    stated |= changed
    if all(value is None for value in stated.values()):
        return {setting: None}
    values = []
    for control in together:
        value = stated.get(control.key)
        values.append(_number(control.otherwise) if value is None else value)
    if together[0].place is not None:
        return {setting: values}
    table = dict(zip((control.part for control in together), values, strict=True))
    return {setting: table} | {key: None for control in together for key in control.drops}


def _value(control: Control, text: str) -> Any:
    if not text:
        return None
    if control.kind == "switch":
        if text not in ("true", "false"):
            raise ValueError(f"{text[:40]!r} is neither true nor false")
        return text == "true"
    if control.kind == "choices":
        words = chosen(text)
        for word in words:
            _among(control, word)
        return [_number(word) for word in dict.fromkeys(words)]
    if control.kind == "choice":
        _among(control, text)
    return _number(text)


def _among(control: Control, word: str) -> None:
    if word not in control.choices:
        raise ValueError(f"{word[:40]!r} is not on offer")


def _number(text: str) -> int | Decimal | str:
    """A whole number or a decimal, exact; any other text as it is, for the reader to judge."""
    if _WHOLE.fullmatch(text):
        return int(text)
    if len(text) > _MOST_CHARACTERS:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text
