"""Lists of whole numbers as people write them: ``8``, ``[1, 2, 4]``, ``"1..4096 step 8"``.

Text may join several parts with commas (``"1..16, 32, 64"``); ``"powers of 2 to 256"`` is
understood as well. A list may hold such texts. The result is sorted and free of repeats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["MAX_VALUES", "format_integers", "parse_integers"]

MAX_VALUES = 1_000_000
"""A list longer than this is refused: it is a slip of the pen, or needs another formulation."""
MAX_VALUE = 1_000_000_000
"""No degree or batch is larger; products of a few of them still fit into 64 bits."""

_RANGE = re.compile(r"(\d+)\s*\.\.\s*(\d+)(?:\s+step\s+(\d+))?")
_POWERS = re.compile(r"powers of (\d+) to (\d+)")
_GRAMMAR = 'write 8, [1, 2, 4], "1..4096", "1..4096 step 8" or "powers of 2 to 256"'


def _part(text: str) -> Iterable[int]:
    text = text.strip()
    if re.fullmatch(r"\d+", text):
        return (int(text),)
    if match := _RANGE.fullmatch(text):
        low, high, step = int(match[1]), int(match[2]), int(match[3] or 1)
        if step < 1 or high < low:
            raise ValueError(f"{text!r} is an empty range; {_GRAMMAR}")
        if (high - low) // step >= MAX_VALUES:
            raise ValueError(f"{text!r} holds more than {MAX_VALUES} values")
        return range(low, high + 1, step)
    if match := _POWERS.fullmatch(text):
        base, high = int(match[1]), int(match[2])
        if base < 2 or high < 1 or high > 2**62:
            raise ValueError(f"{text!r} is not a list of powers; {_GRAMMAR}")
        powers = [1]
        while powers[-1] * base <= high:
            powers.append(powers[-1] * base)
        return powers
    raise ValueError(f"{text!r} is not a list of whole numbers; {_GRAMMAR}")


def parse_integers(value: object, *, minimum: int = 1, maximum: int = MAX_VALUE) -> tuple[int, ...]:
    """Whole numbers of ``value``, sorted, without repeats.

    Raises
    ------
    ValueError
        If the text is not understood, a number lies outside the bounds, or there are too many.
    """
    items = value if isinstance(value, list | tuple) else [value]
    found: set[int] = set()
    for item in items:
        if isinstance(item, bool) or not isinstance(item, int | str):
            raise ValueError(f"{item!r} is not a whole number; {_GRAMMAR}")
        parts = item.split(",") if isinstance(item, str) else [item]
        for part in parts:
            found.update(_part(part) if isinstance(part, str) else (part,))
        if len(found) > MAX_VALUES:
            raise ValueError(f"more than {MAX_VALUES} values")
    low = [number for number in found if number < minimum]
    if low:
        raise ValueError(f"{min(low)} is below {minimum}")
    if found and max(found) > maximum:
        most = max(found)
        # Beyond 1e308 an integer has no float, and none of its digits helps.
        shown = format(most, ".6g") if most < 10**300 else "a number of over 300 digits"
        raise ValueError(f"{shown} is above {maximum}")
    return tuple(sorted(found))


def format_integers(values: Iterable[int]) -> str:
    """Shortest text that ``parse_integers`` reads back as the same sorted values."""
    parts: list[str] = []
    start: int | None = None
    previous = 0
    for value in [*sorted(set(values)), None]:
        if start is not None and value == previous + 1:
            previous = value
            continue
        if start is not None:
            if previous - start >= 2:
                parts.append(f"{start}..{previous}")
            else:
                parts.extend(str(number) for number in range(start, previous + 1))
        if value is not None:
            start = previous = value
    return ", ".join(parts)
