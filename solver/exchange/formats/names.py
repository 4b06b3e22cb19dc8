"""Names of columns and rows that MPS and LP files can both carry."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["file_names", "numbered"]

_LONGEST = 60
_PLAIN = re.compile(r"[^A-Za-z0-9_]+")
# A digit cannot begin a name; "e5" after a coefficient would be read as its exponent.
_NUMERAL_LIKE = re.compile(r"([0-9]|[eE][0-9]*$|[eE][0-9])")
_RESERVED = frozenset({
    "bin", "binaries", "binary", "bound", "bounds", "end", "free", "gen", "general", "generals",
    "inf", "infinity", "int", "integer", "integers", "lazy", "marker", "max", "maximise",
    "maximize", "maximum", "min", "minimise", "minimize", "minimum", "nan", "obj", "rhs", "sec",
    "semi", "semis", "sos", "sos1", "sos2", "st", "subject", "such", "sin", "bnd", "rng",
})  # fmt: skip


def numbered(letter: str, count: int) -> tuple[str, ...]:
    """``c000001`` and so on, from 1."""
    return tuple(f"{letter}{number:06d}" for number in range(1, count + 1))


def file_names(
    stated: Sequence[str] | None,
    *,
    letter: str,
    count: int,
    taken: Sequence[str] = (),
) -> tuple[str, ...]:
    """``count`` different names for a file, after the stated ones as far as there are any.

    Letters, digits and underscores stay, anything else becomes one underscore. A name that is then
    empty, a number, a word of the LP format or taken gets its number as well, so that the same
    program always gets the same names.

    Parameters
    ----------
    stated
        Names of the first columns or rows; the rest is numbered.
    letter
        Begins the names that are only numbers.
    taken
        Names that must not occur.
    """
    used = {name.lower() for name in taken}
    names = []
    known = () if stated is None else tuple(stated)
    for number, plain in enumerate(numbered(letter, count)):
        name = _PLAIN.sub("_", known[number]).strip("_")[:_LONGEST] if number < len(known) else ""
        if name and _NUMERAL_LIKE.match(name):
            name = f"{letter}_{name}"
        if name.lower() in _RESERVED:
            name = f"{letter}_{name}"
        if not name:
            name = plain
        while name.lower() in used:
            # Case is kept but not relied on: some readers fold it.
            name = f"{name}_{plain}"
        used.add(name.lower())
        names.append(name)
    return tuple(names)
