"""Cells of a price list: money, dates, counts and kinds of contract, read in one way or refused.

A price that can be read in two ways is not read at all: ``1,234`` is twelve hundred to some and one
and a quarter to others. What begins like a formula of a spreadsheet is no number.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from fractions import Fraction

from solver.errors import Fault
from solver.importers.visible import visible
from solver.instance.fleet.machine_records import ContractKind

__all__ = [
    "Money",
    "Term",
    "count",
    "date_fault",
    "formula_fault",
    "money",
    "number",
    "term",
]

_PLAIN = re.compile(r"\d{1,12}(\.\d{1,12})?|\d{1,12}/[1-9]\d{0,11}", re.ASCII)
_DOLLARS = re.compile(
    r"(?:US\s?\$|USD|\$)?\s*(?P<value>[\d./,' ]+?)\s*(?:US\s?\$|USD|\$)?", re.ASCII
)
_PER_HOUR = re.compile(r"\s*(?:/|per)\s*(?:h|hr|hour)\s*$", re.IGNORECASE)
_FOREIGN = re.compile(
    r"€|£|¥|₹|\b(?:EUR|GBP|JPY|CNY|RMB|INR|CHF|CAD|AUD|SGD|KRW|SEK|NOK|DKK|PLN|BRL|AED)\b",
    re.IGNORECASE,
)
_OTHER_DOLLAR = re.compile(r"\b(?:A|AU|C|CA|NZ|S|HK|NT)\s?\$", re.IGNORECASE)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SIGNED = re.compile(r"[+-]\d{1,12}(\.\d{1,12})?", re.ASCII)
_LONGEST_NUMBER = 64
_DATE = re.compile(r"(19|20)\d{2}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_KINDS: dict[str, ContractKind] = {
    "on_demand": "on_demand",
    "ondemand": "on_demand",
    "payg": "on_demand",
    "pay_as_you_go": "on_demand",
    "list": "on_demand",
    "spot": "spot",
    "preemptible": "spot",
    "interruptible": "spot",
    "reserved": "reserved",
    "reservation": "reserved",
    "committed": "reserved",
    "commitment": "reserved",
    "committed_use": "reserved",
    "savings_plan": "reserved",
    "owned": "owned",
    "own": "owned",
    "purchase": "owned",
    "buy": "owned",
}
_LENGTH = re.compile(r"(\d{1,3})_?(years?|yrs?|y|months?|mo|m)(?![a-z])")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in US$, or what is wrong with the text; ``dollars``: the text says so itself."""

    value: Fraction | None
    fault: Fault | None = None
    dollars: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A kind of contract and its length as people say it (``3y``), empty where it has none."""

    kind: ContractKind
    length: str = ""

    @property
    def name(self) -> str:
        """A name for the contract: ``reserved-3y``."""
        return f"{self.kind}-{self.length}" if self.length else self.kind


def formula_fault(text: str, where: str) -> Fault | None:
    """A fault where a spreadsheet would run ``text`` as a formula, or it holds unseen signs."""
    if text.startswith(_FORMULA):
        return Fault(where, f"'{visible(text)}' is a formula", "Give its value, as plain text")
    if not text.isprintable():
        return Fault(
            where, f"'{visible(text)}' holds a character that cannot be seen", "Type it anew"
        )
    return None


def money(text: str, where: str, wanted: str) -> Money:
    """An amount in US$: ``2.95``, ``$2.95``, ``2.95 USD``, ``2.95/h`` or ``113/75``.

    Parameters
    ----------
    wanted
        What the amount is of, for the cure: ``US$ per device and hour``.
    """
    cell = text.strip()
    mend = f"Give {wanted} as a decimal number, such as 2.95"
    fault = _no_number(cell, where, mend)
    if fault is not None:
        return Money(None, fault)
    if _FOREIGN.search(cell) or _OTHER_DOLLAR.search(cell):
        return Money(
            None,
            Fault(
                where,
                f"'{visible(cell)}' is not in US$",
                "Convert it, and state the rate and its day in the column source",
            ),
        )
    bare = _PER_HOUR.sub("", cell)
    match = _DOLLARS.fullmatch(bare)
    digits = match["value"] if match else ""
    if match and any(mark in digits for mark in ",' "):
        return Money(
            None,
            Fault(
                where,
                f"'{visible(cell)}' can be read in two ways",
                "Write the decimal point as '.', and leave out marks between thousands: "
                "1234.50 or 1.234",
            ),
        )
    if not _PLAIN.fullmatch(digits):
        return Money(None, Fault(where, f"'{visible(cell)}' is not a number", mend))
    value = Fraction(digits)
    if value <= 0:
        return Money(None, Fault(where, f"'{visible(cell)}' is not more than 0", mend))
    return Money(value, dollars="$" in bare or "USD" in bare.upper())


def _no_number(cell: str, where: str, mend: str) -> Fault | None:
    """A fault for what is seen at once to be none: a formula, a sign, a long text."""
    if _SIGNED.fullmatch(cell):
        return Fault(where, f"'{visible(cell)}' carries a sign", mend)
    fault = formula_fault(cell, where)
    if fault is not None:
        return Fault(where, f"{fault.what}, not a number", mend)
    if len(cell) > _LONGEST_NUMBER:
        return Fault(where, f"'{visible(cell)}' is not a number", mend)
    return None


def number(text: str, where: str, wanted: str) -> tuple[Fraction | None, Fault | None]:
    """A plain decimal number of 0 or more."""
    cell = text.strip()
    if _PLAIN.fullmatch(cell):
        return Fraction(cell), None
    mend = f"Give {wanted}"
    fault = _no_number(cell, where, mend)
    return None, fault or Fault(where, f"'{visible(cell)}' is not a number", mend)


def count(text: str, where: str, *, most: int, least: int = 0) -> tuple[int | None, Fault | None]:
    """A whole number from ``least`` to ``most``."""
    cell = text.strip()
    if re.fullmatch(r"\d{1,12}", cell, re.ASCII) and least <= int(cell) <= most:
        return int(cell), None
    return None, Fault(
        where,
        f"'{visible(cell)}' is not a whole number in range",
        f"Give {least} to {most}, without marks between thousands",
    )


def date_fault(text: str, where: str) -> Fault | None:
    """A fault unless ``text`` is a date that sorts: a year, a month or a day of the calendar."""
    sound = _DATE.fullmatch(text) is not None
    if sound and len(text) == len("2026-11-22"):
        try:
            datetime.date.fromisoformat(text)
        except ValueError:
            sound = False
    if sound:
        return None
    return Fault(where, f"'{visible(text)}' is no date", "Write it as YYYY-MM or YYYY-MM-DD")


def term(text: str) -> Term | None:
    """The kind of contract that a cell names, with its length; ``None`` where it names none."""
    key = re.sub(r"[\W_]+", "_", text.strip().casefold()).strip("_")
    length = ""
    match = _LENGTH.search(key)
    if match:
        length = f"{int(match[1])}{match[2][0]}"
        key = (key[: match.start()] + key[match.end() :]).strip("_").replace("__", "_")
    kind = _KINDS.get(key)
    if kind is None and not key and length:
        # A commitment is often named by its length alone: "1y", "36 months".
        kind = "reserved"
    if kind is None or (length and kind in ("on_demand", "spot")):
        return None
    return Term(kind, length)
