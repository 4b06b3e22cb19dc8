"""Texts from elsewhere as cells of a table that people open in a spreadsheet.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula. What a
person gives as a name is refused where it begins so; what merely says where a row is from is
written in plain characters. A remark is one cell as well: it holds no comma, semicolon or quote.
"""

from __future__ import annotations

import re

from solver.errors import Fault
from solver.importers.visible import visible

__all__ = ["FORMULA_MARKS", "check_name", "file_word", "plain_text", "remark"]

FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "|", "%")
"""What a cell must not begin with; the last two begin formulas of older spreadsheets."""

_NAME = re.compile(r"^[\w .+/()-]{1,80}$")
_CELL_ENDS = re.compile(r'[,;"\t\r\n]+')
_NOT_PLAIN = re.compile(r"[^\w ./:()-]+", re.ASCII)


def check_name(text: str, where: str, faults: list[Fault], *, flag: str = "") -> None:
    """Note a fault where ``text`` can be no name in a table, from a flag or a cell."""
    mend = f"Give a name of letters and digits{f', as in {flag}' if flag else ''}"
    shown = f"{where} ({visible(repr(text))})"
    if text.startswith(FORMULA_MARKS):
        faults.append(Fault(shown, "begins like a formula of a spreadsheet", mend))
    elif not _NAME.match(text) or text != text.strip():
        what = "is no name: letters, digits, blanks and . + / ( ) - make one, at most 80"
        faults.append(Fault(shown, what, mend))


def plain_text(text: str, limit: int = 160) -> str:
    """``text`` in letters, digits and a few marks that mean nothing to a spreadsheet."""
    return _NOT_PLAIN.sub("_", text[:limit]).lstrip(" -_") or "unnamed"


def remark(text: str) -> str:
    """A line that readers of the table pass over, and a spreadsheet shows as one cell."""
    return f"# {_CELL_ENDS.sub(' ', text).strip()}"


def file_word(name: str) -> str:
    """``name`` as part of the name of a file: lower case, ASCII, no path, at most 60 characters."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:60].strip("-") or "workload"
