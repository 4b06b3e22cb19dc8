"""What a cell of a measured table may hold: decimal numbers and whole ones, nothing else."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["MAX_FAULTS", "number", "whole"]

MAX_FAULTS = 20
"""Faults told of one file; more say no more."""

_NUMERAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def number(value: Any) -> Any:
    """Only what a table writes as a number: no ``nan``, no ``inf``, no underscores.

    Raises
    ------
    ValueError
        For any other text.
    """
    if isinstance(value, str) and not _NUMERAL.fullmatch(value):
        raise ValueError("not a decimal number")
    return value


def whole(value: Any) -> Any:
    """A number, as an integer where it is one: columns with gaps are often written as floats."""
    value = number(value)
    return int(float(value)) if float(value).is_integer() else value
