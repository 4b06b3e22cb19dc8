"""Lines of the BOUNDS section: what each type of bound does to its column."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from solver.instance.moip.faults import shown
from solver.instance.moip.mps_model import MpsColumn
from solver.instance.moip.numerals import Number, Unusable, magnitude, number_from_text

__all__ = ["INFINITE_FROM", "BoundStatement", "apply_bound"]

INFINITE_FROM = 10**20
"""Files have no sign for infinity; writers put 1e20, 1e30 or 1e31."""

_WITH_VALUE = ("UP", "LO", "FX", "UI", "LI")
_WITHOUT_VALUE = ("FR", "MI", "PL", "BV")


@dataclass(frozen=True, slots=True)
class BoundStatement:
    """One line, its fields told apart; ``set_name`` and ``value`` are ``None`` where left out."""

    kind: str
    set_name: str | None
    column: str
    value: str | None

    @classmethod
    def parsed(cls, fields: list[str], columns: Container[str]) -> BoundStatement | str:
        """Tell the fields apart; a text says what is wrong with them."""
        kind, rest = fields[0].upper(), fields[1:]
        if kind in ("SC", "SI"):
            return f"bound type {kind} (semi-continuous) is not supported: the column has a gap"
        if kind not in _WITH_VALUE + _WITHOUT_VALUE:
            return f"bound type {shown(fields[0])} is not known"
        if kind in _WITH_VALUE:
            if len(rest) not in (2, 3):
                return f"{shown(' '.join(fields))} is not: {kind} [set] column value"
            return cls(kind, rest[0] if len(rest) == 3 else None, rest[-2], rest[-1])
        if len(rest) == 1:
            return cls(kind, None, rest[0], None)
        if len(rest) == 2 and (rest[1] in columns or rest[0] not in columns):
            return cls(kind, rest[0], rest[1], None)
        if len(rest) == 2:
            return cls(kind, None, rest[0], rest[1])
        if len(rest) == 3:
            return cls(kind, rest[0], rest[1], rest[2])
        return f"{shown(' '.join(fields))} is not: {kind} [set] column"


def apply_bound(column: MpsColumn, statement: BoundStatement) -> str | None:
    """Change the bounds of ``column``; a text says what is wrong with the statement."""
    kind = statement.kind
    value: Number | Literal["+", "-"] = 0
    if statement.value is not None:
        parsed = _bound(statement.value)
        if isinstance(parsed, Unusable):
            return f"is {shown(statement.value)}, which {parsed.reason}"
        value = parsed
    if kind in ("UI", "LI", "FX") and isinstance(value, str):
        return f"is {shown(statement.value)}, which is infinite"
    touches_lower = kind in ("LO", "LI", "FX", "FR", "MI", "BV")
    touches_upper = kind in ("UP", "UI", "FX", "FR", "PL", "BV")
    if touches_lower and column.lower is not None:
        return "states the lower bound again"
    if touches_upper and column.upper is not None:
        return "states the upper bound again"
    if kind in ("UI", "LI"):
        column.type = "I"
    if kind == "BV":
        column.type = "B"
        column.lower, column.upper = (0,), (1,)
    elif kind in ("FR", "MI", "PL"):
        column.lower = (None,) if touches_lower else column.lower
        column.upper = (None,) if touches_upper else column.upper
    else:
        if value == ("-" if touches_upper else "+"):
            return f"is {shown(statement.value)}: no value meets it"
        bound = (None if isinstance(value, str) else value,)
        column.lower = bound if touches_lower else column.lower
        column.upper = bound if touches_upper else column.upper
    return None


def _bound(text: str) -> Number | Literal["+", "-"] | Unusable:
    if text.lower().lstrip("+-") in ("inf", "infinity"):
        return "-" if text.startswith("-") else "+"
    number = number_from_text(text)
    if isinstance(number, Unusable) or magnitude(number) < INFINITE_FROM:
        return number
    return "-" if number < 0 else "+"
