"""What a solution file says, whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from solver.errors import ResultError
from solver.instance.moip.numerals import Number, Unusable, number_from_text

__all__ = ["Claim", "Solution", "SolutionError", "claim_of", "number_at"]

Claim = Literal["optimal", "infeasible", "none"]
"""What a file says is proved."""

_INFEASIBLE = ("infeasible", "empty", "no primal feasible", "no integer feasible")
_NOT_PROVED = ("non-optimal", "not proven", "stopped", "tolerance", "limit", "or unbounded")


@dataclass(frozen=True, slots=True)
class Solution:
    """One solution file.

    Parameters
    ----------
    format
        Who writes such files, for messages.
    values
        By name of column; by its number from 1 where the format has no names. ``None`` where the
        file holds no solution.
    by_number
        Whether ``values`` has numbers for keys.
    omits_zeros
        Whether a column that is not listed is 0.
    digits
        How many digits of a value are printed.
    status
        As the file words it; empty where it says nothing.
    claim
        What ``status`` says is proved.
    objective
        As stated; ``None`` where the file says nothing.
    """

    format: str
    values: Mapping[str, Number] | None
    by_number: bool = False
    omits_zeros: bool = False
    digits: int = 15
    status: str = ""
    claim: Claim = "none"
    objective: Number | None = None


class SolutionError(ResultError):
    """A solution file that cannot be read; its ``where`` is the file and line."""


def claim_of(status: str) -> Claim:
    """What a status says is proved; words about limits and tolerances prove nothing."""
    told = status.lower()
    if any(word in told for word in _NOT_PROVED):
        return "none"
    if any(word in told for word in _INFEASIBLE):
        return "infeasible"
    return "optimal" if "optimal" in told else "none"


def number_at(text: str, *, where: str, line: int) -> Number:
    """The exact value of a numeral of a file.

    Raises
    ------
    SolutionError
        If it is none.
    """
    number = number_from_text(text)
    if isinstance(number, Unusable):
        raise SolutionError.one(
            f"{text[:60]!r} {number.reason}",
            where=f"{where}: line {line}",
            mend="Write the solution again, or give lines of: column value",
        )
    return number
